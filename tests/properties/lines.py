# ruff: noqa: E501 (lines of bash, each in one piece)
"""Random lines of bash, as hypothesis strategies: all that an operator types, and some that nobody would."""

from __future__ import annotations

import shlex

from hypothesis import strategies as st

GUARDED = ("rm", "wal-g", "pg_ctl", "mkfs")
VARIABLES = {"X": "a", "Y": "a b", "N": "rm", "F": "one.gz", "D": "d", "E": "", "P": "*.conf", "L": "p/q.r"}
DIRECTORIES = ("d", "d/e", "e f", "g")
FILES = ("a", "b", "one.conf", "two.conf", "one.gz", "d/a", "d/x.conf", "d/e/b", "e f/c", "g/a", "-f", ".hidden")

_WORDS = st.sampled_from(
    [
        *(
            "a",
            "b",
            "-rf",
            "--",
            "-",
            "x y",
            "'a b'",
            '"a b"',
            "a\\ b",
            "''",
            '""',
            "\\a",
            "a'b'\"c\"",
            "$'a\\tb'",
            "$'\\x61'",
        ),
        *(
            "$X",
            '"$X"',
            "${X}",
            "$Y",
            '"$Y"',
            "x$Y",
            "$Y$Y",
            "'$X'",
            "$E",
            '"$E"',
            "x$E",
            "$D/e",
            "$D/*",
            '"$D"/*',
            "$P",
            '"$P"',
        ),
        *("*", "*.conf", "?", "[ab]", "[!a]", "[^a]", "d/*", "*/a", ".*", "*.none", "'*'", "\\*", "d/", "d/e/.."),
        *("{a,b}", "{1..3}", "x{a,b}y", "{a,{b,c}}", "{a}", "{,a}", "a{b", "'{a,b}'", "{a..c}", "{01..03}", "d/{a,x}*"),
        *("~", "~/x", "'~'", "a~", "$(echo a)", "`echo a`", '"$(echo a b)"', "$(pwd)", '"$(pwd)"/a', "$PWD", "$HOME/x"),
        *(
            "${X:-d}",
            "${NONE:-d}",
            "${NONE:-}",
            "${X:+y}",
            "${F%.gz}",
            "${L##*/}",
            "${L%/*}",
            "${L#p}",
            "${X%%a}",
            "${NONE-d}",
        ),
        *(
            "$NONE",
            '"$NONE"',
            "${#X}",
            "${X/a/b}",
            "$((1+2))",
            "$?",
            "$#",
            "${X:0:1}",
            "a=b",
            "#",
            "a#b",
            "!",
            "}",
            "{",
            "then",
        ),
        *(
            "if",
            "[",
            "]]",
            "a\\\nb",
            '"a\nb"',
            "$'\\n'",
            "-c",
            "in",
            "/dev/null",
            "a,b",
            "%",
            "@",
            "+",
            ":",
            "é",
            "=a",
            "a:b",
        ),
    ]
)
_DIRECTORY = st.sampled_from(
    ["d", "./d", "d/e", "'e f'", '"e f"', "$D", "..", ".", "none", "g", "d/..", "-", "", "$(pwd)/d", "*d"]
)
_NAME = st.sampled_from(
    [
        *(
            "rm",
            "wal-g",
            "pg_ctl",
            "mkfs",
            "\\rm",
            "r\\m",
            '"rm"',
            "r''m",
            "'rm'",
            "$N",
            '"$N"',
            "${N}",
            "$'r\\x6d'",
            "$(echo rm) x",
        ),
        *("command rm", "env rm", "env A=b rm", "nice rm", "nice -n 1 rm", "timeout 5 rm", "nohup rm", "env -C d rm"),
        *(
            "env -i PATH=$PATH RECORD=$RECORD rm",
            "setsid -w rm",
            "stdbuf -oL rm",
            "command -p -- rm",
            "time rm",
            "exec rm",
        ),
        *(
            "env env nice rm",
            "{rm,-v}",
            "{r,}m",
            "r[m]",
            "$E rm",
            "$NONE rm",
            "timeout -s KILL 5 rm",
            "env -S 'rm -v'",
            "../bin/rm",
        ),
    ]
)
_SILENT = st.sampled_from(
    ["echo", "echo rm", "true", "false", ":", "echo 'rm x'", 'echo "; rm x"', "test -e a", "[ -e a ]", "cat a"]
)
_FILE = st.sampled_from(
    [
        "out",
        "d/out",
        "'o t'",
        "$X.out",
        '"$D/out"',
        "out-$(echo a)",
        "/dev/null",
        "none/out",
        "*.gz",
        "a",
        "${F%.gz}.txt",
    ]
)
_OPERATOR = st.sampled_from([">", ">>", "2>", "&>", ">|", "<>", "1>", "&>>", ">&", "3>"])
_HARMLESS_REDIRECTION = st.sampled_from(["<a", "2>&1", ">/dev/null", "</dev/null", "2>&-", "<<<x", '<<<"rm x"'])
_ASSIGNMENT = st.sampled_from(
    ["X=d", "X=$Y", "Y='c d'", "A=b", "X=$(echo a)", "N=wal-g", "X=~/x", 'X="$X$X"', "A=(rm a)", "X+=q", "D=g"]
)


def _redirections() -> st.SearchStrategy[str]:
    write = st.tuples(_OPERATOR, st.sampled_from(["", " "]), _FILE).map("".join)
    return st.lists(write | _HARMLESS_REDIRECTION, max_size=2).map(" ".join)


@st.composite
def simple(draw: st.DrawFn) -> str:
    parts = [draw(_ASSIGNMENT)] if draw(st.integers(0, 5)) == 0 else []
    redirections = draw(_redirections()) if draw(st.booleans()) else ""
    before = draw(st.integers(0, 4)) == 0
    parts += [redirections] if before else []
    parts.append(draw(_NAME if draw(st.integers(0, 3)) else _SILENT))
    parts += draw(st.lists(_WORDS, max_size=3))
    parts += [] if before else [redirections]
    return " ".join(filter(None, parts))


@st.composite
def _own(draw: st.DrawFn) -> str:
    kind = draw(
        st.sampled_from(["assign", "cd", "pushd", "export", "read", "set", "redirect", "unset", "args", "declare"])
    )
    if kind == "cd":
        return f"cd {draw(_DIRECTORY)}"
    if kind == "pushd":
        return draw(st.sampled_from(["pushd d", "popd", "pushd d >/dev/null", "cd d 2>/dev/null"]))
    if kind == "redirect":
        return draw(_OPERATOR) + draw(_FILE)
    return {
        "assign": draw(_ASSIGNMENT),
        "export": f"export {draw(_ASSIGNMENT)}",
        "read": draw(
            st.sampled_from(
                ["read X <a", "read -r X Y <<<'a b'", "printf -v X d", "((A=1))", "let A=2", "mapfile -t A <a"]
            )
        ),
        "set": draw(st.sampled_from(["set -- a 'b c'", "set -f", "shift", "set -- $Y"])),
        "unset": draw(st.sampled_from(["unset X", "unset N", "unset D"])),
        "args": draw(st.sampled_from(['rm "$@"', "rm $1", 'rm "$*"', "rm $#", 'for i; do rm "$i"; done'])),
        "declare": draw(
            st.sampled_from(["declare X=q", "readonly R=1", "typeset D=g", "local Z=1", "export X", "declare -x Q=1"])
        ),
    }[kind]


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(["; ", " && ", " || ", " & ", "\n", " | ", " |& ", ";\n\n"]), inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"{{ {two[0]}; {two[1]}; }}"),
        inner.map(lambda one: f"( {one} )"),
        inner.map(lambda one: f"! {one}"),
        inner.map(lambda one: f"time {one}"),
        st.tuples(inner, inner, inner).map(lambda three: f"if {three[0]}; then {three[1]}; else {three[2]}; fi"),
        st.tuples(inner, inner).map(lambda two: f"if {two[0]}\nthen {two[1]}\nfi"),
        st.tuples(inner, inner, inner).map(lambda t: f"if {t[0]}; then {t[1]}; elif true; then {t[2]}; fi"),
        st.tuples(st.lists(_WORDS, max_size=3).map(" ".join), inner).map(lambda t: f"for i in {t[0]}; do rm $i; {t[1]}; done"),
        inner.map(lambda one: f"for D in d g; do {one}; done"),
        inner.map(lambda one: f"for ((k=0; k<2; k++)); do rm $k; {one}; done"),
        inner.map(lambda one: f"w=; while [[ ${{#w}} -lt 2 ]]; do w=x$w; rm n$w; {one}; done"),
        inner.map(lambda one: f"until [ -n \"$u\" ]; do u=1; {one}; done"),
        st.tuples(_WORDS, inner, inner).map(lambda t: f"case {t[0]} in a|b) {t[1]};; (*) {t[2]} ;; esac"),
        st.tuples(inner, st.lists(_WORDS, max_size=2).map(" ".join)).map(lambda t: f"f() {{ {t[0]}; }}; f {t[1]}"),
        st.tuples(inner, st.lists(_WORDS, max_size=2).map(" ".join)).map(lambda t: f"function g {{ rm \"$@\"; {t[0]}; }}; g {t[1]}; g z"),
        inner.map(lambda one: f"echo $({one})"),
        inner.map(lambda one: f'echo "$({one})"'),
        inner.map(lambda one: f"cat <({one}) >/dev/null"),
        inner.map(lambda one: f"X=$({one})"),
        inner.map(lambda one: f"eval {shlex.quote(one)}"),
        inner.map(lambda one: f"bash -c {shlex.quote(one)} zero one 'two three'"),
        inner.map(lambda one: f"env A=b bash -c {shlex.quote(one)}"),
        inner.map(lambda one: f"bash <<'END'\n{one}\nEND\n"),
        inner.map(lambda one: f"cat <<END | cat >/dev/null\n$({one.replace('END', '')})\nrm not\nEND\n"),
        inner.map(lambda one: f"[[ -e a && ! a > b ]] && {one}"),
        inner.map(lambda one: f"((1 > 2)) || {one}"),
        inner.map(lambda one: f"{one} # rm comment\n"),
        inner.map(lambda one: f"{{ {one}; }} > out"),
        inner.map(lambda one: f"({one}) 2>&1 | cat >>d/out"),
        inner.map(lambda one: f"cd d && {{ {one}; }}"),
        inner.map(lambda one: f"(cd d; {one}); {one}"),
        inner.map(lambda one: f"coproc {{ {one}; }}"),
        inner.map(lambda one: f"printf '%s\\n' q r | while read -r l; do rm $l; {one}; done"),
    )  # fmt: skip


_PIPED = st.sampled_from(
    [
        *("echo a b | xargs rm", "printf '%s\\n' a 'b' | xargs -I{} rm {}.x", "echo x | xargs -n1 nice rm", "ls d | xargs rm"),
        *("find d -name a -exec rm {} \\;", "find d g -type f -exec rm -v {} +", "find . -name a | xargs rm", "echo | xargs rm x"),
        *("find d -name '*.conf' -print0 | xargs -0 rm", "echo 'rm x' | bash", "bash <<<'rm y'", "find d -execdir rm {} \\;"),
        *("trap 'rm trapped' EXIT", "f() { rm $1; f2() { rm deep; }; }; f q; f2", "r() { [ -n \"$1\" ] || return; rm $1; }; r a; r"),
        *("rm() { wal-g \"$@\"; }; rm x; command rm y", "rec() { [ ${#1} -gt 2 ] && return; rm r$1; rec x$1; }; rec",),
        *("IFS=:; rm $L", "cat <<A <<B; rm x\na\nA\nb\nB\nrm y", "env -u X -- rm $X", "echo x>d/q;rm q", "rm a&rm b&wait"),
        *("cd d\nrm *\ncd -\nrm *", "for f in *.conf; do rm \"${f%.conf}\"; done", "a=1 b=2 rm $a", "rm ${NONE:=v} $NONE"),
        *("sh -c 'rm \"$0\" \"$@\"' p q r", "bash -lc 'rm l'", "bash -c 'cd d && rm *'", "! cd none || rm x", "cd none; rm *"),
        *("cd none && rm *", "cd d || rm *; rm *", "exec rm x", "exec 3>d/three; rm >&3", "x=rm; $x a; y='rm a'; $y", "\\cd d; rm *"),
        *("command cd d; rm *", "builtin cd d; rm *", "if cd none; then rm a; else rm *; fi", "cd d; (cd e); rm *", "cd d | rm *; rm *"),
    ]
)  # fmt: skip

LINES = st.recursive(simple() | _own() | _PIPED, _compound, max_leaves=5)
