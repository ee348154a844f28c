"""What a module's command line takes, read from the calls that declare it: argparse, optparse, getopt, click."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qeforge.analysis.symbols import Symbols

_FLAG_ACTIONS = frozenset({"store_true", "store_false", "store_const", "append_const", "count", "help", "version"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option or positional argument.

    Args:
        flags: as they are written (`-o`, `--output`); none for a positional.
        name: what it stands for.
        type: source of the type that it is converted by (`int`, `Path`); empty for text.
        choices: the only values allowed.
        takes: how many values: 0 for a flag, -1 for any number.
        required: whether a call must give it.
    """

    name: str
    flags: tuple[str, ...] = ()
    type: str = ""
    choices: tuple[str, ...] = ()
    takes: int = 1
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line: its own options, and the words that lead to it from the program's name."""

    words: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()


@dataclass(slots=True)
class _Found:
    """Options by the name of the parser that they were added to."""

    options: dict[str, list[Option]] = field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)


def commands_of(symbols: Symbols) -> tuple[Command, ...]:
    """The command lines that a module declares, the program's own first; none when it declares none."""
    found = _Found()
    for node in symbols.nodes:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name), *_], value=ast.Call(func=ast.Attribute(), args=arguments) as call
            ):
                _parser(found, name, call, arguments)
    for node in symbols.nodes:
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("add_argument", "add_option"):
                option = _argparse_option(node)
                if option is not None:
                    parser = _root(found, ast.unparse(node.func.value))
                    found.options.setdefault(parser, []).append(option)
            elif symbols.dotted(node.func) in ("getopt.getopt", "getopt.gnu_getopt", "getopt", "gnu_getopt"):
                found.options.setdefault("getopt", []).extend(_getopt(node))
    names = [name for name in found.options if name not in found.words]
    programs = [Command(options=tuple(found.options[name])) for name in names]
    below = [Command(words=words, options=tuple(found.options.get(name, ()))) for name, words in found.words.items()]
    return (*programs, *below)


def _parser(found: _Found, name: str, call: ast.Call, arguments: list[ast.expr]) -> None:
    assert isinstance(call.func, ast.Attribute)
    owner = ast.unparse(call.func.value)
    match call.func.attr, arguments:
        case "add_parser", [ast.Constant(value=str(word)), *_]:
            found.words[name] = (*found.words.get(found.parents.get(owner, ""), ()), word)
        case (("add_subparsers" | "add_argument_group" | "add_mutually_exclusive_group" | "add_option_group"), _):
            found.parents[name] = owner


def _root(found: _Found, name: str) -> str:
    for _ in range(4):
        name = found.parents.get(name, name)
    return name


def _argparse_option(node: ast.Call) -> Option | None:
    names = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if not names:
        return None
    flags = tuple(name for name in names if name.startswith("-"))
    words = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    action = _constant(words.get("action"))
    takes = 0 if action in _FLAG_ACTIONS else 1
    count = _constant(words.get("nargs"))
    if isinstance(count, int):
        takes = count
    elif count in ("*", "+"):
        takes = -1
    required = (not flags and count not in ("?", "*")) or _constant(words.get("required")) is True
    return Option(
        name=(flags[-1] if flags else names[0]).lstrip("-"),
        flags=flags,
        type=_type(words.get("type")),
        choices=tuple(_choices(words.get("choices"))),
        takes=takes,
        required=required,
    )


def _type(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value  # optparse names it
    return ast.unparse(node) if node is not None else ""


def _choices(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        for item in node.elts:
            if isinstance(item, ast.Constant):
                yield str(item.value)
    elif isinstance(node, ast.Dict):
        yield from (str(key.value) for key in node.keys if isinstance(key, ast.Constant))


def _getopt(node: ast.Call) -> Iterator[Option]:
    short = _constant(node.args[1]) if len(node.args) > 1 else ""
    if isinstance(short, str):
        for index, letter in enumerate(short):
            if letter.isalnum():
                yield Option(name=letter, flags=(f"-{letter}",), takes=int(short[index + 1 : index + 2] == ":"))
    if len(node.args) > 2 and isinstance(node.args[2], ast.List | ast.Tuple):
        for item in node.args[2].elts:
            if isinstance(item, ast.Constant) and isinstance(item.value, str):
                name = item.value.rstrip("=")
                yield Option(name=name, flags=(f"--{name}",), takes=int(item.value.endswith("=")))


def _constant(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def decorated_commands(symbols: Symbols) -> Mapping[str, Command]:
    """Functions that a decorator of click makes a command of, by qualname, and what each takes."""
    found: dict[str, Command] = {}
    for qualname, nodes in symbols.functions.items():
        options: list[Option] = []
        is_command = False
        for decorator in nodes[-1].decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            path = symbols.dotted(called) or ""
            if path.startswith("click.") and path.rpartition(".")[2] in ("command", "group"):
                is_command = True
            elif isinstance(decorator, ast.Call) and path in ("click.option", "click.argument"):
                option = _click_option(decorator, positional=path.endswith("argument"))
                if option is not None:
                    options.insert(0, option)
        if is_command:
            found[qualname] = Command(options=tuple(options))
    return found


def _click_option(node: ast.Call, *, positional: bool) -> Option | None:
    names = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if not names:
        return None
    words = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    flags = () if positional else tuple(part for name in names if name.startswith("-") for part in name.split("/"))
    kind = words.get("type")
    choices: tuple[str, ...] = ()
    if isinstance(kind, ast.Call) and ast.unparse(kind.func).rpartition(".")[2] == "Choice" and kind.args:
        choices = tuple(_choices(kind.args[0]))
    flagged = _constant(words.get("is_flag")) is True or any("/" in name for name in names)
    count = _constant(words.get("nargs"))
    takes = 0 if flagged or _constant(words.get("count")) is True else count if isinstance(count, int) else 1
    required = _constant(words.get("required")) is True or (
        positional and "default" not in words and _constant(words.get("required")) is not False and takes != -1
    )
    return Option(
        name=names[0].lstrip("-"),
        flags=flags,
        type=ast.unparse(kind).rpartition(".")[2].lower() if kind is not None else "",
        choices=choices,
        takes=takes,
        required=required,
    )


def argument_parameters(symbols: Symbols) -> frozenset[tuple[str, str]]:
    """`(qualname, parameter)` of the parameters that are parsed as an argument vector."""
    found: set[tuple[str, str]] = set()
    for qualname, nodes in symbols.functions.items():
        arguments = nodes[-1].args
        names = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        for node in ast.walk(nodes[-1]):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            if called in ("parse_args", "parse_known_args", "getopt", "gnu_getopt"):
                given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "args")]
                used = {inner.id for part in given for inner in ast.walk(part) if isinstance(inner, ast.Name)}
                found.update((qualname, name) for name in used & names)
    return frozenset(found)
