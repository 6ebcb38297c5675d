"""The input box: the text typed in the present room, for prompt_toolkit to draw."""

from collections.abc import Callable

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout import BufferControl, UIContent

from papayachat.chat import inputline


class InputBox(BufferControl):
    def __init__(self, buffer: Buffer, prompt: Callable[[], str]) -> None:
        super().__init__(buffer)
        self._prompt = prompt

    def create_content(
        self, width: int, height: int | None, preview_search: bool = False
    ) -> UIContent:
        self.buffer.load_history_if_not_yet_loaded()
        drawn = self._draw(width)
        rows = [[(piece.style, piece.text) for piece in row] for row in drawn.rows]
        return UIContent(
            get_line=lambda number: [*rows[number]],
            line_count=len(rows),
            cursor_position=Point(x=drawn.x, y=drawn.y),
        )

    def preferred_height(
        self, width: int, max_available_height: int, wrap_lines: bool, get_line_prefix: object
    ) -> int:
        return min(len(self._draw(width).rows), max_available_height)

    def _draw(self, width: int) -> inputline.Drawn:
        return inputline.draw(self.buffer.text, self.buffer.cursor_position, width, self._prompt())
