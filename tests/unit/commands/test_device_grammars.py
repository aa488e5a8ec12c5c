"""The grammars of device tools, power commands and signals, compared with what the installed tools say of themselves.

Only --help is ever run, and no tool that has none: killall5, hdparm and zfs are read from their manuals and sources.
"""

from __future__ import annotations

import re
import subprocess

import pytest

from guardsh.commands import COMMANDS, cryptsetup, dmsetup, lvm, mdadm, mkfs, nvme, partitions, pkill, power, umount
from guardsh.commands.grammar import Grammar
from tests.unit.commands import manual

_SPELLING = re.compile(r"(?<![\w/(=-])(--?[A-Za-z0-9?][\w-]*)")


def _help(program: str, *words: str) -> str:
    shown = subprocess.run(
        [manual.installed(program), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return shown.stdout + shown.stderr


# The name, its grammar, and what only other versions have.
LISTED: list[tuple[str, Grammar, set[str]]] = [
    ("wipefs", mkfs.GRAMMARS["wipefs"], set()),
    ("mkswap", mkfs.GRAMMARS["mkswap"], set()),
    ("blkdiscard", mkfs.GRAMMARS["blkdiscard"], set()),
    ("fdisk", partitions.FDISK, set()),
    ("cfdisk", partitions.CFDISK, set()),
    ("parted", partitions.PARTED, set()),
    ("sgdisk", partitions.SGDISK, set()),
    (
        "cryptsetup",
        cryptsetup.GRAMMAR,
        {"--dump-master-key", "--master-key-file", "--external-tokens-path", "-w", "-x"},
    ),
    ("umount", umount.UMOUNT, set()),
    ("fsfreeze", umount.FSFREEZE, set()),
    ("pkill", pkill.PKILL, {"-H", "--require-handler", "--env", "--signal"}),
]


@pytest.mark.parametrize(("name", "grammar", "elsewhere"), LISTED, ids=[name for name, _, _ in LISTED])
def test_options_and_their_values(name: str, grammar: Grammar, elsewhere: set[str]) -> None:
    manual.installed(name)
    listed = {option: value for option, value in manual.options(name).items() if option != "-"}
    assert len(listed) >= 6
    assert manual.unknown(grammar, listed) == {}
    assert set(grammar) - set(listed) <= elsewhere | set(_SPELLING.findall(_help(name, "--help")))


@pytest.mark.parametrize(
    ("name", "grammar", "ignored"),
    [
        ("sfdisk", partitions.SFDISK, set()),
        ("mount", umount.MOUNT, set()),
        ("losetup", dmsetup.LOSETUP, set()),
        ("killall", pkill.KILLALL, set()),
        ("fuser", pkill.FUSER, {"-SIGNAL", "--help"}),
        ("shutdown", power.SHUTDOWN, set()),
        ("reboot", power.HALT, set()),
        ("poweroff", power.HALT, set()),
        ("halt", power.HALT, set()),
    ],
)
def test_every_option_is_known(name: str, grammar: Grammar, ignored: set[str]) -> None:
    entries = [line for line in _help(name, "--help").replace(",--", ", --").splitlines() if re.match(r"\s+-", line)]
    listed = {spelling for line in entries for spelling in _SPELLING.findall(re.split(r"\s{2,}", line.strip())[0])}
    assert len(listed) >= 6
    assert listed - set(grammar) <= ignored


@pytest.mark.parametrize("name", ["mke2fs", "mkfs.xfs"])
def test_letters_that_take_a_value(name: str) -> None:
    """Their usage lines: [-b block-size] takes one, [-jnqv] and [-f] do not."""
    usage = re.sub(r"/\*.*?\*/", "", _help(name, "--help"))
    flags = {f"-{letter}" for cluster in re.findall(r"\[-([A-Za-z]+)\]", usage) for letter in cluster}
    valued = set(re.findall(r"[\[|](-[A-Za-z]) \w", usage))
    grammar = mkfs.GRAMMARS[name]
    assert len(flags) >= 5 and len(valued) >= 9
    assert {option for option in flags if grammar[option].value.value != "none"} == set()
    assert {option for option in valued if grammar[option].value.value == "none"} <= {"-c"}


@pytest.mark.parametrize("name", sorted(set(lvm.NAMES)))
def test_every_option_of_lvm(name: str) -> None:
    manual.installed(name)
    shown = _help(name, "--longhelp")
    valued = set(re.findall(r"\[ .*?(--\w+) [^\]]", shown))
    flags = set(re.findall(r"\[ .*?(--\w+) \]", shown))
    assert len(valued) >= 8 and len(flags) >= 10
    own = {**lvm.GRAMMAR, **(lvm._PLAIN_A if name == "vgreduce" else {})}
    assert {option for option in valued if own[option].value.value == "none"} == set()
    assert {option for option in flags if own[option].value.value != "none"} == set()


def test_lvm_knows_every_command_that_is_read() -> None:
    manual.installed("lvm")
    listed = set(re.findall(r"^  (\w+) {2,}\S", _help("lvm", "help"), re.MULTILINE))
    assert set(lvm.NAMES) <= listed
    assert {name for name in listed if name.endswith(("remove", "reduce"))} <= set(lvm.NAMES)
    assert all(name in COMMANDS for name in lvm.NAMES)


@pytest.mark.parametrize("mode", ["create", "build", "assemble", "manage", "misc", "grow", "monitor", "incremental"])
def test_mdadm_knows_what_every_grave_option_does(mode: str) -> None:
    """Options that only qualify a mode decide nothing; all others are in one of its tables."""
    writing = mdadm.OVERWRITES | mdadm.DISMANTLES | mdadm.TAKES | mdadm.WEAKENS | mdadm.ADDS
    tables = mdadm.READS | writing | mdadm.MODES | mdadm.FORCES
    qualifying = {
        *("--run", "--scan", "--test", "--readwrite", "--re-add", "--with", "--action", "--name", "--uuid", "--config"),
        *(
            "--no-degraded",
            "--super-minor",
            "--bitmap",
            "--backup-file",
            "--quiet",
            "--rebuild-map",
            "--invalid-backup",
        ),
    }
    shown = _help("mdadm", f"--{mode}", "--help")
    assert "mdadm" in shown
    if mode in ("manage", "misc", "assemble", "incremental"):
        listed = set(re.findall(r"^  (--[\w-]+)", shown, re.MULTILINE))
        assert len(listed) >= 5
        assert listed - tables <= qualifying


def test_nvme_has_the_commands_that_are_read() -> None:
    listed = set(re.findall(r"^  ([\w-]+) {2,}\S", _help("nvme", "help"), re.MULTILINE))
    assert listed >= nvme.ERASING | nvme.TAKING_AWAY
    suspicious = {name for name in listed if re.search(r"format|sanitize|delete|write|erase", name)}
    assert suspicious <= nvme.ERASING | {"id-ns-lba-format", "nvm-id-ns-lba-format", "sanitize-log"}


def test_btrfs_and_dmsetup_have_the_commands_that_are_read() -> None:
    shown = _help("btrfs", "--help") + _help("btrfs", "subvolume", "--help") + _help("btrfs", "replace", "--help")
    for words in ("device add", "device remove", "device delete", "replace start", "subvolume delete"):
        assert f"btrfs {words} " in shown
    listed = set(re.findall(r"^\t(\w+)", _help("dmsetup", "--help"), re.MULTILINE))
    assert {"remove", "remove_all", "suspend", "wipe_table", "load", "reload", "clear"} <= listed


def test_cryptsetup_has_the_actions_that_are_read() -> None:
    listed = set(re.findall(r"^\t(\w+) .*- ", _help("cryptsetup", "--help"), re.MULTILINE))
    assert len(listed) >= 20
    assert listed <= cryptsetup.DESTROYING | cryptsetup.CLOSING | cryptsetup.HARMLESS
