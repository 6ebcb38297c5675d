"""Keys that move what is in sight."""

from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from papayachat.screen.keyboard.face import Face


def bind(bindings: KeyBindings, screen: Face) -> None:
    add = bindings.add
    searched = Condition(
        lambda: screen.chat.finder.query is not None and not screen.chat.finder.filtered
    )

    @add("pageup")
    def _page_up(event: KeyPressEvent) -> None:
        screen.chat.scroll(-max(1, screen.chat.view.height - 2))

    @add("pagedown")
    def _page_down(event: KeyPressEvent) -> None:
        screen.chat.scroll(max(1, screen.chat.view.height - 2))

    @add("s-up")
    def _up(event: KeyPressEvent) -> None:
        screen.chat.scroll(-1)

    @add("s-down")
    def _down(event: KeyPressEvent) -> None:
        screen.chat.scroll(1)

    @add("c-home")
    def _first(event: KeyPressEvent) -> None:
        screen.chat.to_start()

    @add("c-end")
    def _last(event: KeyPressEvent) -> None:
        screen.chat.view.to_end()

    @add("c-p", filter=searched)
    @add("c-r", filter=searched)
    def _older(event: KeyPressEvent) -> None:
        screen.chat.finder.older()

    @add("c-n", filter=searched)
    def _newer(event: KeyPressEvent) -> None:
        screen.chat.finder.newer()

    @add("c-r", filter=~searched)
    def _search(event: KeyPressEvent) -> None:
        if not screen.input.text:
            screen.input.insert_text("/search ")

    @add("f2")
    def _bare(event: KeyPressEvent) -> None:
        screen.bare()
