"""The genotype of the search: which callable, on what, with what, and how it is driven to its end."""

import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count

from qeforge.domain.candidate import Candidate
from qeforge.domain.target import Kind, Target
from qeforge.engine.specials import DRAINED, said_of
from qeforge.engine.value import Value, merged


class Drive(StrEnum):
    """How the result of the call is brought to its end."""

    CALL = "call"
    LIST = "list"  # an iterator, drained
    SLICE = "slice"  # an iterator that does not end: its first items
    RUN = "run"  # a coroutine
    COLLECT = "collect"  # an async generator
    ENTER = "enter"  # a context manager
    ENTER_RAISE = "enter, raise"  # a context manager whose body raises
    ENTER_ASYNC = "enter async"
    SEND = "send"  # a generator, into which `then` is sent
    THROW = "throw"  # a generator, into which `error` is thrown
    CLOSE = "close"  # a generator, closed at its first item
    INVOKE = "invoke"  # a click command, on its one argument, the vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument; `keyword` when it is passed by name, `star` is `*` or `**` when it is unpacked."""

    name: str
    value: Value
    keyword: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A call on the receiver before the act; `awaited` for coroutine methods."""

    method: str
    arguments: tuple[Argument, ...] = ()
    awaited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A candidate before it is text.

    `receiver` is the object of a method, or the class on which a class method is called when it is not its own.
    `then` are the arguments with which a returned function is called, None when it is not, and `after` those for what
    that returns. `through` is an expression that finds a function which the call put somewhere, to be called with
    `then`; `{receiver}` in it is the receiver's variable. `error` is what is raised in the body of a context manager or
    thrown into a generator. `world` are statements that arrange the surroundings first (a folder, an environment
    variable), with their fixtures and imports.
    `aim` is the line of the predicate that it was changed to turn, 0 for none.
    `generation` counts the changes since it was seeded.
    """

    target: Target
    receiver: Value | None = None
    steps: tuple[Step, ...] = ()
    arguments: tuple[Argument, ...] = ()
    drive: Drive = Drive.CALL
    then: tuple[Argument, ...] | None = None
    after: tuple[Argument, ...] | None = None
    through: str = ""
    error: str = 'ValueError("boom")'
    world: tuple[str, ...] = ()
    world_imports: tuple[str, ...] = ()
    world_fixtures: tuple[str, ...] = ()
    generation: int = 0
    aim: int = 0

    def values(self) -> list[Value]:
        """Every value in it, the receiver first."""
        inner = [a.value for step in self.steps for a in step.arguments]
        own = [self.receiver] if self.receiver else []
        return [
            *own,
            *inner,
            *(a.value for a in self.arguments),
            *(a.value for a in (*(self.then or ()), *(self.after or ()))),
        ]

    def map_values(self, change: Callable[[Value], Value]) -> "Plan":
        """The same plan with every value replaced by `change(value)`."""

        def row(arguments: tuple[Argument, ...]) -> tuple[Argument, ...]:
            return tuple(replace(a, value=change(a.value)) for a in arguments)

        return replace(
            self,
            receiver=change(self.receiver) if self.receiver else None,
            steps=tuple(replace(step, arguments=row(step.arguments)) for step in self.steps),
            arguments=row(self.arguments),
            then=None if self.then is None else row(self.then),
            after=None if self.after is None else row(self.after),
            generation=self.generation + 1,
        )

    def with_value(self, index: int, value: Value) -> "Plan":
        """The same plan with one of its values exchanged, by its position in `values`."""
        positions = count()
        return self.map_values(lambda old: value if next(positions) == index else old)

    def with_argument(self, name: str, value: Value, *, keyword: bool = True) -> "Plan":
        """The same plan with one argument set or added."""
        known = any(a.name == name for a in self.arguments)
        changed = (
            tuple(replace(a, value=value) if a.name == name else a for a in self.arguments)
            if known
            else (*self.arguments, Argument(name=name, value=value, keyword=keyword))
        )
        return replace(self, arguments=changed, generation=self.generation + 1)


def to_candidate(plan: Plan, *, proposer: str = "native") -> Candidate:
    """The plan as a test prefix."""
    target = plan.target
    top = target.qualname.split(".")[0]
    imports = [f"from {target.module} import {top}"]
    taken = {top}
    fixtures = [*plan.world_fixtures]
    for value in plan.values():
        imports += value.imports
        fixtures += value.fixtures
    imports += plan.world_imports
    for line in imports:
        taken |= set(re.findall(r"\w+", line.rpartition("import ")[2]))
    taken |= set(fixtures)
    arrange: list[str] = list(plan.world)
    arrange += merged(value.before for value in plan.values())

    def name_for(wanted: str) -> str:
        name = re.sub(r"\W", "", wanted).lstrip("_") or "value"
        if keyword.iskeyword(name) or name in taken or name in _SHADOWED:
            name += "_"
        base, number = name, 2
        while name in taken:
            name, number = f"{base}{number}", number + 1
        taken.add(name)
        return name

    def bind(wanted: str, value: Value) -> str:
        name = name_for(wanted)
        arrange.append(f"{name} = {value.source}")
        arrange.extend(line.format(name=name) for line in value.setup)
        return name

    def passed(arguments: Sequence[Argument], prefix: str = "") -> list[str]:
        texts = []
        for argument in arguments:
            text = bind(prefix + argument.name, argument.value) if argument.value.lifted else argument.value.source
            texts.append(f"{argument.name}={text}" if argument.keyword else text)
        return texts

    receiver = ""
    if plan.receiver is not None:
        inline = target.kind is Kind.CLASS_METHOD
        receiver = plan.receiver.source if inline else bind(_snake(target.owner or top), plan.receiver)
    for step in plan.steps:
        inside = _stepped(receiver, step.method, passed(step.arguments))
        if step.awaited:
            imports.append("import asyncio")
            inside = f"asyncio.run({inside})"
        arrange.append(inside)
    texts = passed(plan.arguments)
    act = _act(plan, receiver, texts, imports)
    if plan.through:
        arrange.append(act)
        act = plan.through.replace("{receiver}", receiver)
    if plan.then is not None and plan.drive is not Drive.SEND:
        act = f"{act}({', '.join(passed(plan.then, 'inner_'))})"
    if plan.after is not None:
        act = f"{act}({', '.join(passed(plan.after, 'inner_'))})"
    if plan.drive in (Drive.SEND, Drive.THROW, Drive.CLOSE):
        sent = passed(plan.then or (), "sent_") if plan.drive is Drive.SEND else []
        act = _resumed(plan, act, sent, bind, arrange)
    act = _driven(plan, act, arrange, imports)
    words = set(re.findall(r"\w+", "\n".join([*arrange, act])))  # what a value was changed into may use no fixture
    return Candidate(
        target=target.id,
        act=act,
        arrange=tuple(arrange),
        imports=merged((imports,)),
        fixtures=tuple(name for name in merged((fixtures,)) if name in plan.world_fixtures or name in words),
        proposer=proposer,
    )


_SHADOWED = frozenset(
    {
        "input",
        "list",
        "dict",
        "set",
        "str",
        "int",
        "float",
        "bytes",
        "object",
        "type",
        "id",
        "iter",
        "next",
        "len",
        "max",
        "min",
        "sum",
        "map",
        "filter",
        "range",
        "tuple",
        "format",
        "hash",
        "open",
        "print",
        "result",
        "all",
        "any",
        "dir",
        "vars",
    }
)


def _act(plan: Plan, receiver: str, texts: list[str], imports: list[str]) -> str:
    target = plan.target
    inside = ", ".join(texts)
    if plan.drive is Drive.INVOKE:
        return f"CliRunner().invoke({target.qualname}, {inside})"
    if target.kind is Kind.PROPERTY:
        return f"{receiver}.{target.name} = {texts[0]}" if texts else f"{receiver}.{target.name}"
    if target.kind is Kind.CONSTRUCTOR:
        return f"{target.owner or target.qualname}({inside})"
    if target.kind is Kind.CLASS_METHOD and receiver:
        return f"{receiver}.{_mangled(target.owner or '', target.name)}({inside})"
    if target.kind is not Kind.METHOD or not receiver:
        owner, _, name = target.qualname.rpartition(".")
        return f"{owner}.{_mangled(owner, name)}({inside})" if owner else f"{name}({inside})"
    said = said_of(target.name, receiver, texts)
    if said is not None:
        imports.extend(said.imports)
        return said.source
    return f"{receiver}.{_mangled(target.owner or '', target.name)}({inside})"


def _stepped(receiver: str, method: str, texts: list[str]) -> str:
    match method, texts:
        case "__setitem__", [key, value]:
            return f"{receiver}[{key}] = {value}"
        case "__delitem__", [key]:
            return f"del {receiver}[{key}]"
        case "__call__", _:
            return f"{receiver}({', '.join(texts)})"
        case _:
            return f"{receiver}.{method}({', '.join(texts)})"


def _resumed(plan: Plan, act: str, sent: list[str], bind: Callable[[str, Value], str], arrange: list[str]) -> str:
    """A generator that is at its first item, and what is done to it there."""
    generator = bind("generator", Value(source=act))
    arrange.append(f"next({generator})")
    arrange.extend(f"{generator}.send({text})" for text in sent[:-1])
    if plan.drive is Drive.SEND:
        return f"{generator}.send({', '.join(sent[-1:]) or 'None'})"
    return f"{generator}.close()" if plan.drive is Drive.CLOSE else f"{generator}.throw({plan.error})"


def _driven(plan: Plan, act: str, arrange: list[str], imports: list[str]) -> str:
    match plan.drive:
        case Drive.CALL | Drive.SEND | Drive.THROW | Drive.CLOSE:
            return act
        case Drive.LIST:
            return act if plan.target.name in DRAINED and act.startswith("list(") else f"list({act})"
        case Drive.SLICE:
            imports.append("from itertools import islice")
            return f"list(islice({act}, 5))"
        case Drive.RUN:
            imports.append("import asyncio")
            return f"asyncio.run({act})"
        case Drive.COLLECT:
            imports.append("import asyncio")
            arrange.append(f"async def collect():\n    return [item async for item in {act}]")
            return "asyncio.run(collect())"
        case Drive.ENTER:
            return f"with {act} as entered:\n    result = entered"
        case Drive.ENTER_RAISE:
            return f"with {act}:\n    raise {plan.error}"
        case Drive.ENTER_ASYNC:
            imports.append("import asyncio")
            arrange.append(f"async def enter():\n    async with {act} as entered:\n        return entered")
            return "asyncio.run(enter())"
        case Drive.INVOKE:
            imports.append("from click.testing import CliRunner")
            return act


def _mangled(owner: str, name: str) -> str:
    if name.startswith("__") and not name.endswith("__") and owner:
        return f"_{owner.rpartition('.')[2].lstrip('_')}{name}"
    return name


def _snake(name: str) -> str:
    last = name.rpartition(".")[2].strip("_")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", last).lower() or "subject"
