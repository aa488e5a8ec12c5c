"""guardsh insure: hard links beside a data directory, so that deleting it frees nothing, and is healed."""

from __future__ import annotations

import sys

import click

from guardsh.operations import insure
from guardsh.remedies import insured
from guardsh.remedies.insured import Mode
from guardsh.screen import insurance
from guardsh.screen.plain import safe
from guardsh.watch import keepers

FAILED = 1


@click.command("insure")
@click.argument("directory", type=click.Path(), required=False)
@click.option("--freeze-only", is_flag=True, help="After a deletion hold the server still; put nothing back.")
@click.option("--off", is_flag=True, help="Insure it no longer.")
@click.option("--keep", is_flag=True, help="Be the process that keeps them: what the service runs.")
def command(directory: str | None, *, freeze_only: bool, off: bool, keep: bool) -> None:
    """Give every file of a running server's data directory a second name, and heal its deletion.

    It costs names, not space. When somebody deletes files from under the running server, it is held still
    for some milliseconds, the files are put back, and it goes on. Without DIRECTORY: what is insured.

    \b
    guardsh insure /var/lib/postgresql/15/main
    guardsh insure
    guardsh insure --off /var/lib/postgresql/15/main
    """
    if (off and freeze_only) or ((off or freeze_only) and directory is None) or (keep and (directory or off)):
        raise click.UsageError("give a data directory with --off or --freeze-only, and nothing else with --keep")
    try:
        if keep:
            sys.exit(_keep())
        if directory is None:
            click.echo("\n".join(map(safe, shown())) or "nothing is insured")
        elif off:
            insure.off(directory)
            click.echo(f"{safe(directory)} is insured no longer")
        else:
            sys.exit(turn_on(directory, Mode.FREEZE if freeze_only else Mode.HEAL))
    except insure.InsureError as error:
        sys.exit(_failed(str(error)))
    except OSError as error:
        sys.exit(_failed(f"{error.filename or 'insurance'}: {(error.strerror or str(error)).lower()}"))
    except ValueError as error:
        sys.exit(_failed(str(error)))


def turn_on(directory: str, mode: Mode = Mode.HEAL) -> int:
    """Insure it, and say how that went; the exit status. Raises InsureError, OSError and ValueError."""
    report = insure.on(directory, mode)
    if report is None:
        return _failed(f"{directory}: no keeper has answered yet; guardsh insure tells when it does")
    click.echo("\n".join(map(safe, insurance.lines((report,), ()))))
    return FAILED if report.trouble and not report.files else 0


def shown() -> list[str]:
    """What is insured, as lines. Raises OSError and ValueError."""
    wanted = insured.wanted()
    reports = [report for report in insured.reports() if report.directory in wanted]
    return insurance.lines(reports, sorted(wanted.keys() - {report.directory for report in reports}))


def _keep() -> int:
    try:
        keepers.Keepers().run()
    except keepers.KeptByAnotherError:
        return 0
    return 0


def _failed(sentence: str) -> int:
    click.echo(f"guardsh insure: {safe(sentence)}", err=True)
    return FAILED
