"""Root's eye: facts about the service's processes that the kernel tells only to root.

papayactl's commands run as the service's user (see service_user). A client's processes hide their
memory and files from that user, too, so the parent, which stays root, looks for its child. It
answers only questions about processes whose four user ids are the service's, and gives only figures
about their use from /proc. It looks at no other process, whatever a roster entry says.
"""

import json
import os
import re
from collections.abc import Callable
from typing import IO, Any

# The files of /proc/PID that it gives. None has what a process knows: no environ, no mem.
_TOLD = re.compile(
    r"(?:stat|status|limits|cgroup|syscall|smaps_rollup|(?:task/[0-9]{1,7}/)?schedstat"
    r"|fdinfo/[0-9]{1,7})\Z"
)
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_BYTES_AT_MOST = 65536

Channel = IO[str]

_channel: Channel | None = None  # to the parent, in the child


def open_in_child(channel: Channel) -> None:
    global _channel
    _channel = channel


def is_open() -> bool:
    """Whether this is a child whose parent, as root, looks for it."""
    return _channel is not None


def ask(verb: str | int, *arguments: Any) -> Any:
    """What root sees; None if no root looks for us, or if it may not be known."""
    if _channel is None:
        return None
    _channel.write(json.dumps({"ask": [verb, *arguments]}) + "\n")
    _channel.flush()
    return json.loads(_channel.readline())


def answer(question: list[Any], uid: int) -> Any:
    """Root's side: answer a question about a process of the user `uid`; None for any other."""
    verb, *arguments = question
    if verb == "namespace":
        return _somebody_in(int(arguments[0]))
    looks: dict[str, Callable[..., Any]] = {
        "text": _text,
        "tasks": _tasks,
        "descriptors": _descriptors,
    }
    look = looks.get(verb)
    if look is None:
        return None
    try:
        process = os.open(f"/proc/{int(arguments[0])}", _DIRECTORY)
    except OSError:
        return None
    try:
        return look(process, *map(str, arguments[1:])) if _is_of(process, uid) else None
    except OSError:
        return None
    finally:
        os.close(process)


def links_in(directory: int) -> dict[str, str]:
    """Where each link in an open directory leads; those that vanish meanwhile are left out."""
    found = {}
    for name in os.listdir(directory):
        try:
            found[name] = os.readlink(name, dir_fd=directory)
        except FileNotFoundError:
            continue
    return found


def _is_of(process: int, uid: int) -> bool:
    """Whether it is the user's, by the open directory: that never means another process."""
    words = re.search(r"^Uid:\s+(.*)$", _read(process, "status"), re.MULTILINE)
    return words is not None and words[1].split() == [str(uid)] * 4


def _text(process: int, name: str) -> str | None:
    return _read(process, name) if _TOLD.match(name) else None


def _tasks(process: int) -> list[str]:
    directory = os.open("task", _DIRECTORY, dir_fd=process)
    try:
        return os.listdir(directory)
    finally:
        os.close(directory)


def _descriptors(process: int) -> dict[str, str]:
    directory = os.open("fd", _DIRECTORY, dir_fd=process)
    try:
        return links_in(directory)
    finally:
        os.close(directory)


def _read(process: int, name: str) -> str:
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=process)
    try:
        return os.read(descriptor, _BYTES_AT_MOST).decode("utf-8", "replace")
    finally:
        os.close(descriptor)


def _somebody_in(namespace: int) -> int | None:
    """The first process of a pid namespace, by which to enter it."""
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdecimal()):
        try:
            if os.stat(f"/proc/{pid}/ns/pid").st_ino == namespace:
                return pid
        except OSError:
            continue
    return None
