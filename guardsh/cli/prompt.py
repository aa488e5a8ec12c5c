"""guardsh prompt: the node as a segment for prompts that other programs draw."""

from __future__ import annotations

import click

from guardsh.screen.segment import FORMATS
from guardsh.watch.prompt import segment


@click.command("prompt")
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default="text", help="For whom; text by default.")
def command(style: str) -> None:
    """Print host, role, and what is wrong, as `guardsh watch` last saw it; unknown where that is too long ago.

    For starship, powerlevel10k, oh-my-posh and tmux (docs/watch.md). bash, zsh and fish have it in their own prompt.

    \b
    guardsh prompt
    guardsh prompt --format tmux
    """
    click.echo(segment(style))
