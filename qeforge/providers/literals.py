"""Secrets in source that only its structure shows: values in several lines or pieces, behind names, in calls."""

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator

from qeforge.providers.scanner import Secret

KIND = "Secret by its place"
LONGEST = 1_000_000
"""Characters of source that are looked at; files of code are far below."""

_NAME = re.compile(
    r"(?i)passw|passphrase|pwd|secret|(?:api|private|access|auth|signing|encryption|master|account)_?key|credential"
    r"|(?:^|_)(?:auth|authorization|salt|pin|pass|pw|dsn|jwt)(?:$|_)"
)
_TOKEN = re.compile(r"(?i)token")
_STATED = re.compile(
    r"(?i)(?:passw(?:or)?d|passphrase|pwd|secret|(?:api|access|account)[_ -]?key|token)"
    r"['\"]?\s*(?:[:=]|\bis\b)\s*['\"]?"
    r"([^\s'\"`,;&()\[\]{}]{4,})"
)
_LEAST, _LEAST_TOKEN = 3, 8
_DIGIT = re.compile(r"\d")


def secrets_in(source: str) -> tuple[Secret, ...]:
    """Every secret, as its value and as each piece in which it is written; in what is no Python, only what prose
    states."""
    text = textwrap.dedent(source[:LONGEST])
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return tuple(Secret(text=each, kind=KIND) for each in dict.fromkeys(_stated(text)))
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        for name, value in _named(node):
            for constant in _constants(value):
                found.update(dict.fromkeys(_forms(name, constant, text)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(dict.fromkeys(_stated(node.value)))
    for comment in _comments(text):
        found.update(dict.fromkeys(_stated(comment)))
    return tuple(Secret(text=each, kind=KIND) for each in found)


def _named(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names, and what stands behind them."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((_name(target), value) for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield _name(target), value
        case ast.keyword(arg=str(name), value=value):
            yield name, value
        case ast.arguments():
            plain = [*node.posonlyargs, *node.args]
            pairs = [*zip(plain[len(plain) - len(node.defaults) :], node.defaults, strict=True)]
            pairs += [(arg, value) for arg, value in zip(node.kwonlyargs, node.kw_defaults, strict=True) if value]
            yield from ((arg.arg, value) for arg, value in pairs)
        case ast.Dict(keys=keys, values=values):
            yield from ((_name(key), value) for key, value in zip(keys, values, strict=True) if key is not None)
        case ast.Compare(left=left, comparators=others):
            sides = [left, *others]
            for side in sides:
                yield from ((_name(side), other) for other in sides if other is not side)
        case ast.Call(args=[*given]):
            # setdefault("DB_PASSWORD", "…"), getenv("API_KEY", "…"), setattr(x, "password", "…")
            for at, argument in enumerate(given):
                if isinstance(argument, ast.Constant):
                    yield from ((_name(argument), value) for value in given[at + 1 :])
        case ast.BoolOp(values=[first, *others]):
            yield from ((_name(first), value) for value in others)


def _name(node: ast.expr) -> str:
    """What an expression is called."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Constant(value=str(text)):
            return text if text.replace("-", "_").isidentifier() else ""
        case ast.Subscript(slice=inner):
            return _name(inner)
        case ast.Call(args=[first, *_]):
            return _name(first)
    return ""


def _constants(value: ast.expr) -> Iterator[ast.Constant]:
    """Texts that an expression is made of; what a call makes of its arguments is something else."""
    match value:
        case ast.Constant(value=str() | bytes()):
            yield value
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.BoolOp(values=parts):
            for part in parts:
                yield from _constants(part)
        case ast.JoinedStr(values=parts):
            for part in parts:
                yield from _constants(part)
        case ast.Dict(values=parts):
            for part in parts:
                yield from _constants(part)
        case ast.BinOp(left=left, op=ast.Add(), right=right) | ast.IfExp(body=left, orelse=right):
            yield from _constants(left)
            yield from _constants(right)


def _forms(name: str, constant: ast.Constant, source: str) -> Iterator[str]:
    """How a constant behind a name may be written; nothing where the name does not make it a secret."""
    whole = constant.value.decode("latin-1") if isinstance(constant.value, bytes) else str(constant.value)
    is_token = _TOKEN.search(name) and len(whole) >= _LEAST_TOKEN and _DIGIT.search(whole)
    if not _NAME.search(name) and not is_token:
        return
    written = ast.get_source_segment(source, constant) or ""
    for text in (whole, repr(whole)[1:-1], *_pieces(written)):
        for form in (text, *text.splitlines()):
            if len(form.strip()) >= _LEAST:
                yield form.strip()


def _pieces(written: str) -> Iterator[str]:
    """Texts between quotes, as they are written: `"hun" "ter2"` has two."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(f"({written})").readline))
    except (tokenize.TokenError, SyntaxError):
        return
    for token in tokens:
        if token.type == tokenize.STRING:
            yield re.sub(r"^\w*('''|\"\"\"|'|\")(.*)\1$", r"\2", token.string, flags=re.DOTALL)


def _stated(text: str) -> Iterator[str]:
    """Secrets in prose and in connection strings: `Password=…;`, `password: …`; words of the language are none."""
    for match in _STATED.finditer(text):
        said = match[1].rstrip(".")
        if _DIGIT.search(said) and re.search("[A-Za-z]", said) and not said.startswith("REDACTED_"):
            yield said


def _comments(source: str) -> Iterator[str]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield token.string
    except (tokenize.TokenError, SyntaxError):
        return
