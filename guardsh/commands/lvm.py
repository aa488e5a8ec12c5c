"""LVM (lvm2 2.03, tools/command-lines.in): what takes volumes away or makes them smaller."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.commands.device_words import on_names
from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import Effect, Intent, Invocation

GRAMMAR = declare(
    # of every command
    *("-d, --debug", "-h, --help", "-q, --quiet", "-v, --verbose", "-y, --yes", "-t, --test", "--commandprofile=S"),
    *("--config=S", "--driverloaded=YN", "--nolocking", "--lockopt=S", "--longhelp", "--profile=S", "--version"),
    *("--devicesfile=S", "--devices=PV", "--nohints", "--journal=S", "-A, --autobackup=YN", "-f, --force"),
    *("-S, --select=S", "--nohistory", "--noudevsync", "--reportformat=F", "-?"),
    # of the commands read here; a letter that means different things takes a value in all of them
    *("-a, --activate=HOW", "--activationmode=M", "--addtag=TAG", "--all", "--alloc=A", "--autoactivation=S"),
    *(
        "--bootloaderareasize=SIZE",
        "-b, --background",
        "--cache",
        "--cachedevice=PV",
        "--cachemetadataformat=F",
        "--cachemode=M",
    ),
    *("--cachepolicy=S", "--cachepool=LV", "--cachesettings=S", "--cachesize=SIZE", "--cachevol=LV", "-H"),
    *("-c, --chunksize=SIZE", "--compression=YN", "-C, --contiguous=YN", "--corelog", "--dataalignment=SIZE"),
    *("--dataalignmentoffset=SIZE", "--deduplication=YN", "--deltag=TAG", "--detachprofile", "--discards=D"),
    *("--errorwhenfull=YN", "-l, --extents=N", "--file=FILE", "-i, --interval=N", "--ignorelockingfailure"),
    *("-K, --ignoreactivationskip", "--ignoremonitoring", "--integrity=YN", "--integritymode=S", "--keepmirrors"),
    *("--labelsector=N", "--list", "--lockstart", "--lockstop", "--locktype=T", "--logicalvolume=N", "-j, --major=N"),
    *(
        "--maxphysicalvolumes=N",
        "--maxrecoveryrate=SIZE",
        "--merge",
        "--mergemirrors",
        "--mergesnapshot",
        "--mergethin",
    ),
    *(
        "--metadatacopies=N",
        "--metadataignore=YN",
        "--metadataprofile=S",
        "--metadatasize=SIZE",
        "-M, --metadatatype=T",
    ),
    *("--minor=N", "--minrecoveryrate=SIZE", "--mirrorlog=M", "--mirrorsonly", "--mirrors=N", "-m=N", "--monitor=YN"),
    *(
        "-n, --name=LV",
        "--nofsck",
        "--norestorefile",
        "--nosync",
        "--originname=LV",
        "-P, --partial",
        "-p, --permission=P",
    ),
    *("--persistent=YN", "--physicalextentsize=SIZE", "--poll=YN", "--poolmetadata=LV", "--poolmetadatasize=SIZE"),
    *("--poolmetadataspare=YN", "--pvmetadatacopies=N", "-r, --readahead=N", "--readonly", "--rebuild=PV", "--refresh"),
    *("-R, --regionsize=SIZE", "--removemissing", "--repair", "--replace=PV", "--resizeable=YN", "--resizefs"),
    *("--restorefile=FILE", "--resync", "--setactivationskip=YN", "-k=YN", "--setautoactivation=YN"),
    *("--setphysicalvolumesize=SIZE", "-L, --size=SIZE", "-s, --snapshot", "--split", "--splitcache"),
    *("--splitmirrors=N", "--splitsnapshot", "--startpoll", "--stripes=N", "-I, --stripesize=SIZE", "--swapmetadata"),
    *("--syncaction=A", "--sysinit", "--systemid=S", "-T, --thin", "--thinpool=LV", "--trackchanges", "--type=T"),
    *("--uncache", "-u, --uuid=UUID", "--vdopool=LV", "--vdosettings=S", "-V, --virtualsize=SIZE"),
    *("--vgmetadatacopies=N", "--writebehind=N", "--writemostly=PV", "-x=YN", "-Z, --zero=YN", "--usepolicies"),
    *("--withfullcheck", "--withintegrity=S", "--withlocalflags", "--virtualoriginsize=SIZE", "--pooldatavdo=YN"),
    *("--fs=HOW", "--fsmode=HOW", "-E", "--raidintegrity=YN", "--raidintegritymode=S", "--raidintegrityblocksize=N"),
)
_PLAIN_R = {"-r": GRAMMAR["--resizefs"], "-n": GRAMMAR["--nofsck"]}  # of lvreduce and lvresize
_PLAIN_A = {"-a": GRAMMAR["--all"]}  # of vgreduce
_DESTROYS = {
    "lvremove": "would remove",
    "vgremove": "would remove",
    "pvremove": "would take the label off the disk under",
    "pvcreate": "would overwrite",
    "vgreduce": "would take devices away from under",
    "vgcfgrestore": "would replace the volumes under",
    "lvreduce": "would cut the volume under",
    "lvresize": "could cut the volume under",
    "lvconvert": "would convert the volume under",
}
_SWITCHES = ("lvchange", "vgchange")
NAMES = (*_DESTROYS, *_SWITCHES)
_CONVERTS_SAFELY = ("--repair", "--replace", "--startpoll", "--cachepool", "--cachevol", "--cachedevice", "--cachesize")
_OFF = ("n", "ln", "en", "sn")  # -an and its historical spellings


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """``lvm lvremove …`` is lvremove; lvm alone reads commands one by one, which are not known."""
    if invocation.name != "lvm":
        return _understand(invocation.name, invocation.arguments)
    words = invocation.arguments
    return _understand(words[0], words[1:]) if words and words[0] in NAMES else ()


def _understand(name: str, words: tuple[str, ...]) -> tuple[Intent, ...]:
    own = _PLAIN_R if name in ("lvreduce", "lvresize") else _PLAIN_A if name == "vgreduce" else {}
    line = read({**GRAMMAR, **own}, words)
    if line.given("--help", "--longhelp", "--version", "--test", "-?"):
        return ()
    if name in _SWITCHES:
        return _switch(name, line)
    if not line.doubts and _keeps(name, line):
        return ()
    return on_names(Effect.DISMANTLE, _names(line), f"{name} {_DESTROYS[name]}", line.doubts)


def _switch(name: str, line: CommandLine) -> tuple[Intent, ...]:
    """Switched off, a volume is as good as unplugged; the kernel refuses it while it is in use."""
    modes = line.values("--activate")
    if not line.doubts and not any(mode.lower() in _OFF for mode in modes):
        return ()
    everything = () if line.operands or name == "lvchange" else ("/dev/mapper",)
    return on_names(
        Effect.STOP, (*_names(line), *everything), f"{name} -an would take the volume away from", line.doubts
    )


def _keeps(name: str, line: CommandLine) -> bool:
    if name == "vgcfgrestore":
        return line.given("--list")
    if name == "lvresize":
        sizes = (*line.values("--size"), *line.values("--extents"))
        return bool(sizes) and all(size.startswith("+") for size in sizes)
    if name == "lvconvert":
        added = line.values("--mirrors") + line.values("-m")
        return line.given(*_CONVERTS_SAFELY) or (added != () and all(number.startswith("+") for number in added))
    return False


def _names(line: CommandLine) -> Iterator[str]:
    """Volumes, groups and devices; of a physical volume's extents (PV:0-9) the volume."""
    yield from (word.partition(":")[0] for word in line.operands)
    if not line.operands:
        yield from line.values("--select")
