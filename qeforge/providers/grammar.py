"""The grammar of a local answer: calls of one target that fit its signature, with values whose names exist.

A small model knows what a call looks like but not when to stop arguing, which names there are and what a signature
takes. A grammar takes these faults away while the answer is made (grammar-constrained decoding: Geng et al., "Grammar-
Constrained Decoding for Structured NLP Tasks without Finetuning", EMNLP 2023). Written in GBNF, which llama.cpp reads.
"""

import ast
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qeforge.analysis.recipes.vocabulary import Vocabulary
from qeforge.domain.target import Kind, Parameter, ParameterKind, SourceModule, Target

MOST_LINES = 12
"""Calls in one answer."""

_BUILTINS = [
    "abs",
    "bool",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "iter",
    "len",
    "list",
    "max",
    "min",
    "object",
    "range",
    "reversed",
    "set",
    "sorted",
    "str",
    "sum",
    "tuple",
    "type",
    "Exception",
    "KeyError",
    "OSError",
    "TypeError",
    "ValueError",
]
"""Builtins that make a value or are one; the others open files, end the program or say nothing."""

_SAYS_NOTHING = frozenset({"__future__", "typing", "typing_extensions", "abc", "annotations"})
"""Modules whose names are for readers of the code, and no values."""

_POSITIONAL = (ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL)

_VALUES = r"""
value ::= term (" " operator " " term)?
operator ::= "+" | "-" | "*" | "%"
term ::= number | text | "None" | "True" | "False" | list | tuple | table | set | function | known
number ::= "-"? ([0-9] | [1-9] [0-9]{1,18}) ("." [0-9]{1,8})? ("e" "-"? [1-9] [0-9]{0,2})?
text ::= "\"" double{0,80} "\"" | "'" single{0,80} "'" | "b\"" byte{0,80} "\"" | "b'" byte{0,80} "'"
byte ::= [ !#-&(-\x5b\x5d-~] | "\\" ([\\nrt0] | "x" hex hex)
double ::= [^"\\\x00-\x1f\x7f] | escape
single ::= [^'\\\x00-\x1f\x7f] | escape
escape ::= "\\" (["'\\nrt0] | "x" hex hex | "u" hex hex hex hex)
hex ::= [0-9a-f]
list ::= "[" values "]"
tuple ::= "(" (value "," (" " value ("," " " value){0,6})?)? ")"
table ::= "{" (pair (", " pair){0,7})? "}"
pair ::= value ": " value
set ::= "{" value (", " value){0,7} "}"
values ::= (value (", " value){0,11})?
function ::= "lambda" (": " value | " x: " of-x | " x, y: " of-y | " *args, **kwargs: " value)
of-x ::= x-term (" " relation " " x-term)?
x-term ::= "x" | "x[" [0-9] "]" | "str(x)" | "len(x)" | number | text | "None" | "True" | "False"
of-y ::= y-term (" " relation " " y-term)?
y-term ::= "x" | "y" | number | text
relation ::= operator | "<" | ">" | "==" | "!=" | "and" | "or"
free ::= (value (", " value){0,4} (", " word "=" value)? | word "=" value)?
word ::= [a-z] [a-z_]{0,20}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How an answer begins.

    Args:
        text: what the model goes on with.
        variable: the name of the object whose method is called; empty for a plain call.
        made: how the object is made, as far as it stands in `text`: all of it where `text` goes on to the call.
    """

    text: str
    variable: str = ""
    made: str = ""


def grammar_for(module: SourceModule, target: Target, opening: Opening, purposes: Sequence[str] = ()) -> str:
    """What may follow an opening.

    Args:
        module: the target's.
        target: is called in every line, or on every object that is made.
        opening: what the answer begins with.
        purposes: comments that stand above later calls, in this order.
    """
    vocabulary = Vocabulary.of(module)
    rules = [*_arguments("call", target, vocabulary), *_known(vocabulary), _VALUES.strip(), 'end ::= ("\\n```")?']
    called = f"{opening.variable}.{target.name}" if opening.variable else ""
    act = f'{_quoted(called + "(")} call ")"'
    if target.kind is Kind.PROPERTY:
        act = f'{_quoted(called)} (" = " value)?' if target.parameters else _quoted(called)
    if not called:
        rules += ['rest ::= call ")"', f"unit ::= {_quoted(opening.text)} rest"]
    elif opening.text != opening.made:  # it takes nothing, and is made
        rules += ['rest ::= call ")"', f'unit ::= ({_quoted(opening.made)} "\\n")? {act}']
    else:
        rules += _arguments("make", vocabulary.targets.get(target.owner or ""), vocabulary)
        rules += [f'rest ::= make ")" ("\\n" {act}){{1,2}}', f"unit ::= {_quoted(opening.made)} rest"]
    groups = [f'"\\n" {_quoted(purpose)} "\\n" unit more' for purpose in purposes]
    most = MOST_LINES if not purposes else 2
    rules.append(f'more ::= ("\\n" unit){{0,{most - 1}}}')
    return "\n".join((f"root ::= {' '.join(('rest more', *groups, 'end'))}", *rules, ""))


def _arguments(rule: str, target: Target | None, vocabulary: Vocabulary) -> list[str]:
    """Rules for what a target is given; anything where its signature is not in the module."""
    if target is None or _is_elsewhere(target, vocabulary):
        return [f"{rule} ::= free"]
    return _signature(rule, target.parameters)


def _is_elsewhere(target: Target, vocabulary: Vocabulary) -> bool:
    """Whether a class without a constructor of its own may have one from a base in another module."""
    if target.kind is not Kind.CONSTRUCTOR or target.parameters or target.name in ("__init__", "__new__"):
        return False
    node = vocabulary.symbols.classes.get(target.owner or target.qualname)
    bases = [ast.unparse(base) for base in node.bases] if node is not None else []
    return any(base not in vocabulary.symbols.classes and base != "object" for base in bases)


def _signature(rule: str, parameters: Sequence[Parameter]) -> list[str]:
    """Rules for the arguments of a call: as many by position as there may be, the others by name, none twice, and all
    that are required."""
    places = _Places(rule=rule, parameters=parameters)
    places.by_position(0)
    return [f"{rule} ::= {rule}-0", *(f"{name} ::= {text}" for name, text in places.rules.items())]


class _Places:
    """Rules by name: one for each place in a list of arguments, by position and by keyword, at its beginning and
    behind a comma."""

    def __init__(self, *, rule: str, parameters: Sequence[Parameter]) -> None:
        self.rules: dict[str, str] = {}
        self._rule = rule
        kinds = [one.kind for one in parameters]
        self._positional = [one for one in parameters if one.kind in _POSITIONAL]
        self._named = [*self._positional, *(one for one in parameters if one.kind is ParameterKind.KEYWORD_ONLY)]
        self._many = ParameterKind.VAR_POSITIONAL in kinds
        self._others = ParameterKind.VAR_KEYWORD in kinds

    def by_position(self, place: int) -> str:
        """The rule for what may follow so many arguments by position."""
        name = f"{self._rule}-{place}"
        waiting = self._positional[place:]
        if waiting:
            ways = [f"{_comma(place)}value {self.by_position(place + 1)}"]
            if not any(one.required and one.kind is ParameterKind.POSITIONAL_ONLY for one in waiting):
                ways.append(self.by_name(place, behind=place > 0))
        elif self._many and place:
            ways = [f'(", " value){{0,5}} {self.by_name(place, behind=True)}']
        elif self._many:
            ways = [f'value (", " value){{0,5}} {self.by_name(0, behind=True)}', self.by_name(0, behind=False)]
        else:
            ways = [self.by_name(place, behind=place > 0)]
        self.rules[name] = " | ".join(ways)
        return name

    def by_name(self, place: int, *, behind: bool) -> str:
        """The rule for keywords from that parameter on."""
        name = f"{self._rule}-{'more' if behind else 'first'}-{place}"
        if name in self.rules:
            return name
        if place == len(self._named):
            # One at most: a grammar cannot tell that the next one has another name.
            self.rules[name] = f'({_comma(behind)}word "=" value)?' if self._others else '""'
            return name
        one = self._named[place]
        ways = []
        if one.kind is not ParameterKind.POSITIONAL_ONLY:
            ways.append(f"{_comma(behind)}{_quoted(one.name + '=')} value {self.by_name(place + 1, behind=True)}")
        if not one.required:
            ways.append(self.by_name(place + 1, behind=behind))
        self.rules[name] = " | ".join(ways)
        return name


def _known(vocabulary: Vocabulary) -> list[str]:
    """Rules for names: what the module defines and imports, and builtins."""
    here = {name for name in vocabulary.defined if not name.startswith("__")}
    borrowed = {
        name
        for name, path in vocabulary.symbols.imports.items()
        if name not in here and name.isidentifier() and path.partition(".")[0] not in _SAYS_NOTHING
    }
    plain = here | (set(_BUILTINS) - borrowed)
    rules = [f'known ::= ({_either(plain)}) ("(" free ")")?']
    dotted = '("." [a-zA-Z_] [a-zA-Z0-9_]{0,30}){0,2}'
    rules[0] += f' | ({_either(borrowed)}) {dotted} ("(" free ")")?' if borrowed else ""
    return rules


def _comma(needed: object) -> str:
    return '", " ' if needed else ""


def _either(names: Iterable[str]) -> str:
    return " | ".join(map(_quoted, sorted(names)))


def _quoted(text: str) -> str:
    """A literal of the grammar: JSON's escapes are understood there."""
    return json.dumps(text, ensure_ascii=False)
