#!/bin/sh
# make install and make uninstall: the three programs in a virtual environment of their own, with
# manual pages, completions and what the system's service manager needs. The system's Python and
# its packages are not touched.
#
#   scripts/install.sh install      DESTDIR= PREFIX=/usr/local PYTHON=python3
#   scripts/install.sh uninstall    PURGE=1 removes /etc/papaya and /var/lib/papaya, too
#
# The libraries that the programs import are checked by their hashes (scripts/requirements.txt).
#
#   scripts/install.sh stage        DESTDIR= PREFIX=/usr SYSTEM= PYTHON=/usr/bin/python3 ETC=/etc
#
# is for packages: the same files without an environment, since a package depends on the system's
# libraries. SYSTEM (Linux, FreeBSD, NetBSD, OpenBSD, none) says which scripts the service needs.
set -eu
cd "$(dirname "$0")/.."
umask 022

prefix=${PREFIX:-/usr/local}
destdir=${DESTDIR:-}
etc=${ETC:-/etc}
home=$prefix/lib/papaya
list=$destdir$home/installed

say() {
    echo "papaya: $*"
}

refuse() {
    echo "papaya: $*" >&2
    exit 1
}

# place SOURCE DIRECTORY [NAME]: installs a file, below the prefix or elsewhere, and notes it for
# uninstall. In the file, paths that begin with /usr/bin and /usr/share are changed to the real ones.
place() {
    sed "s,/usr/bin/papaya,$prefix/bin/papaya,g; s,/usr/share/papayad,$prefix/share/papayad,g
        s,%%PREFIX%%/etc,$etc,g; s,%%PREFIX%%,$prefix,g; s,\${TRUEPREFIX},$prefix,g
        s,@PKG_SYSCONFDIR@,$etc,g; s,@PREFIX@,$prefix,g" \
        "$1" >"$work/placed"
    put "$2/${3:-${1##*/}}" "${mode:-644}"
}

# put TARGET MODE: installs $work/placed, and notes it for uninstall. install(1) makes the file anew:
# a link that somebody left in its place is replaced and not followed.
put() {
    mkdir -p "$destdir${1%/*}"
    install -m "$2" "$work/placed" "$destdir$1"
    echo "$1" >>"$list"
}

choose_python() {
    for python in ${PYTHON:-/usr/bin/python3 python3}; do
        if "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' \
            2>/dev/null; then
            return
        fi
    done
    refuse "Python 3.11 or newer with its venv module is needed; name it: PYTHON=/path/to/python3"
}

install_programs() {
    # What an earlier build left would be installed as well.
    rm -rf "$destdir${home:?}" build/wheel build/lib build/bdist.*
    mkdir -p "$destdir$home"
    : >"$list"
    "$python" -m venv "$destdir$home/venv"
    pip="$destdir$home/venv/bin/python -m pip --disable-pip-version-check --quiet --quiet"
    $pip install --require-hashes \
        --requirement scripts/requirements.txt
    $pip wheel --no-deps --wheel-dir build/wheel .
    $pip install --no-deps build/wheel/*.whl
    for program in papayad papayactl papayachat; do
        printf '#!%s\nimport sys\n\nfrom %s.main import main\n\nmain()\n' \
            "$home/venv/bin/python -P" "$program" >"$work/placed"
        put "$prefix/bin/$program" 755
    done
}

# stage_programs: puts the modules into a directory of their own, since nobody else imports them.
stage_programs() {
    list=/dev/null
    python=${PYTHON:-/usr/bin/python3}
    "${BUILD_PYTHON:-python3}" scripts/modules papayad papayactl papayachat "$destdir$prefix/share/papaya"
    PYTHON=$python scripts/programs "$destdir$prefix" "$prefix/share/papaya" papayad papayactl papayachat
}

install_pages() {
    for page in man/*.[1578]; do
        place "$page" "$prefix/share/man/man${page##*.}"
    done
    for shell in bash zsh fish; do
        case $shell in
            bash) to=share/bash-completion/completions ;;
            zsh) to=share/zsh/site-functions ;;
            fish) to=share/fish/vendor_completions.d ;;
        esac
        for file in contrib/completions/"$shell"/*; do
            place "$file" "$prefix/$to"
        done
    done
}

install_service() {
    case ${SYSTEM:-$(uname)} in
    FreeBSD) mode=555 place contrib/freebsd/files/papayad.in "$prefix/etc/rc.d" papayad ;;
    NetBSD) mode=555 place contrib/netbsd/files/papayad.sh /etc/rc.d papayad ;;
    OpenBSD) mode=555 place contrib/openbsd/pkg/papayad.rc /etc/rc.d papayad ;;
    Linux) install_for_linux ;;
    none) ;;
    esac
}

install_for_linux() {
    if [ -x "${OPENRC:-/sbin/openrc-run}" ]; then
        mode=755 place contrib/openrc/papayad /etc/init.d
    fi
    for unit in contrib/systemd/*.service contrib/systemd/*.socket; do
        place "$unit" "$prefix/lib/systemd/system"
    done
    place contrib/systemd/socket-only.conf "$prefix/share/papayad"
    for file in contrib/monitoring/*; do
        place "$file" "$prefix/share/papayad/monitoring"
    done
    place contrib/systemd/papaya.sysusers "$prefix/lib/sysusers.d" papaya.conf
    place contrib/systemd/papaya.tmpfiles "$prefix/lib/tmpfiles.d" papaya.conf
    place contrib/fail2ban/filter.d/papaya.conf "$prefix/share/papayad/fail2ban/filter.d"
    place contrib/fail2ban/jail.d/papaya.conf "$prefix/share/papayad/fail2ban/jail.d"
}

explain() {
    [ -z "$destdir" ] || return 0
    say "installed below $prefix; next, as root:"
    if [ -d /run/systemd/system ]; then
        echo '    systemd-sysusers && systemctl daemon-reload'
        echo '    papayactl init'
        echo '    systemctl enable --now papayad'
    else
        echo '    papayactl init        # it says how to make the user papaya'
        echo '    papayactl acceptor start'
    fi
}

uninstall() {
    [ -f "$list" ] || refuse "nothing of papaya is installed below $destdir$prefix"
    while read -r path; do
        rm -f "$destdir$path"
    done <"$list"
    rm -rf "$destdir${home:?}" "$destdir$prefix/share/papayad"
    if [ "${PURGE:-}" = 1 ]; then
        rm -rf "$destdir/etc/papaya" "$destdir/var/lib/papaya" "$destdir/run/papaya"
        say 'removed, with all data'
    else
        say 'removed; /etc/papaya and /var/lib/papaya stay (PURGE=1 removes them)'
    fi
}

make_work() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
}

case ${1:-} in
install)
    make_work
    choose_python
    install_programs
    install_pages
    install_service
    explain
    ;;
stage)
    make_work
    stage_programs
    install_pages
    install_service
    ;;
uninstall) uninstall ;;
*) refuse 'usage: scripts/install.sh install | stage | uninstall' ;;
esac
