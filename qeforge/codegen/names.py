"""Names that say the behaviour: what is called, what comes of it, what is special about the input."""

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from qeforge.codegen.signatures import Signatures, called_name, find_call
from qeforge.codegen.syntax import expression, is_literal, snake
from qeforge.codegen.words import Trait, result_words, slug, subject_words, trait, type_word
from qeforge.domain.observation import Facet
from qeforge.domain.target import Kind, Parameter, Target
from qeforge.domain.testcase import Assertion, TestCase

LONGEST = 70
"""Characters of a test's name."""

_SPECIAL = 4
"""Weight of a trait that is worth saying even where the name would be unique without it."""

_BLAMED = 5
"""What an argument gains whose parameter an exception's message speaks of."""

_DISTANT, _FAR = 2, 5
"""What a trait of the receiver weighs less than one of the act: where the act has none, and where it has some."""

_VALID = re.compile(r"test_[a-z0-9_]+")
_REJECTING = frozenset(
    {"ValueError", "TypeError", "AssertionError", "SyntaxError", "UnicodeDecodeError", "OverflowError"}
)
_CHECK = re.compile(r"assert (?P<left>.+?) (?:==|is) (?P<right>.+)", re.DOTALL)


def name_cases(
    cases: Sequence[TestCase], targets: Mapping[str, Target], *, avoid: Collection[str] = ()
) -> tuple[TestCase, ...]:
    """The cases with names, unique among them and the same on every run; a good name that a case has already stays.

    Args:
        cases: in the order in which they are written.
        targets: by id.
        avoid: names that others would like; a case that has no other may take one all the same.
    """
    ordered: list[TestCase] = list(cases)
    given = Counter(case.name for case in cases)
    taken = {case.name for case in cases if _is_good(case.name) and given[case.name] == 1}
    options = {i: _options(case, targets) for i, case in enumerate(ordered) if case.name not in taken}
    shared = Counter(names[0] for names in options.values())
    common = Counter(name for names in options.values() for name in set(names))
    for i, names in options.items():
        # A name that two cases would like says too little for either.
        own = sorted(names[1:], key=lambda name: common[name] > 1)
        wanted = names if shared[names[0]] == 1 else [*own, names[0]]
        name = unique_name([name for name in wanted if name not in avoid] or wanted, taken)
        taken.add(name)
        ordered[i] = replace(ordered[i], name=name)
    return tuple(ordered)


def name_table(cases: Sequence[TestCase], columns: Sequence[str], targets: Mapping[str, Target]) -> list[str]:
    """Names for one test of several cases, the best first: the plain one, with the arguments that all of them pass
    alike, with the columns."""
    subject = subject_words(cases[0].candidate.target)
    outcomes = list(dict.fromkeys(_outcome(case) for case in cases))
    inputs = [column for column in columns if column not in ("expected", "match")]
    raised = cases[0].observation.raised
    if raised is not None and raised.type_name == "SystemExit":
        outcome = "exits"
    elif raised is not None:
        verb, what = _raises(raised.type_name)
        wrong = "wrong_type_of_" if raised.type_name == "TypeError" else "invalid_"
        outcome = (
            f"{verb}_{wrong}{inputs[0] if len(inputs) == 1 else 'arguments'}" if verb == "rejects" else f"{verb}_{what}"
        )
    elif len(outcomes) == 1:
        outcome = outcomes[0]
    elif len(inputs) == len(columns) == 1 and all(case.observation.result is not None for case in cases):
        outcome = f"leaves_{inputs[0]}_unchanged"
    else:
        outcome = _shared_outcome(cases)
    names = [f"test_{subject}_{outcome}"]
    alike = _alike(cases, targets)
    if alike:
        names.append(f"{names[0]}{_phrases(alike, direct=False)}")
    if inputs:
        names.append(f"test_{subject}_{outcome}_by_{'_and_'.join(inputs[:2])}")
    return [_shortened(name) for name in names]


def _alike(cases: Sequence[TestCase], targets: Mapping[str, Target]) -> list[Trait]:
    """What is said of an argument of every case in the same words, the most special first."""
    target = targets.get(cases[0].candidate.target)
    each = [_traits(case, target, Signatures(targets).of(target)) for case in cases]
    shared = [one for one in each[0] if one.weight >= 2 and all(one in traits for traits in each)]
    return sorted(shared, key=lambda one: -one.weight)[:2]


def unique_name(wanted: Iterable[str], taken: Iterable[str]) -> str:
    """The first of the wanted names that is free, else the first with a number."""
    taken, names = set(taken), list(wanted)
    for name in names:
        if name not in taken:
            return name
    number = 2
    while f"{names[0][: LONGEST - 4]}_{number}" in taken:
        number += 1
    return f"{names[0][: LONGEST - 4]}_{number}"


def _options(case: TestCase, targets: Mapping[str, Target]) -> list[str]:
    """Names from the plainest to the most detailed; first of all the one that somebody gave, if there is one."""
    target = targets.get(case.candidate.target)
    traits = _traits(case, target, Signatures(targets).of(target))
    raised = case.observation.raised
    start, what = _begun(case)
    direct = raised is not None and start.endswith("_rejects")
    names = [
        *_told(case, start if direct else f"{start}_{what}".strip("_") + "_for"),
        *_detailed(start, what, traits, direct=direct),
    ]
    if raised is not None and (raised.type_name == "SystemExit" or "raise " in case.candidate.act):
        return names
    weak = [replace(t, weight=max(t.weight, 2)) for t in traits if t.named]
    names += _detailed(start, what, weak, direct=direct)
    same = _unchanged_argument(case) if raised is None else None
    if same is not None and same < len(traits) and not traits[same].manner and not case.scenario:
        rest = [t for index, t in enumerate(traits) if index != same and t.manner and t.weight]
        leaves = f"{start}_leaves_{traits[same].phrase}_unchanged"
        names = [*dict.fromkeys((_shortened(leaves), _shortened(leaves + _phrases(rest, direct=True)))), *names]
    return names


def _begun(case: TestCase) -> tuple[str, str]:
    """How a case's name begins, and what came of it."""
    subject = subject_words(case.candidate.target)
    raised = case.observation.raised
    if raised is None:
        return f"test_{subject}", _outcome(case)
    if raised.type_name == "SystemExit":
        return f"test_{subject}_exits", f"with_{raised.message}" if raised.message.isdigit() else ""
    if "raise " in case.candidate.act:
        return f"test_{subject}_passes_on", snake(raised.type_name.rpartition(".")[2])
    verb, what = _raises(raised.type_name)
    return f"test_{subject}_{verb}", what


def _told(case: TestCase, start: str) -> list[str]:
    """The name in which a model's words say what is special about the input, where all of it has room."""
    name = f"{start}_{case.scenario}"
    return [name] if case.scenario and len(name) <= LONGEST else []


def _detailed(start: str, outcome: str, traits: Sequence[Trait], *, direct: bool = False) -> list[str]:
    """`start` with the outcome and none, one, two, three traits: none first where nothing is special about the input.
    `direct` when they are the object of the verb."""
    telling = sorted((t for t in traits if t.weight >= 2), key=lambda t: -t.weight)
    base = start if direct and telling else f"{start}_{outcome}" if outcome else start
    names = []
    for count in range(1, min(len(telling), 3) + 1):
        chosen = [t for t in traits if t in telling[:count]]
        lacking = direct and outcome and all(t.manner for t in chosen)
        begun = f"{start}_{outcome}" if lacking else base
        names.append(_shortened(begun + _phrases(chosen, direct=direct)))
    if not telling or (telling[0].weight < _SPECIAL and not direct):
        names.insert(0, _shortened(base))
    return list(dict.fromkeys(names))


def _phrases(traits: Sequence[Trait], *, direct: bool) -> str:
    objects = list(dict.fromkeys(t.phrase for t in traits if not t.manner))
    manners = list(dict.fromkeys(t.phrase for t in traits if t.manner))
    text = ""
    if objects:
        text += ("_" if direct else "_for_") + "_and_".join(objects)
    return "_".join((text, *manners))


def _shortened(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    return name[:LONGEST].rpartition("_")[0].rstrip("_").removesuffix("_and").removesuffix("_for").removesuffix("_with")


def _outcome(case: TestCase) -> str:
    """What came of a case that raised nothing, by what it asserts first."""
    checks = [a for a in case.assertions if not (a.facet is Facet.RESULT and a.code.endswith(" is None"))]
    if not checks:
        return "returns_none"
    first = next((a for a in checks if a.facet is Facet.RESULT), checks[0])
    match first.facet:
        case Facet.RESULT:
            also = "_and_warns" if any(a.facet is Facet.WARNINGS for a in checks) else ""
            return _returned(case, [a for a in checks if a.facet is Facet.RESULT]) + also
        case Facet.CHANGES:
            return _changed(first)
        case Facet.STDOUT | Facet.STDERR:
            text = case.observation.stdout if first.facet is Facet.STDOUT else case.observation.stderr
            words = slug(text.strip())
            return f"prints_{words}" if 0 < len(words) <= 20 and text.isascii() else "prints_output"
        case Facet.FILES:
            name = case.observation.files[0][0] if case.observation.files else "file"
            words = slug(name.rpartition("/")[2])
            return f"writes_{words}" if 0 < len(words) <= 20 else "writes_file"
        case Facet.LOGS:
            return f"logs_{case.observation.logs[0].level.lower()}" if case.observation.logs else "logs"
        case _:
            return "warns"


def _returned(case: TestCase, checks: Sequence[Assertion]) -> str:
    observed = case.observation.result
    type_name = observed.type_name if observed else ""
    attributes = [found[1] for a in checks if (found := re.match(r"assert result\.(\w+)(?: |\.|\[)", a.code))]
    if attributes and case.candidate.target.rpartition(".")[2] in ("__init__", "__post_init__", "__new__"):
        return "sets_" + "_and_".join(dict.fromkeys(slug(name) for name in attributes[:2]))
    if case.candidate.act.split("(")[0].rpartition(".")[2] == type_name.rpartition(".")[2] and attributes:
        return "sets_" + "_and_".join(dict.fromkeys(slug(name) for name in attributes[:2]))
    compared = _compared(case)
    if compared is not None:
        return f"returns_{result_words(compared, 'value')}"
    only_its_type = all(a.code.startswith("assert isinstance(result, ") for a in checks)
    source = observed.source if observed and not only_its_type else None  # a name says no more than the test checks
    return f"returns_{result_words(expression(source) if source else None, type_name)}"


def _compared(case: TestCase) -> ast.expr | None:
    """The literal that the act says its call gives (`f(1) is None`), where it does."""
    observed = case.observation.result
    match expression(case.candidate.act):
        case ast.Compare(left=ast.Call(), ops=[ast.Is() | ast.Eq()], comparators=[right]) if (
            observed is not None and observed.source == "True" and is_literal(right)
        ):
            return right
        case _:
            return None


def _changed(assertion: Assertion) -> str:
    found = _CHECK.fullmatch(assertion.code)
    left = found["left"] if found else "state"
    if left.endswith(("mock_calls", ".call_args", ".called")):
        return f"calls_{slug(left.rpartition('.')[0])}"
    words = slug(left.removesuffix("()").rpartition(".")[2]) or "state"
    return f"updates_{words}" if "." in left else f"changes_{words}"


def _shared_outcome(cases: Sequence[TestCase]) -> str:
    """What cases with different results have in common."""
    outcomes = [_outcome(case) for case in cases]
    if any(not outcome.startswith("returns_") for outcome in outcomes):
        verbs = {outcome.partition("_")[0] for outcome in outcomes}
        return f"{verbs.pop()}_expected_output" if verbs == {"prints"} else "has_expected_effect"
    kinds = {type_word(case.observation.result.type_name) for case in cases if case.observation.result}
    kinds -= {"none"} if len(kinds) > 1 else set()
    return f"returns_expected_{kinds.pop() if len(kinds) == 1 else 'value'}"


def _raises(type_name: str) -> tuple[str, str]:
    """Verb and object: `rejects` for errors that blame the input, else `raises` and the exception."""
    last = type_name.rpartition(".")[2]
    words = snake(last)
    if last in _REJECTING or re.search(r"(Invalid|Validation|Malformed|Parse|Decode|Syntax|Format|Unsupported)", last):
        return "rejects", "input"
    if "." in type_name:
        words = re.sub(r"_(error|exception)$", "", words)
    return "raises", words


def _traits(case: TestCase, target: Target | None, signatures: Signatures) -> list[Trait]:
    inputs, built = _inputs(case, target, signatures)
    declared = {p.name: p for p in target.parameters} if target else {}
    found = _described(inputs, declared)
    raised = case.observation.raised
    if raised is not None:
        blamed = set(re.findall(r"\w+", raised.message.lower()))
        found = [
            replace(one, weight=one.weight + _BLAMED) if name in blamed and one.weight else one
            for (name, _), one in zip(inputs, found, strict=True)
        ]
    distant = _FAR if inputs else _DISTANT
    return [
        *_kind_of_receiver(case, target),
        *found,
        *(replace(one, weight=one.weight - distant) for one in _described(built, {})),
    ]


def _kind_of_receiver(case: TestCase, target: Target | None) -> list[Trait]:
    """The receiver's class, where a method is called on an instance of another class than the one that defines it."""
    if target is None or target.kind not in (Kind.METHOD, Kind.PROPERTY) or not case.candidate.arrange:
        return []
    owner = (target.owner or "").rpartition(".")[2]
    match expression(case.candidate.arrange[0].partition(" = ")[2]):
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name))) if (
            name[:1].isupper() and name != owner
        ):
            return [Trait(6, snake(name))]
        case _:
            return []


def _described(inputs: Sequence[tuple[str, ast.expr]], declared: Mapping[str, Parameter]) -> list[Trait]:
    alone = len(inputs) == 1
    return [
        trait(node, name, declared.get(name), alone=alone, first=index == 0)
        for index, (name, node) in enumerate(inputs)
    ]


_Inputs = list[tuple[str, ast.expr]]


def _inputs(case: TestCase, target: Target | None, signatures: Signatures) -> tuple[_Inputs, _Inputs]:
    """Arguments of the act by parameter, variables looked through; and those that its receiver was built with."""
    try:
        act = ast.parse(case.candidate.act).body
        arranged = [node for source in case.candidate.arrange for node in ast.parse(source).body]
    except SyntaxError:
        return [], []
    variables: dict[str, ast.expr] = {}
    for node in arranged:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                variables[name] = value
    wanted = called_name(target) if target else ""
    call = find_call([*act, *(n for n in arranged if not isinstance(n, ast.Assign))], wanted) if wanted else None
    receiver = _receiver(call, variables, target)
    found = list(signatures.filled(call)) if call is not None else _operands(act)
    found = [(name, node) for name, node in found if not (isinstance(node, ast.Name) and node.id == receiver)]
    looked = [(name, variables.get(node.id, node) if isinstance(node, ast.Name) else node) for name, node in found]
    looked = [("other" if not name and _builds(node, target) else name, node) for name, node in looked]
    built = variables.get(receiver)
    if target is None or target.kind is Kind.CONSTRUCTOR or not isinstance(built, ast.Call):
        return looked, []
    return looked, list(signatures.filled(built))


def _receiver(call: ast.Call | None, variables: Mapping[str, ast.expr], target: Target | None) -> str:
    """The variable whose method is called, else the first that holds an instance of the target's class."""
    if call is not None and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return call.func.value.id
    return next((name for name, value in variables.items() if _builds(value, target)), "")


def _builds(node: ast.expr, target: Target | None) -> bool:
    owner = (target.owner or "").rpartition(".")[2] if target else ""
    return isinstance(node, ast.Call) and bool(owner) and find_call([node], owner) is node


def _operands(act: Sequence[ast.stmt]) -> list[tuple[str, ast.expr]]:
    """What stands beside an operator or in a subscript."""
    found: list[tuple[str, ast.expr]] = []
    for top in act:
        for node in ast.walk(top):
            match node:
                case ast.Compare(left=left, comparators=[right]):
                    found += [("", left), ("", right)]
                case ast.BinOp(left=left, right=right):
                    found += [("", left), ("", right)]
                case ast.Subscript(slice=key):
                    found.append(("key", key))
                case ast.Assign(value=value) if not isinstance(node.targets[0], ast.Name):
                    found.append(("", value))
                case _:
                    continue
            break
    return found


def _unchanged_argument(case: TestCase) -> int | None:
    """Index of the positional argument, a text, that came back as it was; None when none did."""
    source = case.observation.result.source if case.observation.result else None
    value = expression(source) if source else None
    act = expression(case.candidate.act)
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str) or not isinstance(act, ast.Call):
        return None
    given = [node.value if isinstance(node, ast.Constant) else None for node in act.args]
    return given.index(value.value) if value.value and value.value in given else None


def _is_good(name: str) -> bool:
    return bool(_VALID.fullmatch(name)) and len(name) <= LONGEST
