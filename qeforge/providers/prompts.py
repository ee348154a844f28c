"""What a model is asked: the code of one target with what is still open in it, and how such calls look.

A small model is a good proposer and a bad oracle, so the local question asks for calls only and begins the answer; the
cloud question also asks for scenarios of several steps, for words that say what their input shows, and for results that
the documentation promises (claims).
"""

import ast
import keyword
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from qeforge.analysis.guards import guards_of
from qeforge.analysis.symbols import symbols_of
from qeforge.codegen.syntax import snake
from qeforge.domain.candidate import Candidate
from qeforge.domain.mutant import Mutant
from qeforge.domain.provider import Prompt
from qeforge.domain.routing import Engine
from qeforge.domain.target import Kind, SourceModule, Target
from qeforge.providers.grammar import Opening, grammar_for

BUDGETS = {Engine.LOCAL: 600, Engine.CLOUD: 1_100}
"""Tokens of a prompt, about; the code around what is open is cut to them. On a processor, reading a prompt takes longer
than answering: with 600, qwen2.5-coder 1.5b met as many goals as with 1,100 in a fifth less time."""

ANSWERS = {Engine.LOCAL: 160, Engine.CLOUD: 900}
"""Tokens of an answer at most."""

OPEN = "  # <- never reached"
_SYSTEM = "You are a careful test engineer. You write Python test inputs, and nothing else."
_MOST_EXAMPLES, _MOST_MUTANTS, _MOST_GUARDS = 4, 6, 5
_MOST_PURPOSES = 4
"""Conditions that stand as comments above the calls of an answer: a small model goes on from a comment more surely than
it follows a list."""
_CONTEXT_SHARE = 0.3
"""Of the budget, for what stands around the target in its module."""
_NEAR = 3
"""Lines that are shown before and behind an open one where the whole target is too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a question is about.

    Args:
        target: whose code it is.
        open_lines: lines of it that no test reaches, or from which a branch is never taken.
        mutants: faults in it that no test notices.
        examples: calls of it that ran before, best first.
        passed: conditions that stood above calls of earlier answers: those of others come first.
        count: candidates to ask for.
        seed: changes the answer.
    """

    target: Target
    open_lines: frozenset[int] = frozenset()
    mutants: tuple[Mutant, ...] = ()
    examples: tuple[Candidate, ...] = ()
    passed: frozenset[str] = frozenset()
    count: int = 8
    seed: int = 0


def prompt_for(
    engine: Engine, module: SourceModule, aim: Aim, *, tokens: Callable[[str], int], budget: int | None = None
) -> Prompt:
    """The question for one target, of about as many tokens as `BUDGETS` says.

    Args:
        engine: LOCAL or CLOUD.
        module: the target's.
        aim: what is open.
        tokens: counts the tokens of a text.
        budget: another number of tokens.
    """
    tree = symbols_of(module).tree
    budget = BUDGETS[engine] if budget is None else budget
    shared = _shared(module, tree, int(budget * _CONTEXT_SHARE), tokens)
    examples = _examples(aim)
    room = budget - tokens(_SYSTEM) - tokens(shared) - tokens(examples) - 120
    local = engine is Engine.LOCAL
    code = _code(module, aim, max(150, room), tokens, mark="" if local else OPEN)
    guards = guards_of(tree, aim.open_lines)
    purposes = _chosen(guards, aim.passed)
    comments = [f"# {' '.join(guard.replace('`', '').split())}" for guard in purposes]
    opening = _opening(aim) if local else None
    return Prompt(
        system=_SYSTEM,
        shared=shared,
        ask=_local_ask(aim, code, examples, _needs(module, aim, {guard: guards[guard] for guard in purposes}), comments)
        if local
        else _cloud_ask(aim, code, examples, list(guards)),
        prefill="\n".join(("```python", *comments[:1], opening.text)) if opening else "",
        stop=("```", "\n\n\n") if local else (),
        grammar=grammar_for(module, aim.target, opening, comments[1:]) if opening else "",
        max_tokens=ANSWERS[engine],
        temperature=0.0 if aim.seed == 0 else 0.8,
        seed=aim.seed,
    )


def purposes_of(module: SourceModule, aim: Aim) -> tuple[str, ...]:
    """The conditions that the answer to a question of that aim is about: what is open needs them."""
    return _chosen(guards_of(symbols_of(module).tree, aim.open_lines), aim.passed)


def _chosen(guards: Iterable[str], passed: Collection[str]) -> tuple[str, ...]:
    """Those that an answer has room for, new ones first."""
    return tuple(sorted(guards, key=lambda guard: guard in passed)[:_MOST_PURPOSES])


def _shared(module: SourceModule, tree: ast.Module, room: int, tokens: Callable[[str], int]) -> str:
    """The module's imports, constants and signatures: the same for all of its targets, so that it can be cached."""
    lines = [f"Module `{module.name}` in outline:", "```python"]
    left = room - tokens("\n".join(lines)) - 4
    for text in _outline(tree):
        left -= tokens(text) + 1
        if left < 0:
            break
        lines.append(text)
    return "\n".join((*lines, "```"))


def _outline(tree: ast.Module) -> list[str]:
    outer: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            outer.append(ast.unparse(node))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            text = ast.unparse(node)
            outer.append(text if len(text) <= 120 else text[:117] + "...")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            outer.append(_signature(node, ""))
        elif isinstance(node, ast.ClassDef):
            bases = f"({', '.join(map(ast.unparse, node.bases))})" if node.bases else ""
            outer.append(f"class {node.name}{bases}: ...")
            outer += [_signature(each, "    ") for each in node.body if isinstance(each, ast.FunctionDef)]
    return outer


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, indent: str) -> str:
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{indent}{word} {node.name}({ast.unparse(node.args)}){returns}: ..."


def _code(module: SourceModule, aim: Aim, room: int, tokens: Callable[[str], int], *, mark: str) -> str:
    """The target's source, its open lines marked; around them only, where all of it is too long."""
    lines = module.source.splitlines()
    first, last = aim.target.span.line, aim.target.span.end_line
    shown = {
        number: lines[number - 1] + (mark if number in aim.open_lines else "") for number in range(first, last + 1)
    }
    whole = "\n".join(shown.values())
    if tokens(whole) <= room:
        return whole
    near = {first}
    left = room - tokens(shown[first])
    for number in sorted(aim.open_lines & shown.keys()) or [first]:
        around = [n for n in range(number - _NEAR, number + _NEAR + 1) if n in shown and n not in near]
        cost = tokens("\n".join(shown[n] for n in around)) + 2
        if cost > left:
            break
        left -= cost
        near |= set(around)
    parts: list[str] = []
    before = first - 1
    for number in sorted(near):
        if number != before + 1:
            parts.append("    ...")
        parts.append(shown[number])
        before = number
    text = "\n".join((*parts, "    ...") if before != last else parts)
    return text if tokens(text) <= 2 * room else text[: 3 * room]  # one line alone can be longer than any window


def _examples(aim: Aim) -> str:
    kept = [_snippet(candidate) for candidate in aim.examples[:_MOST_EXAMPLES]]
    return "\n".join(text for text in kept if len(text) <= 400)


def _snippet(candidate: Candidate) -> str:
    return "\n".join((*candidate.arrange, candidate.act))


def _needs(module: SourceModule, aim: Aim, guards: Mapping[str, int]) -> str:
    """What is open in a list of its own: a small model copies marks in the code into its answer."""
    lines = module.source.splitlines()
    told = [f"- `{lines[line - 1].strip()}` needs {guard}" for guard, line in guards.items()]
    told = (told or [f"- `{lines[line - 1].strip()}`" for line in sorted(aim.open_lines)])[:_MOST_GUARDS]
    return "\n".join(("No test reaches these lines of it, or all that follows them:", *told)) if told else ""


def _faults(aim: Aim) -> str:
    faults = "\n".join(f"- line {mutant.describe()}" for mutant in aim.mutants[:_MOST_MUTANTS])
    return f"No test notices these changes of the code:\n{faults}" if faults else ""


def _marked(aim: Aim, guards: Sequence[str]) -> str:
    if not aim.open_lines:
        return ""
    told = f"Lines marked `{OPEN.strip()}` ran in no test yet, or one of their branches was never taken."
    needs = "\n".join(f"- {guard}" for guard in guards[:_MOST_GUARDS])
    return f"{told} They need:\n{needs}" if needs else told


def _local_ask(aim: Aim, code: str, examples: str, needs: str, comments: Sequence[str]) -> str:
    name = aim.target.qualname
    tried = f"Already tried:\n```python\n{examples}\n```" if examples else ""
    what = "calls" if _is_plain(aim.target) else "short snippets, each making its object and then calling it,"
    under = "; under each comment those for which it holds" if comments else ""
    return (
        f"```python\n{code}\n```\n{_joined(needs or _faults(aim), tried)}"
        f"Write {aim.count} new {what} of `{name}` that change that, each with other arguments than those that "
        f"were tried{under}. One statement per line, concrete literal arguments, no assert, no def."
    )


def _cloud_ask(aim: Aim, code: str, examples: str, guards: Sequence[str]) -> str:
    tried = f"These were tried and run:\n```python\n{examples}\n```" if examples else ""
    return (
        f"```python\n{code}\n```\n{_joined(_marked(aim, guards), _faults(aim), tried)}"
        f"Write up to {aim.count} test inputs for `{aim.target.qualname}` in one Python block. Each is a snippet: "
        f"the objects that it needs, the steps of a realistic scenario, and last the call that reaches something open. "
        f"Separate snippets by an empty line, and begin each with a comment `# name: a_few_words` that says what is "
        f"special about its input, not what comes of it. Concrete values, only the standard library and this package. "
        f"Where the docstring states the result, write `assert call == literal`; where it states an exception, "
        f"`with pytest.raises(Error): call`. Never guess a result. No test functions, no mocks, no prose."
    )


def _joined(*parts: str) -> str:
    return "".join(f"{part}\n" for part in parts if part)


def _is_plain(target: Target) -> bool:
    return target.kind in (Kind.FUNCTION, Kind.STATIC_METHOD, Kind.CLASS_METHOD, Kind.CONSTRUCTOR)


def _opening(aim: Aim) -> Opening:
    """How the answer begins: the call up to its bracket, or the making of the object, whose arguments are often what
    decides. Where it takes none, it is made, and the answer goes on with the call: a model that is asked for arguments
    gives some."""
    target = aim.target
    if target.kind is Kind.CONSTRUCTOR:
        return Opening(text=f"{target.owner or target.qualname}(")
    if target.kind in (Kind.FUNCTION, Kind.STATIC_METHOD, Kind.CLASS_METHOD):
        return Opening(text=f"{target.qualname}(")
    for one in aim.examples:
        made = next((each for each in one.arrange if f" = {target.owner}(" in each), "")
        variable = made.partition(" = ")[0]
        if not variable.isidentifier():  # annotated, or several at once
            continue
        if made.endswith(f" = {target.owner}()") and one.act.startswith(f"{variable}.{target.name}("):
            return Opening(text=f"{made}\n{variable}.{target.name}(", variable=variable, made=made)
        return _making(variable, target.owner)
    name = snake((target.owner or "").rpartition(".")[2])
    return _making(name if name.isidentifier() and not keyword.iskeyword(name) else "made", target.owner)


def _making(variable: str, owner: str | None) -> Opening:
    made = f"{variable} = {owner}("
    return Opening(text=made, variable=variable, made=made)


def usable(candidates: Sequence[Candidate], target: Target) -> tuple[Candidate, ...]:
    """Of what ran well, what shows a model how the target is called: short, without fixtures."""
    own = [one for one in candidates if one.target == target.id and not one.fixtures and len(_snippet(one)) <= 300]
    return tuple(sorted(own, key=lambda one: len(one.key))[:_MOST_EXAMPLES])
