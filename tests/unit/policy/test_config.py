"""The configuration: every kind of bad file, all problems at once, and layers that only an administrator may weaken."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardsh.model.intent import Effect
from guardsh.model.policy import Connection, ForbiddenVersion, Policy, Precaution, Standing
from guardsh.model.verdict import Decision
from guardsh.policy.config import ConfigurationError, builtin, load, own_file, parse, weaker_than_default
from guardsh.policy.show import show

OTHER_ACCOUNT = 65534


@pytest.fixture
def system(tmp_path: Path) -> Path:
    directory = tmp_path / "guardsh"
    (directory / "conf.d").mkdir(parents=True)
    for each in (directory, directory / "conf.d"):
        each.chmod(0o755)
    return directory


def write(file: Path, text: str, mode: int = 0o644) -> Path:
    file.write_text(text)
    file.chmod(mode)
    return file


def loaded(system: Path, own: str = "/dev/null/none") -> Policy:
    return load(str(system), own, os.getuid())


def problems(system: Path, own: str = "/dev/null/none") -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        loaded(system, own)
    return caught.value.problems


# good days


def test_no_configuration_is_a_good_configuration(tmp_path: Path) -> None:
    assert loaded(tmp_path / "missing") == builtin()


def test_an_empty_directory_says_nothing(system: Path) -> None:
    assert loaded(system) == builtin()


def test_files_win_in_order_cell_by_cell(system: Path) -> None:
    write(
        system / "config.toml", '[verdicts.delete]\nlive = "refuse"\nlive-replica = "refuse"\n[observe]\ndeadline = 1'
    )
    write(system / "conf.d" / "20-b.toml", '[verdicts.delete]\nlive-replica = "challenge"\n')
    write(system / "conf.d" / "10-a.toml", '[verdicts.delete]\nlive-replica = "notice"\n')
    write(system / "conf.d" / "30.toml.bak", "not read")
    policy = loaded(system)
    row = policy.verdicts[Effect.DELETE]
    assert (row[Standing.LIVE], row[Standing.LIVE_REPLICA]) == (Decision.REFUSE, Decision.CHALLENGE)
    assert row[Standing.ONLY_COPY] is Decision.REFUSE
    assert policy.deadline == 1.0
    assert [os.path.basename(source) for source in policy.sources] == [
        *("defaults.toml", "config.toml", "10-a.toml", "20-b.toml"),
    ]


def test_instances_and_forbidden_versions_add_up(system: Path) -> None:
    write(system / "config.toml", '[[instance]]\ndirectory = "/a"\nconninfo = "port=1"\n[tools.wal-g]\nforbid = []')
    forbid = '[tools.wal-g]\nforbid = [{ versions = "<3.0.5", reason = "increments" }]'
    write(system / "conf.d" / "x.toml", f'[[instance]]\ndirectory = "/b"\nconninfo = "port=2"\n{forbid}')
    policy = loaded(system)
    assert policy.connections == (Connection("/a", "port=1"), Connection("/b", "port=2"))
    assert policy.forbidden == (ForbiddenVersion("wal-g", "<3.0.5", "increments"),)


def test_whatever_a_system_file_weakens_is_named(system: Path) -> None:
    write(
        system / "config.toml",
        'verdicts.delete.live = "notice"\nunattended.delete = "notice"\nnode.scratch = ["/tmp/x", "/srv"]\n',
    )
    assert weaker_than_default(loaded(system)) == (
        "verdicts.delete.live = notice is weaker than challenge",
        "unattended.delete = notice is weaker than refuse",
        "node.scratch: /srv makes stopped instances nobody's",
    )
    assert weaker_than_default(builtin()) == ()


# the operator's own file


def test_an_operator_may_be_stricter(system: Path, tmp_path: Path) -> None:
    own = write(tmp_path / "own.toml", 'verdicts.stop.live-replica = "challenge"\n[challenge]\npaint = false\n', 0o666)
    policy = loaded(system, str(own))
    assert policy.verdicts[Effect.STOP][Standing.LIVE_REPLICA] is Decision.CHALLENGE
    assert policy.sources[-1] == str(own)


def test_an_operator_may_link_the_own_file(system: Path, tmp_path: Path) -> None:
    write(tmp_path / "dotfile.toml", 'verdicts.stop.live-replica = "refuse"\n')
    (tmp_path / "own.toml").symlink_to("dotfile.toml")
    policy = loaded(system, str(tmp_path / "own.toml"))
    assert policy.verdicts[Effect.STOP][Standing.LIVE_REPLICA] is Decision.REFUSE


def test_an_operator_may_not_be_weaker(system: Path, tmp_path: Path) -> None:
    write(system / "config.toml", 'node.data_directories = ["/srv/a"]\nunattended.stop = "refuse"\n')
    own = write(
        tmp_path / "own.toml",
        'verdicts.delete.live = "notice"\nunattended.stop = "notice"\n'
        '[snapshots]\nbefore = "off"\n[node]\nscratch = ["/home"]\ndata_directories = []\n'
        '[audit]\nfile = "/dev/null"\n[[instance]]\ndirectory = "/a"\nconninfo = "host=liar"\n',
    )
    stricter = "your own file can only make things stricter"
    assert problems(system, str(own)) == (
        f"{own}: instance: belongs in the configuration of the system, in /etc/guardsh; remove it here",
        f"{own}: audit: belongs in the configuration of the system, in /etc/guardsh; remove it here",
        f"{own}: verdicts.delete.live = notice is weaker than challenge: {stricter}",
        f"{own}: unattended.stop = notice is weaker than refuse: {stricter}",
        f"{own}: node.scratch: /home makes stopped instances nobody's: {stricter}",
        f"{own}: node.data_directories: /srv/a is no longer looked at: {stricter}",
        f"{own}: snapshots.before = off is weaker than try: {stricter}",
    )


def test_where_the_own_file_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/op")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/elsewhere")
    assert own_file() == "/elsewhere/guardsh/config.toml"
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_CONFIG_HOME", value)
        assert own_file() == "/home/op/.config/guardsh/config.toml"


# bad days


def test_all_problems_at_once_each_with_its_place(system: Path) -> None:
    file = write(
        system / "config.toml",
        """
verdict.delete.live = "notice"
[verdicts.delete]
lvie = "notice"
live = "ask"
[verdicts.signal_file]
live = "notice"
[unattended]
delete = "challenge"
[node]
scratch = "/tmp"
data_directories = ["relative"]
[observe]
deadline = -1
[challenge]
patience = true
paint = "yes"
[audit]
file = "audit.jsonl"
[[instance]]
directory = "/a"
[tools.wal-g]
forbid = [{ versions = "3.0.5" }]
""",
    )
    second = write(system / "conf.d" / "a.toml", "[observe]\ndeadlin = 1\n")
    assert problems(system) == (
        f'{file}: [verdicts.delete] live: "ask" is not a decision here; write allow, notice, challenge or refuse',
        f'{file}: [unattended] delete: "challenge" is not a decision here; write notice or refuse',
        f'{file}: [node] scratch: "/tmp" is not a list of paths, such as ["/srv/postgresql"]',
        f'{file}: [node] data_directories: "relative" is not an absolute path, such as "/srv/postgresql"',
        f"{file}: [instance #1] conninfo: missing",
        f'{file}: [tools.wal-g.forbid #1] versions: "3.0.5" is not a condition on a version, '
        "such as <3.0.5 or >=3,<3.0.5",
        f"{file}: [tools.wal-g.forbid #1] reason: missing",
        f"{file}: [observe] deadline: -1 is not a number of seconds above 0 and up to 60",
        f"{file}: [challenge] patience: true is not a number of seconds above 0 and up to 86400",
        f'{file}: [challenge] paint: "yes" is not true or false; write it without quotes',
        f'{file}: [audit] file: "audit.jsonl" is not an absolute path, such as "/srv/postgresql"',
        f"{file}: verdict: no such table; did you mean verdicts?",
        f"{file}: [verdicts] signal_file: no such table; did you mean signal-file?",
        f"{file}: [verdicts.delete] lvie: no such key; did you mean live?",
        f"{second}: [observe] deadlin: no such key; did you mean deadline?",
    )


@pytest.mark.parametrize("text", ["verdicts = 1", "tools = []", "tools.wal-g = 1", "instance = {}", "instance = [1]"])
def test_tables_that_are_none(system: Path, text: str) -> None:
    file = write(system / "config.toml", text)
    assert [problem.startswith(f"{file}: ") and " is not a " in problem for problem in problems(system)] == [True]


def test_not_toml_names_the_line(system: Path) -> None:
    file = write(system / "config.toml", "[verdicts.delete]\nlive = ask\n")
    assert problems(system) == (f"{file}: not TOML: invalid value (at line 2, column 8)",)


def test_not_utf8_names_the_line(system: Path) -> None:
    file = system / "config.toml"
    file.write_bytes(b"# one\n# caf\xe9\n")
    file.chmod(0o644)
    assert problems(system) == (f"{file}: line 2 is not UTF-8, as TOML must be",)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_writable_by_others(system: Path, mode: int) -> None:
    file = write(system / "config.toml", "", mode)
    assert problems(system) == (f"{file}: writable by others than its owner; read it, then chmod go-w",)


def test_a_directory_writable_by_others(system: Path) -> None:
    write(system / "config.toml", "[observe]\n")
    (system / "conf.d").chmod(0o777)
    system.chmod(0o775)
    assert problems(system) == (f"{system}: writable by others than its owner; read it, then chmod go-w",)
    system.chmod(0o755)
    assert problems(system) == (f"{system}/conf.d: writable by others than its owner; read it, then chmod go-w",)


def test_a_planted_link_is_not_followed(system: Path, tmp_path: Path) -> None:
    write(tmp_path / "planted.toml", 'verdicts.delete.live = "allow"\n')
    (system / "config.toml").symlink_to(tmp_path / "planted.toml")
    assert problems(system) == (f"{system}/config.toml: a symbolic link; links are not followed here",)
    (system / "conf.d").rmdir()
    (system / "conf.d").symlink_to(tmp_path)
    assert f"{system}/conf.d: not a directory; links are not followed here" in problems(system)


def test_what_is_no_file(system: Path) -> None:
    (system / "config.toml").mkdir()
    os.mkfifo(system / "conf.d" / "a.toml")
    assert problems(system) == (
        f"could not read {system}/config.toml: is a directory",
        f"{system}/conf.d/a.toml: not a regular file; remove it",
    )


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away, and read nothing as another account")
def test_somebody_elses_file(system: Path) -> None:
    file = write(system / "config.toml", "")
    os.chown(file, OTHER_ACCOUNT, OTHER_ACCOUNT)
    with pytest.raises(ConfigurationError) as caught:
        load(str(system), "/dev/null/none", 0)
    assert caught.value.problems == (f"{file}: belongs to uid {OTHER_ACCOUNT}, not to uid 0; read it, then chown it",)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another account")
def test_unreadable() -> None:
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)  # pytest's own directories let nobody else in
        file = write(Path(place) / "config.toml", "", 0o600)
        own = write(Path(place) / "own.toml", "", 0o600)
        os.seteuid(OTHER_ACCOUNT)
        try:
            said = problems(Path(place), str(own))
        finally:
            os.seteuid(0)
    assert said == (f"could not read {file}: permission denied", f"could not read {own}: permission denied")


# config show

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
paths = st.lists(text.map(lambda name: "/" + name.replace("\0", "")), max_size=3).map(tuple)
policies = st.builds(
    Policy,
    verdicts=st.fixed_dictionaries(
        {each: st.fixed_dictionaries({s: st.sampled_from(Decision) for s in Standing}) for each in Effect}
    ),
    unattended=st.fixed_dictionaries({each: st.sampled_from([Decision.NOTICE, Decision.REFUSE]) for each in Effect}),
    scratch=paths,
    data_directories=paths,
    connections=st.lists(st.builds(Connection, st.just("/x"), text), max_size=2).map(tuple),
    forbidden=st.lists(st.builds(ForbiddenVersion, text, st.just(">=3,<3.0.5"), text), max_size=2).map(
        lambda each: tuple(sorted(each, key=lambda forbidden: forbidden.tool))
    ),
    deadline=st.floats(0.001, 60),
    patience=st.floats(0.001, 86400),
    paint=st.booleans(),
    audit_file=st.just("/var/log/x"),
    snapshots=st.sampled_from(Precaution),
    snapshot_deadline=st.floats(0.001, 60),
    sources=st.lists(text, max_size=2).map(tuple),
)


@given(policies)
def test_what_is_shown_parses_back(policy: Policy) -> None:
    back = parse(show(policy), "shown", replace(builtin(), connections=(), forbidden=()))
    assert replace(back, sources=()) == replace(policy, sources=())
