"""What the keeper must do, and above all not do: each scenario a function, run in a mount namespace of its own, that
gives what a test asserts."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

from guardsh.model.node_state import NodeState
from guardsh.operations.lab import Lab
from guardsh.remedies import farm_return, farms, insured, keeping
from guardsh.remedies.insured import Mode
from guardsh.system import fanotify, kernel
from guardsh.watch import keeper, plot
from guardsh.watch.insurance_flags import with_insurance
from guardsh.watch.keepers import Keepers
from tests.insurance import by_people
from tests.insurance.scene import Scene, difference, play, scene, state
from tests.insurance.stage import keep, kept, told, until


def on_purpose(lab: Lab) -> dict[str, Any]:
    """All that a server deletes, and what people rightly delete in its directory."""
    plot._DOUBT = 0.5
    with scene(lab) as this:
        server = this.primary
        spaces = f"{lab.directory}/space"
        os.mkdir(spaces)
        lab.give(spaces)
        for _ in range(3):
            for statement in _deliberate(spaces):
                server.sql(statement)
            _replaced(server.path("postgresql.conf"))
            lab.give(server.path("postgresql.conf"))
            for name in ("log.old", "base/5/pg_internal.init", "pg_wal/archive_status/x.done"):
                with contextlib.suppress(FileNotFoundError):
                    if "base" not in name:
                        server.touch(name)
                    os.unlink(server.path(name))
        until(lambda: not difference(server.directory), 10)
        lab.copy(server, f"{lab.directory}/backup")
        foreign = [name for name in os.listdir(f"{lab.directory}/backup") if "guardsh" in name]
        with contextlib.suppress(TimeoutError):
            until(lambda: not difference(server.directory), 1)
        return {"heals": this.heals, "differs": difference(server.directory), "rows": this.rows(), "foreign": foreign}


def _deliberate(space: str) -> list[str]:
    return [
        "create table d as select generate_series(1, 20000) a",
        "create temp table e as select generate_series(1, 20000) a",
        "truncate d",
        "drop table d",
        "vacuum full t",
        "create database x",
        "drop database x",
        f"create tablespace s location '{space}'",
        "create table f tablespace s as select 1 a",
        "drop table f",
        "checkpoint",
        "drop tablespace s",
        "select pg_switch_wal()",
        "checkpoint",
        "select pg_create_physical_replication_slot('y')",
        "select pg_drop_replication_slot('y')",
    ]


def _replaced(path: str) -> None:
    """As editors do it."""
    shutil.copy2(path, f"{path}.new")
    os.rename(f"{path}.new", path)


def through_server(lab: Lab) -> dict[str, Any]:
    """What the server is made to run is not the server."""
    with scene(lab) as this:
        this.primary.sql(f"copy (select 1) to program 'rm -rf {this.primary.path('base')}; true'")
        heals, rows, now = len(this.settle()), this.rows(), NodeState(0, "primary", "running", ("several",))
        flags = [with_insurance(now, time.time()).flags]
        insured.want({**insured.wanted(), "/nowhere": Mode.HEAL})
        flags += [with_insurance(now, time.time() + 7200).flags]
        return {"heals": heals, "rows": rows, "flags": flags}


def dead(lab: Lab) -> dict[str, Any]:
    """Names that vanish after the server: nothing is healed, and all of it can be put back."""
    with scene(lab) as this:
        server = this.primary
        server.crash()
        subprocess.run(f"rm -rf {server.directory}", shell=True, check=False)
        time.sleep(1.5)
        left = os.listdir(server.directory) if os.path.lexists(server.directory) else []
        heals, (saved,) = this.heals, farms.saved()
        asked = by_people.typed("moved", "purge", saved.id).answer("no").status
        farms.put_back(saved)
        server.start()
        return {
            "heals": heals,
            "left": left,
            "what": saved.what,
            "asked": asked,
            "rows": this.rows(),
            "saved": len(farms.saved()),
        }


def dying(lab: Lab) -> dict[str, Any]:
    """A server that dies while names vanish: what was there before is kept."""
    with scene(lab) as this:
        server = this.primary
        os.kill(this.primary.pid, signal.SIGSTOP)  # the keeper does not come to it
        os.kill(insured.reports()[0].keeper, signal.SIGSTOP)
        subprocess.run(f"rm -rf {server.directory}/*", shell=True, check=False)
        server.crash()
        os.kill(insured.reports()[0].keeper, signal.SIGCONT)
        time.sleep(1.5)
        (saved,) = farms.saved()
        farms.put_back(saved)
        server.start()
        return {"heals": this.heals, "rows": this.rows()}


def frozen(lab: Lab) -> dict[str, Any]:
    """--freeze-only: held still, nothing put back, and the farm is left as it was."""
    with scene(lab, Mode.FREEZE) as this:
        server = this.primary
        subprocess.run(f"rm -rf {server.path('base')}", shell=True, check=False)
        (heal,) = this.settle()
        states = {state(pid) for pid in server.family()}
        time.sleep(1.5)  # a keeper that begins anew must not take what is left for all
        server.crash()
        (saved,) = farms.saved()
        farms.put_back(saved)
        server.start()
        return {"healed": heal["healed"], "sentence": heal["sentence"], "states": sorted(states), "rows": this.rows()}


def behind(lab: Lab) -> dict[str, Any]:
    """A keeper that has much to read must not take for deliberate what it has not been told of yet."""
    fanotify._MOST, keeper._BEAT, keeper._WHOLE = 4096, 0.0, 0.0
    with scene(lab) as this:
        server = this.primary
        who = insured.reports()[0].keeper
        os.kill(who, signal.SIGSTOP)
        for number in range(3000):
            os.close(os.open(server.path(f"log{number}"), os.O_CREAT | os.O_WRONLY))
            os.unlink(server.path(f"log{number}"))
        subprocess.run(["rm", "-rf", server.path("base")], check=False)
        os.kill(who, signal.SIGCONT)
        until(lambda: this.heals)
        return {"healed": this.settle()[0]["healed"], "rows": this.rows()}


def held_before(lab: Lab) -> dict[str, Any]:
    """A server that somebody else holds still stays so, with its names back."""
    with scene(lab) as this:
        server = this.primary
        members = server.family()
        for pid in members:
            os.kill(pid, signal.SIGSTOP)
        until(lambda: {state(pid) for pid in members} == {"T"})
        subprocess.run(["rm", "-rf", server.path("base")], check=False)
        (heal,) = this.settle()
        states = sorted({state(pid) for pid in members})
        for pid in reversed(members):
            os.kill(pid, signal.SIGCONT)
        return {"healed": heal["healed"], "states": states, "rows": this.rows()}


def killed(lab: Lab) -> dict[str, Any]:
    """SIGKILL to the keeper while the server is held still; the next one finishes."""
    slow = farm_return.restore
    farm_return.restore = lambda farm: time.sleep(600) or slow(farm)  # type: ignore[func-returns-value]
    this = Scene(lab, lab.primary())
    this.primary.sql("create table t as select generate_series(1, 10000) a")
    with kept(this.primary.directory, this.heard) as keeper:
        subprocess.run(f"rm -rf {this.primary.path('base')}", shell=True, check=False)
        until(lambda: state(this.primary.pid) == "T")
        time.sleep(0.5)
        os.kill(keeper, signal.SIGKILL)
        until(lambda: state(this.primary.pid) != "T", 5)
        goes_on = all(state(pid) != "T" for pid in this.primary.family())
    farm_return.restore = slow
    with kept(this.primary.directory, this.heard):
        (heal,) = this.settle()
        return {"goes_on": goes_on, "healed": heal["healed"], "names": heal["names"], "rows": this.rows()}


def restarted(lab: Lab) -> dict[str, Any]:
    """The keepers' keeper starts another for one that was killed, and all end with it."""
    server = lab.primary()
    insured.want({server.directory: Mode.HEAL})
    pid = os.fork()
    if pid == 0:
        Keepers(lambda *_: None).run()
        os._exit(0)
    try:
        until(lambda: any(report.files for report in insured.reports()))
        first = insured.reports()[0].keeper
        os.kill(first, signal.SIGKILL)
        until(lambda: insured.reports()[0].keeper != first and insured.reports()[0].files)
        second, held = insured.reports()[0].keeper, keeping.are_kept()
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    until(lambda: state(second) in "XZ", 5)
    return {"another": second != first, "held": held, "kept": keeping.are_kept()}


def elsewhere(lab: Lab) -> dict[str, Any]:
    """A tablespace on another file system has a farm of its own; one without room for names is said to be uninsured."""
    spaces = {name: f"{lab.directory}/{name}" for name in ("roomy", "cramped")}
    for name, inodes in (("roomy", 10000), ("cramped", 9)):
        os.mkdir(spaces[name])
        kernel.mount("tmpfs", spaces[name], "tmpfs", 0, f"mode=755,nr_inodes={inodes}")
        os.mkdir(f"{spaces[name]}/data")
        lab.give(f"{spaces[name]}/data")
    server = lab.primary()
    for name, path in spaces.items():
        server.sql(f"create tablespace {name} location '{path}/data'")
        server.sql(f"create table in_{name} tablespace {name} as select generate_series(1, 1000) a")
    server.sql("create table t (a int)")
    heard = f"{lab.directory}/told"
    insured.want({server.directory: Mode.HEAL})
    with _keeper_without_check(server.directory, heard):
        subprocess.run(f"rm -rf {spaces['roomy']}/data", shell=True, check=False)
        until(lambda: told(heard), 5)
        time.sleep(0.3)
        rows = server.sql("select count(*) from in_roomy")
        return {"trouble": insured.reports()[0].trouble, "heals": len(told(heard)), "rows": rows}


@contextlib.contextmanager
def _keeper_without_check(directory: str, heard: str) -> Iterator[None]:

    pid = os.fork()
    if pid == 0:
        keep(directory, heard, Mode.HEAL)
    try:
        until(lambda: any(report.files for report in insured.reports()))
        yield
    finally:
        insured.want({})
        os.waitpid(pid, 0)


SCENARIOS: dict[str, Callable[[Lab], dict[str, Any]]] = {
    each.__name__: each
    for each in (
        on_purpose, through_server, dead, dying, frozen, behind, held_before, killed, restarted, elsewhere,
        by_people.confirmed, by_people.moved_aside, by_people.by_the_owner, by_people.by_hand,
        by_people.installed,
    )
}  # fmt: skip


if __name__ == "__main__":
    play(SCENARIOS)
