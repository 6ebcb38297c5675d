#!/bin/sh
# The Debian packages, in dist/: papayad (with papayactl) and papayachat.
#
#   scripts/deb.sh [VERSION]     a version other than that of the changelog, for tests of upgrades
#
# They are built in build/deb from the sources and contrib/debian, and lintian has to accept them.
set -eu
cd "$(dirname "$0")/.."

tools='debhelper dh-python lintian fakeroot dpkg-dev'
build=${BUILD:-build/deb}
dist=${DIST:-dist}

refuse() {
    echo "papaya: $*" >&2
    exit 1
}

# Installs missing tools when root runs this; otherwise says which are missing.
need_tools() {
    command -v dpkg-query >/dev/null || refuse 'packages for Debian are built on Debian'
    missing=
    for tool in $tools; do
        if ! dpkg-query -W -f '${db:Status-Abbrev}' "$tool" 2>/dev/null | grep -q '^ii'; then
            missing="$missing $tool"
        fi
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        refuse "missing, please run: sudo apt-get install --no-install-recommends$missing"
    fi
    echo "papaya: installing$missing"
    # shellcheck disable=SC2086
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install \
        --no-install-recommends $missing; } >/dev/null
}

copy_sources() {
    rm -rf "$build"
    mkdir -p "$build/source/contrib" "$dist"
    cp -R papayad papayactl papayachat scripts docs README.md SECURITY.md CHANGELOG.md LICENSE "$build/source"
    cp -R contrib/debian contrib/systemd contrib/monitoring "$build/source/contrib"
    for optional in man contrib/fail2ban contrib/completions; do
        [ ! -e "$optional" ] || cp -R "$optional" "$build/source/$optional"
    done
    find "$build/source" -name __pycache__ -prune -exec rm -rf {} +
    cp -R contrib/debian "$build/source/debian"
}

# debhelper wants the units beside its own files.
place_units() {
    for unit in papayad.service papayad@.service papayad.socket papayad@.socket; do
        cp "contrib/systemd/$unit" "$build/source/debian/$unit"
    done
    cp contrib/systemd/papaya.sysusers "$build/source/debian/papayad.papaya.sysusers"
    cp contrib/systemd/papaya.tmpfiles "$build/source/debian/papayad.papaya.tmpfiles"
}

set_version() {
    sed -i "1s/([^)]*)/($1)/" "$build/source/debian/changelog"
    sed -i "s/^__version__ = .*/__version__ = \"$1\"/" "$build/source/papayad/__init__.py"
}

need_tools
copy_sources
place_units
[ $# -eq 0 ] || set_version "$1"
if ! (cd "$build/source" && dpkg-buildpackage -us -uc -b) >"$build/log" 2>&1; then
    tail -30 "$build/log" >&2
    refuse "the build failed: $build/log"
fi
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$build"/*.changes || refuse 'lintian refuses'
mv "$build"/*.deb "$dist"
for package in "$dist"/papaya*.deb; do
    echo "papaya: made $package"
done
