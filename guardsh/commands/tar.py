"""tar (GNU tar 1.34, and bsdtar of libarchive): where it would unpack, and the archive that it would write."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import join

from guardsh.commands.grammar import CommandLine, Grammar, Value, declare, read
from guardsh.commands.written import onto, written
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    *("-A, --catenate, --concatenate", "-c, --create", "--delete", "-d, --diff, --compare", "-r, --append"),
    *("--test-label", "-t, --list", "-u, --update", "-x, --extract, --get", "--check-device", "-n, --seek"),
    *("-g, --listed-incremental=FILE", "-G, --incremental", "--hole-detection=TYPE", "--ignore-failed-read"),
    *("--level=NUMBER", "--no-check-device", "--no-seek", "--occurrence[=NUMBER]", "--sparse-version=MAJOR"),
    *("-S, --sparse", "--add-file=FILE", "-C, --cd, --directory=DIR", "--exclude=PATTERN", "--exclude-backups"),
    *("--exclude-caches", "--exclude-caches-all", "--exclude-caches-under", "--exclude-ignore=FILE"),
    *("--exclude-ignore-recursive=FILE", "--exclude-tag=FILE", "--exclude-tag-all=FILE", "--exclude-tag-under=FILE"),
    *(
        "--exclude-vcs",
        "--exclude-vcs-ignores",
        "--no-null",
        "--no-recursion",
        "--no-unquote",
        "--no-verbatim-files-from",
    ),
    *(
        "--null",
        "--recursion",
        "-T, --files-from=FILE",
        "--unquote",
        "--verbatim-files-from",
        "-X, --exclude-from=FILE",
    ),
    *(
        "--anchored",
        "--ignore-case",
        "--no-anchored",
        "--no-ignore-case",
        "--no-wildcards",
        "--no-wildcards-match-slash",
    ),
    *(
        "--wildcards",
        "--wildcards-match-slash",
        "--keep-directory-symlink",
        "--keep-newer-files",
        "-k, --keep-old-files",
    ),
    *("--no-overwrite-dir", "--one-top-level[=DIR]", "--overwrite", "--overwrite-dir", "--recursive-unlink"),
    *("--remove-files", "--skip-old-files", "-U, --unlink-first", "-W, --verify", "--ignore-command-error"),
    *("--no-ignore-command-error", "-O, --to-stdout", "--to-command=COMMAND", "--atime-preserve[=METHOD]"),
    *("--clamp-mtime", "--delay-directory-restore", "--group=NAME", "--group-map=FILE", "--mode=CHANGES"),
    *("--mtime=DATE", "-m, --touch", "--no-delay-directory-restore", "--no-same-owner", "--no-same-permissions"),
    *("--numeric-owner", "--owner=NAME", "--owner-map=FILE", "-p, --preserve-permissions, --same-permissions"),
    *("--preserve", "--same-owner", "--sort=ORDER", "-s, --preserve-order, --same-order", "--acls", "--no-acls"),
    *("--no-selinux", "--no-xattrs", "--selinux", "--xattrs", "--xattrs-exclude=MASK", "--xattrs-include=MASK"),
    *("--force-local", "-f, --file=ARCHIVE", "-F, --info-script, --new-volume-script=NAME", "-L, --tape-length=NUMBER"),
    *("-M, --multi-volume", "--rmt-command=COMMAND", "--rsh-command=COMMAND", "--volno-file=FILE"),
    *("-b, --blocking-factor=BLOCKS", "-B, --read-full-records", "-i, --ignore-zeros", "--record-size=NUMBER"),
    *("-H, --format=FORMAT", "--old-archive, --portability", "--pax-option=LIST", "--posix", "-V, --label=TEXT"),
    *(
        "-a, --auto-compress",
        "-I, --use-compress-program=PROG",
        "-j, --bzip2",
        "-J, --xz",
        "--lzip",
        "--lzma",
        "--lzop",
    ),
    *("--no-auto-compress", "-z, --gzip, --gunzip, --ungzip", "--zstd", "-Z, --compress, --uncompress"),
    *(
        "--backup[=CONTROL]",
        "--hard-dereference",
        "-h, --dereference",
        "-K, --starting-file=NAME",
        "--newer-mtime=DATE",
    ),
    *("-N, --newer, --after-date=DATE", "--one-file-system", "-P, --absolute-names", "--suffix=STRING"),
    *("--strip-components=NUMBER", "--transform, --xform=EXPRESSION", "--checkpoint[=NUMBER]"),
    *("--checkpoint-action=ACTION", "--full-time", "--index-file=FILE", "-l, --check-links", "--no-quote-chars=STRING"),
    *("--quote-chars=STRING", "--quoting-style=STYLE", "-R, --block-number", "--show-defaults", "--show-omitted-dirs"),
    *("--show-snapshot-field-ranges", "--show-transformed-names, --show-stored-names", "--totals[=SIGNAL]", "--utc"),
    *("-v, --verbose", "--warning=KEYWORD", "-w, --interactive, --confirmation", "-o", "-?, --help", "--restrict"),
    *("--usage", "--version", *(f"-{digit}" for digit in range(10))),
)
_READING = ("--list", "--diff", "--test-label", "--to-stdout", "--to-command", "--help", "--usage", "--version")
_ARCHIVING = ("--create", "--append", "--update", "--catenate", "--concatenate", "--delete")
_RENAMING = ("--strip-components", "--xform", "--one-top-level", "--absolute-names")
_REMOVING = ("--recursive-unlink", "--unlink-first")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite what the archive's members would become, below each directory that it changes to."""
    line = read(GRAMMAR, _modern(invocation.arguments, GRAMMAR), permute=invocation.name != "bsdtar")
    if line.given(*_READING) and not line.doubts:
        return ()
    extracts = line.given("--get") or (line.doubts and not line.given(*_ARCHIVING))
    if extracts:
        return onto(tuple(_unpacked(line)), invocation, "tar -x would unpack into", line.doubts)
    archives = (path for path in line.values("--file") if path != "-" and ":" not in path)
    archived = written(archives, invocation, "tar would write to", line.doubts) if line.given(*_ARCHIVING) else ()
    return archived + _removed(line)


def _modern(words: tuple[str, ...], grammar: Grammar) -> tuple[str, ...]:
    """``tar xfC a.tar /d``: letters without a hyphen, whose values follow in their order."""
    if not words or words[0].startswith("-"):
        return words
    rest = list(words[1:])
    options: list[str] = []
    for letter in words[0]:
        options.append(f"-{letter}")
        option = grammar.get(f"-{letter}")
        if option and option.value is Value.REQUIRED and rest:
            options[-1] += rest.pop(0)
    return (*options, *rest)


def _unpacked(line: CommandLine) -> Iterator[Target]:
    """Names that were asked for may be patterns; names that it changes itself are not known here."""
    archive = "".join(line.values("--file")[-1:])
    known = archive not in ("", "-") and ":" not in archive and not line.given(*_RENAMING, *_REMOVING)
    for directory in _directories(line):
        yield Target(directory, Extent.TREE, follow=True, brings=archive if known else "")
    if line.given("--absolute-names"):
        yield Target("/", Extent.TREE, brings=archive)


def _directories(line: CommandLine) -> Iterator[str]:
    """Each -C counts from the one before; what is unpacked before the first goes to the working directory. The
    directory of --one-top-level may have any name below."""
    start = ""
    for directory in line.values("--directory"):
        start = join(start, directory)
        yield start
    if not start or line.doubts:
        yield "."


def _removed(line: CommandLine) -> tuple[Intent, ...]:
    if not line.given("--remove-files"):
        return ()
    start = join("", *line.values("--directory"))
    targets = tuple(Target(join(start, path), Extent.TREE) for path in line.operands if path)
    return (Intent(Effect.DELETE, targets, "tar --remove-files would delete", line.doubts),) if targets else ()
