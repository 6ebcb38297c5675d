"""A real terminal: tmux with a server of its own, whose socket is in the test's directory."""

import subprocess

from lab.kit.room import wait_for


class Terminal:
    """One session; `end` ends its server."""

    def __init__(self, socket: str, width: int, height: int, command: str) -> None:
        self.socket = socket
        size = ("-x", str(width), "-y", str(height))
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "top", *size, command)

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self.socket, *words], capture_output=True, text=True, check=False
        )
        return done.stdout

    def screen(self) -> list[str]:
        return self.tmux("capture-pane", "-p", "-t", "top").splitlines()

    def shows(self, text: str) -> list[str]:
        """Wait until the screen shows the text; return the screen."""
        wait_for(lambda: text in "\n".join(self.screen()))
        return self.screen()

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "top", *keys)

    def resize(self, width: int, height: int) -> None:
        self.tmux("resize-window", "-t", "top", "-x", str(width), "-y", str(height))

    def end(self) -> None:
        self.tmux("kill-server")
