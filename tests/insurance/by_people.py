"""What people do about an insured directory: confirm, undo, clear, turn insurance on and off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

from guardsh.model.place import Identity
from guardsh.operations.lab import Lab, LabServer
from guardsh.remedies import insured, keeping
from guardsh.system import kernel, processes
from tests.faults.operator import Session
from tests.insurance.scene import FARM, scene, written
from tests.insurance.stage import covered, until


def confirmed(lab: Lab) -> dict[str, Any]:
    """Who was allowed, and what is started below it, may; nobody else."""
    with scene(lab) as this:
        server = this.primary
        status = os.stat(server.directory)
        identity = Identity(status.st_dev, status.st_ino)
        file = server.path("base/5/99999")
        for _ in range(2):
            written(file)
            _allowed(identity, f"rm {file}")
        allowed, gone = this.settle(), not os.path.lexists(file)
        written(file)
        time.sleep(0.5)  # what a confirmed command has started may be told of that late
        subprocess.run(["rm", file], check=False)
        return {"allowed": allowed, "gone": gone, "others": len(this.settle()), "rows": this.rows()}


def _allowed(identity: Identity, command: str) -> None:
    pid = os.fork()
    if pid == 0:
        insured.allow(identity, os.getpid())
        os.execvp("sh", ["sh", "-c", command])
    os.waitpid(pid, 0)


def moved_aside(lab: Lab) -> dict[str, Any]:
    """A confirmed rm of an insured directory, and its undo, while its server runs; clear and undo without one."""
    with scene(lab) as this:
        server = this.primary
        removed = typed("rm", "-rf", server.directory).answer(f"{_host()} primary only copy")
        gone, heard = not os.path.lexists(server.directory), this.settle()
        undone = typed("undo").end()
        _await_keeper()
        subprocess.run(["rm", "-rf", server.path("base")], check=False)
        heals, rows = len(this.settle()), this.rows()
        server.stop()
        cleared = typed("clear", server.directory).answer(f"{_host()} primary")
        left, farm = os.listdir(server.directory), os.path.lexists(f"{lab.directory}/{FARM}/primary")
        back = typed("undo").end()
        server.start()
        _await_keeper()
        return {
            "statuses": [ended.status for ended in (removed, undone, cleared, back)],
            "said": [ended.seen for ended in (removed, undone, cleared, back)],
            "gone": gone,
            "heard": heard,
            "heals": heals,
            "left": left,
            "farm": farm,
            "rows": [rows, this.rows()],
            "shown": _shown_without_its_mount(server),
        }


def _await_keeper() -> None:
    """Until one follows again."""
    since = time.time()
    until(lambda: (now := covered()) is not None and now.server is not None and now.written > since)


def _shown_without_its_mount(server: LabServer) -> bool:
    """Whether a server that was started in the mount is still known to be where it is."""
    insured.lift(server.directory)
    found = {each.pid: each.directory for each in processes.servers()}
    place = found[server.pid]
    return place is not None and place.path == server.directory


def by_the_owner(lab: Lab) -> dict[str, Any]:
    """What the account of the server has confirmed is not put back; what it did by the way is."""
    with scene(lab) as this:
        server, account = this.primary, lab.account
        assert account is not None
        become = ("setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups")
        ended = typed("rm", "-rf", server.path("base/4"), become=become).answer(f"{_host()} primary only copy")
        allowed, gone = len(this.settle()), not os.path.lexists(server.path("base/4"))
        subprocess.run([*become, "rm", "-rf", server.path("base/1")], check=False)
        said = {"status": ended.status, "seen": ended.seen, "allowed": allowed, "gone": gone}
        return {**said, "others": len(this.settle()), "rows": this.rows()}


def typed(*words: str, become: tuple[str, ...] = ()) -> Session:
    os.makedirs(home := "/run/home", exist_ok=True)
    os.chmod(home, 0o1777)
    environment = {**os.environ, "HOME": home, "TERM": "xterm", "NO_COLOR": "1", "XDG_CONFIG_HOME": ""}
    if words[0] == "rm":
        words = ("run", "--override", "a test", "--", *words)
    return Session([*become, sys.executable, "-m", "guardsh", *words], environment, "/")


def _host() -> str:
    return os.uname().nodename.partition(".")[0]


def installed(lab: Lab) -> dict[str, Any]:
    """With guardsh itself: every instance that runs; until it is uninstalled. Those of other tests must be in another
    namespace of processes."""
    for place in ("/etc", "/usr/local"):
        above = f"/run/above{place}"
        os.makedirs(f"{above}/upper")
        os.mkdir(f"{above}/work")
        kernel.mount("overlay", place, "overlay", 0, f"lowerdir={place},upperdir={above}/upper,workdir={above}/work")
    server = lab.primary()
    planned = guardsh("install", "--insure", "--dry-run").stdout.splitlines()
    on, kept = guardsh("install", "--insure"), insured.wanted()
    unit = os.path.lexists("/etc/systemd/system/guardsh-insure.service")
    off = guardsh("uninstall")
    return {
        "planned": f"insure {server.directory}" in planned,
        "on": [on.stdout.splitlines()[-1].partition(":")[0], on.stderr, list(kept)],
        "unit": [unit, os.path.lexists("/etc/systemd/system/guardsh-insure.service")],
        "off": [off.returncode, off.stderr, insured.wanted(), insured.mounts_on_itself(server.directory)],
        "left": os.path.lexists(f"{lab.directory}/{FARM}"),
        "directory": server.directory,
    }


def guardsh(*words: str) -> subprocess.CompletedProcess[str]:
    program = f"{os.path.dirname(sys.executable)}/guardsh"  # as it is installed: shims start it
    return subprocess.run([program, *words], capture_output=True, text=True, check=False, timeout=60)


def by_hand(lab: Lab) -> dict[str, Any]:
    """The subcommand: on, status, off, and nothing is left."""
    server = lab.primary()
    on = guardsh("insure", server.directory)
    listed, status = guardsh("insure"), json.loads(guardsh("status", "--json").stdout)
    refused = subprocess.run(["rmdir", server.directory], capture_output=True, text=True, check=False).stderr
    hidden = os.listdir(f"{lab.directory}/{FARM}")
    planned = guardsh("uninstall", "--dry-run").stdout
    off = guardsh("insure", "--off", server.directory)
    mounted = f"{lab.directory}/mounted"
    os.mkdir(mounted)
    kernel.mount("tmpfs", mounted, "tmpfs", 0)
    os.mkdir(f"{mounted}/global")
    written(f"{mounted}/global/pg_control")
    time.sleep(1)
    return {
        "on": [on.returncode, on.stdout],
        "listed": listed.stdout,
        "status": status["insured"],
        "refused": refused,
        "hidden": hidden,
        "planned": planned,
        "off": [off.returncode, off.stderr],
        "left": os.path.lexists(f"{lab.directory}/{FARM}"),
        "mounts": insured.mounts_on_itself(server.directory),
        "links": os.stat(server.path("PG_VERSION")).st_nlink,
        "kept": keeping.are_kept(),
        "mount point": guardsh("insure", mounted).stderr,
        "no data directory": guardsh("insure", lab.directory).stderr,
    }
