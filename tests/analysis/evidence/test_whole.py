"""Evidence of whole modules: strange, deep and large ones."""

import importlib.util
import pickle
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qeforge.analysis.evidence import Evidence, parameter_evidence, raised_types
from tests.analysis.evidence.reading import names, of
from tests.analysis.modules import module_of


def test_variadic_parameters_speak_of_their_items() -> None:
    source = "def f(*x: int, **y: str):\n    for each in x: print(each + 1)\n    return y['k'] == 'v'"
    items = of(source)
    assert items.element is not None
    assert names(items.element) == ["int"]
    values = of(source, parameter="y")
    assert values.values is not None
    assert names(values.values) == ["str"]
    assert values.keys["k"].equals == ("'v'",)


def test_evidence_can_be_compared_and_pickled() -> None:
    source = "def f(x):\n    return x.a['b'] == 1"
    assert of(source) == of(source)
    assert pickle.loads(pickle.dumps(of(source))) == of(source)


def test_a_long_chain_of_aliases_is_followed_a_few_levels() -> None:
    evidence = of("def f(x):\n    x == 1\n" + "    x = x.next\n" * 3000)
    assert evidence.equals == ("1",)
    assert evidence.attributes["next"].attributes["next"] != Evidence()


def test_an_expression_nested_too_deep_leaves_what_was_read_before() -> None:
    nested = "(" * 60 + "x" + ")(1)" * 60
    assert of(f"def f(x):\n    x == 1\n    return {'not ' * 900}x\n").equals == ("1",)
    assert of(f"def f(x):\n    x == 1\n    return {nested}\n").equals == ("1",)


@pytest.mark.parametrize("name", ["argparse", "difflib", "asyncio.base_events", "typing", "enum"])
def test_real_modules_are_read(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    module = module_of(Path(spec.origin).read_text(encoding="utf-8"), name)
    evidence = parameter_evidence(module)
    assert set(evidence) == {target.id for target in module.targets}
    known = [each for parameters in evidence.values() for each in parameters.values() if each != Evidence()]
    assert len(known) > sum(len(parameters) for parameters in evidence.values()) / 2


def test_work_grows_with_the_module_and_no_faster() -> None:
    def calls(functions: int) -> int:
        body = "\n".join(
            f"def f{i}(x, y={i}):\n    z = x.strip() or y\n    return f{i * 7 % functions}(z.a, y=x) if z == {i} else y"
            for i in range(functions)
        )
        module = module_of(body)
        count = 0

        def counted(frame: object, event: str, arg: object) -> None:
            nonlocal count
            count += event.endswith("call")

        before = sys.getprofile()
        sys.setprofile(counted)
        try:
            parameter_evidence(module)
        finally:
            sys.setprofile(before)
        return count

    assert calls(400) < 4.4 * calls(100)


SNIPPETS = st.lists(
    st.sampled_from(
        [
            "x = x.a", "y = x[0]", "x, y = y, x", "x = x + y", "for x in y: x()", "with x as y: y.read()",
            "y = [x for x in y if x]", "x.k = y", "x['k'] = y", "del x", "x = f(y)", "y = lambda x: x + 1",
            "match x:\n        case {'a': y}: pass", "y: int = x", "x += y", "return x(y)", "x = yield y",
            "def f(x): return x.b", "class x: y = 1", "assert isinstance(x, (int, y))", "y = x if y else f(x=y)",
            "global z", "x = {**x, 'a': y}", "y = f'{x!r:>{y}}'", "(z := x).lower()", "y = x in (y, 1, None)",
        ]
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(SNIPPETS)
def test_no_body_is_too_strange(body: list[str]) -> None:
    module = module_of("def f(x, y):\n    pass\n    " + "\n    ".join(body) + "\n")
    assert set(parameter_evidence(module)[f"{module.name}:f"]) == {"x", "y"}


def test_raised_types_are_named_by_where_they_come_from() -> None:
    source = """
    import json
    from decimal import InvalidOperation as Bad
    class Own(Exception): ...
    def f(x):
        if x:
            raise ValueError("a")
        try:
            raise Own
        except (KeyError, Bad):
            raise
        except json.JSONDecodeError as error:
            raise error
        def inner():
            raise OSError
    """
    module = module_of(source)
    target = next(target for target in module.targets if target.qualname == "f")
    assert raised_types(module, target) == ("ValueError", "shop.cart.Own", "KeyError", "decimal.InvalidOperation")
