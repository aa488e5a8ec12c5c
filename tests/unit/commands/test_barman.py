"""What Barman is understood to do."""

from __future__ import annotations

import pytest

from guardsh.commands.barman import CLOUD_DELETE, CLOUD_RESTORE, KEEP, PROGRAM, RESTORE
from guardsh.commands.grammar import Grammar
from tests.unit.commands import usage
from tests.unit.commands.reading import intents, reading

CASES = [
    ("barman recover main latest /d", "overwrite tree /d ->"),
    ("barman restore main 20250902T110000 /d", "overwrite tree /d ->"),
    ("barman -c /etc/barman.conf -q recover --target-time '2025-09-02 11:00' main latest /d", "overwrite tree /d ->"),
    ("barman recover main latest /d --get-wal -j 4 --delta-restore", "overwrite tree /d ->"),
    ("barman recover --tablespace fast:/ssd main latest /d", "overwrite tree /d ->, tree /ssd ->"),
    ("barman recover --remote-ssh-command 'ssh postgres@db-02' main latest /d", "nothing"),
    ("barman recover main latest", "nothing"),
    ("barman delete main 20250902T110000", "expire"),
    ("barman keep --release main 20250902T110000", "expire"),
    ("barman keep --target full main 20250902T110000", "nothing"),
    ("barman backup all", "nothing"),
    ("barman list-backups main", "nothing"),
    ("barman check delete", "nothing"),
    ("barman cron", "nothing"),
    ("barman --help recover main latest /d", "nothing"),
    ("barman recover --help", "nothing"),
    ("barman", "nothing"),
    (
        "barman recover --new main latest /d",
        "overwrite tree main ->, tree latest ->, tree /d -> ? unknown option --new",
    ),
    ("barman --new x delete main latest", "expire"),
    ("barman-cloud-restore --cloud-provider aws-s3 s3://b main latest /d", "overwrite tree /d ->"),
    ("barman-cloud-restore -P p s3://b/x main latest /d --tablespace a:/t", "overwrite tree /d ->, tree /t ->"),
    ("barman-cloud-restore -t s3://b/x main latest /d", "nothing"),
    ("barman-cloud-backup-delete -r 'RETENTION POLICY 3' s3://b main", "expire"),
    ("barman-cloud-backup-delete --dry-run -b 20250902T110000 s3://b main", "nothing"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_barman(line: str, expected: str) -> None:
    assert reading(line) == expected


def test_an_old_one_does_not_look_whether_the_directory_is_empty() -> None:
    (intent,) = intents("barman recover main latest /d")
    assert "before 3.15" in intent.notes[0]
    assert intent.questions


@pytest.mark.parametrize(
    ("words", "grammar"),
    [
        (["barman"], PROGRAM),
        (["barman", "recover"], RESTORE),
        (["barman", "keep"], KEEP),
        (["barman-cloud-restore"], CLOUD_RESTORE),
        (["barman-cloud-backup-delete"], CLOUD_DELETE),
    ],
)
def test_every_option_of_the_tool_is_known(words: list[str], grammar: Grammar) -> None:
    """Debian's barman 3.4 here."""
    listed = usage.of_argparse(words)
    assert listed
    assert usage.unlike(grammar, listed) == {}
