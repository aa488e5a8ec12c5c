"""Options as Perl's Getopt::Long reads them, unconfigured: of any case, abbreviated, behind one hyphen or two."""

from __future__ import annotations

from guardsh.commands.grammar import CommandLine, Grammar, Option, Reader, Value


class _Words(Reader):
    def long(self, word: str) -> None:
        self._option(word.removeprefix("--"))

    def cluster(self, letters: str) -> None:
        """There are no clusters: ``-stop`` is ``--stop``, and ``-d/x`` an unknown option."""
        self._option(letters)

    def _option(self, text: str) -> None:
        name, equals, value = text.partition("=")
        meant = self._meant(name.lower())
        if len(meant) != 1:
            return self.doubt(f"{'ambiguous' if meant else 'unknown'} option --{name}")
        option = meant.pop()
        if option.value is Value.NONE or equals:
            return self.add(option, value if equals else None)
        return self.add_with_next_word(option)

    def _meant(self, name: str) -> set[Option]:
        names = {spelling.lstrip("-"): option for spelling, option in self.grammar.items()}
        if name in names:
            return {names[name]}
        return {option for spelling, option in names.items() if spelling.startswith(name)}


def read(grammar: Grammar, words: tuple[str, ...]) -> CommandLine:
    """The words after a program's name; what follows ``--`` are operands."""
    return _Words(grammar, words).read(permute=True)
