"""Figures and tables in Markdown (a leaf)."""

import textwrap
from collections.abc import Sequence
from typing import Any

_AS_WRITTEN: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
NONE = "-"  # what was not measured


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None, digits: int = 1) -> str:
    """A number with its thousands separated; a dash for what was not measured."""
    return NONE if value is None else f"{value:,.{digits}f}"


def paragraph(text: str) -> str:
    """Prose, in lines of the usual length."""
    return textwrap.fill(" ".join(text.split()), 100, **_AS_WRITTEN)


def bullet(text: str) -> str:
    words = " ".join(text.split())
    return textwrap.fill(words, 100, initial_indent="- ", subsequent_indent="  ", **_AS_WRITTEN)
