"""Values in words: what is special about an argument, what a result is. The vocabulary of test names."""

import ast
import math
import re
from dataclasses import dataclass

from qeforge.codegen.signatures import last_name
from qeforge.codegen.syntax import snake
from qeforge.domain.target import Parameter

DUNDERS = {
    "__abs__": "absolute", "__add__": "addition", "__aenter__": "async_entry", "__aexit__": "async_exit",
    "__aiter__": "async_iteration", "__and__": "and", "__anext__": "async_next", "__await__": "await",
    "__bool__": "truth", "__bytes__": "bytes", "__call__": "call", "__ceil__": "ceiling",
    "__class_getitem__": "type_arguments", "__complex__": "complex", "__contains__": "membership", "__copy__": "copy",
    "__deepcopy__": "deep_copy", "__del__": "deletion", "__delattr__": "attribute_deletion",
    "__delitem__": "item_deletion", "__dir__": "directory", "__divmod__": "divmod", "__enter__": "entry",
    "__eq__": "equality", "__exit__": "exit", "__float__": "float", "__floor__": "floor",
    "__floordiv__": "floor_division", "__format__": "format", "__ge__": "at_least", "__get__": "access",
    "__getattr__": "attribute", "__getattribute__": "attribute", "__getitem__": "item", "__getstate__": "state",
    "__gt__": "greater_than", "__hash__": "hash", "__iadd__": "in_place_addition", "__iand__": "in_place_and",
    "__imul__": "in_place_multiplication", "__index__": "index", "__init__": "", "__init_subclass__": "subclassing",
    "__instancecheck__": "instance_check", "__int__": "int", "__invert__": "inversion", "__ior__": "in_place_or",
    "__isub__": "in_place_subtraction", "__iter__": "iteration", "__le__": "at_most", "__len__": "length",
    "__lshift__": "left_shift", "__lt__": "less_than", "__matmul__": "matrix_product", "__missing__": "missing_key",
    "__mod__": "remainder", "__mul__": "multiplication", "__ne__": "inequality", "__neg__": "negation", "__new__": "",
    "__next__": "next", "__or__": "or", "__pos__": "plus", "__post_init__": "", "__pow__": "power",
    "__radd__": "reflected_addition", "__reduce__": "reduction", "__repr__": "repr", "__reversed__": "reversal",
    "__rmul__": "reflected_multiplication", "__round__": "rounding", "__rshift__": "right_shift",
    "__rsub__": "reflected_subtraction", "__rtruediv__": "reflected_division", "__set__": "assignment",
    "__set_name__": "naming", "__setattr__": "attribute_assignment", "__setitem__": "item_assignment",
    "__setstate__": "state_restoring", "__sizeof__": "size", "__str__": "text", "__sub__": "subtraction",
    "__truediv__": "division", "__xor__": "exclusive_or",
}  # fmt: skip
"""What special methods are called aloud."""

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MARKS = {
    ".": "dot", ",": "comma", "-": "dash", "_": "underscore", "/": "slash", "\\": "backslash", "@": "at_sign",
    "#": "hash", "*": "star", "+": "plus", "=": "equals_sign", "?": "question_mark", "!": "exclamation_mark",
    "%": "percent_sign", "&": "ampersand", ":": "colon", ";": "semicolon", "'": "quote", '"': "double_quote",
    "(": "parenthesis", ")": "closing_parenthesis", "[": "bracket", "]": "closing_bracket", "{": "brace", "}":
    "closing_brace", "<": "less_sign", ">": "greater_sign", "|": "pipe", "~": "tilde", "^": "caret", "$": "dollar_sign",
}  # fmt: skip
_GENERIC = frozenset({
    "arg", "args", "argument", "data", "given", "input", "item", "items", "kwargs", "obj", "object", "other", "param",
    "params", "result", "val", "value", "values", "var",
})  # fmt: skip
_DECIMAL = re.compile(r"(?<![\d.])(\d+)\.(\d+)(?![\d.])")
_AMOUNT = re.compile(r"[-+]?\d+(\.\d+)? ?[A-Za-z]{1,3}")
_SENTENCE = re.compile(r"[A-Za-z0-9][\w .,:;\-]*[!?]?")
_OPTION = re.compile(r"--?[A-Za-z][\w-]*")
"""How a command line begins that has something special about it."""

_LONG_TEXT = 40
_LONGEST_SLUG = 20
_LARGE = 1_000_000


@dataclass(frozen=True, slots=True)
class Trait:
    """What is special about one argument: how much (`weight`), in words, and whether these say how (`with_strict`)
    rather than what."""

    weight: int
    phrase: str
    manner: bool = False

    @property
    def named(self) -> bool:
        """Whether it can tell one test from another where nothing better does."""
        return not self.phrase.startswith("default_") and self.phrase != "value"


def subject_words(target: str) -> str:
    """A target's id in words: `shop:Account.__eq__` → `account_equality`."""
    parts = [DUNDERS.get(part, snake(part)) for part in target.partition(":")[2].split(".") if part != "<locals>"]
    words = [re.sub(r"\W+", "_", part).strip("_") for part in parts]
    return "_".join(word for word in words if word) or "module"


def trait(node: ast.expr, parameter: str, declared: Parameter | None, *, alone: bool, first: bool = True) -> Trait:
    """What is special about the value of a parameter.

    Args:
        node: the value.
        parameter: its name, empty when unknown.
        declared: the parameter as the code states it, if known: a default is nothing special.
        alone: it is the only argument, so that its name can go without saying.
        first: it is the first of several; what a later one is about has to be said.
    """
    source = ast.unparse(node)
    if declared is not None and declared.default is not None and _same(declared.default, source):
        return Trait(0, "default_" + _noun(parameter, "value"))
    match node:
        case ast.Constant(value=None):
            return Trait(9, "none" if alone or not _names_something(parameter) else f"no_{parameter}")
        case ast.Constant(value=bool() as flag):
            name = _noun(parameter, "flag")
            if name.startswith("without_"):
                name, flag = name.removeprefix("without_"), not flag
            name = name.removeprefix("with_")
            return Trait(5, f"with_{name}" if flag else f"without_{name}", manner=True)
        case ast.Constant(value=str() as text):
            found = _misfit(declared, "str", "text") or _text(text, _noun(parameter, "text"))
            if not first and _names_something(parameter) and parameter not in found.phrase:
                return Trait(found.weight, f"{found.phrase}_{parameter}")
            return found
        case ast.Constant(value=bytes() as data):
            noun = _noun(parameter, "bytes")
            return _misfit(declared, "bytes", "bytes") or Trait(4 if data else 8, noun if data else f"empty_{noun}")
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str() as text)]):
            return Trait(9, {"nan": "nan", "-inf": "minus_infinity"}.get(text.strip().lower(), "infinity"))
        case ast.List(elts=[ast.Constant(value=str() as first_word), *rest]) if _OPTION.fullmatch(first_word):
            words = [first_word, *(w.value for w in rest if isinstance(w, ast.Constant) and isinstance(w.value, str))]
            said = slug(" ".join(words[:2]))
            return Trait(6, said if len(said) <= _LONGEST_SLUG else slug(first_word))
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            kind = type(node).__name__.lower()
            return _misfit(declared, kind, kind) or _collection(len(items), _noun(parameter, kind), parameter)
        case ast.Dict(keys=keys):
            return _misfit(declared, "dict", "dict") or _mapping(keys, _noun(parameter, "dict"))
        case ast.Lambda():
            return Trait(2, _noun(parameter, "function"))
        case ast.Call(func=func, args=args):
            return _object(last_name(func), args, parameter)
        case ast.Attribute(attr=name) if name.isupper():
            return Trait(4, snake(name))
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return Trait(1, snake(name))
    number = _number(node)
    if number is not None:
        return _misfit(declared, "number", "number") or _numeric(number, _noun(parameter, "number"), alone)
    return Trait(0, _noun(parameter, "value"))


def result_words(node: ast.expr | None, type_name: str) -> str:
    """A returned value in words, to stand after "returns"; `node` is None when it cannot be written down."""
    match node:
        case ast.Constant(value=None | True | False as single):
            return str(single).lower()
        case ast.Constant(value=str() as text):
            if not text:
                return "empty_text"
            if text in _MARKS:
                return _MARKS[text]
            return slug(text) if _is_sayable(text) and len(slug(text)) <= _LONGEST_SLUG else "text"
        case ast.Constant(value=bytes() as data):
            return "bytes" if data else "empty_bytes"
        case ast.List(elts=items) | ast.Set(elts=items):
            return _counted(len(items), "item") if items else f"empty_{type(node).__name__.lower()}"
        case ast.Tuple(elts=items):
            return "pair" if len(items) == 2 else _counted(len(items), "value") if items else "empty_tuple"
        case ast.Dict(keys=[]):
            return "empty_dict"
        case ast.Dict(keys=[ast.Constant(value=str() as key)]) if _is_plain(key) and len(key) <= _LONGEST_SLUG:
            return f"dict_with_{slug(key)}"
        case ast.Dict(keys=keys):
            return _counted(len(keys), "key")
        case ast.Attribute(attr=name) if name.isupper():
            return snake(name)
        case ast.Call(func=ast.Name(id="Decimal" | "Fraction"), args=[ast.Constant(value=str() | int() as digits)]):
            try:
                return number_words(_plain_number(str(digits))) or "number"
            except ValueError:
                return "number"
    number = _number(node) if node is not None else None
    if number is not None:
        return number_words(number) or "number"
    return type_word(type_name)


def type_word(type_name: str) -> str:
    """A type as a noun."""
    last = type_name.rpartition(".")[2]
    known = {
        "str": "text", "int": "number", "float": "number", "complex": "number", "NoneType": "none", "type": "class",
        "function": "function", "method": "function", "builtin_function_or_method": "function", "bool": "truth",
        "PosixPath": "path", "WindowsPath": "path", "PurePosixPath": "path", "PureWindowsPath": "path",
    }  # fmt: skip
    return known.get(last, snake(re.sub(r"\W", "", last)) or "value")


def number_words(number: float) -> str:
    """`-3` → `minus_3`, `2.5` → `2_point_5`; empty for what is too long to say."""
    if isinstance(number, float) and not math.isfinite(number):
        return "nan" if math.isnan(number) else "infinity" if number > 0 else "minus_infinity"
    if number == 0:
        return "zero"
    text = repr(abs(number)).removesuffix(".0")
    if len(text) > 7 or "e" in text:
        return ""
    return ("minus_" if number < 0 else "") + text.replace(".", "_point_")


def _plain_number(digits: str) -> float:
    number = float(digits)
    return int(number) if number.is_integer() and abs(number) < _LARGE else number


def slug(text: str) -> str:
    """Lower-case words joined by underscores; empty when there is no letter or digit of ASCII in it."""
    text = _DECIMAL.sub(r"\1_point_\2", text)
    return re.sub(r"[^a-z0-9]+", "_", snake(text) if text.isidentifier() else text.lower()).strip("_")


def _text(text: str, noun: str) -> Trait:
    if text == "":
        return Trait(9, f"empty_{noun}")
    if text.isspace():
        return Trait(8, f"blank_{noun}")
    if text in _MARKS:
        return Trait(6, _MARKS[text])
    if not text.isascii():
        return Trait(7, f"non_ascii_{noun}")
    if "\n" in text.strip("\n"):
        return Trait(6, f"multiline_{noun}")
    if len(text) > _LONG_TEXT:
        return Trait(5, f"long_{noun}")
    if text != text.strip():
        return Trait(6, f"padded_{noun}")
    if not any(map(str.isalnum, text)):
        return Trait(6, "punctuation")
    words = slug(text)
    if re.fullmatch(r"[-+]?\d+(\.\d+)?", text):
        sign = "minus_" if text[0] == "-" else "plus_" if text[0] == "+" else ""
        words = sign + text.lstrip("+-").replace(".", "_point_")
        return Trait(4, words) if len(words) <= 12 else Trait(4, f"numeric_{noun}")
    if len(words) > _LONGEST_SLUG:
        return Trait(1, noun)
    return Trait(3 if _is_plain(text) else 2, words)


def _numeric(number: float, noun: str, alone: bool) -> Trait:
    if isinstance(number, float) and not math.isfinite(number):
        return Trait(9, number_words(number))
    if number == 0:
        return Trait(8, "zero" if alone or noun == "number" else f"zero_{noun}")
    if number < 0:
        words = number_words(number)
        return Trait(7, f"negative_{noun}" if noun != "number" or not words else words)
    if number >= _LARGE:
        return Trait(5, f"large_{noun}")
    words = number_words(number)
    return Trait(2, (words if alone or noun == "number" else f"{noun}_{words}") if words else noun)


def _collection(count: int, noun: str, parameter: str) -> Trait:
    if count == 0:
        return Trait(8, f"empty_{noun}")
    singular = parameter[:-1] if re.search(r"[^s]s$", parameter) and _names_something(parameter) else "item"
    return Trait(5 if count == 1 else 2, _counted(count, singular))


def _mapping(keys: list[ast.expr | None], noun: str) -> Trait:
    match keys:
        case []:
            return Trait(8, f"empty_{noun}")
        case [ast.Constant(value=str() as key)] if _is_plain(key) and len(key) <= _LONGEST_SLUG:
            return Trait(4, f"{noun}_with_{slug(key)}")
        case _:
            return Trait(2, f"{noun}_of_{_counted(len(keys), 'key')}")


def _object(name: str, args: list[ast.expr], parameter: str) -> Trait:
    if name in ("Decimal", "Fraction", "float", "int") and len(args) == 1 and isinstance(args[0], ast.Constant):
        try:
            return _numeric(float(args[0].value), _noun(parameter, "number"), False)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            return Trait(4, f"{_noun(parameter, 'number')}_{slug(str(args[0].value))}".strip("_"))
    if name in ("set", "frozenset", "list", "dict", "tuple") and not args:
        return Trait(8, f"empty_{_noun(parameter, name)}")
    if name == "slice":
        return Trait(4, "slice")
    noun = snake(name) or "object"
    return Trait(2, f"other_{noun}" if parameter == "other" else _noun(parameter, noun))


def _misfit(declared: Parameter | None, kind: str, noun: str) -> Trait | None:
    """A value of a type that the annotation plainly does not allow."""
    if declared is None or not declared.annotation:
        return None
    allowed = set(re.findall(r"\w+", declared.annotation))
    families = {"number": {"int", "float", "complex", "Decimal", "Fraction", "bool", "Number", "Real"}}
    plain = {"str", "int", "float", "bytes", "bool", "list", "dict", "tuple", "set", "None", "Optional", "Union"}
    if not allowed <= plain or allowed & families.get(kind, {kind}):
        return None
    return Trait(8, f"{noun}_as_{declared.name.strip('_')}")


def _noun(parameter: str, otherwise: str) -> str:
    return parameter.strip("_") if _names_something(parameter) else otherwise


def _names_something(parameter: str) -> bool:
    return len(parameter) >= 3 and parameter.strip("_") not in _GENERIC


def _counted(count: int, noun: str) -> str:
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"{number}_{noun}" + ("" if count == 1 else "s")


def _is_plain(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9][\w .\-]*", text)) and text.isascii() and not _is_jumble(text)


def _is_sayable(text: str) -> bool:
    """Whether nothing is lost when it is said in words: a sentence, or an amount with its unit (`2.5 kB`)."""
    if _AMOUNT.fullmatch(text):
        return True
    return bool(_SENTENCE.fullmatch(text)) and text.isascii() and not _is_jumble(text)


def _is_jumble(text: str) -> bool:
    """Whether it falls into pieces that nobody can pronounce, as encoded data do."""
    parts = slug(text).split("_")
    return len(parts) > 1 and any(part.isalpha() and len(part) > 1 and not set(part) & set("aeiouy") for part in parts)


def _same(first: str, second: str) -> bool:
    try:
        return ast.unparse(ast.parse(first, mode="eval")) == second
    except SyntaxError:
        return False


def _number(node: ast.expr) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case _:
            return None
