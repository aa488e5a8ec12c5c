"""Editors of partition tables: parted 3.5, sgdisk 1.0.9, and fdisk, sfdisk, cfdisk of util-linux 2.38."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from guardsh.commands.device_words import on_paths, paths_among
from guardsh.commands.grammar import CommandLine, Grammar, declare, read
from guardsh.model.intent import Effect, Intent, Invocation

PARTED = declare(
    *("-h, --help", "-l, --list", "-m, --machine", "-j, --json", "-s, --script", "-f, --fix", "-v, --version"),
    "-a, --align=ALIGNMENT",
)
SGDISK = declare(
    *("-A, --attributes=WHAT", "-a, --set-alignment=N", "-b, --backup=FILE", "-B, --byte-swap-name=PART"),
    *("-c, --change-name=NAME", "-C, --recompute-chs", "-d, --delete=PART", "-D, --display-alignment"),
    *("-e, --move-second-header", "-E, --end-of-largest", "-f, --first-in-largest", "-F, --first-aligned-in-largest"),
    *("-g, --mbrtogpt", "-G, --randomize-guids", "-h, --hybrid=PARTS", "-i, --info=PART", "-I, --align-end"),
    *("-j, --move-main-table=SECTOR", "-l, --load-backup=FILE", "-L, --list-types", "-m, --gpttombr=PARTS"),
    *("-n, --new=PART", "-N, --largest-new=PART", "-o, --clear", "-O, --print-mbr", "-p, --print", "-P, --pretend"),
    *("-r, --transpose=PARTS", "-R, --replicate=DEVICE", "-s, --sort", "-S, --resize-table=N", "-t, --typecode=CODE"),
    *("-T, --transform-bsd=PART", "-u, --partition-guid=GUID", "-U, --disk-guid=GUID", "-v, --verify", "-V, --version"),
    *("-z, --zap", "-Z, --zap-all", "-?, --help", "--usage"),
)
SFDISK = declare(
    *("-A, --activate", "-d, --dump", "-J, --json", "-B, --backup-pt-sectors", "-g, -G, --show-pt-geometry"),
    *("--show-geometry", "-l, --list", "-F, --list-free", "-r, --reorder", "-s, --show-size", "-T, --list-types"),
    *("-V, --verify", "--delete", "--part-label", "--part-type", "--part-uuid", "--part-attrs", "--disk-id"),
    *("--relocate", "-a, --append", "-b, --backup", "--bytes", "--move-data[=TYPESCRIPT]", "--move-use-fsync"),
    *("-f, --force", "--color[=WHEN]", "--lock[=MODE]", "-N, --partno=NUM", "-n, --no-act", "--no-reread"),
    *("--no-tell-kernel", "-O, --backup-file=PATH", "-o, --output=LIST", "-q, --quiet", "-w, --wipe=MODE"),
    *("-W, --wipe-partitions=MODE", "-X, --label=NAME", "-Y, --label-nested=NAME", "-L, --Linux", "-u, --unit=S"),
    *("-h, --help", "-v, --version"),
)
FDISK = declare(
    *("-b, --sector-size=SIZE", "-B, --protect-boot", "-c, --compatibility[=MODE]", "-L, --color[=WHEN]", "-l, --list"),
    *("-x, --list-details", "-n, --noauto-pt", "-o, --output=LIST", "-t, --type=TYPE", "-u, --units[=UNIT]"),
    *("-s, --getsz", "--bytes", "--lock[=MODE]", "-w, --wipe=MODE", "-W, --wipe-partitions=MODE", "-C, --cylinders=N"),
    *("-H, --heads=N", "-S, --sectors=N", "-h, --help", "-V, --version"),
)
CFDISK = declare("-L, --color[=WHEN]", "-z, --zero", "--lock[=MODE]", "-r, --read-only", "-h, --help", "-V, --version")
GDISK = declare("-l")
GRAMMARS: Mapping[str, Grammar] = {
    "parted": PARTED, "sgdisk": SGDISK, "sfdisk": SFDISK, "fdisk": FDISK, "cfdisk": CFDISK, "gdisk": GDISK,
    "cgdisk": {},
}  # fmt: skip

# What moves no border of a partition and takes none away.
_PARTED_READS = frozenset(
    {
        *("print", "align-check", "help", "unit", "version", "quit", "devices", "free", "list", "all", "optimal"),
        *("minimal", "min", "opt", "compact", "s", "b", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "tib", "chs", "%"),
    }
)
_SGDISK_KEEPS = frozenset(
    {
        *("--attributes", "--set-alignment", "--backup", "--byte-swap-name", "--change-name", "--recompute-chs"),
        *("--display-alignment", "--move-second-header", "--end-of-largest", "--first-in-largest", "--print-mbr"),
        *("--first-aligned-in-largest", "--info", "--align-end", "--list-types", "--print", "--typecode", "--verify"),
        *("--partition-guid", "--disk-guid", "--version", "--help", "--usage"),
    }
)
_SFDISK_KEEPS = (
    *("--activate", "--dump", "--json", "--backup-pt-sectors", "--show-pt-geometry", "--show-geometry", "--list"),
    *("--list-free", "--show-size", "--list-types", "--verify", "--part-label", "--part-type", "--part-uuid"),
    *("--part-attrs", "--disk-id", "--no-act", "--help", "--version"),
)
_SFDISK_MOVES = ("--delete", "--reorder", "--relocate", "--move-data")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Change the partition table of the disk; an editor without a command is taken to be used as one."""
    name = invocation.name
    line = read(GRAMMARS[name], invocation.arguments, permute=name != "parted")
    if not line.doubts and _KEEPS[name](line):
        return ()
    paths = _disks(name, line) if not line.doubts else tuple(paths_among(invocation.arguments))
    return on_paths(Effect.DISMANTLE, paths, f"{name} would change the partitions under", line.doubts)


def _disks(name: str, line: CommandLine) -> tuple[str, ...]:
    """sgdisk -R writes to the disk that is its value, and reads the operand."""
    copies = tuple(value.removeprefix("=") for value in line.values("--replicate"))
    if copies and all(option == "--replicate" or option in _SGDISK_KEEPS for option, _ in line.options):
        return copies
    return (*copies, *(line.operands if name == "sgdisk" else line.operands[:1]))


def _parted_keeps(line: CommandLine) -> bool:
    if line.given("--help", "--version", "--list"):
        return True
    words = line.operands[1:]
    if len(words) == 3 and words[0] == "resizepart" and words[2] == "100%":  # to the end of the disk: it grows
        return True
    return words != () and all(word.isdecimal() or word.lower() in _PARTED_READS for word in words)


def _sgdisk_keeps(line: CommandLine) -> bool:
    return line.given("--pretend") or all(option in _SGDISK_KEEPS for option, _ in line.options)


def _sfdisk_keeps(line: CommandLine) -> bool:
    return line.given("--no-act") or (line.given(*_SFDISK_KEEPS) and not line.given(*_SFDISK_MOVES))


def _only_shows(line: CommandLine) -> bool:
    return line.given("--list", "-l", "--list-details", "--getsz", "--read-only", "--help", "--version")


_KEEPS: Mapping[str, Callable[[CommandLine], bool]] = {
    "parted": _parted_keeps,
    "sgdisk": _sgdisk_keeps,
    "sfdisk": _sfdisk_keeps,
    **dict.fromkeys(("fdisk", "cfdisk", "gdisk", "cgdisk"), _only_shows),
}
