#!/bin/sh
#
# PROVIDE: papayad
# REQUIRE: LOGIN network
# KEYWORD: shutdown
#
# The rooms of papaya on NetBSD. In rc.conf(5):
#
#   papayad=YES                  default NO
#   papayad_rooms="main ops"     default main; each has @PKG_SYSCONFDIR@/papaya/ROOM.toml
#   papayad_flags=""             more options of papayad(8)
#
# stop closes the ports, and everybody who is connected goes on; the next start has them in its room.
# sessions lists them. For one room only: /etc/rc.d/papayad stop ops

. /etc/rc.subr

name=papayad
rcvar=papayad
extra_commands="reload sessions"
command=@PREFIX@/bin/papayad
papayactl=@PREFIX@/bin/papayactl
start_cmd="papayad_each papayad_start"
stop_cmd="papayad_each papayad_stop"
status_cmd="papayad_each papayad_status"
reload_cmd="papayad_each papayad_reload"
sessions_cmd="papayad_each papayad_sessions"

# papayad_each FUNCTION [ROOM...]: call it for the rooms that were named, else for all; fails if one
# of the calls fails.
papayad_each()
{
	_what=$1
	shift
	_failed=0
	[ $# -gt 0 ] || set -- ${papayad_rooms}
	for _room in "$@"; do
		"${_what}" "${_room}" || _failed=$?
	done
	return "${_failed}"
}

papayad_start()
{
	echo "Starting ${name} for room $1."
	# shellcheck disable=SC2086
	${command} --room "$1" ${papayad_flags}
}

papayad_stop()
{
	${papayactl} --room "$1" acceptor stop
}

papayad_status()
{
	${papayactl} --room "$1" acceptor status
}

papayad_reload()
{
	${papayactl} --room "$1" acceptor reload
}

papayad_sessions()
{
	${papayactl} --room "$1" list
}

load_rc_config ${name}
: "${papayad:=NO}"
: "${papayad_rooms:=main}"
: "${papayad_flags:=}"
run_rc_command "$@"
