#!/bin/sh
# The virtual environment in .venv: the three programs, and what they import.
#
#   scripts/venv.sh [test|bench|fuzz]
#
# "test" adds the linter, the type checker and pytest; "bench" adds what the benchmark measures and draws
# with; "fuzz" adds the fuzzer, which looks for inputs that break a parser.
#
# It does nothing when .venv is there already, for this directory and this pyproject.toml. PYTHON=...
# names another interpreter. The system's is preferred: distributions build theirs optimised, and such
# an interpreter forks four times faster than a plain build.
set -eu
cd "$(dirname "$0")/.."

extra=${1:-}
marker=.venv/.made${extra:+-$extra}

say() {
    echo "papaya: $*"
}

refuse() {
    echo "papaya: $*" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

choose_python() {
    for python in ${PYTHON:-/usr/bin/python3 python3}; do
        if new_enough "$python"; then
            return
        fi
    done
    refuse "Python 3.11 or newer is needed: install it, or name it: make PYTHON=/path/to/python3"
}

# Debian ships the venv module without ensurepip, which is in a package of its own.
complete_venv_module() {
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        refuse "$python has no venv module: install it from where $python came"
    fi
    if [ "$(id -u)" -ne 0 ]; then
        refuse "python3-venv is missing, please run: sudo apt-get install python3-venv"
    fi
    say "installing Debian's python3-venv"
    if ! { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install python3-venv; } \
        >/dev/null; then
        refuse "python3-venv could not be installed: apt-get install python3-venv says why"
    fi
}

# True when .venv was completed in this directory (its scripts contain the path) after the last change
# of pyproject.toml. One that was made with an extra is also enough without one.
is_made() {
    only=${extra:+$marker}
    for made in ${only:-.venv/.made .venv/.made-test .venv/.made-bench .venv/.made-fuzz}; do
        if [ -f "$made" ] && [ "$(cat "$made")" = "$PWD" ] && new_enough .venv/bin/python &&
            [ -z "$(find pyproject.toml -newer "$made")" ]; then
            return
        fi
    done
    return 1
}

if is_made; then
    exit 0
fi
choose_python
complete_venv_module
if [ "$(cat .venv/.home 2>/dev/null)" != "$PWD" ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "making .venv with $python, once"
    "$python" -m venv --clear .venv
    pwd >.venv/.home
fi
say "installing ${extra:+the tools to $extra with and }what papaya imports into .venv, once"
.venv/bin/python -m pip --disable-pip-version-check --quiet --quiet install --editable ".${extra:+[$extra]}"
pwd >"$marker"
