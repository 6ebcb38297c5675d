#!/bin/sh
# The inside of lab/portability/suite.py: inside.sh ROOT PLACE TEST...
#
# PID 1 of its own namespaces. PLACE has the checkout, and gets what is written: it is on a disk, as
# a room's log is.
set -eu
root=$1 place=$2
shift 2

cd "$place"
mkdir upper work new
mount -t overlay overlay -o "lowerdir=$root,upperdir=upper,workdir=work" new
mkdir -p new/papaya tmp
chmod 1777 tmp
mount --bind papaya new/papaya
mount --bind tmp new/tmp
mount -t proc proc new/proc
mount --rbind /sys new/sys
mount --rbind /dev new/dev
mount -t tmpfs tmpfs new/run
printf '127.0.0.1 localhost\n::1 localhost\n' >new/etc/hosts
ip link set lo up

exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux \
    LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 chroot new sh -euc '
    cd /papaya
    python3 -m venv --system-site-packages .venv
    .venv/bin/python -m pip --quiet install --no-index --no-deps --no-build-isolation --editable .
    mkdir -p build
    .venv/bin/python -m lab.portability.facts >build/facts.json
    .venv/bin/python -m pytest -q -p no:cacheprovider --junitxml=build/junit.xml "$@"
' sh "$@"
