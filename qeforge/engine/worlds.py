"""Surroundings that code asks for: a working folder, environment variables, arguments, standard input, no waiting.

Each is the least that lets the code run, written as a person would: through `monkeypatch` and `tmp_path`.
"""

import ast
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from qeforge.analysis.command_line import commands_of
from qeforge.analysis.symbols import symbols_of
from qeforge.domain.observation import Observation, Raised
from qeforge.domain.recipe import Fake
from qeforge.domain.target import SourceModule
from qeforge.engine.commands import vectors
from qeforge.engine.fakes import fakes_for
from qeforge.engine.plan import Plan
from qeforge.engine.steady import Steady
from qeforge.engine.trees import Trees, with_key
from qeforge.engine.unready import Unready

_CHDIR = "monkeypatch.chdir(tmp_path)"
_OWN_FOLDERS = {"cwd": _CHDIR, "home": 'monkeypatch.setenv("HOME", str(tmp_path))'}
"""What keeps the files of code in the test's own folder, by where it wrote them."""
_NO_INPUT = ("EOFError", "click.exceptions.Abort")


class Worlds:
    """What the code of one module reads from its surroundings.

    Args:
        module: under test.
        fakes: whether anything may be put in the place of something else.
        known: stand-ins that were of use before, the best first.
    """

    def __init__(self, module: SourceModule, *, fakes: bool = True, known: Sequence[Fake] = ()) -> None:
        symbols = symbols_of(module)
        nodes = symbols.nodes
        self._faking = fakes
        self._fakes = {kind: fakes_for(nodes, module.name, kind, known) for kind in ("process", "network")}
        self._vectors = vectors(commands_of(symbols))
        self._variables = dict(_environment_reads(nodes))
        self._argv = _functions_using(nodes, "argv", "parse_args", "ArgumentParser")
        self._stdin = _functions_using(nodes, "stdin", "input")
        self._steady = Steady(module)
        self.trees = Trees(module)
        self._unready = Unready(module)
        self._sleeps = _functions_using(nodes, "sleep")

    def prepare(self, plan: Plan) -> Iterator[Plan]:
        """Plans in the surroundings that the target's own code mentions; none when it mentions none."""
        span = plan.target.span
        names = [name for line, name in self._variables.items() if line in span]
        for name in names[:3]:
            for text in ("abc", "1", ""):
                yield _with(plan, f'monkeypatch.setenv("{name}", "{text}")', fixtures=("monkeypatch",))
            yield _with(plan, f'monkeypatch.delenv("{name}", raising=False)', fixtures=("monkeypatch",))
        yield from self._unready.switched(plan) if self._faking else ()
        if any(line in span for line in self._argv):
            for arguments in self._vectors:
                vector = json.dumps(["prog", *arguments])
                yield _with(plan, f'monkeypatch.setattr("sys.argv", {vector})', fixtures=("monkeypatch",))
        if any(line in span for line in self._stdin):
            for text in ('"abc\\n"', '"yes\\n"', '""', '"1\\n2\\n"'):
                yield _with(
                    plan,
                    f'monkeypatch.setattr("sys.stdin", io.StringIO({text}))',
                    fixtures=("monkeypatch",),
                    imports=("import io",),
                )
        for statements, imports in self._steady.worlds(span) if self._faking else ():
            for_plan = plan
            for statement in statements:
                for_plan = _with(for_plan, statement, fixtures=("monkeypatch",), imports=imports)
            yield for_plan
        if any(line in span for line in self._sleeps):
            yield _with(plan, 'monkeypatch.setattr("time.sleep", lambda seconds: None)', fixtures=("monkeypatch",))

    def answers(self, plan: Plan, seen: Observation) -> list[Plan]:
        """Plans that give the code what the sandbox refused, or keep its files in the test's own folder."""
        found = []
        for effect in seen.effects:
            own = _OWN_FOLDERS.get(effect.kind)
            if own is not None and own not in plan.world:
                found.append(_with(plan, own, fixtures=("monkeypatch", "tmp_path")))
                break
        for effect in seen.effects:
            if not effect.blocked:
                continue
            if effect.kind in self._fakes:
                found += [
                    _with(plan, fake.statement, fixtures=("monkeypatch",), imports=fake.imports)
                    for fake in self._fakes[effect.kind]
                    if not any(_place(fake.statement) == _place(line) for line in plan.world)
                ]
            elif effect.kind == "stdin":
                found += self._with_input(plan)
            if found:
                break
        return found

    def after_exception(self, plan: Plan, raised: Raised) -> list[Plan]:
        """Plans with standard input, when the code asked for some; with the file that it did not find, the key, or the
        attribute of a global."""
        if raised.type_name == "AttributeError":
            return list(self._unready.plans(plan, raised))
        if raised.type_name == "KeyError" and self._faking:
            return with_key(plan, raised)
        missing = self.trees.after_missing(plan, raised) if self._faking else []
        return self._with_input(plan) if raised.type_name in _NO_INPUT else missing

    def _with_input(self, plan: Plan) -> list[Plan]:
        if any("sys.stdin" in line for line in plan.world):
            return []
        return [
            _with(
                plan,
                f'monkeypatch.setattr("sys.stdin", io.StringIO({text}))',
                fixtures=("monkeypatch",),
                imports=("import io",),
            )
            for text in ('"abc\\n"', '"y\\n"', '"1\\n2\\n3\\n"', '"\\n"', '"no\\n"')
        ]


def _place(statement: str) -> str:
    """What a `monkeypatch.setattr` statement replaces."""
    return statement.partition(",")[0]


def _with(plan: Plan, statement: str, *, fixtures: tuple[str, ...], imports: tuple[str, ...] = ()) -> Plan:
    return replace(
        plan,
        world=(*plan.world, statement),
        world_fixtures=(*plan.world_fixtures, *fixtures),
        world_imports=(*plan.world_imports, *imports),
        generation=plan.generation + 1,
    )


def _environment_reads(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """Line and name of each environment variable that is read by a literal name."""
    for node in nodes:
        match node:
            case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))):
                yield node.lineno, name
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="environ")), args=[ast.Constant(value=str(name)), *_]
            ):
                yield node.lineno, name
            case ast.Call(
                func=(ast.Attribute(attr="getenv") | ast.Name(id="getenv")), args=[ast.Constant(value=str(name)), *_]
            ):
                yield node.lineno, name


def _functions_using(nodes: Iterable[ast.AST], *names: str) -> list[int]:
    """Lines that mention one of the names."""
    return [
        node.lineno
        for node in nodes
        if (isinstance(node, ast.Attribute) and node.attr in names) or (isinstance(node, ast.Name) and node.id in names)
    ]
