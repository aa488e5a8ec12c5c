"""guardsh shell: a shell in which no program can damage a data directory."""

from __future__ import annotations

import sys

import click

from guardsh.operations import login_shield, shield
from guardsh.screen import saying
from guardsh.system import errand, errand_sent, program

FAILED, USAGE = 125, 2


@click.command("shell", context_settings={"allow_interspersed_args": False})
@click.option("--outside", is_flag=True, help="From within: run this one command outside, after being asked.")
@click.option("--try", "shell", type=int, hidden=True, help="Whether this login shell can become one (login.sh).")
@click.argument("words", metavar="[-- COMMAND…]", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...], outside: bool, shell: int | None) -> None:
    """Become a shell, or a command, for which every data directory of this node is read only.

    Postgres goes on writing. A guarded command leaves the shield once it is allowed or confirmed; everything else
    meets the kernel, whatever program it is, root or not. docs/shield.md has what is closed, and what is not.

    \b
    guardsh shell
    guardsh shell -- ./cleanup.sh
    guardsh shell --outside -- vi /mnt/data/postgresql-14/postgresql.conf
    """
    if shell is not None:
        click.echo(login_shield.tried(shell))
    else:
        sys.exit(_words(words, outside))


def _words(words: tuple[str, ...], outside: bool) -> int:
    raw = program.original_arguments()[-len(words) :] if words else []
    return _outside(list(words), raw) if outside else _shell(raw)


def _shell(raw: list[bytes]) -> int:
    door = errand.connect()
    if door is not None:
        door.close()
        if not raw:
            click.echo("guardsh: this is the shield already")
        return shield.become(raw) if raw else 0
    return _enter(raw)


def _enter(raw: list[bytes]) -> int:
    try:
        made = shield.enter(shield.look())
    except (OSError, shield.NoShield) as error:
        click.echo(f"guardsh: no shield: {error}", err=True)
        return FAILED
    if made.weakness:
        click.echo(f"guardsh: {made.weakness}", err=True)
    if not raw:
        saying.say([f"{shield.told(made.covered)}; exit leaves the shield"])
    return shield.become(raw or shield.shell())


def _outside(words: list[str], raw: list[bytes]) -> int:
    if not words:
        raise click.UsageError("--outside takes a command: guardsh shell --outside -- COMMAND")
    if errand.is_outside():
        from guardsh import guard  # late: a login waits for what is imported above

        status = guard.outcome_of_unknown(words)
        return program.become(raw) if status is None else status
    outcome = errand_sent.run([b"shell", b"--outside", b"--", *raw])
    if outcome is None:
        raise click.UsageError("this is no shield: nothing is inside that could be run outside")
    return outcome.status
