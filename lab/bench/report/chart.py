"""Charts of lines with error bars, and of intervals, as SVG: a few KB, which can be reviewed.

It draws only what the report's plots need: an x axis of places at equal distances, a y axis from
zero on, and a legend beside them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

_WIDTH, _HEIGHT = 820, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 510, 12, 340  # edges of the plane
_EDGE = 15  # from the plane's left side to the first place, and from the last to its right
_COLOURS = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd",
    "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf",
)  # fmt: skip
_ROW = 20  # from one line of the legend to the next
_INTERVAL = 30  # from one interval to the next
_MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line: for each place on the x axis, a value and its error to either side."""

    label: str
    points: dict[int, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Plane:
    """The axes: `top` is the greatest value that can be drawn, `last` the last place."""

    top: float
    last: int

    def x(self, place: int) -> str:
        return f"{_LEFT + _EDGE + (_RIGHT - _LEFT - 2 * _EDGE) * place / self.last:.0f}"

    def y(self, value: float) -> str:
        return f"{_BOTTOM - (_BOTTOM - _TOP) * max(value, 0) / self.top:.1f}"


def draw(x_label: str, y_label: str, places: Sequence[str], lines: Sequence[Line]) -> str:
    """The whole file. `places` are the names along the x axis, two at least."""
    most = max(value + error for line in lines for value, error in line.points.values())
    step = _step(most)
    steps = floor(most / step) + 1
    plane = Plane(step * steps, len(places) - 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        *_grid(plane, [number * step for number in range(steps + 1)]),
        *(_text(plane.x(place), _BOTTOM + 16, name, "middle") for place, name in enumerate(places)),
        *_axes(x_label, y_label),
    ]
    for number, line in enumerate(lines):
        parts += _line(plane, line, number)
    return "\n".join([*parts, "</svg>\n"])


def draw_intervals(x_label: str, rows: Sequence[tuple[str, float, float, float]]) -> str:
    """The whole file: for each label a row with a value and its interval; a line marks 1."""
    most = max(high for _, _, _, high in rows)
    step = _step(most)
    top = step * (floor(most / step) + 1)
    bottom = _TOP + _INTERVAL * len(rows)
    left, right = _WIDTH // 2, _WIDTH - _EDGE

    def x(value: float) -> str:
        return f"{left + (right - left) * value / top:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + 45}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{bottom + 45}" fill="#fff"/>',
    ]
    for number in range(round(top / step) + 1):
        value = number * step
        parts.append(f'<path d="M{x(value)} {_TOP}V{bottom}" stroke="#ddd"/>')
        parts.append(_text(x(value), bottom + 14, f"{value:g}", "middle"))
    parts.append(f'<path d="M{x(1)} {_TOP}V{bottom}" stroke="#000"/>')
    for number, (label, value, low, high) in enumerate(rows):
        y = _TOP + _INTERVAL * (number + 0.5)
        bar = f'<path d="M{x(low)} {y:g}H{x(high)}" stroke="{_COLOURS[0]}" stroke-width="4"/>'
        parts.append(bar + f'<circle cx="{x(value)}" cy="{y:g}" r="4" fill="{_COLOURS[0]}"/>')
        parts.append(_text(left - 8, y, label, "end") + _text(x(value), y - 11, f"{value:.2f}"))
    parts.append(_text((left + right) // 2, bottom + 34, x_label, "middle"))
    return "\n".join([*parts, "</svg>\n"])


def _grid(plane: Plane, values: Sequence[float]) -> Iterator[str]:
    for value in values:
        yield f'<path d="M{_LEFT} {plane.y(value)}H{_RIGHT}" stroke="#ddd"/>'
        yield _text(_LEFT - 6, plane.y(value), f"{value:g}", "end")


def _axes(x_label: str, y_label: str) -> Iterator[str]:
    yield _text((_LEFT + _RIGHT) // 2, _BOTTOM + 34, x_label, "middle")
    middle = (_TOP + _BOTTOM) // 2
    words = _text(12, middle, y_label, "middle")
    yield f'<g transform="rotate(-90 12 {middle})">{words}</g>'


def _line(plane: Plane, line: Line, number: int) -> Iterator[str]:
    """The line through its points, a bar for the error of each, and its row of the legend."""
    colour = _COLOURS[number % len(_COLOURS)]
    points = [(plane.x(place), *known) for place, known in line.points.items()]
    through = "L".join(f"{x} {plane.y(value)}" for x, value, _ in points)
    bars = "".join(f"M{x} {plane.y(v - error)}V{plane.y(v + error)}" for x, v, error in points)
    row = _TOP + _ROW * (number + 0.5)
    yield f'<g stroke="{colour}" fill="none">'
    yield f'<path d="M{through}" stroke-width="1.5"/>'
    yield f'<path d="{bars}"/>'
    yield f'<path d="M{_RIGHT + 12} {row:g}h20" stroke-width="3"/></g>'
    yield _text(_RIGHT + 38, row, line.label)


def _text(x: float | str, y: float | str, words: str, anchor: str = "start") -> str:
    how = "" if anchor == "start" else f' text-anchor="{anchor}"'
    place = f"{y:g}" if isinstance(y, float) else y
    return f'<text x="{x}" y="{place}" dy=".35em"{how}>{escape(words)}</text>'


def _step(most: float) -> float:
    """The distance of the grid's lines: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(most or 1.0))
    return next(s for s in (power / 5, power / 2, power, power * 2) if most / s < _MOST_STEPS)
