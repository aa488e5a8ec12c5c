"""What else a keeper meets: tablespaces that come, neighbours, links, full and read-only file systems, containers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from guardsh.operations.lab import Lab
from guardsh.remedies import farm_return, insured
from guardsh.remedies.farm import Branch, Farm
from guardsh.system import kernel, proc
from guardsh.watch.keeper import Keeper
from tests.insurance.scene import FARM, Scene, difference, play, scene, state
from tests.insurance.stage import covered, kept, until


def spaces(lab: Lab) -> dict[str, Any]:
    """A tablespace made while its instance is followed is followed, too; a dropped one leaves nothing."""
    with scene(lab) as this:
        server, space = this.primary, f"{lab.directory}/space/data"
        os.makedirs(space)
        lab.give(space)
        server.sql(f"create tablespace s location '{space}'")
        until(lambda: os.path.lexists(f"{lab.directory}/space/{FARM}"), 5)
        server.sql("create table u tablespace s as select generate_series(1, 1000) a")
        time.sleep(0.3)
        subprocess.run(f"rm -rf {space}/* {server.path('pg_tblspc')}/*", shell=True, check=False)
        heals = len(this.settle())
        links = len(os.listdir(server.path("pg_tblspc")))
        rows = server.sql("select count(*) from u")
        server.sql("drop table u")
        server.sql("checkpoint")
        server.sql("drop tablespace s")
        until(lambda: not os.path.lexists(f"{lab.directory}/space/{FARM}"), 5)
        return {"healed": heals > 0, "links": links, "rows": rows, "trouble": insured.reports()[0].trouble}


def untold(lab: Lab) -> dict[str, Any]:
    """A name that no server removes is put back, though nobody was told that it went; not where that was allowed."""
    with scene(lab) as this:
        server = this.primary
        keeper = insured.reports()[0].keeper
        os.kill(keeper, signal.SIGTERM)
        os.waitpid(keeper, 0)
        learnt, Keeper._accident = Keeper._accident, lambda *_: None  # type: ignore[method-assign]
        with kept(server.directory, this.heard):
            os.unlink(server.path("global/pg_control"))
            heals = len(this.settle())
        Keeper._accident = learnt  # type: ignore[method-assign]
        return {"heals": heals, "there": os.path.lexists(server.path("global/pg_control")), "rows": this.rows()}


def replaced(lab: Lab) -> dict[str, Any]:
    """An old copy unpacked over the running server: its files get their names back, the others lie aside."""
    with scene(lab) as this:
        server = this.primary
        inode = os.stat(server.path("base/5/1259")).st_ino
        archive = f"{lab.directory}/old.tar"
        subprocess.run(["tar", "cf", archive, "-C", server.directory, "base/5", "global"], check=True)
        subprocess.run(["tar", "xf", archive, "-C", server.directory], check=True)
        until(lambda: this.heals)
        healed = all(heal["healed"] for heal in this.settle())
        same = os.stat(server.path("base/5/1259")).st_ino == inode
        server.sql("checkpoint")
        aside = this.heals[0]["aside"]
        return {
            "healed": healed,
            "same": same,
            "aside": aside == f"{server.directory}.replaced" and len(os.listdir(aside)) > 0,
            "differs": difference(server.directory),
            "rows": this.rows(),
        }


def freed(lab: Lab) -> dict[str, Any]:
    """SIGKILL to the keeper and to what stands beside it, after all was put back: the next keeper lets go."""
    this = Scene(lab, lab.primary())
    slow = farm_return.restore

    def restore(farm: Farm) -> tuple[int, list[Branch]]:
        slow(farm)
        time.sleep(600)
        raise AssertionError

    farm_return.restore = restore
    with kept(this.primary.directory, this.heard) as keeper:
        subprocess.run(["rm", "-rf", this.primary.path("base/1")], check=False)
        until(lambda: state(this.primary.pid) == "T" and os.path.lexists(this.primary.path("base/1/PG_VERSION")))
        time.sleep(0.3)
        with open(f"/proc/{keeper}/task/{keeper}/children", encoding="ascii") as file:
            beside = [int(word) for word in file.read().split()]
        for pid in (*beside, keeper):
            os.kill(pid, signal.SIGKILL)
        held = state(this.primary.pid)
    farm_return.restore = slow
    with kept(this.primary.directory, this.heard):
        return {"held": held, "rows": this.primary.sql("select 1")}


def neighbours(lab: Lab) -> dict[str, Any]:
    """Two insured instances below one parent, one of them named by a link: neither touches the other."""
    one, two = lab.primary("one"), lab.primary("two")
    for server in (one, two):
        server.sql("create table t as select generate_series(1, 10000) a")
    os.symlink(two.directory, f"{lab.directory}/link")
    named = [one.directory, f"{lab.directory}/link"]
    said = [_guardsh("insure", each).returncode for each in named]
    reports = sorted(each.directory for each in insured.reports())
    for server in (one, two):
        subprocess.run(["rm", "-rf", server.directory], check=False, capture_output=True)
    time.sleep(1)
    heals = [each.heals for each in insured.reports()]
    rows = [server.sql("select count(*) from t") for server in (one, two)]
    off = _guardsh("insure", "--off", one.directory).returncode
    still = os.path.lexists(f"{lab.directory}/{FARM}"), difference(two.directory)
    two.stop()
    until(lambda: not insured.mounts_on_itself(two.directory), 5)  # pg_upgrade --link must not cross a mount
    two.start()
    until(lambda: any(each.server == two.pid and not each.trouble for each in insured.reports()))
    subprocess.run(["rm", "-rf", two.path("base")], check=False)
    time.sleep(1)
    again = two.sql("select count(*) from t")
    _guardsh("insure", "--off", f"{lab.directory}/link")
    left = os.path.lexists(f"{lab.directory}/{FARM}")
    return {
        "said": [*said, off],
        "known": reports == [one.directory, two.directory],
        "heals": heals,
        "rows": [*rows, again],
        "still": still,
        "left": left,
    }


def full(lab: Lab) -> dict[str, Any]:
    """A file system without room for names: said, the server goes on, and all is well when there is room again."""
    mounted = f"{lab.directory}/small"
    os.mkdir(mounted)
    kernel.mount("tmpfs", mounted, "tmpfs", 0, "mode=755,nr_inodes=2600")
    within = Lab(f"{mounted}/lab")
    try:
        server = within.primary()
        server.sql("select 1")
        with kept(server.directory, f"{lab.directory}/told"):
            hoard = f"{mounted}/hoard"
            os.mkdir(hoard)
            with contextlib.suppress(OSError):
                for number in range(5000):
                    with open(f"{hoard}/{number}", "w", encoding="ascii"):
                        pass
            os.unlink(f"{hoard}/0")  # room for the server's own name, and not for a second one
            server.sql("create table t (a int)")
            until(lambda: "no space left" in insured.reports()[0].trouble, 5)
            short = insured.reports()[0]
            subprocess.run(["rm", "-rf", hoard], check=True)
            until(lambda: covered() is not None and not difference(server.directory), 5)
            return {"counted": short.files < short.names, "rows": server.sql("select count(*) from t")}
    finally:
        within.__exit__()


def read_only(lab: Lab) -> dict[str, Any]:
    """A tablespace that cannot be written is said to be uninsured, and the rest is insured."""
    server, above = lab.primary(), f"{lab.directory}/above"
    os.makedirs(f"{above}/data")
    lab.give(f"{above}/data")
    server.sql(f"create tablespace s location '{above}/data'")
    server.sql("create table t as select generate_series(1, 1000) a")
    kernel.mount(above, above, None, kernel.MS_BIND)
    kernel.mount(above, above, None, kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY)
    said = _guardsh("insure", server.directory)
    subprocess.run(["rm", "-rf", server.path("base")], check=False)
    time.sleep(0.5)
    rows = server.sql("select count(*) from t")
    _guardsh("insure", "--off", server.directory)
    return {"said": said.stdout, "status": said.returncode, "rows": rows}


def contained(lab: Lab) -> dict[str, Any]:
    """A postmaster that is the first process of a container; what an orphan of it deletes is not its own doing."""
    server = lab.primary()
    server.sql("create table t as select generate_series(1, 1000) a")
    server.stop()
    account = lab.account
    assert account is not None
    become = ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    postgres = [lab.binaries.path("postgres"), "-D", server.directory]
    words = ["unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc", *become, *postgres]
    with open(server.log, "ab") as log:
        outside = subprocess.Popen(words, stdout=log, stderr=log, env=lab.environment(), cwd="/")
    try:
        first = _first_child(outside.pid)
        until(lambda: "ready" in proc.read(server.path("postmaster.pid")))
        with kept(server.directory, f"{lab.directory}/told"):
            report = covered()
            inside = ["nsenter", "-t", str(first), "-p", "-m"]
            orphan = f"sleep 0.2; exec rm -rf {server.path('base')}"
            subprocess.run([*inside, "sh", "-c", f"setsid sh -c '{orphan}' >/dev/null 2>&1 &"], check=True)
            time.sleep(1.5)
            said = {"known": report is not None and report.server == first}
            return {**said, "heals": len(_told(lab)), "rows": server.sql("select count(*) from t")}
    finally:
        outside.terminate()
        with contextlib.suppress(ProcessLookupError, UnboundLocalError):
            os.kill(first, signal.SIGQUIT)
        outside.wait(10)


def _first_child(pid: int) -> int:
    def children() -> str:
        return proc.read(f"/proc/{pid}/task/{pid}/children").strip()

    until(children, 5)
    return int(children().split()[0])


def _told(lab: Lab) -> list[str]:
    return proc.read(f"{lab.directory}/told").splitlines()


def _guardsh(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "guardsh", *words], capture_output=True, text=True, check=False)


SCENARIOS: dict[str, Callable[[Lab], dict[str, Any]]] = {
    each.__name__: each for each in (spaces, untold, replaced, freed, neighbours, full, read_only, contained)
}


if __name__ == "__main__":
    play(SCENARIOS)
