"""Argument vectors for the command lines that a module declares: each option once, a wrong one, a missing one."""

from collections.abc import Iterator, Sequence

from qeforge.analysis.command_line import Command, Option
from qeforge.engine import samples

_MOST = 40
_BY_TYPE = {
    "int": ("3", "0"),
    "float": ("1.5", "0"),
    "integer": ("3", "0"),
    "long": ("3",),
    "path": ("data.txt",),
    "pathlib.path": ("data.txt",),
    "bool": ("true",),
    "json.loads": ('{"a": 1}',),
}


def vectors(commands: Sequence[Command]) -> list[tuple[str, ...]]:
    """Arguments without the program's name, the plainest first; never empty."""
    columns = [list(_of(command)) for command in commands]
    made: dict[tuple[str, ...], None] = {}
    for row in range(max(map(len, columns), default=0)):
        made.update(dict.fromkeys(column[row] for column in columns if row < len(column)))
    made.update(dict.fromkeys([(), ("--help",), ("abc",), ("--no-such-option",)]))
    return list(made)[:_MOST]


def _of(command: Command) -> Iterator[tuple[str, ...]]:
    needed = [option for option in command.options if option.required]
    base = tuple(text for option in needed for text in _given(option, 0))
    yield (*command.words, *base)
    for option in command.options:
        rest = tuple(text for other in needed if other is not option for text in _given(other, 0))
        for index in range(max(2, len(option.choices))):
            yield (*command.words, *_given(option, index), *rest)
    for option in command.options:
        if option.choices or _BY_TYPE.get(option.type):
            rest = tuple(text for other in needed if other is not option for text in _given(other, 0))
            yield (*command.words, *_shown(option, "no-such-value"), *rest)
    optional = [option for option in command.options if option.flags and not option.required]
    if len(optional) > 1:
        yield (*command.words, *(text for option in optional[:4] for text in _given(option, 0)), *base)
    if needed:
        yield command.words


def _given(option: Option, index: int) -> tuple[str, ...]:
    """The option with one of its values."""
    if not option.takes:
        return option.flags[-1 - index % len(option.flags) :][:1]
    known = option.choices or _BY_TYPE.get(option.type.lower()) or (*samples.texts_for(option.name)[:2], "abc")
    text = known[index % len(known)]
    return _shown(option, *[text] * (option.takes if option.takes > 0 else index + 1))


def _shown(option: Option, *texts: str) -> tuple[str, ...]:
    return (*option.flags[-1:], *texts)
