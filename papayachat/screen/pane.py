"""The pane: the messages on the screen, for prompt_toolkit to draw."""

from collections.abc import Callable

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import UIContent, UIControl
from prompt_toolkit.mouse_events import MouseEvent, MouseEventType

from papayachat.chat.cells import Row
from papayachat.chat.chat import Chat
from papayachat.screen.output import Links

WHEEL_ROWS = 3


class Pane(UIControl):
    def __init__(self, chat: Callable[[], Chat], marks: Links) -> None:
        self._chat = chat
        self._marks = marks

    def create_content(self, width: int, height: int) -> UIContent:
        """Exactly `height` rows, with the messages at the bottom."""
        chat = self._chat()
        chat.resize(width - 1, height)
        rows = chat.view.visible()
        rows = [*([] for _ in range(height - len(rows))), *rows]
        return UIContent(get_line=lambda number: self._drawn(rows[number]), line_count=len(rows))

    def _drawn(self, row: Row) -> StyleAndTextTuples:
        """A space is last: prompt_toolkit takes a mark without width behind the last letter of a
        row for a letter, and drops it in the last column."""
        pieces = [(piece.style, self._marks.marked(piece.text, piece.link)) for piece in row]
        return [*pieces, ("", " ")]

    def is_focusable(self) -> bool:
        return False

    def mouse_handler(self, mouse_event: MouseEvent) -> object:
        if mouse_event.event_type == MouseEventType.SCROLL_UP:
            self._chat().scroll(-WHEEL_ROWS)
        elif mouse_event.event_type == MouseEventType.SCROLL_DOWN:
            self._chat().scroll(WHEEL_ROWS)
        else:
            return NotImplemented
        return None
