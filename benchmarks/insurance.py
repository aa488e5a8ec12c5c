"""Insurance measured: accidents at twenty random moments, first build and refresh of large farms, a heal of many files,
and what it costs a server. Takes root and about fifteen minutes: python -m benchmarks.insurance [accidents|farms|load]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from guardsh.operations.lab import Lab
from tests.insurance.stage import ACCIDENTS, connection, covered, kept, own_world, place, told, until

_MOMENTS = 20
_SIZES = (50_000, 500_000)
_HEALED = (2_000, 50_000)
_SECONDS = 15  # of pgbench
_ROUNDS = 5


def accidents() -> None:
    """Each in a namespace and with servers of its own."""
    for accident in ACCIDENTS:
        words = ["unshare", "-m", "--propagation", "private", sys.executable, "-m", "tests.insurance.stage", accident]
        done = subprocess.run([*words, "--moments", str(_MOMENTS)], capture_output=True, text=True, check=False)
        print(_summary(accident, json.loads(done.stdout)) if done.returncode == 0 else done.stderr, flush=True)


def _summary(accident: str, said: dict[str, Any]) -> str:
    moments = said["moments"]
    pauses = [heal["pause"] * 1000 for each in moments for heal in each["heals"]] or [0.0]
    clean = sum(each["alive"] and not each["bad"] for each in moments)
    lost = [name for each in moments for heal in each["heals"] for name in heal["lost"]]
    equal = "broken" not in said and said["replica_equal"] and said["same_postmaster"]
    kept_all = "broken" not in said and said["rows"] == said["rows_after_restart"] == said["acknowledged"]
    return (
        f"{accident:9} unnoticed {clean} of {len(moments)}; pause median {statistics.median(pauses):.0f} ms, "
        f"most {max(pauses):.0f} ms; failed {len(said['failed'])}; errors in the log {len(said['complaints'])}; "
        f"acknowledged {said['acknowledged']}, all there: {kept_all}; same server, replica equal: {equal}; "
        f"without a second name: {len(lost)} {said.get('broken', '')}"
    )


def farms() -> None:
    """First build, a round over everything, and the pause of a heal, with so many more files in the directory."""
    for size in sorted({*_SIZES, *_HEALED}):
        with place() as directory, Lab(directory) as lab:
            primary = lab.primary()
            _fill(lab, primary.path("base/77777"), size)
            heard, begun = f"{directory}/told", time.monotonic()
            with kept(primary.directory, heard):
                until(lambda: covered() is not None, 120)
                print(f"{size} files: first build {time.monotonic() - begun:.2f} s", flush=True)
                print(f"{size} files: names compared in {_compared(primary.directory):.2f} s", flush=True)
                if size in _HEALED:
                    _heal(primary.path("base"), heard, size, ["rm", "-rf"])
                    _heal(primary.path("base"), heard, size, [sys.executable, "-c", _RMTREE])


def _heal(directory: str, heard: str, size: int, program: list[str]) -> None:
    before = len(told(heard))
    subprocess.run([*program, directory], capture_output=True, check=False)
    until(lambda: len(told(heard)) > before)
    time.sleep(1)
    for heal in told(heard)[before:]:
        print(f"{size} files, {program[0]}: {heal['names']} names, {heal['pause'] * 1000:.0f} ms", flush=True)


_RMTREE = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"


def _fill(lab: Lab, directory: str, size: int) -> None:
    for number in range(size // 1000):
        os.makedirs(f"{directory}/{number}")
        for each in range(1000):
            with open(f"{directory}/{number}/{each}", "w", encoding="ascii") as file:
                file.write("x")
    for path, _, _ in os.walk(directory):
        lab.give(path)


def _compared(directory: str) -> float:
    """A look at every directory, as the keeper takes it in slices."""
    begun = time.monotonic()
    for path, _, _ in os.walk(directory):
        with os.scandir(path) as entries:
            for entry in entries:
                entry.is_file(follow_symlinks=False)
                entry.inode()
    return time.monotonic() - begun


def load() -> None:
    """Transactions in a second, without and with; and the space that the farm still holds."""
    with place() as directory, Lab(directory) as lab:
        primary = lab.primary(settings={"shared_buffers": "128MB", "max_wal_size": "256MB"})
        lab.run("pgbench", "-i", "-q", "-s", "10", *connection(primary), "postgres")
        without, insured = list[float](), list[float]()
        for _ in range(_ROUNDS):  # in turns: others work on this machine, too
            without.append(_tps(lab, primary))
            with kept(primary.directory, f"{directory}/told"):
                insured.append(_tps(lab, primary))
                time.sleep(1)
                held = _held(directory)
        print(f"held by the farm alone: {held} bytes", flush=True)
        print(f"tps without {without}, insured {insured}", flush=True)
        print(f"medians {statistics.median(without)}, {statistics.median(insured)}", flush=True)


def _tps(lab: Lab, primary: Any) -> float:
    """pgbench beside DDL."""
    script = f"{lab.directory}/ddl.sql"
    with open(script, "w", encoding="ascii") as file:
        file.write("create table d:client_id as select generate_series(1, 1000) a;\ndrop table d:client_id;\n")
    seconds = ("-n", "-T", str(_SECONDS))
    ddl = lab.start(
        "pgbench", *seconds, "-R", "20", "-f", script, *connection(primary), "postgres", log=f"{script}.log"
    )
    said = lab.run("pgbench", *seconds, "-c", "4", *connection(primary), "postgres")
    ddl.wait()
    return round(float(said.rpartition("tps = ")[2].split()[0]), 1)


def _held(directory: str) -> int:
    """Of files that have no other name than that in the farm."""
    from guardsh.system import kernel

    view, total = kernel.open_tree(directory), 0
    for path, _, names in os.walk(f"/proc/self/fd/{view}/.guardsh-insured"):
        for name in names:
            status = os.lstat(f"{path}/{name}")
            total += status.st_blocks * 512 if status.st_nlink == 1 and "names" in path else 0
    os.close(view)
    return total


def main() -> None:
    wanted = sys.argv[1:] or ["accidents", "farms", "load"]
    if "accidents" in wanted:
        accidents()
    if os.environ.get("GUARDSH_APART") != "1" and set(wanted) - {"accidents"}:
        rest = [each for each in wanted if each != "accidents"]
        words = ["unshare", "-m", "--propagation", "private", sys.executable, "-m", "benchmarks.insurance", *rest]
        sys.exit(subprocess.run(words, env={**os.environ, "GUARDSH_APART": "1"}, check=False).returncode)
    if wanted == ["accidents"]:
        return
    own_world()
    for each in wanted:
        {"farms": farms, "load": load}[each]()


if __name__ == "__main__":
    main()
