"""Marks: files in state_dir whose names say something of a token or a user. A leaf.

The acceptor leaves and looks at them, papayactl shows and sets them: no control socket is needed.
"""

from pathlib import Path


def seen(state_dir: Path) -> Path:
    """A file for each token, by Token.id, whose time tells when it was used last."""
    return state_dir / "seen"


def frozen(state_dir: Path) -> Path:
    """A file for each user, by name, whose new connections are refused."""
    return state_dir / "frozen"
