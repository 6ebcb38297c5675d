"""Commands that a person pastes into a shell: every word quoted, in this one place (a leaf)."""

import shlex


def command(*words: object) -> str:
    """The words as a shell takes them: `chmod 0700 '/srv/my room'`."""
    return shlex.join(map(str, words))
