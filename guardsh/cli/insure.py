"""guardsh insure: a second name for every file of a data directory, so that a deletion costs names only."""

from __future__ import annotations

import os
import shutil
import sys

import click

from guardsh.remedies import farm_ground, insured
from guardsh.remedies.insured import Mode, Report
from guardsh.screen.plain import safe
from guardsh.watch import insurance

FAILED = 1


@click.command("insure")
@click.argument("directory", default="", type=click.Path())
@click.option("--freeze-only", is_flag=True, help="Hold the server still instead of putting the names back.")
@click.option("--off", is_flag=True, help="End it, and give up the second names.")
def command(directory: str, freeze_only: bool, off: bool) -> None:
    """Insure the data directory of a running server against deletion.

    Every file gets a second name on its own file system: it costs names, not space. When names vanish that
    nobody was allowed to delete, the server is held still for a moment, they are put back, and it goes on.
    Without DIRECTORY: how it goes. Only root can; Linux 5.9 or newer.

    \b
    guardsh insure /var/lib/postgresql/15/main
    guardsh insure --off /var/lib/postgresql/15/main
    """
    if not directory:
        click.echo("\n".join(map(_line, insured.reports())) or "nothing is insured on this node")
        return
    if os.geteuid() != 0:
        sys.exit(_failed("only root can insure a directory", "sudo guardsh insure DIRECTORY"))
    path = os.path.realpath(directory)
    try:
        wanted = insured.wanted()
        if off:
            _end({each: mode for each, mode in wanted.items() if each != path}, path)
            return
        if not os.path.lexists(f"{path}/global/pg_control"):
            sys.exit(_failed(f"{path} is no data directory: there is no global/pg_control", "name a data directory"))
        insured.want({**wanted, path: Mode.FREEZE if freeze_only else Mode.HEAL})
    except (OSError, ValueError) as error:
        sys.exit(_failed(f"could not write {insured.LIST}: {error}", ""))
    report = insurance.start(path)
    if report is None:
        sys.exit(_failed(f"no keeper of {path} has answered", "guardsh insure shows how it goes"))
    click.echo(_line(report))
    sys.exit(FAILED if report.trouble and report.server else 0)


def _end(wanted: dict[str, Mode], path: str) -> None:
    insured.want(wanted)
    insured.lift(path)
    shutil.rmtree(f"{os.path.dirname(path)}/{farm_ground.NAME}/{os.path.basename(path)}", ignore_errors=True)
    click.echo(safe(f"{path} is insured no longer"))


def _line(report: Report) -> str:
    if not report.is_fresh:
        return safe(f"{report.directory}: NOT insured: its keeper is gone")
    what = "held still" if report.mode == Mode.FREEZE.value else "healed"
    state = report.trouble or f"{report.files} of {report.names} files have a second name; a deletion would be {what}"
    healed = f"; healed {report.heals} times" if report.heals else ""
    return safe(f"{report.directory}: {state}{healed}")


def _failed(sentence: str, hint: str) -> int:
    click.echo(safe(f"guardsh insure: {sentence}"), err=True)
    if hint:
        click.echo(safe(f"hint: {hint}"), err=True)
    return FAILED
