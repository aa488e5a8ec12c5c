"""guardsh config: the configuration in force, and whether a file could be used."""

from __future__ import annotations

import sys

import click

from guardsh.model.policy import Policy
from guardsh.policy import config
from guardsh.policy.show import show

INVALID = 78


@click.group("config")
def command() -> None:
    """Show or check the configuration: docs/configuration.md."""


@command.command("show")
def show_command() -> None:
    """Print the policy in force, as one configuration file.

    \b
    guardsh config show
    """
    click.echo(show(_load(None)), nl=False)


@command.command("check")
@click.argument("file", required=False, type=click.Path(dir_okay=False))
def check_command(file: str | None) -> None:
    """Check the configuration in force, or what FILE would add to it. Exit status 78 where it cannot be used.

    \b
    guardsh config check
    guardsh config check examples/policies/pair.toml
    """
    policy = _load(file)
    for cell in config.weaker_than_default(policy):
        click.echo(f"weaker than the default: {cell}")
    click.echo("\n".join(("valid", *(f"read: {source}" for source in policy.sources))))


def _load(file: str | None) -> Policy:
    try:
        if file is None:
            return config.load()
        with open(file, encoding="utf-8") as opened:
            return config.parse(opened.read(), file, config.builtin())
    except config.ConfigurationError as error:
        click.echo("\n".join(error.problems), err=True)
    except (OSError, UnicodeDecodeError) as error:
        click.echo(f"could not read {file}: {getattr(error, 'strerror', None) or error}", err=True)
    sys.exit(INVALID)
