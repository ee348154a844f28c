import ast
from dataclasses import replace

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.mutant import Mutant
from qeforge.domain.routing import Engine
from qeforge.domain.target import SourceModule, Target
from qeforge.providers.prompts import BUDGETS, OPEN, Aim, prompt_for, purposes_of, usable
from tests.analysis.modules import module_of

MODULE = module_of(
    '''
    """A shop."""
    import json

    RATES = {"DE": 19}

    def price(net, country="DE"):
        """The price with tax."""
        if country not in RATES:
            raise KeyError(country)
        return net * (100 + RATES[country]) / 100

    class Cart:
        def __init__(self, owner): self.owner = owner
        def add(self, name): return name
    '''
)


def target(name: str, module: SourceModule = MODULE) -> Target:
    return next(each for each in module.targets if each.qualname == name)


def words(text: str) -> int:
    return len(text.split())


def test_what_is_open_is_marked() -> None:
    mutant = Mutant(operator="number", start=(11, 18), end=(11, 21), original="100", replacement="101", scope="price")
    aim = Aim(target=target("price"), open_lines=frozenset({10}), mutants=(mutant,), count=5)
    prompt = prompt_for(Engine.CLOUD, MODULE, aim, tokens=words)
    marked = [line for line in prompt.ask.splitlines() if line.endswith(OPEN)]
    assert marked == [f"        raise KeyError(country){OPEN}"]
    assert "11: 100 → 101" in prompt.ask
    assert "They need:\n- `country not in RATES`\n" in prompt.ask
    assert "class Cart" in prompt.shared
    assert "RATES = {'DE': 19}" in prompt.shared


def test_a_local_question_lists_what_is_open() -> None:
    aim = Aim(target=target("price"), open_lines=frozenset({10}), count=5)
    prompt = prompt_for(Engine.LOCAL, MODULE, aim, tokens=words)
    assert OPEN not in prompt.ask
    assert (
        "all that follows them:\n- `raise KeyError(country)` needs `country not in RATES`\nWrite 5 new calls"
        in prompt.ask
    )
    assert prompt.prefill == "```python\n# country not in RATES\nprice("
    assert "under each comment those for which it holds" in prompt.ask
    assert prompt.grammar.startswith("root ::= rest more end\n")


def test_conditions_that_were_asked_for_before_come_last() -> None:
    module = module_of(
        """
        def rate(item):
            if isinstance(item, str):
                if item.isdigit():
                    return 1
                if item.isalpha():
                    return 2
            return 3
        """
    )
    aim = Aim(target=target("rate", module), open_lines=frozenset({5, 7}))
    first = purposes_of(module, aim)
    assert first == (
        "`isinstance(item, str)` and `item.isdigit()`",
        "`isinstance(item, str)` and `item.isalpha()`",
    )
    later = replace(aim, passed=frozenset(first[:1]))
    assert purposes_of(module, later) == first[::-1]
    comment = "# isinstance(item, str) and item.isalpha()"
    assert prompt_for(Engine.LOCAL, module, later, tokens=words).prefill == f"```python\n{comment}\nrate("


def test_faults_are_told_where_every_line_is_reached() -> None:
    mutant = Mutant(operator="number", start=(11, 18), end=(11, 21), original="100", replacement="101", scope="price")
    aim = Aim(target=target("price"), mutants=(mutant,))
    assert "11: 100 → 101" in prompt_for(Engine.LOCAL, MODULE, aim, tokens=words).ask
    both = replace(aim, open_lines=frozenset({10}))
    assert "11: 100 → 101" not in prompt_for(Engine.LOCAL, MODULE, both, tokens=words).ask


def test_the_shared_part_is_the_same_for_all_targets() -> None:
    prompts = [prompt_for(Engine.CLOUD, MODULE, Aim(target=each), tokens=words) for each in MODULE.targets]
    assert len({(prompt.system, prompt.shared) for prompt in prompts}) == 1
    assert len({prompt.ask for prompt in prompts}) == len(prompts)


def test_an_answer_about_a_method_begins_with_making_its_object() -> None:
    worked = Candidate(target="shop.cart:Cart.add", arrange=("cart = Cart('ann')",), act="cart.add('tea')")
    aim = Aim(target=target("Cart.add"), examples=(worked,))
    assert prompt_for(Engine.LOCAL, MODULE, aim, tokens=words).prefill == "```python\ncart = Cart("


def test_an_object_that_was_made_in_another_way_is_made_anew() -> None:
    worked = Candidate(target="shop.cart:Cart.add", arrange=("c: Cart = Cart('ann')",), act="c.add('tea')")
    aim = Aim(target=target("Cart.add"), examples=(worked,))
    assert prompt_for(Engine.LOCAL, MODULE, aim, tokens=words).prefill == "```python\ncart = Cart("


def test_an_object_that_takes_nothing_is_made_and_the_answer_begins_with_the_call() -> None:
    worked = Candidate(target="shop.cart:Cart.add", arrange=("cart = Cart()",), act="cart.add('tea')")
    aim = Aim(target=target("Cart.add"), examples=(worked,))
    assert prompt_for(Engine.LOCAL, MODULE, aim, tokens=words).prefill == "```python\ncart = Cart()\ncart.add("


def test_a_cloud_question_asks_for_documented_results_only() -> None:
    prompt = prompt_for(Engine.CLOUD, MODULE, Aim(target=target("price")), tokens=words)
    assert "Never guess a result" in prompt.ask
    assert (prompt.prefill, prompt.stop) == ("", ())


def test_only_the_cloud_is_asked_for_names() -> None:
    local, cloud = (
        prompt_for(engine, MODULE, Aim(target=target("price")), tokens=words) for engine in (Engine.LOCAL, Engine.CLOUD)
    )
    assert "# name: a_few_words" in cloud.ask
    assert "# name" not in local.ask


def test_a_second_question_differs_in_its_seed() -> None:
    first, second = (
        prompt_for(Engine.LOCAL, MODULE, Aim(target=target("price"), seed=n), tokens=words) for n in (0, 7)
    )
    assert (first.temperature, second.temperature) == (0.0, 0.8)


@pytest.mark.parametrize("lines", [40, 400, 4_000])
def test_a_long_target_is_cut_to_what_is_near(lines: int) -> None:
    body = "\n".join(f"    if x == {n}: return 'the case number {n} of many'" for n in range(lines))
    module = module_of(f"def choose(x):\n{body}\n")
    aim = Aim(target=target("choose", module), open_lines=frozenset({30}))
    prompt = prompt_for(Engine.LOCAL, module, aim, tokens=words)
    assert words(prompt.text) <= BUDGETS[Engine.LOCAL] + 200
    assert "if x == 28: return 'the case number 28 of many'" in prompt.ask
    assert "def choose(x):" in prompt.ask


def test_one_endless_line_is_cut() -> None:
    module = module_of(f"def data():\n    return {'x' * 2_000_000!r}\n")
    prompt = prompt_for(Engine.LOCAL, module, Aim(target=target("data", module)), tokens=lambda text: len(text) // 3)
    assert len(prompt.text) < 20_000


def test_examples_are_short_and_without_fixtures() -> None:
    plain = [Candidate(target="shop.cart:price", act=act) for act in ("price(12)", "price(1)")]
    fixed = Candidate(target="shop.cart:price", act="price(2)", fixtures=("tmp_path",))
    kept = usable([*plain, fixed], target("price"))
    assert [candidate.act for candidate in kept] == ["price(1)", "price(12)"]
    for candidate in kept:
        ast.parse(candidate.act)


def test_what_the_code_is_warned_about_is_not_told_again() -> None:
    module = module_of('def split(text):\n    """By \\d."""\n    if text:\n        return 1\n    return 0\n')
    aim = Aim(target=target("split", module), open_lines=frozenset({4}))

    prompt_for(Engine.LOCAL, module, aim, tokens=words)  # a warning about the escape would be an error here

    assert purposes_of(module, aim)
