"""sed -i (GNU sed 4) and perl -i (perlrun(1)): the files that they would edit in place; otherwise they only read."""

from __future__ import annotations

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.commands.written import written
from guardsh.model.intent import Intent, Invocation

GRAMMAR = declare(
    *("-n, --quiet, --silent", "--debug", "-e, --expression=SCRIPT", "-f, --file=SCRIPT-FILE", "--follow-symlinks"),
    *("-i, --in-place[=SUFFIX]", "-l, --line-length=N", "--posix", "-E, -r, --regexp-extended", "-s, --separate"),
    *("--sandbox", "-u, --unbuffered", "-z, --null-data, --zero-terminated", "-b, --binary", "-h, --help"),
    "--version",
)
PERL = declare(
    *(f"-{digit}" for digit in range(10)),  # behind -0 and -l, and other letters may follow
    *("-a", "-C[=NUMBER]", "-c", "-d[=DEBUGGER]", "-D[=LIST]", "-e PROGRAM", "-E PROGRAM", "-f", "-F[=PATTERN]", "-g"),
    *("-h", "-i[=EXTENSION]", "-I DIRECTORY", "-l", "-m[=MODULE]", "-M[=MODULE]", "-n", "-p", "-s", "-S", "-t", "-T"),
    *("-u", "-U", "-v", "-V[=NAME]", "-w", "-W", "-x[=DIRECTORY]", "-X", "--help"),
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    if invocation.name == "perl":
        line = read(PERL, invocation.arguments, permute=False)
        return _edited(line, "-i", ("-e", "-E"), invocation)
    line = read(GRAMMAR, invocation.arguments, permute="POSIXLY_CORRECT" not in invocation.environment)
    return _edited(line, "--in-place", ("--expression", "--file"), invocation)


def _edited(line: CommandLine, in_place: str, scripts: tuple[str, ...], invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite every file; the first operand is the program, unless an option gives it."""
    if not line.given(in_place):
        return ()
    files = line.operands if line.doubts or line.given(*scripts) else line.operands[1:]
    return written(
        files, invocation, f"{invocation.name} -i would edit", line.doubts, follow=line.given("--follow-symlinks")
    )
