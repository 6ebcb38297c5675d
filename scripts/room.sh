#!/bin/sh
# The room of this checkout, in .papaya: what `make run`, `make join` and `make stop` do.
#
#   scripts/room.sh run          make it, start it, and chat in it as its first user
#   scripts/room.sh join NAME    chat in it as somebody else; the first time, an invite is made
#   scripts/room.sh stop         end its acceptor and every cluster
#   scripts/room.sh remove       remove it
#
# The profiles are in .papaya/home, so that nothing is written outside of the checkout. There is one
# exception: when root runs this, in a directory that the user that papayad becomes cannot enter, then
# .papaya is a link to a directory under /var/tmp.
set -eu
cd "$(dirname "$0")/.."
umask 077

bin=$PWD/.venv/bin
second=guest

say() {
    echo "papaya: $*"
}

refuse() {
    echo "papaya: $*" >&2
    exit 1
}

ctl() {
    "$bin/papayactl" --config "$room/main.toml" "$@"
}

# become NAME [COMMAND...]: goes on as papayachat, with the profile of NAME.
become() {
    home=$room/home/$1
    shift
    exec env XDG_CONFIG_HOME="$home/config" XDG_DATA_HOME="$home/data" \
        XDG_STATE_HOME="$home/state" XDG_CACHE_HOME="$home/cache" "$bin/papayachat" "$@"
}

as() {
    (become "$@")
}

# --- making it

# Sets $room to the real path of .papaya.
find_room() {
    [ -d .papaya ] || return 1
    room=$(cd .papaya && pwd -P)
    [ -f "$room/main.toml" ]
}

# The user that papayad becomes when root runs it: the checkout's owner, or else the user nobody.
service_user() {
    "$bin/python" - <<'END'
import os, pwd

owner = os.stat(".").st_uid
known = {user.pw_uid: user.pw_name for user in pwd.getpwall()}
print(known[owner] if owner and owner in known else "nobody")
END
}

may_enter() {
    "$bin/python" - "$1" "$2" <<'END'
import os, pwd, sys

user = pwd.getpwnam(sys.argv[1])
os.setgroups([])
os.setgid(user.pw_gid)
os.setuid(user.pw_uid)
sys.exit(not os.access(sys.argv[2], os.X_OK))
END
}

make_directory() {
    if [ "$(id -u)" -ne 0 ] || may_enter "$user" "$PWD"; then
        mkdir -p .papaya
    else
        ln -s "$(mktemp -d /var/tmp/papaya.XXXXXX)" .papaya
        say "$PWD is closed to the user $user, so the room is kept in $(cd .papaya && pwd -P)"
    fi
    chmod 711 .papaya/.
    room=$(cd .papaya && pwd -P)
}

free_port() {
    "$bin/python" - "$1" <<'END'
import socket, sys

for port in range(int(sys.argv[1]), 65536):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    break
END
}

# The name of whoever runs this, if it can be a user's name in the room.
own_name() {
    name=$(id -un | tr '[:upper:]' '[:lower:]' | tr -cd 'a-z0-9' | cut -c1-32)
    if [ -z "$name" ] || [ "$name" = "$second" ]; then
        name=you
    fi
    echo "$name"
}

invite_in() {
    grep -o 'papaya://[^[:space:]]*'
}

make_room() {
    case ${PORT:-7722} in
    *[!0-9]*) refuse "PORT=$PORT is not a port" ;;
    esac
    user=$(id -un)
    if [ "$(id -u)" -eq 0 ]; then
        user=$(service_user)
    fi
    make_directory
    port=$(free_port "${PORT:-7722}")
    mkdir -p "$room/home" "$room/invites"
    own_name >"$room/first"
    ctl init --dir "$room" --address "127.0.0.1:$port" --user "$user" --group "$(id -gn "$user")" \
        --first "$(cat "$room/first")" |
        invite_in >"$room/invites/$(cat "$room/first")"
    say "made a room on 127.0.0.1:$port"
}

# --- using it

is_running() {
    ctl acceptor status >/dev/null 2>&1
}

somebody_is_in() {
    ctl --json list | grep -q '"recv"'
}

start() {
    if ! is_running; then
        "$bin/papayad" --config "$room/main.toml"
    fi
}

# papayactl prints the invite only once; a copy is kept here, and only its owner can read it.
invite() {
    if [ ! -s "$room/invites/$1" ]; then
        ctl token add "$1" | invite_in >"$room/invites/$1"
    fi
    cat "$room/invites/$1"
}

join() {
    if [ ! -e "$room/home/$1/joined" ]; then
        invite "$1" | as "$1" join - >/dev/null
        : >"$room/home/$1/joined"
    fi
}

explain() {
    echo
    echo "A second person joins from another terminal in this directory:"
    echo
    echo "    make join"
    echo
    echo "or with papayachat anywhere on this machine:"
    echo
    echo "    papayachat join     # and paste: $(invite "$second")"
    echo
    echo "What its admin sees:"
    echo
    echo "    .venv/bin/papayactl --config .papaya/main.toml list"
    echo
}

# A line for each client: NAME RECV SEND, the pids of its cluster.
clusters() {
    ctl --json list | "$bin/python" -c '
import json, sys

for client in json.load(sys.stdin):
    if client["recv"] and client["send"]:
        print(client["user"], client["recv"], client["send"])
'
}

# Waits until NAME is connected, or until the client process has ended.
wait_until_in() {
    while kill -0 "$2" 2>/dev/null && ! clusters | grep -q "^$1 "; do
        sleep 0.1
    done
}

pids() {
    cat "$room/run/main/papayad.pid"
    clusters | awk '{ print $2; print $3 }'
}

# Without a terminal: prints once what somebody at a terminal would look at.
show() {
    first=$(cat "$room/first")
    for name in "$first" "$second"; do
        become "$name" tail -f >/dev/null 2>&1 &
        tails="${tails:-} $!"
        wait_until_in "$name" "$!"
    done
    as "$first" send "hello, $second" >/dev/null
    echo "The log, .papaya/state/main/00000000000000000000.log:"
    echo
    cat "$room"/state/main/*.log
    echo
    echo "papayactl list:"
    echo
    ctl list
    echo
    echo "The processes:"
    echo
    ps -ww -o user,pid,ppid,pgid,args -p "$(pids | paste -s -d , -)"
    echo
    # shellcheck disable=SC2086
    kill $tails
    # shellcheck disable=SC2086
    wait $tails 2>/dev/null || :
    say "the room goes on until: make stop"
}

run() {
    if ! find_room; then
        make_room
    fi
    start
    join "$(cat "$room/first")"
    explain
    join "$second"
    if [ -t 0 ] && [ -t 1 ]; then
        trap : INT # it ends the chat, and not what is said after it
        status=0
        as "$(cat "$room/first")" || status=$?
        say "the room goes on until: make stop"
        exit "$status"
    fi
    show
}

join_as() {
    find_room || refuse "there is no room yet: make run"
    start
    join "$1"
    become "$1"
}

stop() {
    if ! find_room; then
        say "no room here"
        return
    fi
    [ -x "$bin/papayactl" ] || scripts/venv.sh
    if is_running; then
        ctl acceptor stop
    fi
    while somebody_is_in; do
        ctl kill --all --yes || [ $? -eq 3 ]
    done
    say "stopped"
}

remove() {
    if [ -L .papaya ]; then
        rm -rf "$(cd .papaya && pwd -P)"
    fi
    rm -rf .papaya
}

case ${1:-} in
run) run ;;
join) join_as "${2:-$second}" ;;
stop) stop ;;
remove) remove ;;
*) refuse "usage: scripts/room.sh run | join NAME | stop | remove" ;;
esac
