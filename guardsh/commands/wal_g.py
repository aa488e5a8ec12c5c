"""wal-g for PostgreSQL (cmd/pg and cmd/common/st, 2.0 to 3.0): what its verb would do to a directory or the archive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from posixpath import join, normpath

from guardsh.commands.cobra import Found, Group, Verb, find, on, true
from guardsh.commands.grammar import CommandLine, declare
from guardsh.model.intent import Effect, Emptiness, Extent, Intent, Invocation, Question, Setting, Target, ToolVersion

# Every setting is a hidden option that takes a value (internal/config/config.go, AddConfigFlags), some 200 of them.
SETTINGS = tuple(
    "--" + family
    for family in (
        *("walg-", "wale-", "aws-", "azure-", "gcs-", "google-", "os-", "oss-", "ssh-", "s3-", "yc-", "pg", "http-"),
        *("profile-", "gomaxprocs", "godebug", "gpg-", "gphome", "total-bg-", "notify-", "mongodb-", "oplog-"),
        "sqlserver-",
    )
)


@dataclass(frozen=True, slots=True)
class Write:
    """Files written into the directory (or to the file) that an operand names; ``below`` it where that is fixed."""

    operand: int
    extent: Extent
    says: str
    below: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expire:
    """Backups or WAL taken from the archive, or made removable, if the options say so."""

    says: str
    when: Callable[[CommandLine], bool] = lambda line: True


def _harmless(*names: str) -> dict[str, Verb[Write | Expire]]:
    """Verbs that only read, or add to the archive what is not there yet."""
    return {name: Verb({}, None) for name in names}


def _writes(write: Write, *options: str) -> Verb[Write | Expire]:
    return Verb(declare(*options), write)


def _expires(expire: Expire, *options: str) -> Verb[Write | Expire]:
    return Verb(declare(*options), expire)


def _confirmed(line: CommandLine) -> bool:
    return on(line, "--confirm") or bool(line.doubts)


def _moves(line: CommandLine) -> bool:
    return on(line, "--overwrite") or not on(line, "--preserve")


_UNCHECKED = ("the directory may hold data, its server may run, in any role: wal-g itself checks none of it",)
_DELETES = Expire("would delete backups and WAL from the archive", _confirmed)
_TRANSFERS = Expire("would move files out of an archive, or overwrite them", _moves)

_HARMLESS = _harmless(
    *("backup-list", "backup-push", "catchup-list", "catchup-push", "catchup-send", "copy", "daemon"),
    *("wal-push", "wal-receive", "wal-show", "wal-verify"),
    *("__complete", "__completeNoDesc", "completion", "flags", "help"),
)

WAL_G: Group[Write | Expire] = Group(
    declare("--config=FILE", "--turbo", "-h, --help"),
    {
        "backup-fetch": _writes(
            Write(0, Extent.TREE, "would restore a backup into"),
            *("--mask=S", "--restore-spec=FILE", "--reverse-unpack", "--skip-redundant-tars"),
            *("--target-user-data=S", "--restore-only=NAMES", "--target-storage=S"),
        ),
        "catchup-fetch": _writes(
            Write(0, Extent.TREE, "would overwrite files in", notes=_UNCHECKED), "--use-new-unwrap"
        ),
        "catchup-receive": _writes(Write(0, Extent.TREE, "would overwrite and delete files in", notes=_UNCHECKED)),
        "wal-fetch": _writes(Write(1, Extent.ENTRY, "would write"), "--target-storage=S"),
        "wal-prefetch": _writes(Write(1, Extent.TREE, "would write below", "/.wal-g"), "--target-storage=S"),
        "wal-restore": _writes(Write(1, Extent.TREE, "would write missing segments into", "/pg_wal")),
        "delete": Group(
            declare("--confirm", "--use-sentinel-time"),
            {
                "before": _expires(_DELETES),
                "retain": _expires(_DELETES, "-a, --after=TIME"),
                "everything": _expires(_DELETES),
                "target": _expires(_DELETES, "--target-user-data=S"),
                "garbage": _expires(_DELETES, "--without-backup-check"),
            },
        ),
        "backup-mark": _expires(
            Expire("would let a permanent backup be deleted", lambda line: on(line, "--impermanent")),
            "-i, --impermanent",
        ),
        "pgbackrest": Group(
            {},
            {
                "backup-fetch": _writes(Write(0, Extent.TREE, "would restore a backup into", notes=_UNCHECKED)),
                "wal-fetch": _writes(Write(1, Extent.ENTRY, "would write")),
                **_harmless("backup-list", "wal-show"),
            },
        ),
        "st": Group(
            declare("-t, --target=STORAGE", "-g, --glob"),
            {
                "rm": _expires(
                    Expire("would delete objects from the archive, without asking"),
                    *("--all-versions", "--version-id=ID"),
                ),
                "put": _expires(
                    Expire("would overwrite an object in the archive", lambda line: on(line, "--force")),
                    *("--no-encrypt", "--no-compress", "-f, --force", "-s, --read-stdin"),
                ),
                "get": _writes(Write(1, Extent.ENTRY, "would write"), "--no-decrypt", "--no-decompress"),
                "transfer": Group(
                    declare(
                        *("-s, --source=STORAGE", "-o, --overwrite", "-p, --preserve", "--fail-fast"),
                        *("-c, --concurrency=N", "-m, --max-files=N", "--appearance-checks=N"),
                        "--appearance-checks-interval=TIME",
                    ),
                    {
                        "files": _expires(_TRANSFERS),
                        "backups": _expires(_TRANSFERS, "--max-backups=N"),
                        "pg-wals": _expires(_TRANSFERS),
                    },
                ),
                "check": Group({}, _harmless("read", "write")),
                **_harmless("cat", "copy", "ls", "stat"),
            },
        ),
        **_HARMLESS,
    },
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Without an operand where it needs one, and for --help, wal-g itself does nothing; a deletion without --confirm
    is its dry run."""
    found = find(WAL_G, invocation.arguments, SETTINGS)
    if on(found.line, "--help"):
        return ()
    if found.verb is None:
        return _unknown(found, invocation)
    spoken = " ".join(("wal-g", *found.path))
    match found.verb.meaning:
        case Write() as write:
            return _write(write, spoken, found, invocation)
        case Expire() as expire if expire.when(found.line) or found.line.doubts:
            return (_expire(f"{spoken} {expire.says}", found.line.doubts, invocation),)
    return ()


def _unknown(found: Found[Write | Expire], invocation: Invocation) -> tuple[Intent, ...]:
    """A verb of another version could do anything with the words after it, and with the archive. Without a verb, or
    with a harmless one that an unknown option took for its value, wal-g does nothing."""
    if all(word in _HARMLESS for word in found.line.operands):
        return ()
    spoken = " ".join(("wal-g", *found.path, found.line.operands[0]))
    doubts = (*found.line.doubts, f"unknown verb {found.line.operands[0]}")
    targets = _trees(found.line.operands)
    overwrite = Intent(Effect.OVERWRITE, targets, f"{spoken} could overwrite", doubts, (), (_version(invocation),))
    return (overwrite, _expire(f"{spoken} could delete what the archive holds", doubts, invocation))


def _expire(action: str, doubts: tuple[str, ...], invocation: Invocation) -> Intent:
    return Intent(Effect.EXPIRE, (), action, doubts, (), (_version(invocation),))


def _write(write: Write, spoken: str, found: Found[Write | Expire], invocation: Invocation) -> tuple[Intent, ...]:
    line = found.line
    named = line.operands[write.operand : write.operand + 1]
    targets = tuple(Target(path + write.below, write.extent, follow=True) for path in named if path)
    if line.doubts:
        targets = _trees(line.operands)
    if not targets:
        return ()
    questions: tuple[Question, ...] = (_version(invocation),)
    remarks: tuple[str, ...] = ()
    if found.path == ("backup-fetch",):
        questions += _emptiness(targets[0].path, line, invocation)
        remarks = _about_restore(targets[0].path, line, invocation)
    action = f"{spoken} {write.says}"
    return (Intent(Effect.OVERWRITE, targets, action, line.doubts, write.notes, questions, remarks=remarks),)


def _trees(paths: tuple[str, ...]) -> tuple[Target, ...]:
    """Where an option is not understood, any word may be the directory."""
    return tuple(Target(path, Extent.TREE, follow=True) for path in paths if path)


def _version(invocation: Invocation) -> ToolVersion:
    return ToolVersion(invocation.words[0], "wal-g")


def _emptiness(path: str, line: CommandLine, invocation: Invocation) -> tuple[Question, ...]:
    """How wal-g will see whether the directory is empty: unpacking in reverse order, it looks before it resolves a
    link (backup_fetch_handler_new.go, GetFetcherNew). Both ways, where that depends on its configuration file."""
    reverse = _reverse_unpack(line, invocation)
    if reverse is not None:
        return (Emptiness(path, resolve=not reverse),)
    setting = Setting("WALG_USE_REVERSE_UNPACK", _configuration_files(line, invocation))
    return (Emptiness(path), setting, Emptiness(path, resolve=False))


def _reverse_unpack(line: CommandLine, invocation: Invocation) -> bool | None:
    """Whether it unpacks in reverse order (cmd/pg/backup_fetch.go); None where only a configuration file can say.

    An option goes before the environment, that before the file; an empty variable is none (viper).
    """
    if on(line, "--reverse-unpack") or line.given("--restore-only"):
        return True
    option = line.value("--walg-use-reverse-unpack")
    if option is not None:
        return true(option)
    variable = invocation.environment.get("WALG_USE_REVERSE_UNPACK")
    if variable:
        return true(variable)
    return None if _configuration_files(line, invocation) else False


def _configuration_files(line: CommandLine, invocation: Invocation) -> tuple[str, ...]:
    """Where InitConfig (internal/config/config.go) looks: one named file, else .walg with any ending it knows."""
    named = line.value("--config") or invocation.environment.get("WALG_CONFIG_PATH")
    if named:
        return (join(invocation.cwd, named),)
    home = invocation.environment.get("HOME")
    return tuple(f"{home}/.walg.{ending}" for ending in ("json", "yaml", "yml")) if home else ()


def _about_restore(path: str, line: CommandLine, invocation: Invocation) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    target, cwd = normpath(join(invocation.cwd, path)), normpath(invocation.cwd)
    if (cwd + "/").startswith(target.rstrip("/") + "/"):
        notes += (
            f"the working directory {cwd} is inside the restore target: a file made here, such as a log, "
            "makes wal-g refuse",
        )
    specification = line.value("--restore-spec")
    if specification:
        notes += (f"tablespaces are restored to where {specification} says",)
    return notes
