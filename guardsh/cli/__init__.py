"""The subcommands of guardsh, one file each, loaded by name; click lives here only."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from guardsh import __version__

# One file each, named after it; `guardsh/cli/NAME.py` has `command`.
SUBCOMMANDS = (
    "check",
    "clear",
    "completion",
    "config",
    "demo",
    "doctor",
    "expect",
    "freeze",
    "init",
    "install",
    "insure",
    "log",
    "moved",
    "progress",
    "prompt",
    "run",
    "salvage",
    "shell",
    "status",
    "undo",
    "uninstall",
    "watch",
)
FAILED = 125


class _ByName(click.Group):
    """Imports a subcommand only when it is called or helped about."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBCOMMANDS:
            return None
        command: click.Command = import_module(f"guardsh.cli.{cmd_name}").command
        return command


@click.command(cls=_ByName, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="guardsh %(version)s")
def group() -> None:
    """Ask for host name and role before a command destroys a Postgres data directory.

    \b
    guardsh run -- rm -rf /mnt/data/postgresql-14/*    guard one command
    guardsh check -- wal-g backup-fetch DIR LATEST     what would be said, and why
    guardsh status                                     what this node is, and how we know
    guardsh expect --host db-02 --role replica         a runbook's precondition
    alias rm='guardsh run -- rm'                       guard it always

    Exit statuses: the command's own when it ran; 2 usage, 77 refused or not confirmed, 78 configuration
    invalid, 125 guardsh itself failed, 126 not executable, 127 not found.
    """


def main() -> int:
    """Run the command line of this process; returns the exit status."""
    try:
        group.main(prog_name="guardsh", standalone_mode=True)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    except Exception as error:
        sys.stderr.write(f"guardsh: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}\n")
        return FAILED
    return 0
