"""Figures and tables in Markdown (a leaf)."""

from collections.abc import Sequence

NONE = "-"  # what was not measured


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None, digits: int = 1) -> str:
    """A number with its thousands separated; a dash for what was not measured."""
    return NONE if value is None else f"{value:,.{digits}f}"
