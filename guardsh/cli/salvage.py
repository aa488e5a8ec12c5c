"""guardsh salvage: after an accident, hold the server still and copy every file that it still has open."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from guardsh.screen.plain import safe

if TYPE_CHECKING:
    from guardsh.operations.salvage.hold import Held

INTERRUPTED, REFUSED = 1, 77
_STANDS = "what was stopped stays stopped: the same command goes on, and --continue DIR lets it run"


@click.command("salvage")
@click.argument("directory", metavar="DIR")
@click.argument("destination", metavar="DEST", required=False)
@click.option("--yes", "unasked", is_flag=True, help="Copy without asking; without a terminal this is so anyway.")
@click.option("--deleted-only", is_flag=True, help="Only what is deleted and still open, not what is still present.")
@click.option("--same-filesystem", "same_file_system", is_flag=True, help="Allow DEST on the file system of DIR.")
@click.option("--pid", type=int, metavar="PID", help="The postmaster, where several servers are, or were, in DIR.")
@click.option("--continue", "going_on", is_flag=True, help="Let a server that was held still go on; nothing is copied.")
@click.option("--json", "as_json", is_flag=True, help="The report for programs: docs/json.md.")
def command(
    directory: str,
    destination: str | None,
    *,
    unasked: bool,
    deleted_only: bool,
    same_file_system: bool,
    pid: int | None,
    going_on: bool,
    as_json: bool,
) -> None:
    """Hold the server of DIR still, right after its files were deleted, and copy all it still has open into DEST.

    The server is stopped (SIGSTOP) at once and asked about afterwards: stopping loses nothing, and a postmaster whose
    directory is gone ends itself within a minute. DEST should be on another disk. The server stays stopped; the same
    command once more goes on where an interrupted one ended. Exit status: 0 everything was saved and read back, 1 not
    everything, 77 nothing was copied.

    \b
    guardsh salvage /mnt/data/postgresql-14 /mnt/usb/rescue
    guardsh salvage --yes --json /mnt/data/postgresql-14 /mnt/usb/rescue > report.json
    guardsh salvage --continue /mnt/data/postgresql-14
    """
    if going_on == (destination is not None):
        raise click.UsageError("DEST is missing" if not going_on else "--continue takes no DEST")
    try:
        if destination is None:
            sys.exit(_go_on(directory, pid))
        held = _hold(directory, pid)
        from guardsh.operations.salvage import story

        wishes = story.Wishes(same_file_system, deleted_only, unasked, as_json)
        sys.exit(story.salvage(held, destination, wishes))
    except KeyboardInterrupt:
        click.echo(f"guardsh: interrupted; {_STANDS}", err=True)
        sys.exit(INTERRUPTED)
    except Exception:
        click.echo(f"guardsh: failed; {_STANDS}", err=True)
        raise


def _go_on(directory: str, pid: int | None) -> int:
    from guardsh.operations.salvage import continuing

    return continuing.go_on(directory, pid)


def _hold(directory: str, pid: int | None) -> Held:
    """First of all, with as little imported as can be: the clock is running."""
    from guardsh.operations.salvage import hold

    try:
        return hold.hold(directory, pid)
    except hold.NothingToHold as error:
        click.echo(f"guardsh: {safe(str(error))}; nothing was stopped", err=True)
        sys.exit(REFUSED)
