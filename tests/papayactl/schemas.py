"""What each command of papayactl prints with --json: keys, and the types of their values.

An interface, and papayactl(8) names each key.
"""

from typing import Any

NUMBER, TEXT, FLAG, NONE = (int, float), (str,), (bool,), (type(None),)
MOMENT = "RFC 3339"

CLIENT = {
    "user": TEXT,
    "peer": TEXT,
    "session": TEXT + NONE,
    "recv": NUMBER + NONE,
    "send": NUMBER + NONE,
    "since": MOMENT,
    "age": NUMBER,
    "state": TEXT,
    "cpu_percent": NUMBER + NONE,
    "cpu_seconds": NUMBER + NONE,
    "pss": NUMBER + NONE,
    "bytes_in": NUMBER + NONE,
    "bytes_out": NUMBER + NONE,
    "lag": NUMBER + NONE,
    "rtt": NUMBER + NONE,
    "generation": NUMBER,
    "token": TEXT + NONE,
    "presence": FLAG,
}
SHOWN = CLIENT | {
    "cursor": NUMBER + NONE,
    "tls": TEXT,
    "sandbox": TEXT + NONE,
    "without": TEXT + NONE,
    "processes": [
        {
            "role": TEXT,
            "pid": NUMBER,
            "state": TEXT,
            "cpu_seconds": NUMBER,
            "rss": NUMBER,
            "voluntary_switches": NUMBER + NONE,
            "involuntary_switches": NUMBER + NONE,
            "limits": (dict,),
            "descriptors": (dict,),
        }
    ],
    "connection": {
        "local": TEXT,
        "peer": TEXT,
        "queued_in": NUMBER,
        "queued_out": NUMBER,
        "rtt": NUMBER + NONE,
        "retransmits": NUMBER + NONE,
    },
    "user_seconds": NUMBER + NONE,
    "system_seconds": NUMBER + NONE,
    "rss": NUMBER + NONE,
    "uss": NUMBER + NONE,
    "messages": NUMBER + NONE,
}
USED = {
    "time": MOMENT,
    "kind": TEXT,
    "user": TEXT + NONE,
    "peer": TEXT + NONE,
    **dict.fromkeys(
        [
            "recv",
            "send",
            "age",
            "cpu_seconds",
            "user_seconds",
            "system_seconds",
            "voluntary_switches",
            "involuntary_switches",
            "rss",
            "pss",
            "uss",
            "bytes_in",
            "bytes_out",
            "messages",
            "lag",
            "cpu_percent",
            "voluntary_switches_per_second",
            "involuntary_switches_per_second",
            "bytes_in_per_second",
            "bytes_out_per_second",
            "messages_per_second",
        ],
        NUMBER + NONE,
    ),
}
LAST = {
    "user": TEXT,
    "peer": TEXT,
    "since": TEXT,
    "until": TEXT + NONE,
    "seconds": NUMBER + NONE,
    "why": TEXT,
}
CERTIFICATE = {
    "pin": TEXT,
    "names": [TEXT],
    "expires": MOMENT,
    "self_signed": FLAG,
    "served": TEXT,
    "next": NONE,
    "unaware": [TEXT],
}

STATUS = {
    "room": TEXT,
    "state": TEXT,
    "pid": NUMBER + NONE,
    "age": NUMBER + NONE,
    "addresses": [TEXT],
    "tls": TEXT,
    "certificate_expires": TEXT + NONE,
    "clients": NUMBER,
    "max_clients": NUMBER,
    "users": [TEXT],
    "frozen": NUMBER,
    "blocked": NUMBER,
    "earlier": NUMBER + NONE,
    "changed": FLAG + NONE,
    "fault": TEXT,
    "refused": [TEXT],
    "muted": [TEXT],
    "log_end": NUMBER + NONE,
    "log_oldest": NUMBER,
    "log_segments": NUMBER,
    "log_bytes": NUMBER,
    "last_record": MOMENT,
    "disk_free": NUMBER,
    "cpu_seconds": NUMBER + NONE,
    "pss": NUMBER + NONE,
    "bytes_in": NUMBER + NONE,
    "bytes_out": NUMBER + NONE,
    "lag": NUMBER + NONE,
    "shutdown": TEXT + NONE,
}
TOKEN = {"id": TEXT, "user": TEXT, "created": MOMENT, "expires": TEXT + NONE}
OUTCOME = {
    "user": TEXT,
    "peer": TEXT,
    "recv": NUMBER,
    "send": NUMBER,
    "ended": FLAG,
    "signal": TEXT + NONE,
    "seconds": NUMBER,
}
CHANGED = {"user": TEXT, "peer": TEXT, "recv": NUMBER, "send": NUMBER, "state": TEXT}
RECORD = {"offset": NUMBER, "time": MOMENT, "sender": TEXT, "id": TEXT, "text": TEXT}
ACCEPTOR = {
    "room": TEXT,
    "pid": NUMBER + NONE,
    "state": TEXT,
    "addresses": [TEXT],
    "sessions": NUMBER,
    "earlier": NUMBER,
    "changed": FLAG + NONE,
    "fault": TEXT,
    "sandbox": TEXT,
    "without": TEXT,
}
BAN = {"subject": TEXT, "created": MOMENT, "expires": TEXT + NONE, "reason": TEXT + NONE}
FROZEN = {"clients": [CHANGED], "refused": [TEXT]}
INVITED = TOKEN | {"room": TEXT, "invite": TEXT}

Schema = tuple[str, list[str], Any]  # command, its arguments, shape

#: FILE and DIRECTORY stand for new ones;
#: in an order in which each can be tried in a room with alice, bob and a stranger's failures
SCHEMAS: list[Schema] = [
    ("list", [], [CLIENT]),
    ("top", ["--batch", "-n", "1"], [CLIENT]),
    ("show", ["alice"], [SHOWN]),
    ("usage", [], [USED]),
    ("status", [], STATUS),
    ("freeze", ["alice"], FROZEN),
    ("thaw", ["alice"], FROZEN),
    ("mute", ["alice"], {"muted": [TEXT]}),
    ("mute", [], {"muted": [TEXT]}),
    ("unmute", ["alice"], {"muted": [TEXT]}),
    ("wall", ["hello"], {"notice": TEXT, "clients": NUMBER}),
    (
        "import",
        ["--chat", "CHAIN", "--append"],
        {"messages": NUMBER, "user": TEXT + NONE, "token": TEXT + NONE},
    ),
    ("metrics", [], {"papaya_clients": [{"labels": (dict,), "value": NUMBER + NONE}]}),
    ("completion", ["bash"], {"shell": TEXT, "source": TEXT}),
    (
        "token list",
        [],
        [TOKEN | {"last_used": TEXT + NONE, "sessions": NUMBER, "clients": [TEXT]}],
    ),
    ("token add", ["carol"], INVITED),
    (
        "token rotate",
        ["carol"],
        INVITED | {"replaces": TEXT, "replaced_until": TEXT + NONE, "sessions": [OUTCOME]},
    ),
    ("token rename", ["carol", "caroline"], {"renamed": [TOKEN], "sessions": [OUTCOME]}),
    ("token revoke", ["caroline"], {"revoked": [TOKEN], "sessions": [OUTCOME]}),
    ("ban", ["mallory"], {"banned": [BAN], "sessions": [OUTCOME]}),
    ("ban", [], [BAN]),
    ("unban", ["mallory"], {"unbanned": [TEXT]}),
    (
        "penalties list",
        [],
        [
            {
                "source": TEXT,
                "points": NUMBER,
                "failures": NUMBER,
                "last": TEXT,
                "ago": NUMBER,
                "refused_for": NUMBER,
            }
        ],
    ),
    ("penalties clear", ["--all"], {"cleared": [TEXT]}),
    ("acceptor status", [], ACCEPTOR),
    ("acceptor reload", [], {"room": TEXT, "pid": NUMBER, "generation": NUMBER}),
    (
        "acceptor stop",
        [],
        {"room": TEXT, "pid": NUMBER, "signal": TEXT, "seconds": NUMBER, "sessions": NUMBER},
    ),
    ("acceptor start", [], ACCEPTOR),
    ("acceptor restart", [], ACCEPTOR),
    ("certificate show", [], CERTIFICATE),
    ("certificate renew", ["--name", "localhost"], CERTIFICATE),
    ("certificate roll", ["--abort"], CERTIFICATE),
    ("certificate import", ["CHAIN", "KEY"], CERTIFICATE),
    ("audit", [], [{"time": TEXT, "by": TEXT, "what": TEXT, "outcome": TEXT, "reason": TEXT}]),
    ("last", [], [LAST]),
    ("log path", [], [TEXT]),
    (
        "log verify",
        [],
        {
            "good": FLAG,
            "records": NUMBER,
            "segments": NUMBER,
            "start": NUMBER,
            "end": NUMBER,
            "bad_offset": NUMBER + NONE,
            "why": TEXT + NONE,
            "surplus": NUMBER,
        },
    ),
    (
        "log prune",
        ["--keep-days", "1"],
        {
            "removed": [TEXT],
            "segments": [TEXT],
            "bytes": NUMBER,
            "oldest": NUMBER,
            "below": [TEXT],
        },
    ),
    ("log rotate", [], {"path": TEXT}),
    (
        "log redact",
        ["--user", "*", "--dry-run"],
        {
            "redacted": NUMBER,
            "records": [{"offset": NUMBER, "time": TEXT, "sender": TEXT, "id": TEXT}],
        },
    ),
    ("log cat", [], RECORD),
    ("log tail", ["-n", "1"], RECORD),
    (
        "log export",
        ["FILE"],
        {"file": TEXT, "format": TEXT, "records": NUMBER, "bytes": NUMBER},
    ),
    ("doctor", [], [{"level": TEXT, "what": TEXT, "words": TEXT, "remedy": TEXT}]),
    ("kill", ["bob"], [OUTCOME]),
    ("shutdown", ["--in", "1h"], {"at": MOMENT}),
    ("shutdown", ["--abort"], {"aborted": NUMBER}),
    ("shutdown", [], {"room": TEXT, "acceptor": NUMBER + NONE, "clients": [OUTCOME]}),
    ("log restored", [], {"identity": TEXT, "end": NUMBER, "said": [TEXT]}),
    (
        "init",
        ["--no-invite", "--dir", "DIRECTORY"],
        {
            "room": TEXT,
            "config": TEXT,
            "addresses": [TEXT],
            "made": [TEXT],
            "left": [TEXT],
            "invite": TEXT + NONE,
            "next": TEXT,
        },
    ),
]
