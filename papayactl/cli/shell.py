"""Commands that a person can paste into a shell: only this module quotes words (a leaf)."""

import shlex


def command(*words: object) -> str:
    """The words in the form that a shell needs: `chmod 0700 '/srv/my room'`."""
    return shlex.join(map(str, words))
