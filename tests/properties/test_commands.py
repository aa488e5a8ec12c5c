"""Whatever words a command gets: it is read without an error, no word is changed, and doubt never makes it harmless."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardsh.commands import COMMANDS, PREFIXES, understand
from guardsh.commands.prefixes import peel
from guardsh.model.intent import Extent, Intent, Invocation, Target

# Words that mean something somewhere, and any text at all: bytes that are no UTF-8 arrive as surrogates.
TELLING = st.sampled_from(
    [
        *("-", "--", "---", "-rf", "-D", "-D/d", "--pgdata", "--pgdata=", "-mi", "--recurs", "-i", "-h", "-x", "--="),
        *("--confirm", "--config", "--walg-s3-prefix", "--help", "--version"),
        *("-T", "-T/a=/b", "-t", "server:/d", "-o"),
        *("stop", "kill", "KILL", "-1", "0", "12", "promote", "backup-fetch", "delete", "everything", "st", "rm"),
        *("/", ".", "..", "d/", "", "-S", "-C", "A=b", "sudo", "env", "flock", "timeout", "-u", "\udcff\n\x1b[31m"),
    ]
)  # fmt: skip
ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=8)
WORDS = st.lists(TELLING | ANY_TEXT, max_size=12)
NAMES = st.sampled_from([*COMMANDS, "/opt/wal-g/wal-g", "./rm"])
ENVIRONMENTS = st.dictionaries(
    st.sampled_from(["PGDATA", "POSIXLY_CORRECT", "HOME", "WALG_CONFIG_PATH", "WALG_USE_REVERSE_UNPACK"]), ANY_TEXT
)


@given(NAMES, WORDS, ENVIRONMENTS, st.lists(TELLING, max_size=2))
def test_any_words_are_read(name: str, words: list[str], environment: dict[str, str], prefixes: list[str]) -> None:
    invocation = Invocation((name, *words), "/here", environment, tuple(prefixes))
    for intent in understand(invocation):
        assert intent.action
        assert all(isinstance(target.path, str) and target.path for target in intent.targets)
    assert invocation == Invocation((name, *words), "/here", environment, tuple(prefixes))


@given(st.lists(st.sampled_from(sorted(PREFIXES)), max_size=4), NAMES, WORDS, ENVIRONMENTS)
def test_any_prefixes_are_peeled(prefixes: list[str], name: str, words: list[str], environment: dict[str, str]) -> None:
    peel((*prefixes, *words, name), "/here", environment)
    peeled = peel((*prefixes, name, *words), "/here", environment)
    assert peeled.words


@given(st.lists(st.sampled_from(["sudo", "nice", "nohup", "command", "setsid", "time"]), max_size=4), NAMES, WORDS)
def test_words_behind_prefixes_are_untouched(prefixes: list[str], name: str, words: list[str]) -> None:
    peeled = peel((*prefixes, name, *words), "/here", {})
    assert (peeled.prefixes, peeled.words) == (tuple(prefixes), (name, *words))


DESTRUCTIVE = st.sampled_from(
    [
        *("rm -rf d", "rm d", "rm -- d"),
        *("rm -d d e", "pg_ctl stop -D /d", "pg_ctl -mi -D/d restart", "pg_ctl promote"),
        *("pg_ctl kill QUIT 12", "pg_basebackup -D /d", "wal-g backup-fetch /d LATEST", "wal-g wal-fetch a b"),
        *("wal-g catchup-receive /d 80", "wal-g delete --confirm everything", "wal-g st rm x", "wal-g frob /d"),
        *("wal-g --walg-s3-prefix s backup-fetch /d LATEST", "wal-g st transfer files x -s other"),
        *("mkfs.ext4 /dev/x", "mkfs -t xfs /dev/x", "wipefs -a /dev/x", "parted -s /dev/x rm 1", "sgdisk -o /dev/x"),
        *("mdadm --stop /dev/md0", "mdadm /dev/md0 -f /dev/x"),
        *("lvremove vg/x", "lvresize -L 1G v/x", "vgchange -an v"),
        *("zfs destroy t/x", "zpool destroy t", "btrfs sub del /x", "cryptsetup erase /dev/x", "umount -l /m"),
        *("mount -o remount,ro /m", "dmsetup remove x"),
        *("nvme format /dev/nvme0n1", "hdparm --security-erase p /dev/x"),
        *("reboot", "shutdown -h now", "init 6", "kexec -e", "kill -9 12", "pkill -9 postgres", "fuser -k /x"),
        *("initdb -D /d", "pg_rewind -D /d --source-pgdata /s", "pg_resetwal -f /d", "pg_checksums -e /d"),
        *(
            "pg_archivecleanup /d 1",
            "pg_combinebackup /a -o /d",
            "pg_createsubscriber -D /d",
            "pg_upgrade -kd /d -D /e",
        ),
        *("postgres -D /d", "pg_dropcluster 15 main", "pg_ctlcluster 15 main stop", "pg_upgradecluster -k 15 main"),
        *("pg_createcluster -d /d 15 main", "pg_backupcluster 15 main expiredumps 0", "systemctl stop postgresql"),
        *("systemctl restart postgresql@15-main", "systemctl mask --now patroni", "systemctl reboot"),
        *("invoke-rc.d postgresql stop", "/etc/init.d/postgresql restart"),
        *("cp x d", "cp -r x d", "mv x d", "mv -t d x"),
        *("ln -sf x d", "install x d", "install -d d", "rmdir d", "unlink f"),
        *("truncate -s 0 f", "shred -u f", "tee f"),
        *("sed -i s/a/b/ f", "perl -pi -e s/a/b/ f", "dd of=f", "dd of=/dev/x"),
        *("rsync -a x d", "rsync -a --delete x/ d/", "chmod -R 755 d", "chown -R x d", "setfacl -Rb d"),
        *("tar -xf a.tar -C d", "tar xf a.tar", "tar -x"),
        *("unzip -o a.zip -d d", "cpio -idm", "7z x a.7z", "git clean -fdx"),
        *("rename s/a/b/ f", "touch d/standby.signal"),
    ]
)
UNHEARD_OF = st.sampled_from(["--unheard-of", "--unheard-of=x", "-@", "--unheard-of=stop"])


@given(DESTRUCTIVE, UNHEARD_OF, st.booleans())
def test_unknown_option_never_makes_it_harmless(line: str, option: str, first: bool) -> None:
    """Neither its effects nor what they reach become less. (Behind ``--`` it is an operand, not an option.)"""
    name, *words = line.split()
    before = _understood(name, words)
    after = _understood(name, [option, *words] if first else [*words, option])
    assert {intent.effect for intent in before} <= {intent.effect for intent in after}
    assert _reached(before) <= _reached(after)


def _understood(name: str, words: list[str]) -> tuple[Intent, ...]:
    return understand(Invocation((name, *words), "/here", {"PGDATA": "/p"}))


def _reached(intents: tuple[Intent, ...]) -> set[str]:
    return {target.path for intent in intents for target in intent.targets}


RM_WORDS = st.lists(
    st.sampled_from(
        [
            *("-r", "-f", "-rf", "-d", "-fd", "--recurs", "--dir", "--force", "--", "-x", "--nonsense", "-v"),
            *("d", "d/", "d/.", "d/f", "d/f/", "d/e", "./d"),
            *("d/e/../f", "link", "link/", "link/f", "f", "f/", ".", ""),
        ]
    ),
    max_size=5,
)  # fmt: skip


@given(RM_WORDS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_real_rm_removes_nothing_that_was_not_understood(tmp_path: Path, words: list[str]) -> None:
    """Every file that is gone after the real rm lies where a target led to before, as deep as its extent reaches."""
    program = shutil.which("rm")
    if program is None:
        pytest.skip("rm is not installed")
    root = tmp_path / "tree"
    _plant(root)
    understood = understand(Invocation(("rm", *words), str(root), {}))
    allowed = {
        path
        for intent in understood
        for target in intent.targets
        if isinstance(target, Target)
        for path in _reach(root, target)
    }
    before = _everything(root)
    subprocess.run([program, *words], cwd=root, input=b"", capture_output=True, check=False)
    gone = before - _everything(root)
    shutil.rmtree(root)
    assert gone <= allowed


def _plant(root: Path) -> None:
    for directory in ("d/e", "behind"):
        (root / directory).mkdir(parents=True)
    for file in ("f", "d/f", "behind/f"):
        (root / file).touch()
    (root / "link").symlink_to("behind")


def _everything(root: Path) -> set[Path]:
    return set(root.rglob("*"))


def _reach(root: Path, target: Target) -> set[Path]:
    named = root / target.path
    place = named.resolve() if target.follow else named.parent.resolve() / named.name
    return {place, *(_everything(place) if target.extent is Extent.TREE else ())}
