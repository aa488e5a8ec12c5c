"""guardsh init: what a shell evaluates to have the line hook, the prompt and the colours."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable

import click

from guardsh import integrations
from guardsh.commands import COMMANDS, KEYWORDS, PREFIXES, REDIRECTIONS, SHIMMED
from guardsh.fastpath import MARKS

SHELLS = ("bash", "zsh", "fish")
_FILES = ("prompt", "watch", "line", "names")


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
    """The shell's files one after the other, behind what they go by."""
    return settings(shell, guardsh) + "".join(integrations.text(f"{shell}/{name}.{shell}") for name in _FILES)


def settings(shell: str, guardsh: str) -> str:
    """Assignments in the shell's language: the path of guardsh; the names that a line is looked through for, the words
    behind which it may run anything, and the names that make a directory an instance's; the names that get a function,
    and where the shims' prefilter lies."""
    values = {
        "__guardsh": guardsh,
        "__guardsh_guarded": _words(COMMANDS.keys() - REDIRECTIONS),
        "__guardsh_runs": _words(PREFIXES | KEYWORDS),
        "__guardsh_marks": _words(MARKS),
        "__guardsh_shimmed": _words(SHIMMED),
        "__guardsh_prefilter": integrations.path("prefilter.sh"),
    }
    write = _of_fish if shell == "fish" else _of_sh
    return "".join(write(name, value) for name, value in values.items())


def _words(names: Iterable[str]) -> str:
    return " ".join(sorted(names))


def _of_sh(name: str, value: str) -> str:
    return f"{name}={shlex.quote(value)}\n"


def _of_fish(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -g {name} '{quoted}'\n"


def program() -> str:
    """The guardsh that is running, as a path that stays true in other directories."""
    return os.path.abspath(shutil.which(sys.argv[0]) or sys.argv[0])
