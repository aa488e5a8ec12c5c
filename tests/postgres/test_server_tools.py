"""PostgreSQL's server tools on real servers: what guardsh would decide, and that the tools are as dangerous as that."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardsh import judge
from guardsh.model.verdict import Caller, Decision, Verdict
from guardsh.operations.lab import Lab, LabError
from tests.postgres.lab import Pair

ASKED = Caller(True, "", 0)
AT_NIGHT = Caller(False, "no terminal", 0)


def verdict(words: list[str], caller: Caller = ASKED) -> Verdict:
    return judge.together(judge.words(words, caller=caller)).verdict


def decision(line: str, **directories: str) -> Decision:
    return verdict(line.format(**directories).split()).decision


@pytest.mark.parametrize(
    "line",
    [
        "initdb -D {primary}",
        "initdb -X {primary}/pg_wal {fresh}",
        "pg_rewind -D {primary} --source-pgdata {replica}",
        "pg_resetwal -f {primary}",
        "pg_checksums --enable {primary}",
        "pg_archivecleanup {primary}/pg_wal 000000010000000000000001",
        "pg_upgrade -d {primary} -D {fresh} --link",
        "pg_combinebackup {fresh} -o {primary}",
        "pg_createsubscriber -D {replica} -d postgres",
        "pg_resetwal -f {replica}",
        "systemctl stop postgresql",
        "systemctl kill patroni",
        "service postgresql restart",
        "/etc/init.d/postgresql stop",
        "systemctl reboot",
    ],
)
def test_on_running_servers_it_asks(every_pair: Pair, tmp_path: Path, line: str) -> None:
    assert decision(line, **_directories(every_pair, tmp_path)) is Decision.CHALLENGE


@pytest.mark.parametrize(
    "line",
    [
        "initdb -D {fresh}",
        "initdb --sync-only -D {primary}",
        "pg_rewind -n -D {primary} --source-pgdata {replica}",
        "pg_resetwal -n {primary}",
        "pg_checksums --check {primary}",
        "pg_upgrade --check -d {primary} -D {fresh}",
        "pg_combinebackup {primary} -o {fresh}",
        "postgres -C data_directory -D {primary}",
        "postgres -D {primary}",
        "systemctl status postgresql",
        "systemctl reload postgresql",
        "systemctl restart nginx",
        "systemctl stop postgresql@15-nowhere",
        "systemctl stop nowhere-mounted.mount",
        "service postgresql status",
    ],
)
def test_what_harms_nothing_passes(every_pair: Pair, tmp_path: Path, line: str) -> None:
    assert decision(line, **_directories(every_pair, tmp_path)) is Decision.ALLOW


def _directories(pair: Pair, tmp_path: Path) -> dict[str, str]:
    fresh = str(tmp_path / "fresh")
    return {"primary": pair.primary.directory, "replica": pair.replica.directory, "fresh": fresh}


@pytest.mark.parametrize("line", ["initdb -D {0}", "pg_resetwal -f {0}", "pg_rewind -D {0} --source-server x"])
def test_an_aborted_restore_is_only_pointed_out(tmp_path: Path, line: str) -> None:
    for name in ("base", "global", "pg_wal", "pg_xact"):
        (tmp_path / name).mkdir()
    assert verdict(line.format(tmp_path).split()).decision is Decision.NOTICE


@pytest.mark.parametrize("line", ["pg_resetwal -f {0}", "pg_checksums -e {0}", "pg_rewind -D {0} --source-server x"])
def test_a_stopped_primary_is_asked_about_and_kept_where_nobody_can_be(lab: Lab, line: str) -> None:
    primary = lab.primary()
    primary.stop()
    words = line.format(primary.directory).split()
    asked, at_night = verdict(words), verdict(words, AT_NIGHT)
    assert (asked.decision, at_night.decision) == (Decision.CHALLENGE, Decision.REFUSE)
    assert asked.subject is not None
    assert asked.subject.word == "primary"


def test_switching_checksums_off_is_a_matter_of_configuration(lab: Lab) -> None:
    primary = lab.primary()
    primary.stop()
    assert verdict(["pg_checksums", "-d", primary.directory]).decision is Decision.NOTICE


def test_the_real_pg_resetwal_destroys_a_crashed_primary(lab: Lab) -> None:
    """What was committed since the last checkpoint is gone: the reason for the challenge."""
    primary = lab.primary()
    primary.sql("checkpoint")
    primary.sql("create table payments as select generate_series(1, 1000) id")
    primary.crash()
    Path(primary.path("postmaster.pid")).unlink()
    assert verdict(["pg_resetwal", "-f", primary.directory]).decision is Decision.CHALLENGE
    lab.run("pg_resetwal", "-f", primary.directory)
    primary.start()
    with pytest.raises(LabError, match="payments"):
        primary.sql("select count(*) from payments")


def test_tools_that_look_at_no_pgdata_refuse_without_a_directory(lab: Lab) -> None:
    """What guardsh passes in silence does nothing."""
    for words in (["pg_resetwal", "-f"], ["pg_rewind", "--source-server=x"], ["pg_upgrade"], ["initdb"], ["postgres"]):
        assert verdict(words).decision is Decision.ALLOW
        with pytest.raises(LabError):
            lab.run(*words)
