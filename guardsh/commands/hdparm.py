"""hdparm 9.65 (hdparm.c): the options that erase a drive, write to it behind the file system, or take it away."""

from __future__ import annotations

from guardsh.commands.device_words import on_paths, paths_among
from guardsh.model.intent import Effect, Intent, Invocation

GRAVE = (
    *("--security-erase", "--security-erase-enhanced", "--security-set-pass", "--security-disable", "--dco-restore"),
    *("--make-bad-sector", "--repair-sector", "--write-sector", "--trim-sector-ranges", "--trim-sector-ranges-stdin"),
    *("--set-sector-size", "--sanitize-block-erase", "--sanitize-crypto-scramble", "--sanitize-overwrite"),
    *("--fwdownload", "--fwdownload-mode3", "--fwdownload-mode7", "--fwdownload-modee", "--fwdownload-mode3-max"),
    "--fwdownload-modee-max",
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Long options are spelled in full (get_longarg); of the short ones only -N with a value makes a drive smaller."""
    words = invocation.arguments
    grave = next((word for word in words if word.partition("=")[0] in GRAVE or _shrinks(word)), None)
    if grave is None:
        return ()
    return on_paths(Effect.DISMANTLE, paths_among(words), f"hdparm {grave.partition('=')[0]} would destroy")


def _shrinks(word: str) -> bool:
    """``-N524288`` until the next power cycle, ``-Np524288`` for good; ``-N`` alone shows."""
    return word.startswith("-N") and word[2:].removeprefix("p").isdecimal()
