"""What wal-g is understood to do. Its verbs and options are those of cmd/pg and cmd/common/st at 3.0."""

from __future__ import annotations

import pytest

from guardsh.model.intent import Effect, Emptiness, Extent, Setting, Target, ToolVersion
from tests.unit.commands.reading import intents, reading

CASES = [
    # The night of the incident.
    (
        "/opt/wal-g/wal-g --walg-s3-prefix=s3://b/14 --walg-download-concurrency=32 "
        "backup-fetch /mnt/data/postgresql-14/ base_0001",
        "overwrite tree /mnt/data/postgresql-14/ ->",
    ),
    # Options before the verb: every setting takes a value, even those that look like switches.
    ("wal-g --walg-download-concurrency 32 backup-fetch /d LATEST", "overwrite tree /d ->"),
    ("wal-g --walg-use-reverse-unpack true backup-fetch /d LATEST", "overwrite tree /d ->"),
    ("wal-g --config /etc/wal-g.json backup-fetch /d LATEST", "overwrite tree /d ->"),
    ("wal-g --pgdata /p backup-fetch /d LATEST", "overwrite tree /d ->"),
    ("wal-g --turbo backup-fetch /d LATEST", "overwrite tree /d ->"),
    ("wal-g --aws-region backup-list backup-fetch /d LATEST", "overwrite tree /d ->"),
    ("wal-g --mask backup-list backup-fetch /d LATEST", "overwrite tree /d ->"),
    ("wal-g --aws-region backup-fetch backup-list", "nothing"),
    ("wal-g --new backup-list backup-fetch /d", "overwrite tree backup-list ->, tree /d -> ? unknown option --new"),
    # Options after the verb, among the operands.
    ("wal-g backup-fetch /d --reverse-unpack LATEST", "overwrite tree /d ->"),
    ("wal-g backup-fetch --restore-spec /s.json /d LATEST", "overwrite tree /d ->"),
    ("wal-g backup-fetch --mask /m /d", "overwrite tree /d ->"),
    ("wal-g backup-fetch /d --target-user-data '{}'", "overwrite tree /d ->"),
    ("wal-g backup-fetch -- /d LATEST", "overwrite tree /d ->"),
    ("wal-g backup-fetch", "nothing"),
    ("wal-g backup-fetch --help /d", "nothing"),
    ("wal-g backup-fetch --help=false /d", "overwrite tree /d ->"),
    # The other verbs that write here.
    ("wal-g catchup-fetch /d base_0001", "overwrite tree /d ->"),
    ("wal-g catchup-fetch --use-new-unwrap /d base_0001", "overwrite tree /d ->"),
    ("wal-g catchup-receive /d 1337", "overwrite tree /d ->"),
    ("wal-g wal-fetch 000000010000000000000001 pg_wal/RECOVERYXLOG", "overwrite entry pg_wal/RECOVERYXLOG ->"),
    ("wal-g wal-prefetch 000000010000000000000001 /d/pg_wal", "overwrite tree /d/pg_wal/.wal-g ->"),
    ("wal-g wal-restore /target /source", "overwrite tree /source/pg_wal ->"),
    ("wal-g pgbackrest backup-fetch /d 20240101-000000F", "overwrite tree /d ->"),
    ("wal-g pgbackrest wal-fetch 000000010000000000000001 /w", "overwrite entry /w ->"),
    ("wal-g st get basebackups_005/x /d/PG_VERSION", "overwrite entry /d/PG_VERSION ->"),
    # Deletion from the archive: without --confirm it is a dry run.
    ("wal-g delete everything", "nothing"),
    ("wal-g delete everything FORCE --confirm", "expire"),
    ("wal-g delete --confirm retain FULL 3", "expire"),
    ("wal-g delete retain 3 -a 2024-01-01 --confirm", "expire"),
    ("wal-g delete retain 3 -a --confirm", "nothing"),
    ("wal-g delete before base_0001 --confirm=true", "expire"),
    ("wal-g delete before base_0001 --confirm=false", "nothing"),
    ("wal-g delete --use-sentinel-time target base_0001 --confirm", "expire"),
    ("wal-g delete garbage --without-backup-check --confirm", "expire"),
    ("wal-g delete", "nothing"),
    # Today's wal-g loses these verbs to an option that it does not know yet there; a later one may not.
    ("wal-g --confirm delete retain 3", "expire"),
    ("wal-g --reverse-unpack backup-fetch /d", "overwrite tree /d ->"),
    # The archive's own tools.
    ("wal-g st rm basebackups_005/", "expire"),
    ("wal-g st -g rm 'basebackups_005/*'", "expire"),
    ("wal-g st -t other rm x --all-versions", "expire"),
    ("wal-g st put a b", "nothing"),
    ("wal-g st put -f a b", "expire"),
    ("wal-g st transfer files x -s other", "expire"),
    ("wal-g st transfer -s other -p pg-wals", "nothing"),
    ("wal-g st transfer -po -s other backups", "expire"),
    ("wal-g backup-mark base_0001", "nothing"),
    ("wal-g backup-mark -i base_0001", "expire"),
    # What only reads, or adds to the archive.
    ("wal-g", "nothing"),
    ("wal-g --version", "nothing"),
    ("wal-g --help", "nothing"),
    ("wal-g help backup-fetch /d", "nothing"),
    ("wal-g __complete backup-fetch /d", "nothing"),
    ("wal-g backup-list --json", "nothing"),
    ("wal-g backup-push /d --full", "nothing"),
    ("wal-g wal-push /d/pg_wal/000000010000000000000001", "nothing"),
    ("wal-g st ls", "nothing"),
    ("wal-g st check read", "nothing"),
    ("wal-g --walg-new-setting x backup-list", "nothing"),
    ("wal-g --unheard-of x backup-list", "nothing"),
    ("wal-g --unheard-of backup-list", "nothing"),
    ("wal-g -v backup-list", "nothing"),
    # Not understood: the worst reading.
    ("wal-g backup-fetch --new /d LATEST", "overwrite tree /d ->, tree LATEST -> ? unknown option --new"),
    ("wal-g --new backup-fetch /d", "overwrite tree /d -> ? unknown option --new"),
    ("wal-g -v backup-fetch /d", "overwrite tree /d -> ? unknown option -v"),
    ("wal-g delete everything --confrim", "expire ? unknown option --confrim"),
    ("wal-g warp /d", "overwrite tree warp ->, tree /d -> ? unknown verb warp; expire ? unknown verb warp"),
    ("wal-g delete most", "overwrite tree most -> ? unknown verb most; expire ? unknown verb most"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_wal_g(line: str, expected: str) -> None:
    assert reading(line) == expected


def test_catchup_verbs_say_what_wal_g_does_not_check() -> None:
    assert "wal-g itself checks none of it" in intents("wal-g catchup-fetch /d b")[0].notes[0]


def test_version_of_the_very_program_is_asked_for() -> None:
    assert intents("/opt/wal-g/wal-g backup-fetch /d b")[0].questions[0] == ToolVersion("/opt/wal-g/wal-g", "wal-g")
    assert intents("wal-g delete everything --confirm")[0].questions == (ToolVersion("wal-g", "wal-g"),)


BEFORE, AFTER = Emptiness("link", resolve=False), Emptiness("link", resolve=True)


@pytest.mark.parametrize(
    ("line", "environment", "expected"),
    [
        ("wal-g backup-fetch link b", {}, AFTER),
        ("wal-g backup-fetch link b --reverse-unpack", {}, BEFORE),
        ("wal-g backup-fetch link b --restore-only postgres", {}, BEFORE),
        ("wal-g --walg-use-reverse-unpack=true backup-fetch link b", {}, BEFORE),
        ("wal-g --walg-use-reverse-unpack=false backup-fetch link b", {"WALG_USE_REVERSE_UNPACK": "1"}, AFTER),
        ("wal-g --walg-use-reverse-unpack=false backup-fetch link b --reverse-unpack", {}, BEFORE),
        ("wal-g backup-fetch link b", {"WALG_USE_REVERSE_UNPACK": "true"}, BEFORE),
        ("wal-g backup-fetch link b", {"WALG_USE_REVERSE_UNPACK": "yes"}, AFTER),
        ("wal-g backup-fetch link b", {"WALG_USE_REVERSE_UNPACK": "false", "HOME": "/h"}, AFTER),
    ],
)
def test_emptiness_is_seen_before_the_link_is_resolved_where_unpacking_in_reverse(
    line: str, environment: dict[str, str], expected: Emptiness
) -> None:
    assert intents(line, **environment)[0].questions[1:] == (expected,)


@pytest.mark.parametrize(
    ("line", "environment", "files"),
    [
        ("wal-g backup-fetch link b", {"HOME": "/h"}, ("/h/.walg.json", "/h/.walg.yaml", "/h/.walg.yml")),
        ("wal-g backup-fetch link b", {"HOME": "/h", "WALG_CONFIG_PATH": "/e.yaml"}, ("/e.yaml",)),
        ("wal-g backup-fetch link b --config c.json", {"WALG_CONFIG_PATH": "/e.yaml"}, ("/root/c.json",)),
    ],
)
def test_configuration_file_may_decide_it(line: str, environment: dict[str, str], files: tuple[str, ...]) -> None:
    setting = Setting("WALG_USE_REVERSE_UNPACK", files)
    assert intents(line, **environment)[0].questions[1:] == (AFTER, setting, BEFORE)


@pytest.mark.parametrize(
    ("cwd", "inside"),
    [
        ("/mnt/data/postgresql-14", True),
        ("/mnt/data/postgresql-14/base", True),
        ("/mnt/data/../data/postgresql-14", True),
        ("/mnt/data", False),
        ("/mnt/data/postgresql-14-new", False),
    ],
)
def test_working_directory_inside_the_target_is_pointed_out(cwd: str, inside: bool) -> None:
    remarks = intents("wal-g backup-fetch /mnt/data/postgresql-14/ LATEST", cwd=cwd)[0].remarks
    assert any("is inside the restore target" in remark for remark in remarks) == inside


def test_relative_target_is_the_working_directory() -> None:
    intent = intents("wal-g backup-fetch . LATEST", cwd="/d")[0]
    assert intent.targets == (Target(".", Extent.TREE, follow=True),)
    assert "/d is inside the restore target" in intent.remarks[0]


def test_restore_specification_is_pointed_out() -> None:
    assert intents("wal-g backup-fetch /d b --restore-spec s.json")[0].remarks == (
        "tablespaces are restored to where s.json says",
    )


def test_action_reads_as_a_sentence() -> None:
    restore, expire = intents("wal-g backup-fetch /d b")[0], intents("wal-g delete target b --confirm")[0]
    assert restore.action == "wal-g backup-fetch would restore a backup into"
    assert (expire.effect, expire.targets) == (Effect.EXPIRE, ())
    assert expire.action == "wal-g delete target would delete backups and WAL from the archive"
