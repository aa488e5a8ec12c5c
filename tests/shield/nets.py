"""The same ways against the nets of the shells alone, without a shield: what a typed line is asked about, and what the
shims stop in a script. Prints one JSON object; started like destruction.py.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from typing import Any

from guardsh import judge
from guardsh.commands import SHIMMED
from guardsh.line import entrance
from guardsh.model.verdict import Caller, Decision
from guardsh.operations.install_plan import shim_text
from guardsh.operations.lab import Lab
from tests.shield.destruction import GUARDSH, Target, in_the_open, scratch, volume
from tests.shield.ways import DEVICES, WAYS


def main() -> None:
    base = tempfile.mkdtemp(prefix="gshn-")
    os.chmod(base, 0o755)
    try:
        with volume(f"{base}/image", f"{base}/volume", 700) as device, Lab(f"{base}/volume") as lab:
            print(json.dumps(experiment(lab, base, device)))
    finally:
        shutil.rmtree(base, ignore_errors=True)


def experiment(lab: Lab, base: str, device: str) -> dict[str, Any]:
    os.mkdir(f"{lab.directory}/instances")
    lab.give(f"{lab.directory}/instances")
    server = lab.primary("instances/data")
    os.environ["PGBIN"] = lab.binaries.directory
    path = f"{shims(base)}:{os.environ['PATH']}"
    target = Target(server.directory, device, lab.directory, server=server.pid)
    target.occupy(os.stat(server.directory))
    try:
        with scratch(base) as place:
            os.environ.update(target.environment(place))
            lines = {name: asked(line) for name, line in WAYS.items()}
    finally:
        target.leave()
    stopped = {name: not in_the_open(server, base, name, PATH=path) for name in WAYS if name not in DEVICES}
    return {"lines": lines, "shims": stopped}


def asked(line: str) -> bool:
    """Whether the line hook would ask about it, or refuse it. Nothing is run."""
    cases = judge.line(entrance.typed(line), (line,), caller=Caller(attended=True, why="a test", uid=os.getuid()))
    return bool(cases) and judge.together(cases).verdict.decision >= Decision.CHALLENGE


def shims(base: str) -> str:
    directory = f"{base}/shims"
    os.mkdir(directory)
    for name in SHIMMED:
        with open(os.open(f"{directory}/{name}", os.O_WRONLY | os.O_CREAT, 0o755), "w") as file:
            file.write(shim_text(GUARDSH))
    return directory


if __name__ == "__main__":
    main()
