"""Which guarded commands a typed line has, where they run, and what of them is not known."""

from __future__ import annotations

import shlex

import pytest

from guardsh.commands.shell_line import Shell, read

HOME = "/home/op"
TREE = {
    "/mnt/d": ("base", "global"),
    "/work": ("a b", "one.conf", "two.conf"),
}


def matching(pattern: str, cwd: str) -> tuple[str, ...]:
    """Two directories of a made tree; real entries are tested with observe.matching."""
    if pattern.endswith("/."):
        return (pattern,) if pattern.removesuffix("/.") in TREE else ()
    directory, _, last = pattern.rpartition("/")
    names = TREE.get(directory or cwd, ())
    ends = last.lstrip("*")
    return tuple(
        f"{directory}/{name}" if directory else name
        for name in names
        if last[:1] == "*" == last[0] and name.endswith(ends)
    )


def spoken(line: str, aliases: dict[str, str] | None = None, language: str = "bash", **variables: str) -> str:
    """Such as ``/work: sudo | rm -rf x ?``; ``?`` where something is not known."""
    known: dict[str, tuple[str, ...] | None] = {name: (value,) for name, value in variables.items()}
    shell = Shell(("/work",), {"HOME": HOME, "EDITOR": "vim"}, known, aliases or {}, matching, language=language)
    return "; ".join(
        f"{found.invocation.cwd}: "
        + (shlex.join(found.invocation.prefixes) + " | " if found.invocation.prefixes else "")
        + shlex.join(found.invocation.words)
        + (" ?" if found.doubts else "")
        + (" !" if found.note else "")
        for found in read(line, shell).found
    )


CASES = [
    ("ls /mnt/d; rm -rf $_; cd $_; rm y", "/work: rm -rf '$_' ?; /: rm y ?"),
    ('cd /mnt/d; rm "$OLDPWD/x" ~-/y ~+/z', "/mnt/d: rm /work/x /work/y /mnt/d/z"),
    ("rm ~-/y", "/work: rm '~-/y' ?"),
    ("tmux new -d 'rm x; top'; screen -dm /bin/rm y", "/work: tmux | rm x; /work: screen | /bin/rm y"),
    ("sudo time /opt/wal-g/wal-g --config x backup-fetch /mnt/d LATEST 2>&1 | tee restore.log",
     "/work: sudo time | /opt/wal-g/wal-g --config x backup-fetch /mnt/d LATEST; /work: tee restore.log"),
    ("cd /mnt/d && sudo rm -rf *", "/mnt/d: sudo | rm -rf base global"),
    ("cd /absent && rm -rf *", "/absent: rm -rf '*'"),
    ("cd /absent; rm -rf *.conf", "/absent: rm -rf '*.conf'; /work: rm -rf one.conf two.conf"),
    ("cd /mnt/d; cd ../x; rm a", "/mnt/x: rm a; /mnt/d: rm a"),
    ("(cd /mnt/d; rm -rf *); rm x", "/mnt/d: rm -rf base global; /work: rm x"),
    ("cd /mnt/d | rm x", "/work: rm x"),
    ("cd && rm x", f"{HOME}: rm x"),
    ("cd $(where) && rm x", "/: rm x ?"),
    ("/mnt/d; rm -rf x; /absent; cd /work; rm y", "/mnt/d: rm -rf x; /work: rm -rf x; /work: rm y"),
    ("pushd /mnt/d; rm x; popd; rm y", "/mnt/d: rm x; /: rm y ?"),
    (r"\rm -rf x", "/work: rm -rf x"),
    ('"rm" -rf x', "/work: rm -rf x"),
    ("r''m x", "/work: rm x"),
    ("command rm x", "/work: command | rm x"),
    ("/usr/bin/rm x", "/work: /usr/bin/rm x"),
    ("time rm x", "/work: time | rm x"),
    ("! rm x", "/work: rm x"),
    ("if true; then rm x; else rm y; fi", "/work: rm x; /work: rm y"),
    ("while rm x; do rm y; done", "/work: rm x; /work: rm y"),
    ("{ rm x; } & rm y", "/work: rm x; /work: rm y"),
    ("f() { rm x; }", "/work: rm x"),
    ("case x in a) rm x;; esac", "/work: rm x"),
    ("true && rm x || rm y", "/work: rm x; /work: rm y"),
    ("echo a\nrm x", "/work: rm x"),
    ("echo a \\\n&& rm \\\nx", "/work: rm x"),
    ("rm x >log 2>&1 </dev/null -v", "/work: '>' log; /work: rm x -v"),
    ("2>/dev/null rm x", "/work: rm x"),
    ("A=b rm x", "/work: rm x"),
    ("X=/mnt/d; rm -rf $X", "/work: rm -rf /mnt/d"),
    ("X=/mnt/d rm -rf $X", "/work: rm -rf"),
    ("export X=/mnt/d && rm -rf ${X}/*", "/work: rm -rf /mnt/d/base /mnt/d/global"),
    ("for d in a b; do rm -rf $d/x; done", "/work: rm -rf a/x b/x"),
    ("for d in $(ls); do rm $d; done", "/work: rm '$d' ?"),
    ("while read d; do rm $d; done <list", "/work: rm '$d' ?"),
    ("rm -rf x{1,2} '{a,b}'", "/work: rm -rf x1 x2 '{a,b}'"),
    ("rm x{1..3} y{08..10..2}", "/work: rm x1 x2 x3 y08 y10"),
    ("rm -rf ~/x '~/x'", f"/work: rm -rf {HOME}/x '~/x'"),
    ("rm -rf $(cat list)", "/work: rm -rf '$(cat list)' ?"),
    ("rm -rf `cat list`", "/work: rm -rf '`cat list`' ?"),
    ("rm -rf \"$@\" ${X^^}", "/work: rm -rf '$@' '${X^^}' ?"),
    ("rm '$HOME' \"$HOME\"", f"/work: rm '$HOME' {HOME}"),
    ("rm *.conf", "/work: rm one.conf two.conf"),
    ("rm '*.conf' \\*.conf", "/work: rm '*.conf' '*.conf'"),
    ("rm **", "/work: rm '**' ?"),
    ("find / -name main -exec rm -rf {} +", "/work: find / -name main -exec rm -rf '{}' +; /work: find | rm -rf '/?'"),
    ("su - postgres -c 'rm -rf 15/main'", "~postgres: su | rm -rf 15/main"),
    ("su postgres -c 'rm -rf ~/15/main'", "/work: su | rm -rf '~postgres/15/main'"),
    ("mv f f-$(date +%F).gz", "/work: mv f 'f-*.gz'"),
    ("mv f /tmp/f-$RANDOM-$$", "/work: mv f '/tmp/f-*-*'"),
    ("mv f /tmp/`hostname -s`-$(date -d yesterday +%Y%m%d)", "/work: mv f '/tmp/*-*'"),
    ("mv f /tmp/$(date)", "/work: mv f '/tmp/$(date)' ?"),
    ("mv f /tmp/$(date +%D)", "/work: mv f '/tmp/$(date +%D)' ?"),
    ("mv f /tmp/$(cat name)", "/work: mv f '/tmp/$(cat name)' ?"),
    ("rm -rf one.$(uname -m)", "/work: rm -rf 'one.*'"),
    ("rm -rf /mnt/d/$(hostname)", "/work: rm -rf '/mnt/d/*' ?"),  # it may be any of several that are there
    ("su -c 'rm -rf d'", "/work: su | rm -rf d"),
    ("runuser -l postgres -c 'cd 15 && rm -rf main'", "~postgres/15: runuser | rm -rf main"),
    ("xargs -0 rm -f", "/work: xargs | rm -f '…' ?"),
    ("find . -exec rm -rf {} +", "/work: find . -exec rm -rf '{}' +; /work: find | rm -rf /work"),
    ("find x -exec sudo rm {} \\;", "/work: find x -exec sudo rm '{}' ';'; /work: find sudo | rm /work/x"),
    ("bash -c 'cd /mnt/d && rm -rf *'", "/mnt/d: bash | rm -rf base global"),
    ("sudo -u postgres bash -lc 'pg_ctl stop'", "/work: sudo -u postgres bash | pg_ctl stop"),
    ("su - postgres -c 'pg_ctl stop -m fast'", "~postgres: su | pg_ctl stop -m fast"),
    ("eval \"rm x\"", "/work: rm x"),
    ("strace -f rm x", "/work: strace -f | rm x"),
    ("echo $(rm x)", "/work: rm x"),
    ("diff <(rm x) y", "/work: rm x"),
    # The command word is not known: a guarded word behind it, or else its operands at their worst.
    ("$(which rm) -rf /mnt/d", "/work: '?' | rm -rf /mnt/d !"),
    ("sudo $(opts) rm x", "/work: sudo | rm x !"),
    ("$(anything)", ""),
    ("$X -rf /mnt/d", ""),
    ("$EDITOR rm", ""),
    # Not commands.
    ("echo rm -rf /mnt/d; grep rm x; docker rm -f y", ""),
    ("gitk commit -m 'rm -rf /mnt/d' # rm x", ""),
    ("cat <<E; echo\nrm -rf /mnt/d\nE\necho rm", ""),
    ("guardsh run --override 'because' -- rm -rf /mnt/d", ""),
    ("alias rm='rm -i'; which rm; type rm; man rm", ""),
    ("[[ -e rm ]] && echo x >rm", "/work: '>' rm"),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_the_commands_of_a_line(line: str, expected: str) -> None:
    assert spoken(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("$X -rf /mnt/d", "/work: rm -rf /mnt/d"),
        ("$X", "/work: rm"),
        ("sudo $X /mnt/d", "/work: sudo | rm /mnt/d"),
        ("echo $X", ""),
    ],
)
def test_a_variable_that_is_a_command(line: str, expected: str) -> None:
    assert spoken(line, X="rm") == expected


def test_a_value_with_blanks_is_split_by_bash() -> None:
    assert spoken("rm -rf $X", X="a b") == "/work: rm -rf a b"
    assert spoken("rm -rf $X", language="zsh", X="a b") == "/work: rm -rf 'a b'"
    assert spoken('rm -rf "$X"', X="a b") == "/work: rm -rf 'a b'"


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("psql < /f.sql", "/f.sql"),
        ("sudo -u postgres psql -d app 0< f.sql > out", "f.sql"),
        ("F=f.sql; psql < $F", "f.sql"),
        ("cat f.sql | psql", "f.sql"),
        ("cat f.sql g.sql | psql", ""),
        ("psql < $F", ""),
        ("psql < f <<< 'select 1'", ""),
    ],
)
def test_the_file_on_standard_input(line: str, file: str) -> None:
    shell = Shell(("/work",), {}, {}, {}, matching, complete=False)
    found = [each.invocation for each in read(line, shell).found]
    assert [each.input_file for each in found if each.name == "psql"] == [file]


def test_comments_of_zsh_are_read_with_and_without_its_option() -> None:
    assert spoken("echo a # b; rm x", language="zsh") == "/work: rm x"
    assert spoken("rm x # don't", language="zsh") == "/work: rm x"
    assert spoken("echo a # b; rm x") == ""


def test_aliases() -> None:
    aliases = {"rm": "rm -i", "wipe": "rm -rf", "sudo": "sudo ", "both": "cd /mnt/d; rm -rf"}
    assert spoken("rm x", aliases) == "/work: rm -i x"
    assert spoken("sudo wipe x", aliases) == "/work: sudo | rm -i -rf x"
    assert spoken("both x", aliases) == "/mnt/d: rm -i -rf x"
    assert spoken(r"\wipe x; echo wipe", aliases) == ""


@pytest.mark.parametrize(
    "line", ["rm 'x", 'rm "$(', "rm ${", "rm `", "((", "))", "rm <<", "\\", "rm $'\\", "&&&", "$(" * 40]
)
def test_what_is_no_line_is_no_error(line: str) -> None:
    spoken(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("=rm x; sudo =rm y; rm a=z", "/work: rm x; /work: sudo | rm y; /work: rm a=z"),
        ("X='rm -rf /mnt/d'; $=X; ${=X}", "/work: rm -rf /mnt/d"),
        ("X=/mnt/d; rm -rf $X:h/x", "/work: rm -rf '$X:h/x' ?"),
        ("repeat 3 rm x; - rm y", "/work: repeat 3 | rm x; /work: - | rm y"),
    ],
)
def test_zsh(line: str, expected: str) -> None:
    assert spoken(line, language="zsh") == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rm -rf (pwd)/x", "/work: rm -rf '(pwd)/x' ?"),
        ("if test -d x; rm x; end; and rm y", "/work: rm x; /work: rm y"),
        ("set x /mnt/d; rm -rf $x", "/work: rm -rf /mnt/d"),
        ("set -l c /bin/rm -rf d; $c", "/work: /bin/rm -rf d"),
        ("for x in a b; rm $x; end", "/work: rm a b"),
        ("cd /mnt/d; and rm -rf *", "/mnt/d: rm -rf base global"),
        ("echo x | psql; or rm y", "/work: psql; /work: rm y"),
        (r"rm 'a\'b'; set x d; rm /mnt/{$x} {$x}a {$x}", """/work: rm 'a'"'"'b'; /work: rm /mnt/d da d"""),
    ],
)
def test_fish(line: str, expected: str) -> None:
    assert spoken(line, language="fish") == expected
