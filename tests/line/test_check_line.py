"""`guardsh check --line` and `guardsh run -- sh -c`: whole lines on real servers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guardsh.operations.lab import Lab
from tests.examples.conftest import FRONT_DOOR
from tests.postgres.lab import Pair, every_version, pair

ALLOW, ASK, REFUSE = 0, 10, 11
REFUSED = 77


def check(line: str, cwd: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FRONT_DOOR, "check", "--line", "-"],
        input=line,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def facts(line: str, cwd: str | Path) -> Any:
    done = subprocess.run(
        [FRONT_DOOR, "check", "--json", "--line", line], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


DANGEROUS = [
    "rm -rf {data}",
    "sudo rm -rf {data}/base",
    "cd {data} && rm -rf *",
    "cd {data}; ls; (cd base; echo; rm -rf *)",
    "D={data}; rm -rf $D/base",
    "for d in base global; do rm -rf {data}/$d; done",
    "sh -c 'cd {data} && rm -rf base'",
    "sudo bash -c \"bash -c 'rm -rf {data}'\"",
    "eval rm -rf {data}",
    "find {data} -name '1*' -exec rm {{}} +",
    "find {data} -type f | grep base | xargs -r rm",
    "echo {data} | xargs rm -rf",
    'f() {{ rm -rf "$1"; }}; f {data}',
    "echo x > {data}/global/pg_control",
    ": >| {data}/base/1/1259",
    "{{ echo a; echo b; }} >> {data}/base/1/1259",
    "bash <<E\nrm -rf {data}\nE",
    "echo $(rm -rf {data})",
    "if true; then :; else rm -rf {data}; fi",
    "true\nrm -rf \\\n{data}",
    "/bin/r? -rf {data}",
    "$(which rm) -rf {data}",
    "rm -rf {data} 'unterminated",
    "rm -rf $SOMEWHERE",
    "rm -rf $(cat list)",
    "echo 'unterminated rm {data}",
]

HARMLESS = [
    "ls {data}; grep -r 'rm -rf' {data}/log | head > /dev/null",
    "echo rm -rf {data}",
    "git commit -m 'rm -rf {data}'",
    "cat <<'E' > /tmp/x\nrm -rf {data}\nE",
    "# rm -rf {data}",
    "cd {data}; cd /; rm -rf nothing",
    "[[ -e {data} > 1 ]] && echo yes 2>&1 >/dev/null",
    "for f in *.gz; do zcat $f > ${{f%.gz}}.txt; done",
    "pg_dump db > /tmp/dump.$(date +%F)",
    "find /var/log -name '*.gz' -mtime +30 -exec rm {{}} +",
    "ls /tmp | xargs -r rm -f",
    "ls -t | tail -n +5 | xargs rm -f",
    "ssh db-01 rm -rf {data}",
    "x=rm; echo $x -rf {data}",
]


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    """A running primary and replica of one version; only to be looked at."""
    versions = every_version()
    if not versions:
        pytest.skip("no PostgreSQL server programs on this machine")
    with tempfile.TemporaryDirectory(prefix="guardsh-") as directory:
        os.chmod(directory, 0o755)
        with Lab(directory, next(iter(versions.values()))) as lab:
            yield pair(lab)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.parametrize("line", DANGEROUS)
def test_a_dangerous_line_is_asked_about(line: str, servers: Pair, elsewhere: Path) -> None:
    done = check(line.format(data=servers.primary.directory), elsewhere)
    assert (done.returncode, done.stderr) in [(ASK, ""), (REFUSE, "")], done.stdout


@pytest.mark.parametrize("line", HARMLESS)
def test_a_harmless_line_raises_no_word(line: str, servers: Pair, elsewhere: Path) -> None:
    done = check(line.format(data=servers.primary.directory), elsewhere)
    assert (done.returncode, done.stderr) == (ALLOW, ""), done.stdout
    assert "It would run." in done.stdout


def test_the_line_of_the_incident_names_all_of_its_dangers(lab: Lab) -> None:
    """Typed inside the data directory that it restores into: an aborted restore on the replica that was to be."""
    primary = lab.primary()
    target = Path(lab.directory, "restore")
    shutil.copytree(primary.directory, target, ignore=lambda _, names: {"pg_control", "postmaster.pid", "pg_wal"})
    line = f"sudo time /opt/wal-g/wal-g backup-fetch {target} LATEST 2>&1 | tee restore.log"
    seen = facts(line, target)
    assert seen["decision"] == "challenge"
    assert "backup-fetch would restore" in seen["summary"]
    assert any(reason["code"] == "also" and "tee" in reason["sentence"] for reason in seen["reasons"]), seen["reasons"]
    assert [command["words"][0] for command in seen["commands"]] == ["/opt/wal-g/wal-g", "tee"]


def test_uncertain_operands_are_shown(servers: Pair, elsewhere: Path) -> None:
    done = check("rm -rf $SOMEWHERE/base", elsewhere)
    assert "uncertain: what $SOMEWHERE/base stands for is not known before the line runs" in done.stdout
    done = check("rm -rf $SOMEWHERE/base", elsewhere, SOMEWHERE="/nowhere")
    assert (done.returncode, "uncertain" in done.stdout) == (ALLOW, False)


def test_what_runs_elsewhere_is_said_to_be_out_of_sight(elsewhere: Path) -> None:
    assert "out of sight: rm -rf x runs on db-01" in check("ssh -p 22 db-01 rm -rf x; rm nothing", elsewhere).stdout


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("rm x; " * 20_000, "it is longer than 65536 characters"),
        ("eval " * 40 + "rm x", "nest too deeply"),
        ("( " * 200 + "rm x" + " )" * 200, "nest too deeply"),
        ("echo 'never ends; rm x", "it could not be parsed, and it names rm"),
    ],
)
def test_what_cannot_be_judged_is_asked_about(line: str, why: str, servers: Pair, elsewhere: Path) -> None:
    done = check(line, elsewhere)
    assert (done.returncode, done.stderr) == (ASK, "")
    assert why in " ".join(done.stdout.split())


def test_what_cannot_be_judged_has_a_reason_of_its_own(servers: Pair, elsewhere: Path) -> None:
    assert facts("echo 'never ends; rm x", elsewhere)["reasons"][0]["code"] == "unjudged"


@pytest.mark.parametrize(
    "words",
    [
        ("sudo", "sh", "-c", "rm -rf {data}"),
        ("bash", "-c", "cd {data} && rm -rf *"),
        ("find", "{data}", "-exec", "rm", "{{}}", "+"),
        ("su", "postgres", "-c", "rm -rf {data}"),
        ("env", "A=b", "bash", "-c", "echo > {data}/global/pg_control"),
    ],
)
def test_run_reads_what_its_command_runs(words: tuple[str, ...], servers: Pair, elsewhere: Path) -> None:
    given = [word.format(data=servers.primary.directory) for word in words]
    run: list[str | Path] = [FRONT_DOOR, "run", "--", *given]
    done = subprocess.run(run, cwd=elsewhere, capture_output=True, text=True, check=False, start_new_session=True)
    assert done.returncode == REFUSED, done
    assert servers.primary.sql("select 1")


@pytest.mark.parametrize("line", [b"rm \xff\xfe", b"rm \0x", b"\x1b[31mrm x\x07", b"", b"\n\n", b"rm '\xff"])
def test_bytes_are_no_error(line: bytes, elsewhere: Path) -> None:
    done = subprocess.run(
        [FRONT_DOOR, "check", "--line", "-"], input=line, cwd=elsewhere, capture_output=True, check=False
    )
    assert done.returncode in (ALLOW, ASK)
    assert done.stderr == b""
    assert b"\x1b[31m" not in done.stdout


def test_a_line_or_a_command() -> None:
    done = subprocess.run([FRONT_DOOR, "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "either a COMMAND or --line is needed" in done.stderr
