"""`papayactl completion`: what a shell needs to complete commands, users and clients."""

import click
from click.shell_completion import get_completion_class

from papayactl.cli.invocation import Invocation, pass_invocation

_PROGRAM = "papayactl"
_WHERE = {
    "bash": "papayactl completion bash >/etc/bash_completion.d/papayactl",
    "zsh": "papayactl completion zsh >/usr/local/share/zsh/site-functions/_papayactl",
    "fish": "papayactl completion fish >~/.config/fish/completions/papayactl.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(_WHERE)))
@pass_invocation
def command(invocation: Invocation, shell: str) -> None:
    """Print the completion for a shell. It also offers clients and users that are there.

    \b
    bash:  papayactl completion bash >/etc/bash_completion.d/papayactl
    zsh:   papayactl completion zsh >/usr/local/share/zsh/site-functions/_papayactl
    fish:  papayactl completion fish >~/.config/fish/completions/papayactl.fish
    """
    kind = get_completion_class(shell)
    assert kind
    root = click.get_current_context().find_root().command
    made = kind(root, {}, _PROGRAM, "_PAPAYACTL_COMPLETE")
    source = made.source_template % made.source_vars()
    invocation.show({"shell": shell, "source": source}, source.splitlines())
