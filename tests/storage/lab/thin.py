"""In the lab's machine: a running server on a real thin volume, snapped, destroyed, put back;
``python -m tests.storage.lab.thin OUT``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from guardsh.model.saved import Saved
from guardsh.operations.lab import Lab, LabServer
from guardsh.remedies import snapshots
from guardsh.remedies.record import NotDoneError, Occasion
from guardsh.system import tool
from tests.postgres.lab import seen

_POINT = "/run/lab/mnt"


def main() -> None:
    said: dict[str, Any] = {}
    try:
        tool.PLACES = os.environ["PATH"]  # the tools of the lab are not installed
        tool.KEPT = (*tool.KEPT, "LD_LIBRARY_PATH")
        with Lab("/run/lab") as lab:
            _volume()
            said = _night(lab)
    except Exception:
        said["error"] = traceback.format_exc()
    Path(sys.argv[1], "said").write_text(json.dumps(said), encoding="utf-8")


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert not done.returncode, f"{words}: {done.stderr}"
    return done.stdout


def _volume() -> None:
    settings = Path("/run/lvm/lvm.conf")
    no_check = 'global { thin_check_executable="" '  # thin-provisioning-tools are not in the lab
    settings.write_text(settings.read_text().replace("global { ", no_check))
    for module in ("dm-thin-pool", "dm-snapshot"):  # lvcreate --snapshot looks for the latter, too
        _run("modprobe", "-d", "/run/modules", module)
    _run("vgcreate", "vg0", "/dev/ubda")
    _run("lvcreate", "--yes", "--type", "thin-pool", "--size", "280M", "--zero", "n", "--name", "pool", "vg0")
    _run("lvcreate", "--yes", "--thin", "--virtualsize", "400M", "--name", "data", "vg0/pool")
    _run("mkfs.ext4", "-q", "/dev/mapper/vg0-data")
    os.makedirs(_POINT)
    _run("mount", "/dev/mapper/vg0-data", _POINT)


def _night(lab: Lab) -> dict[str, Any]:
    server = _server(lab)
    kept = snapshots.before([seen(server, 30.0)], Occasion(("rm", "-rf", server.directory), "anna"), 60.0)
    assert kept.saved, kept
    (saved,) = kept.saved
    listed = _listed()
    refused = _refused(saved)
    _run("rm", "-rf", server.directory)
    server.kill()
    found = snapshots.saved() == (saved,)
    snapshots.put_back(saved)
    server.start()
    rows = server.sql("select count(*) from rows")
    server.stop()
    active = _run("lvs", "--noheadings", "-o", "lv_active", f"vg0/guardsh-{saved.id}-data").strip()
    snapshots.purge(saved)
    left = [saved.id for saved in snapshots.saved()]
    return {"listed": listed, "refused": refused, "found": found, "rows": rows, "active": active, "left": left,
            "failed": kept.failed, "notes": saved.notes, "origins": saved.origins}  # fmt: skip


def _server(lab: Lab) -> LabServer:
    server = lab.add("main")
    server.directory = f"{_POINT}/main"
    os.mkdir(server.directory, 0o700)
    lab.give(server.directory)
    lab.initialise(server.directory)
    own = {"listen_addresses": "", "unix_socket_directories": lab.sockets, "port": str(server.port)}
    server.configure({**own, "shared_buffers": "16MB", "max_wal_size": "32MB", "min_wal_size": "32MB"})
    server.start()
    server.sql("create table rows as select generate_series(1, 1000)")
    return server


def _listed() -> list[str]:
    return sorted(_run("lvs", "--noheadings", "-o", "lv_name,lv_permissions,lv_active", "vg0").split("\n"))


def _refused(saved: Saved) -> str:
    try:
        snapshots.put_back(saved)
    except NotDoneError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
