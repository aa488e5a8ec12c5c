"""guardsh init: what a shell evaluates to have the line hook, the prompt and the colours."""

from __future__ import annotations

import os
import shlex
import shutil
import sys

import click

from guardsh import integrations

SHELLS = ("bash", "zsh", "fish")
_FILES = ("prompt", "line", "names")


@click.command("init")
@click.option("--client", is_flag=True, help="For the machine where one sits: colours back after a lost connection.")
@click.argument("shell", type=click.Choice(SHELLS), required=False)
def command(shell: str | None, client: bool) -> None:
    """Print what a shell evaluates in its rc file. `guardsh install` writes it down once instead.

    \b
    eval "$(guardsh init bash)"          in ~/.bashrc
    eval "$(guardsh init zsh)"           in ~/.zshrc
    guardsh init fish | source           in ~/.config/fish/config.fish
    guardsh init --client >> ~/.bashrc   on the laptop at the other end of ssh
    """
    if client == bool(shell):
        raise click.UsageError("a shell (bash, zsh or fish), or --client")
    click.echo(integrations.text("client.sh") if client else script(str(shell), program()), nl=False)


def script(shell: str, guardsh: str) -> str:
    """The shell's files one after the other, behind the path of the guardsh that they call."""
    if shell == "fish":
        quoted = guardsh.replace("\\", "\\\\").replace("'", "\\'")
        first = f"set -g __guardsh '{quoted}'\n"
    else:
        first = f"__guardsh={shlex.quote(guardsh)}\n"
    return first + "".join(integrations.text(f"{shell}/{name}.{shell}") for name in _FILES)


def program() -> str:
    """The guardsh that is running, as a path that stays true in other directories."""
    return os.path.abspath(shutil.which(sys.argv[0]) or sys.argv[0])
