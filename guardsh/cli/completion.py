"""guardsh completion: the shell's completion script."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell. Bash needs version 4.4 or newer.

    \b
    guardsh completion bash > /etc/bash_completion.d/guardsh
    guardsh completion zsh  > "${fpath[1]}/_guardsh"
    guardsh completion fish > ~/.config/fish/completions/guardsh.fish
    """
    from guardsh.cli import group

    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(group, {}, "guardsh", "_GUARDSH_COMPLETE").source())
