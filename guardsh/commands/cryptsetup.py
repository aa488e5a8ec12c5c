"""cryptsetup 2.6 (src/cryptsetup.c): actions that make what stands on a device unreadable, or take it away."""

from __future__ import annotations

from guardsh.commands.device_words import on_names, on_paths
from guardsh.commands.grammar import declare, read
from guardsh.model.intent import Effect, Intent, Invocation

GRAMMAR = declare(
    *("-?, --help", "--usage", "-V, --version", "--active-name=NAME", "--align-payload=SECTORS", "--allow-discards"),
    *(
        "-q, --batch-mode",
        "-B, --block-size=MIB",
        "-N, --new",
        "--cancel-deferred",
        "-c, --cipher=CIPHER",
        "--debug",
        "--debug-json",
        "--deferred",
    ),
    *("--device-size=BYTES", "--decrypt", "--disable-external-tokens", "--disable-keyring", "--disable-locks"),
    *("--disable-veracrypt", "--dump-json-metadata", "--dump-volume-key", "--dump-master-key", "--encrypt"),
    *("--force-password", "--force-offline-reencrypt", "-h, --hash=HASH", "--header=PATH", "--header-backup-file=PATH"),
    *("--hotzone-size=BYTES", "--init-only", "-I, --integrity=ALGORITHM", "--integrity-legacy-padding"),
    *("--integrity-no-journal", "--integrity-no-wipe", "-i, --iter-time=MS", "--iv-large-sectors", "--json-file=PATH"),
    *("--keep-key", "--key-description=TEXT", "-d, --key-file=PATH", "-s, --key-size=BITS", "-S, --key-slot=N"),
    *("--keyfile-offset=BYTES", "-l, --keyfile-size=BYTES", "--keyslot-cipher=CIPHER", "--keyslot-key-size=BITS"),
    *("--label=LABEL", "--luks2-keyslots-size=BYTES", "--luks2-metadata-size=BYTES", "--volume-key-file=PATH"),
    *("--master-key-file=PATH", "--new-keyfile=PATH", "--new-key-slot=N", "--new-keyfile-offset=BYTES"),
    *("--new-keyfile-size=BYTES", "--new-token-id=N", "-o, --offset=SECTORS", "--pbkdf=PBKDF"),
    *("--pbkdf-force-iterations=N", "--pbkdf-memory=KB", "--pbkdf-parallel=N", "--perf-no_read_workqueue"),
    *("--perf-no_write_workqueue", "--perf-same_cpu_crypt", "--perf-submit_from_crypt_cpus", "--persistent"),
    *("--priority=PRIORITY", "--progress-json", "--progress-frequency=S", "-r, --readonly"),
    *("--reduce-device-size=BYTES", "--refresh", "--resilience=TYPE", "--resilience-hash=HASH", "--resume-only"),
    *("--sector-size=N", "--serialize-memory-hard-pbkdf", "--shared", "-b, --size=SECTORS", "-p, --skip=SECTORS"),
    *("--subsystem=LABEL", "--tcrypt-backup", "--tcrypt-hidden", "--tcrypt-system", "--test-args"),
    *("--test-passphrase", "-t, --timeout=S", "--token-id=N", "--token-only", "--token-replace", "--token-type=TYPE"),
    *("-T, --tries=N", "-M, --type=TYPE", "--unbound", "--use-random", "--use-urandom", "--uuid=UUID"),
    *("--veracrypt", "--veracrypt-pim=N", "--veracrypt-query-pim", "-v, --verbose", "-y, --verify-passphrase"),
    *("--external-tokens-path=PATH", "-x", "--use-directio", "--use-fsync", "--write-log", "-w"),
)
# The header, a key slot, or everything: without a key all of it is noise.
DESTROYING = frozenset(
    {
        *("convert", "erase", "luksErase", "luksFormat", "luksHeaderRestore", "luksKillSlot", "luksRemoveKey"),
        *("reencrypt",),
    }
)
# Of a mapping, by its name.
CLOSING = frozenset(
    {
        *("close", "luksClose", "plainClose", "loopaesClose", "tcryptClose", "bitlkClose", "fvault2Close", "remove"),
        *("luksSuspend",),
    }
)
HARMLESS = frozenset(
    {
        *("open", "resize", "status", "benchmark", "repair", "config", "luksAddKey", "luksChangeKey", "luksConvertKey"),
        *("luksUUID", "isLuks", "luksDump", "tcryptDump", "bitlkDump", "fvault2Dump", "luksResume"),
        *("luksHeaderBackup", "token", "create", "luksOpen", "plainOpen", "loopaesOpen", "tcryptOpen", "bitlkOpen"),
        "fvault2Open",
    }
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """The first operand is the action; an action that is not known is taken to destroy."""
    line = read(GRAMMAR, invocation.arguments)
    if line.given("--help", "--usage", "--version", "--test-args") or not line.operands:
        return ()
    action = line.operands[0]
    if line.doubts:  # the action may be the value of an option that is not understood
        action = next((word for word in line.operands if word in DESTROYING), action)
    elif action in HARMLESS:
        return ()
    names = [word for word in line.operands if word != action]
    says = f"cryptsetup {action}"
    if action in CLOSING:
        return on_names(Effect.STOP, names, f"{says} would take the device away from under", line.doubts)
    doubts = line.doubts if action in DESTROYING else (*line.doubts, f"unknown action {action}")
    slotted = action in ("luksKillSlot", "luksRemoveKey") and not line.doubts
    paths = names[:1] if slotted else [*names, *line.values("--header")]
    return on_paths(Effect.DISMANTLE, paths, f"{says} would make unreadable", doubts)
