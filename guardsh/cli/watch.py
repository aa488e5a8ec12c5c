"""guardsh watch: keep the state of this node fresh, and its idle terminals in its colour."""

from __future__ import annotations

import os
import sys
from contextlib import closing

import click

from guardsh.system import state_place
from guardsh.watch import background
from guardsh.watch.broadcast import Broadcast
from guardsh.watch.registry import Registry
from guardsh.watch.state_file import KeptByAnother, StateFile
from guardsh.watch.watcher import Watcher

FAILED = 1


@click.command("watch")
@click.option("--once", is_flag=True, help="Write one state and end.")
@click.option("--background", "detached", is_flag=True, help="Detach; one for each account, and quiet about it.")
def command(once: bool, detached: bool) -> None:
    """Keep the state of this node fresh, for prompts, and its idle terminals in its colour.

    A service runs it; where there is none, an account's first shell does, with --background. Root's keeps
    /run/guardsh/state for everybody, an ordinary account's $XDG_RUNTIME_DIR/guardsh/state for itself; GUARDSH_STATE
    names another file.

    \b
    guardsh watch
    guardsh watch --once
    """
    path = state_place.to_write(os.environ, os.geteuid())
    if detached and not (background.needed(path) and background.detach()):
        return
    try:
        file = StateFile(path)
        terminals = Registry(os.path.join(file.directory, "terminals"))
    except KeptByAnother:
        sys.exit(0 if detached else _failed(f"another watcher keeps {path}"))
    except OSError as error:
        sys.exit(_failed(f"could not write {error.filename or path}: {(error.strerror or str(error)).lower()}"))
    with closing(Watcher(file, Broadcast(terminals))) as watcher:
        if once:
            watcher.once()
        elif detached:
            watcher.run(background.until_nobody_needs_it(path, terminals))
            file.remove()
        else:
            watcher.run()


def _failed(message: str) -> int:
    click.echo(f"guardsh watch: {message}", err=True)
    return FAILED
