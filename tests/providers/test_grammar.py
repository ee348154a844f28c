"""The grammars are read here by a few lines of our own; with a real model, llama.cpp reads them (`test_llama.py`)."""

import inspect
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.domain.routing import Engine
from qeforge.domain.target import SourceModule, Target
from qeforge.providers.grammar import Opening, grammar_for
from qeforge.providers.prompts import Aim, prompt_for
from tests.analysis.modules import module_of

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[a-z][a-z0-9-]*|\{\d+,\d+\}|[()|?]')
_TERMINALS = {"value": "1", "word": "extra", "free": "1"}


def test_every_call_fits_the_signature_and_every_way_to_give_arguments_is_there() -> None:
    module = module_of("def price(net, country='DE', *, gross=False): pass")
    assert sentences(module, "price", "call") == {
        *("1", "1, 1", "1, 1, gross=1", "1, gross=1", "1, country=1", "1, country=1, gross=1"),
        *("net=1", "net=1, gross=1", "net=1, country=1", "net=1, country=1, gross=1"),
    }


def test_what_is_required_is_always_there() -> None:
    module = module_of("def first(a, /, b, *, c): pass")
    assert sentences(module, "first", "call") == {"1, 1, c=1", "1, b=1, c=1"}


def test_a_call_of_what_takes_nothing_has_nothing_in_it() -> None:
    assert sentences(module_of("def now(): pass"), "now", "call") == {""}


@st.composite
def signatures(draw: st.DrawFn) -> str:
    """The parameters of a function, as they are written."""
    names = iter("abcdefg")
    parts: list[str] = []
    defaults = False
    for group, marker in ((draw(st.integers(0, 2)), "/"), (draw(st.integers(0, 2)), "")):
        for _ in range(group):
            defaults = defaults or draw(st.booleans())
            parts.append(f"{next(names)}=0" if defaults else next(names))
        if group and marker:
            parts.append(marker)
    many = draw(st.sampled_from(("", "*rest")))
    named = [f"{next(names)}{draw(st.sampled_from(('', '=0')))}" for _ in range(draw(st.integers(0, 2)))]
    parts += [many or "*"] * bool(many or named) + named
    return ", ".join([*parts, *(["**others"] if draw(st.booleans()) else [])])


@given(signatures())
def test_every_sentence_binds(parameters: str) -> None:
    module = module_of(f"def target({parameters}): pass")
    namespace: dict[str, object] = {}
    exec(f"def target({parameters}): pass", namespace)
    signature = inspect.signature(namespace["target"])  # type: ignore[arg-type]
    found = sentences(module, "target", "call")
    assert found
    for text in found:
        given_by = eval(f"(lambda *args, **kwargs: (args, kwargs))({text})")
        signature.bind(*given_by[0], **given_by[1])


def test_an_object_is_made_before_its_method_is_called() -> None:
    module = module_of(
        """
        class Cart:
            def __init__(self, owner): self.owner = owner
            def add(self, name): return name
        """
    )
    grammar = grammar_for(module, target(module, "Cart.add"), Opening(text="c = Cart(", variable="c", made="c = Cart("))
    assert rules(grammar)["rest"] == """make ")" ("\\n" "c.add(" call ")"){1,2}"""
    assert set(expanded(rules(grammar), "make")) == {"1", "owner=1"}


def test_an_object_that_takes_nothing_is_made_already() -> None:
    module = module_of(
        """
        class Cart:
            def add(self, name): return name
            @property
            def size(self): return 1
        """
    )
    opening = Opening(text="cart = Cart()\ncart.add(", variable="cart", made="cart = Cart()")
    found = rules(grammar_for(module, target(module, "Cart.add"), opening))
    assert found["rest"] == 'call ")"'
    assert found["unit"] == '''("cart = Cart()" "\\n")? "cart.add(" call ")"'''


def test_a_class_inside_another_is_not_taken_for_its_constructor() -> None:
    module = module_of(
        """
        class Shop:
            class Meta:
                ordered = True
            def __init__(self, name): self.name = name
            def total(self, extra): return extra
        """
    )
    opening = Opening(text="shop = Shop(", variable="shop", made="shop = Shop(")
    assert set(expanded(rules(grammar_for(module, target(module, "Shop.total"), opening)), "make")) == {"1", "name=1"}
    meta = target(module, "Shop.Meta")
    assert prompt_for(Engine.LOCAL, module, Aim(target=meta), tokens=len).prefill == "```python\nShop.Meta("


@pytest.mark.parametrize(("base", "rule"), [("ValueError", "free"), ("Plain", "make-0"), ("object", "make-0")])
def test_what_a_base_from_elsewhere_takes_is_free(base: str, rule: str) -> None:
    module = module_of(
        f"""
        class Plain:
            pass
        class Form({base}):
            def clean(self, value): return value
        """
    )
    opening = Opening(text="form = Form(", variable="form", made="form = Form(")
    assert rules(grammar_for(module, target(module, "Form.clean"), opening))["make"] == rule


def test_a_property_may_be_set_where_it_can_be() -> None:
    module = module_of(
        """
        class Cart:
            def __init__(self, owner): self.owner = owner
            @property
            def size(self): return 1
            @size.setter
            def size(self, value): self.owner = value
        """
    )
    opening = Opening(text="cart = Cart(", variable="cart", made="cart = Cart(")
    assert '"cart.size" (" = " value)?' in rules(grammar_for(module, target(module, "Cart.size"), opening))["rest"]


def test_a_property_is_read() -> None:
    module = module_of(
        """
        class Cart:
            def __init__(self, owner): self.owner = owner
            @property
            def size(self): return 1
        """
    )
    opening = Opening(text="cart = Cart(", variable="cart", made="cart = Cart(")
    assert rules(grammar_for(module, target(module, "Cart.size"), opening))["rest"].endswith('("\\n" "cart.size"){1,2}')


def test_later_purposes_are_comments_above_calls() -> None:
    module = module_of("def price(net): pass")
    grammar = grammar_for(module, target(module, "price"), Opening(text="price("), ["# net < 0", '# net == "a"'])
    root = rules(grammar)["root"]
    assert root == """rest more "\\n" "# net < 0" "\\n" unit more "\\n" "# net == \\"a\\"" "\\n" unit more end"""


def test_names_are_those_of_the_module_and_harmless_builtins() -> None:
    module = module_of(
        """
        import json
        from datetime import date
        from typing import Any
        RATES = {}
        def price(net): pass
        """
    )
    known = rules(grammar_for(module, target(module, "price"), Opening(text="price(")))["known"]
    names = {json.loads(each) for each in re.findall(r'"(?:[^"\\]|\\.)*"', known)}
    assert {"RATES", "price", "json", "date", "int", "ValueError"} <= names
    assert not {"Any", "open", "exec", "eval", "exit", "input"} & names


@pytest.mark.parametrize("name", ["price", "Cart.add"])
def test_every_rule_that_is_named_is_there(name: str) -> None:
    module = module_of(
        """
        def price(net, *rest, **others): pass
        class Cart:
            def add(self, name): return name
        """
    )
    opening = Opening(text="cart = Cart(", variable="cart", made="cart = Cart(") if "." in name else Opening(text="f(")
    found = rules(grammar_for(module, target(module, name), opening))
    for text in found.values():
        bare = re.sub(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]', "", text)
        assert set(re.findall(r"[a-z][a-z0-9-]*", bare)) <= set(found)


# -- reading grammars -------------------------------------------------------------------------------------------------


def target(module: SourceModule, name: str) -> Target:
    return next(each for each in module.targets if each.qualname == name)


def sentences(module: SourceModule, name: str, rule: str) -> set[str]:
    """All that a rule allows, with few repetitions."""
    return set(expanded(rules(grammar_for(module, target(module, name), Opening(text=f"{name}("))), rule))


def rules(grammar: str) -> Mapping[str, str]:
    return dict(line.split(" ::= ", 1) for line in grammar.splitlines())


def expanded(found: Mapping[str, str], rule: str) -> list[str]:
    tokens = _TOKEN.findall(found[rule])
    texts, rest = _ways(tokens, found)
    assert not rest
    return texts


def _ways(tokens: Sequence[str], found: Mapping[str, str]) -> tuple[list[str], Sequence[str]]:
    every: list[str] = []
    sequence = [""]
    while tokens and tokens[0] != ")":
        head, *tokens = tokens
        if head == "|":
            every += sequence
            sequence = [""]
            continue
        if head == "(":
            part, tokens = _ways(tokens, found)
            assert tokens[0] == ")"
            tokens = tokens[1:]
        elif head.startswith('"'):
            part = [json.loads(head)]
        else:
            part = [_TERMINALS[head]] if head in _TERMINALS else expanded(found, head)
        counts: Iterator[int] = iter((1,))
        if tokens and tokens[0] == "?":
            counts, tokens = iter((0, 1)), tokens[1:]
        elif tokens and tokens[0].startswith("{"):
            least = int(tokens[0][1:].partition(",")[0])
            counts, tokens = iter((least, least + 1)), tokens[1:]
        repeated = ["".join(each) for count in counts for each in itertools.product(part, repeat=count)]
        sequence = [before + after for before in sequence for after in repeated]
    return every + sequence, tokens
