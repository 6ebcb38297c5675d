"""The frame: which parts the screen has, one below the other, and how prompt_toolkit draws them."""

from collections.abc import Callable

from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import (
    ConditionalContainer,
    Dimension,
    FormattedTextControl,
    HSplit,
    Layout,
)
from prompt_toolkit.layout import Window as Area

from papayachat.chat.cells import Row
from papayachat.screen.inputbox import InputBox
from papayachat.screen.pane import Pane

INPUT_ROWS = 8

DrawRow = Callable[[], Row]


def layout(
    messages: Pane, rooms: DrawRow, status: DrawRow, question: DrawRow, typed: InputBox
) -> Layout:
    """The messages, the bar of rooms, the status line, what is asked, and what is typed; a row that
    is empty takes no place."""
    below = Area(typed, height=Dimension(min=1, max=INPUT_ROWS), dont_extend_height=True)
    parts = [
        Area(messages, always_hide_cursor=True),
        _line(rooms),
        _line(status),
        _line(question),
        below,
    ]
    return Layout(HSplit(parts), focused_element=below)


def _line(draw: DrawRow) -> ConditionalContainer:
    def drawn() -> StyleAndTextTuples:
        return [(piece.style, piece.text) for piece in draw()]

    return ConditionalContainer(
        Area(FormattedTextControl(drawn), height=1), Condition(lambda: bool(draw()))
    )
