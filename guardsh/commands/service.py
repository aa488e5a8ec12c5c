"""service, invoke-rc.d and the scripts of /etc/init.d (init-system-helpers 1.65): what an action does to a server."""

from __future__ import annotations

from posixpath import basename

from guardsh.commands import units
from guardsh.commands.grammar import declare, read
from guardsh.model.intent import Effect, Intent, Invocation

_INVOKE_RC_D = declare(
    *("--quiet", "--force", "--try-anyway", "--disclose-deny", "--query", "--no-fallback", "--skip-systemd-native"),
    "--help",
)
_STOP, _START = (Effect.STOP,), (Effect.START,)
_ACTIONS = {
    "force-reload": (),
    "force-stop": _STOP,
    "--full-restart": _STOP + _START,
    "reload": (),
    "restart": _STOP + _START,
    "start": _START,
    "status": (),
    "stop": _STOP,
    "try-restart": _STOP + _START,
}


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """By the program's name: a script of /etc/init.d has the service's."""
    if invocation.name == "service":
        return _service(invocation.arguments)
    if invocation.name == "invoke-rc.d":
        line = read(_INVOKE_RC_D, invocation.arguments, permute=False)
        return () if line.given("--query", "--help") else _intents("invoke-rc.d", line.operands, line.doubts)
    if basename(invocation.words[0].rpartition("/")[0]) in ("init.d", "rc.d"):
        return _intents(invocation.words[0], (invocation.name, *invocation.arguments), ())
    return ()


def _service(words: tuple[str, ...]) -> tuple[Intent, ...]:
    """It reads its words as they stand; anywhere, these options end it (service(8))."""
    if any(word in ("-h", "--version", "-V", "--status-all") or word.startswith("--h") for word in words):
        return ()
    return _intents("service", words, ())


def _intents(program: str, words: tuple[str, ...], doubts: tuple[str, ...]) -> tuple[Intent, ...]:
    service, action = (*words, "", "")[:2]
    targets = units.servers((service,))
    if not targets or not action:
        return ()
    spoken = f"{program} {action}" if program.startswith("/") else f"{program} {service} {action}"
    says, effects = ("would", _ACTIONS[action]) if action in _ACTIONS else ("could", _STOP + _START)
    doubts = doubts if action in _ACTIONS else (*doubts, f"unknown action {action}")
    return tuple(Intent(effect, targets, f"{spoken} {says} {effect.value}", doubts) for effect in effects)
