"""Answers to the questions that a command's grammar put on its intent."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable

from guardsh.model.intent import Emptiness, Intent, Invocation, Question, Setting, TextOf, ToolVersion
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.system import program
from guardsh.system.apart import Deadline, apart

_TOOL_SECONDS = 1.0
_FLAT_YAML = re.compile(r"^\s*[\"']?(?P<key>[A-Za-z_]+)[\"']?\s*:\s*(?P<value>.*?)\s*(#.*)?$")


def to(intents: Iterable[Intent], invocation: Invocation, deadline: Deadline) -> dict[Question, Observed[str]]:
    """An answer for every question of the intents, within the deadline."""
    questions = dict.fromkeys(question for intent in intents for question in intent.questions)
    return {question: _answer(question, invocation, deadline) for question in questions}


def _answer(question: Question, invocation: Invocation, deadline: Deadline) -> Observed[str]:
    if isinstance(question, ToolVersion):
        return _version(question, Deadline(min(_TOOL_SECONDS, deadline.left())))
    if isinstance(question, Setting):
        return _setting(question, invocation.cwd)
    if isinstance(question, TextOf):
        return invocation.texts.get(question, Unknown("not read"))
    return _emptiness(question, invocation.cwd)


def _version(question: ToolVersion, deadline: Deadline) -> Observed[str]:
    """The first line that ``program --version`` prints, as the caller would start it."""
    path = program.find(os.fsencode(question.program))
    if path is None:
        return Unknown(f"{question.program} was not found")
    words = [os.fsdecode(path), "--version"]
    said = apart(lambda: _first_line(words, deadline.seconds), deadline)
    if isinstance(said, Unknown):
        return said
    return Known(said.value, f"{question.program} --version")


def _first_line(words: list[str], seconds: float) -> str:
    ran = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False, text=True, errors="replace"
    )
    return (ran.stdout or ran.stderr).strip().partition("\n")[0]


def _setting(question: Setting, cwd: str) -> Observed[str]:
    """The setting from the first of the files that can be read; an empty text where it is not set there."""
    for name in question.files:
        path = os.path.join(cwd, os.path.expanduser(name))
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read(1 << 20)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return Unknown(f"could not read {path}: {(error.strerror or '').lower()}")
        return Known(_flat_settings(text).get(question.name.lower(), ""), path)
    return Known("", "no configuration file")


def _flat_settings(text: str) -> dict[str, str]:
    """Keys (lower-cased: viper ignores their case) and values of a flat JSON object or YAML mapping.

    >>> _flat_settings('{"WALG_USE_REVERSE_UNPACK": true}'), _flat_settings("PGDATA: '/x'  # here")
    ({'walg_use_reverse_unpack': 'true'}, {'pgdata': '/x'})
    """
    try:
        loaded = json.loads(text)
    except ValueError:
        matches = filter(None, map(_FLAT_YAML.match, text.splitlines()))
        return {match["key"].lower(): match["value"].strip("\"'") for match in matches}
    if not isinstance(loaded, dict):
        return {}
    return {key.lower(): value if isinstance(value, str) else json.dumps(value) for key, value in loaded.items()}


def _emptiness(question: Emptiness, cwd: str) -> Observed[str]:
    """``empty`` or ``not empty`` as wal-g will find it (utility.IsDirectoryEmpty: filepath.Walk, errors ignored).

    A link is not followed by that walk, and an unreadable directory looks empty to it.
    """
    path = os.path.join(cwd, question.path)
    if question.resolve:
        path = os.path.realpath(path)
    elif os.path.islink(path):
        return Known("empty", f"{question.path} is a link, which this check does not follow")
    try:
        names = os.listdir(path)
    except FileNotFoundError:
        return Known("empty", f"{question.path} does not exist")
    except OSError as error:
        return Known("empty", f"{question.path}: {(error.strerror or '').lower()}, which this check ignores")
    if names:
        return Known("not empty", f"{len(names)} entries in {question.path}")
    return Known("empty", f"no entries in {question.path}")
