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
    if pattern.endswith("/"):
        return (pattern,) if pattern.rstrip("/") in TREE else ()
    directory, _, last = pattern.rpartition("/")
    names = TREE.get(directory or cwd, ())
    ends = last.lstrip("*")
    return tuple(
        f"{directory}/{name}" if directory else name
        for name in names
        if last[:1] == "*" == last[0] and name.endswith(ends)
    )


def spoken(line: str, aliases: dict[str, str] | None = None, **variables: str) -> str:
    """Such as ``/work: sudo | rm -rf x ?``; ``?`` where something is not known."""
    known: dict[str, tuple[str, ...] | None] = {name: (value,) for name, value in variables.items()}
    shell = Shell("/work", {"HOME": HOME, "EDITOR": "vim"}, known, aliases or {}, matching)
    return "; ".join(
        f"{found.invocation.cwd}: "
        + (shlex.join(found.invocation.prefixes) + " | " if found.invocation.prefixes else "")
        + shlex.join(found.invocation.words)
        + (" ?" if found.doubts else "")
        + (" !" if found.note else "")
        for found in read(line, shell)
    )


CASES = [
    ("sudo time /opt/wal-g/wal-g --config x backup-fetch /mnt/d LATEST 2>&1 | tee restore.log",
     "/work: sudo time | /opt/wal-g/wal-g --config x backup-fetch /mnt/d LATEST"),
    ("cd /mnt/d && sudo rm -rf *", "/mnt/d: sudo | rm -rf base global"),
    ("cd /absent && rm -rf *", "/absent: rm -rf '*'"),
    ("cd /absent; rm -rf *.conf", "/work: rm -rf one.conf two.conf"),
    ("cd /mnt/d; cd ../x; rm a", "/mnt/d: rm a"),
    ("(cd /mnt/d; rm -rf *); rm x", "/mnt/d: rm -rf base global; /work: rm x"),
    ("cd /mnt/d | rm x", "/work: rm x"),
    ("cd && rm x", f"{HOME}: rm x"),
    ("cd /mnt/d; rm -rf $PWD \"$OLDPWD/x\" ~-/y", "/mnt/d: rm -rf /mnt/d /work/x /work/y"),
    ("cd /mnt/d; cd -; rm x; cd -; rm y", "/work: rm x; /mnt/d: rm y"),
    ("cd $(where); rm $PWD/x; cd /mnt/d; rm $OLDPWD", "/: rm '$PWD/x' ?; /mnt/d: rm '$OLDPWD' ?"),
    ("ls /mnt/d; rm -rf $_", "/work: rm -rf '$_' ?"),
    ("cd $(where) && rm x", "/: rm x ?"),
    ("/mnt/d; rm -rf x; /absent; cd /work; rm y", "/: rm -rf x ?; /work: rm y"),
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
    ("rm x >log 2>&1 </dev/null -v", "/work: rm x -v"),
    ("2>/dev/null rm x", "/work: rm x"),
    ("A=b rm x", "/work: rm x"),
    ("X=/mnt/d; rm -rf $X", "/work: rm -rf /mnt/d"),
    ("X=/mnt/d rm -rf $X", "/work: rm -rf"),
    ("export X=/mnt/d && rm -rf ${X}/*", "/work: rm -rf /mnt/d/base /mnt/d/global"),
    ("for d in a b; do rm -rf $d/x; done", "/work: rm -rf a/x b/x"),
    ("for d in $(ls); do rm $d; done", "/work: rm '$d' ?"),
    ("while read d; do rm $d; done <list", "/work: rm '$d' ?"),
    ("rm -rf x{1,2} '{a,b}'", "/work: rm -rf x1 x2 '{a,b}'"),
    ("rm x{1..3}", "/work: rm 'x{1..3}' ?"),
    ("rm -rf ~/x '~/x'", f"/work: rm -rf {HOME}/x '~/x'"),
    ("rm -rf $(cat list)", "/work: rm -rf '$(cat list)' ?"),
    ("rm -rf `cat list`", "/work: rm -rf '`cat list`' ?"),
    ("rm -rf \"$@\" ${X%.*}", "/work: rm -rf '\"$@\"' '${X%.*}' ?"),
    ("rm '$HOME' \"$HOME\"", f"/work: rm '$HOME' {HOME}"),
    ("rm *.conf", "/work: rm one.conf two.conf"),
    ("rm '*.conf' \\*.conf", "/work: rm '*.conf' '*.conf'"),
    ("rm **", "/work: rm '**' ?"),
    ("xargs -0 rm -f", "/work: xargs | rm -f '{}' ?"),
    ("xargs -I{} sh -c 'rm -f {}'", "/work: xargs sh | rm -f '{}' ?"),
    ("xargs -I{} sh -c 'rm -f {}/x'", "/work: xargs sh | rm -f '{}/x' ?"),
    ("find . -exec rm -rf {} +", "/work: find | rm -rf '{}' ?"),
    ("find . -name x -exec sudo rm {} \\; -print", "/work: find sudo | rm '{}' ?"),
    ("bash -c 'cd /mnt/d && rm -rf *'", "/mnt/d: bash | rm -rf base global"),
    ("sudo -u postgres bash -lc 'pg_ctl stop'", "/work: sudo -u postgres bash | pg_ctl stop"),
    ("su - postgres -c 'pg_ctl stop -m fast'", "/work: su | pg_ctl stop -m fast"),
    ("bash -c -- 'rm x'; bash -cx 'rm y'; bash -c", "/work: bash | rm x; /work: bash | rm y"),
    ("su -c'rm x'; su --command='rm y'; su --command 'rm z'", "/work: su | rm x; /work: su | rm y; /work: su | rm z"),
    ("flock FILE -c 'rm x'; flock -n FILE rm y", "/work: flock | rm x; /work: flock -n FILE | rm y"),
    ("tmux new -d 'rm x; top'; screen -dm /bin/rm y", "/work: tmux | rm x; /work: screen | /bin/rm y"),
    ("rm x | bash; sudo su; exec zsh", "/work: rm x"),
    ("eval \"rm x\"", "/work: rm x"),
    ("strace -f rm x", "/work: strace | rm x"),
    ("echo $(rm x)", "/work: rm x"),
    ("diff <(rm x) y", "/work: rm x"),
    ("echo x > $(rm x) 2> >(rm y)", "/work: rm x; /work: rm y"),
    ("cat <<< \"$(rm x)\"", "/work: rm x"),
    ("cat <<E\nx `rm x` \"$(rm y)\"\nE\nrm z", "/work: rm x; /work: rm y; /work: rm z"),
    ("cat <<'E'\n$(rm x)\nE\n", ""),
    ("echo $((1 + $(rm x))) \"${x:-$(rm y)}\" ${x#`rm z`}", "/work: rm x; /work: rm y; /work: rm z"),
    ("function f { rm x; }; coproc F { rm y; }", "/work: rm x; /work: rm y"),
    ("case x in (x) rm x;; (y) rm y;; esac", "/work: rm x; /work: rm y"),
    ("{fd}>log rm x", "/work: rm x"),
    ("rm $\"x\" ~+/y ~nobody-here/z", "/work: rm x /work/y '~nobody-here/z' ?"),
    ("rm -rf (pwd)/x", "/work: rm -rf '(pwd)/x' ?"),  # fish
    ("if test -d x; rm x; end; and rm y", "/work: rm x; /work: rm y"),  # fish
    ("set x /mnt/d; rm -rf $x", "/work: rm -rf /mnt/d"),  # fish
    ("=rm x; sudo =rm y; rm =z", "/work: rm x; /work: sudo | rm y; /work: rm =z"),  # zsh
    ("X='rm -rf /mnt/d'; $=X; ${=X}", "/work: rm -rf /mnt/d 'rm -rf /mnt/d'"),  # zsh
    ("X=/mnt/d; rm -rf $X:h/x", "/work: rm -rf '$X:h/x' ?"),  # zsh
    # The command word is not known: a guarded word behind it, or else its operands at their worst.
    ("$(which rm) -rf /mnt/d", "/work: '?' | rm -rf /mnt/d !"),
    ("sudo $(opts) rm x", "/work: sudo | rm x !"),
    ("$(anything)", ""),
    ("$X -rf /mnt/d", ""),
    ("$EDITOR rm", ""),
    # Not commands.
    ("echo rm -rf /mnt/d; grep rm x; git rm x; docker rm -f y", ""),
    ("git commit -m 'rm -rf /mnt/d' # rm x", ""),
    ("cat <<E; echo\nrm -rf /mnt/d\nE\necho rm", ""),
    ("guardsh run --override 'because' -- rm -rf /mnt/d", ""),
    ("alias rm='rm -i'; which rm; type rm; man rm", ""),
    ("[[ -e rm ]] && echo x >rm", ""),
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


def test_a_value_with_blanks_counts_as_it_is_and_split() -> None:
    assert spoken("rm -rf $X", X="a b") == "/work: rm -rf a b 'a b'"
    assert spoken('rm -rf "$X"', X="a b") == "/work: rm -rf 'a b'"


def test_aliases() -> None:
    aliases = {"rm": "rm -i", "wipe": "rm -rf", "sudo": "sudo ", "both": "cd /mnt/d; rm -rf"}
    assert spoken("rm x", aliases) == "/work: rm -i x"
    assert spoken("sudo wipe x", aliases) == "/work: sudo | rm -rf x"
    assert spoken("both x", aliases) == "/mnt/d: rm -i -rf x"
    assert spoken(r"\wipe x; echo wipe", aliases) == ""


@pytest.mark.parametrize(
    "line", ["rm 'x", 'rm "$(', "rm ${", "rm `", "((", "))", "rm <<", "\\", "rm $'\\", "&&&", "$(" * 40]
)
def test_what_is_no_line_is_no_error(line: str) -> None:
    spoken(line)
