import ast
import importlib.util
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qeforge.analysis.mutants import LONGEST_STATEMENT, MOST_ELEMENTS, find_mutants
from qeforge.analysis.operators import Text
from qeforge.domain.mutant import Mutant
from tests.analysis.modules import module_of


def of_stdlib(name: str) -> str:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


def mutated(source: str, mutant: Mutant) -> str:
    text = Text(source)
    start, end = text.offset_of(mutant.start), text.offset_of(mutant.end)
    assert source[start:end] == mutant.original
    return source[:start] + mutant.replacement + source[end:]


def described(source: str) -> list[str]:
    return [f"{mutant.operator}: {mutant.original}→{mutant.replacement}" for mutant in find_mutants(module_of(source))]


def check_real_module(name: str, step: int) -> None:
    source = of_stdlib(name)
    original = ast.dump(ast.parse(source))
    mutants = find_mutants(module_of(source))
    for mutant in mutants[::step]:
        other = mutated(source, mutant)
        compile(other, name, "exec", dont_inherit=True)
        assert ast.dump(ast.parse(other)) != original, mutant
    code = sum(1 for line in source.splitlines() if line.strip() and not line.strip().startswith("#"))
    assert 0.4 * code <= len(mutants) <= 1.6 * code


@pytest.mark.parametrize("name, step", [("textwrap", 1), ("bisect", 1), ("shlex", 3), ("fractions", 11)])
def test_mutants_of_a_real_module_compile_and_differ(name: str, step: int) -> None:
    check_real_module(name, step)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fractions", "shlex"])
def test_every_mutant_of_a_real_module_compiles_and_differs(name: str) -> None:
    check_real_module(name, 1)


def test_mutants_come_by_position_and_are_the_same_every_time() -> None:
    module = module_of(of_stdlib("textwrap"))
    mutants = find_mutants(module)
    assert [m.start for m in mutants] == sorted(m.start for m in mutants)
    assert mutants == find_mutants(module)
    assert len({mutant.id for mutant in mutants}) == len(mutants)


def test_scope_is_the_outermost_function_and_none_for_what_runs_when_it_is_defined() -> None:
    source = """
    LIMIT = 1

    class Outer:
        SIZE = 2

        class Inner:
            def method(self, n=3):
                def nested():
                    return 4 + n
                return nested

    @register(5)
    def function(n=6):
        class Local:
            def inner(self):
                return 7
        return Local
    """
    scopes = {m.original: m.scope for m in find_mutants(module_of(source)) if m.operator == "number"}
    inner = "Outer.Inner.method"
    assert scopes == {"1": None, "2": None, "3": None, "4": inner, "5": None, "6": None, "7": "function"}


@pytest.mark.parametrize(
    "source",
    [
        '"""Doc 1."""',
        'def f():\n    """Doc."""',
        "def f(a: int = None) -> 'B': ...",
        "a: 'list[1]'",
        "if __name__ == '__main__':\n    f(1)",
        "if TYPE_CHECKING:\n    a = 1",
        "if typing.TYPE_CHECKING:\n    a = 1",
        "__all__ = ['a']",
        "__version__ = '1'",
        "T = TypeVar('T', bound='int')",
        "Alias = Union[int, 'B']",
        "Alias: TypeAlias = 'list[int]'",
        "logger.info('a %s', 1)",
        "logging.getLogger\nself._log.debug(f(1))",
        "@overload\ndef f(a=1): return 1",
        "f'{a + 1:>{2}} b'",
        "import a.b",
        "global a",
    ],
)
def test_nothing_is_mutated_where_no_test_could_notice(source: str) -> None:
    assert described(source) == []


def test_excluded_lines_have_no_mutants() -> None:
    source = "a = 1\nb = (2 +\n     3)\n"
    assert {m.line for m in find_mutants(module_of(source), excluded=frozenset({3}))} == {1, 2}
    assert all(m.original != "3" for m in find_mutants(module_of(source), excluded=frozenset({3})))


@pytest.mark.parametrize(
    "source, expected",
    [
        ("x = (a  # less <\n     <\n     b)", "comparison: <→<="),
        ("x = (a) \\\n    not   in (b)", "comparison: not   in→in"),
        ("if (n := f(a)) and b: pass", "boolean: and→or"),
        ("ä = 'ö' + ü * 2", "arithmetic: *→/"),
        ("x = 'ü'; y -= 1", "augmented-assignment: -=→="),
        ("if a: pass\nelif b: pass", "negated-condition: b→not (b)"),
        ("if a:\n  if b:\n   pass\n  elif c:\n   pass", "negated-condition: c→not (c)"),
        ("match a:\n case 1 if b > c: pass", "comparison: >→>="),
        ("class A:\n    def f(self):\n        match a + 1:\n            case 'b': pass", "arithmetic: +→-"),
        ("def f():\n  try: a\n  except* B as e: g(1)", "number: 1→2"),
        ("class A:\n\t@p(1)\n\tdef f(self): return 2", "dropped-decorator: @p(1)\n\t→"),
        ("async def f():\n  async with a(b=1) as c: return await c", "dropped-keyword: b=1→"),
        ("x = 1 if a else 2", "conditional-arm: 1 if a else 2→(1)"),
        ("x = [b for b in c if not d]", "unary: not →"),
        ("with a(1), b: pass", "number: 1→2"),
        ("while a: break", "loop-control: break→continue"),
    ],
)
def test_operators_are_found_wherever_they_stand(source: str, expected: str) -> None:
    assert expected in described(source)


def test_windows_line_ends_are_kept_and_counted() -> None:
    source = "a = 1\r\nb = (2 +\r\n  3)\r\n"
    mutants = find_mutants(module_of(source))
    assert {m.line for m in mutants} == {1, 2, 3}
    assert all(mutated(source, m).count("\r\n") == 3 for m in mutants)


def test_a_table_of_data_gets_a_sample() -> None:
    numbers = [m for m in find_mutants(module_of(f"TABLE = {list(range(10, 500))}")) if m.operator == "number"]
    assert len(numbers) == 2 * MOST_ELEMENTS
    assert find_mutants(module_of(f"TABLE = {list(range(LONGEST_STATEMENT // 4))}")) == ()


NAMES = st.sampled_from(["a", "ä", "f(b)", "(c)", "1", "0.5", "'ö'", "x[1:2]", "(not d)", "(-e)"])
EXPRESSIONS = st.recursive(
    NAMES,
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "//", "%", "<", "==", "not in", "is not", "and", "or"]), inner
        ).map(lambda parts: f"({parts[0]} {parts[1]}  # ü\n {parts[2]})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"g({parts[0]}, key={parts[1]})"),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS, st.sampled_from(["x = {}", "def f():\n    return {}", "if {}:\n    pass", "for i in {}: break"]))
def test_any_expression_gives_mutants_that_parse_and_differ(expression: str, frame: str) -> None:
    source = frame.format(expression)
    original = ast.dump(ast.parse(source))
    for mutant in find_mutants(module_of(source)):
        assert ast.dump(ast.parse(mutated(source, mutant))) != original
