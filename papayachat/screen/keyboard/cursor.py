"""Keys that move in what is typed, and delete: by what a person takes for one character."""

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from papayachat.chat.glyphs import stops
from papayachat.screen.keyboard.face import Face


def bind(bindings: KeyBindings, screen: Face) -> None:
    """Move and delete by what a person takes for one character, whatever it is made of."""
    add = bindings.add

    @add("backspace")
    @add("c-h")
    def _backspace(event: KeyPressEvent) -> None:
        buffer = screen.input
        buffer.delete_before_cursor(buffer.cursor_position - _stop_before(buffer))

    @add("delete")
    @add("c-d", filter=Condition(lambda: bool(screen.input.text)))
    def _delete(event: KeyPressEvent) -> None:
        buffer = screen.input
        buffer.delete(_stop_after(buffer) - buffer.cursor_position)

    @add("left")
    @add("c-b")
    def _left(event: KeyPressEvent) -> None:
        screen.input.cursor_position = _stop_before(screen.input)

    @add("right")
    @add("c-f")
    def _right(event: KeyPressEvent) -> None:
        screen.input.cursor_position = _stop_after(screen.input)


def _stop_before(buffer: Buffer) -> int:
    places = [place for place in stops(buffer.text) if place < buffer.cursor_position]
    return places[-1] if places else 0


def _stop_after(buffer: Buffer) -> int:
    return next(
        (place for place in stops(buffer.text) if place > buffer.cursor_position), len(buffer.text)
    )
