"""Which guarded commands a typed line has, where they run, and what of them is not known."""

from __future__ import annotations

import shlex

import pytest

from guardsh.commands.shell_line import Shell, read

HOME = "/home/op"
TREE = {
    "/mnt/d": ("base", "global"),
    "/here": ("a b", "one.conf", "two.conf"),
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
    """Such as ``/here: sudo | rm -rf x ?``; ``?`` where something is not known."""
    known: dict[str, tuple[str, ...] | None] = {name: (value,) for name, value in variables.items()}
    shell = Shell(("/here",), {"HOME": HOME, "EDITOR": "vim"}, known, aliases or {}, matching, language=language)
    return "; ".join(
        f"{found.invocation.cwd}: "
        + (shlex.join(found.invocation.prefixes) + " | " if found.invocation.prefixes else "")
        + shlex.join(found.invocation.words)
        + (" ?" if found.doubts else "")
        + (" !" if found.note else "")
        for found in read(line, shell).found
    )


CASES = [
    ("ls /mnt/d; rm -rf $_; cd $_; rm y", "/here: rm -rf '$_' ?; /: rm y ?"),
    ('cd /mnt/d; rm "$OLDPWD/x" ~-/y ~+/z', "/mnt/d: rm /here/x /here/y /mnt/d/z"),
    ("rm ~-/y", "/here: rm '~-/y' ?"),
    ("tmux new -d 'rm x; top'; screen -dm /bin/rm y", "/here: tmux | rm x; /here: screen | /bin/rm y"),
    ("sudo time /opt/wal-g/wal-g --config x backup-fetch /mnt/d LATEST 2>&1 | tee restore.log",
     "/here: sudo time | /opt/wal-g/wal-g --config x backup-fetch /mnt/d LATEST; /here: tee restore.log"),
    ("cd /mnt/d && sudo rm -rf *", "/mnt/d: sudo | rm -rf base global"),
    ("cd /absent && rm -rf *", "/absent: rm -rf '*'"),
    ("cd /absent; rm -rf *.conf", "/absent: rm -rf '*.conf'; /here: rm -rf one.conf two.conf"),
    ("cd /mnt/d; cd ../x; rm a", "/mnt/x: rm a; /mnt/d: rm a"),
    ("(cd /mnt/d; rm -rf *); rm x", "/mnt/d: rm -rf base global; /here: rm x"),
    ("cd /mnt/d | rm x", "/here: rm x"),
    ("cd && rm x", f"{HOME}: rm x"),
    ("cd $(where) && rm x", "/: rm x ?"),
    ("/mnt/d; rm -rf x; /absent; cd /here; rm y", "/mnt/d: rm -rf x; /here: rm -rf x; /here: rm y"),
    ("pushd /mnt/d; rm x; popd; rm y", "/mnt/d: rm x; /: rm y ?"),
    (r"\rm -rf x", "/here: rm -rf x"),
    ('"rm" -rf x', "/here: rm -rf x"),
    ("r''m x", "/here: rm x"),
    ("command rm x", "/here: command | rm x"),
    ("/usr/bin/rm x", "/here: /usr/bin/rm x"),
    ("time rm x", "/here: time | rm x"),
    ("! rm x", "/here: rm x"),
    ("if true; then rm x; else rm y; fi", "/here: rm x; /here: rm y"),
    ("while rm x; do rm y; done", "/here: rm x; /here: rm y"),
    ("{ rm x; } & rm y", "/here: rm x; /here: rm y"),
    ("f() { rm x; }", "/here: rm x"),
    ("case x in a) rm x;; esac", "/here: rm x"),
    ("true && rm x || rm y", "/here: rm x; /here: rm y"),
    ("echo a\nrm x", "/here: rm x"),
    ("echo a \\\n&& rm \\\nx", "/here: rm x"),
    ("rm x >log 2>&1 </dev/null -v", "/here: '>' log; /here: rm x -v"),
    ("2>/dev/null rm x", "/here: rm x"),
    ("A=b rm x", "/here: rm x"),
    ("X=/mnt/d; rm -rf $X", "/here: rm -rf /mnt/d"),
    ("X=/mnt/d rm -rf $X", "/here: rm -rf"),
    ("export X=/mnt/d && rm -rf ${X}/*", "/here: rm -rf /mnt/d/base /mnt/d/global"),
    ("for d in a b; do rm -rf $d/x; done", "/here: rm -rf a/x b/x"),
    ("for d in $(ls); do rm $d; done", "/here: rm '$d' ?"),
    ("while read d; do rm $d; done <list", "/here: rm '$d' ?"),
    ("rm -rf x{1,2} '{a,b}'", "/here: rm -rf x1 x2 '{a,b}'"),
    ("rm x{1..3} y{08..10..2}", "/here: rm x1 x2 x3 y08 y10"),
    ("rm -rf ~/x '~/x'", f"/here: rm -rf {HOME}/x '~/x'"),
    ("rm -rf $(cat list)", "/here: rm -rf '$(cat list)' ?"),
    ("rm -rf `cat list`", "/here: rm -rf '`cat list`' ?"),
    ("rm -rf \"$@\" ${X^^}", "/here: rm -rf '$@' '${X^^}' ?"),
    ("rm '$HOME' \"$HOME\"", f"/here: rm '$HOME' {HOME}"),
    ("rm *.conf", "/here: rm one.conf two.conf"),
    ("rm '*.conf' \\*.conf", "/here: rm '*.conf' '*.conf'"),
    ("rm **", "/here: rm '**' ?"),
    ("find / -name main -exec rm -rf {} +", "/here: find / -name main -exec rm -rf '{}' +; /here: find | rm -rf '/?'"),
    ("su - postgres -c 'rm -rf 15/main'", "~postgres: su | rm -rf 15/main"),
    ("su postgres -c 'rm -rf ~/15/main'", "/here: su | rm -rf '~postgres/15/main'"),
    ("mv f f-$(date +%F).gz", "/here: mv f 'f-*.gz'"),
    ("mv f /tmp/f-$RANDOM-$$", "/here: mv f '/tmp/f-*-*'"),
    ("mv f /tmp/`hostname -s`-$(date -d yesterday +%Y%m%d)", "/here: mv f '/tmp/*-*'"),
    ("mv f /tmp/$(date)", "/here: mv f '/tmp/$(date)' ?"),
    ("mv f /tmp/$(date +%D)", "/here: mv f '/tmp/$(date +%D)' ?"),
    ("mv f /tmp/$(cat name)", "/here: mv f '/tmp/$(cat name)' ?"),
    ("rm -rf one.$(uname -m)", "/here: rm -rf 'one.*'"),
    ("rm -rf /mnt/d/$(hostname)", "/here: rm -rf '/mnt/d/*' ?"),  # it may be any of several that are there
    ("su -c 'rm -rf d'", "/here: su | rm -rf d"),
    ("runuser -l postgres -c 'cd 15 && rm -rf main'", "~postgres/15: runuser | rm -rf main"),
    ("xargs -0 rm -f", "/here: xargs | rm -f '…' ?"),
    ("find . -exec rm -rf {} +", "/here: find . -exec rm -rf '{}' +; /here: find | rm -rf /here"),
    ("find x -exec sudo rm {} \\;", "/here: find x -exec sudo rm '{}' ';'; /here: find sudo | rm /here/x"),
    ("bash -c 'cd /mnt/d && rm -rf *'", "/mnt/d: bash | rm -rf base global"),
    ("sudo -u postgres bash -lc 'pg_ctl stop'", "/here: sudo -u postgres bash | pg_ctl stop"),
    ("su - postgres -c 'pg_ctl stop -m fast'", "~postgres: su | pg_ctl stop -m fast"),
    ("eval \"rm x\"", "/here: rm x"),
    ("strace -f rm x", "/here: strace -f | rm x"),
    ("echo $(rm x)", "/here: rm x"),
    ("diff <(rm x) y", "/here: rm x"),
    # The command word is not known: a guarded word behind it, or else its operands at their worst.
    ("$(which rm) -rf /mnt/d", "/here: '?' | rm -rf /mnt/d !"),
    ("sudo $(opts) rm x", "/here: sudo | rm x !"),
    ("$(anything)", ""),
    ("$X -rf /mnt/d", ""),
    ("$EDITOR rm", ""),
    # Not commands.
    ("echo rm -rf /mnt/d; grep rm x; docker rm -f y", ""),
    ("gitk commit -m 'rm -rf /mnt/d' # rm x", ""),
    ("cat <<E; echo\nrm -rf /mnt/d\nE\necho rm", ""),
    ("guardsh run --override 'because' -- rm -rf /mnt/d", ""),
    ("alias rm='rm -i'; which rm; type rm; man rm", ""),
    ("[[ -e rm ]] && echo x >rm", "/here: '>' rm"),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_the_commands_of_a_line(line: str, expected: str) -> None:
    assert spoken(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("$X -rf /mnt/d", "/here: rm -rf /mnt/d"),
        ("$X", "/here: rm"),
        ("sudo $X /mnt/d", "/here: sudo | rm /mnt/d"),
        ("echo $X", ""),
    ],
)
def test_a_variable_that_is_a_command(line: str, expected: str) -> None:
    assert spoken(line, X="rm") == expected


def test_a_value_with_blanks_is_split_by_bash() -> None:
    assert spoken("rm -rf $X", X="a b") == "/here: rm -rf a b"
    assert spoken("rm -rf $X", language="zsh", X="a b") == "/here: rm -rf 'a b'"
    assert spoken('rm -rf "$X"', X="a b") == "/here: rm -rf 'a b'"


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
    shell = Shell(("/here",), {}, {}, {}, matching, complete=False)
    found = [each.invocation for each in read(line, shell).found]
    assert [each.input_file for each in found if each.name == "psql"] == [file]


def test_comments_of_zsh_are_read_with_and_without_its_option() -> None:
    assert spoken("echo a # b; rm x", language="zsh") == "/here: rm x"
    assert spoken("rm x # don't", language="zsh") == "/here: rm x"
    assert spoken("echo a # b; rm x") == ""


def test_aliases() -> None:
    aliases = {"rm": "rm -i", "wipe": "rm -rf", "sudo": "sudo ", "both": "cd /mnt/d; rm -rf"}
    assert spoken("rm x", aliases) == "/here: rm -i x"
    assert spoken("sudo wipe x", aliases) == "/here: sudo | rm -i -rf x"
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
        ("=rm x; sudo =rm y; rm a=z", "/here: rm x; /here: sudo | rm y; /here: rm a=z"),
        ("X='rm -rf /mnt/d'; $=X; ${=X}", "/here: rm -rf /mnt/d"),
        ("X=/mnt/d; rm -rf $X:h/x", "/here: rm -rf '$X:h/x' ?"),
        ("repeat 3 rm x; - rm y", "/here: repeat 3 | rm x; /here: - | rm y"),
    ],
)
def test_zsh(line: str, expected: str) -> None:
    assert spoken(line, language="zsh") == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rm -rf (pwd)/x", "/here: rm -rf '(pwd)/x' ?"),
        ("if test -d x; rm x; end; and rm y", "/here: rm x; /here: rm y"),
        ("set x /mnt/d; rm -rf $x", "/here: rm -rf /mnt/d"),
        ("set -l c /bin/rm -rf d; $c", "/here: /bin/rm -rf d"),
        ("for x in a b; rm $x; end", "/here: rm a b"),
        ("cd /mnt/d; and rm -rf *", "/mnt/d: rm -rf base global"),
        ("echo x | psql; or rm y", "/here: psql; /here: rm y"),
        (r"rm 'a\'b'; set x d; rm /mnt/{$x} {$x}a {$x}", """/here: rm 'a'"'"'b'; /here: rm /mnt/d da d"""),
    ],
)
def test_fish(line: str, expected: str) -> None:
    assert spoken(line, language="fish") == expected
