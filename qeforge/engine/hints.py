"""What the name of an untyped parameter usually stands for."""

from qeforge.engine.samples import words

_SORTS: tuple[tuple[str, str], ...] = (
    ("callable", "callback func function fn predicate handler hook factory decorator callable wrapped"),
    ("path", "path filename file directory folder dir filepath"),
    (
        "int",
        "n count size length index limit width height level depth num number max min start stop end step offset port"
        " age year month day",
    ),
    ("list", "items list values seq sequence iterable elements args rows lines names keys seqs"),
    ("dict", "dict mapping kwargs options config settings data context params headers attrs d"),
    (
        "str",
        "text string str name title msg message label prefix suffix word line s value url pattern template sep"
        " separator delimiter",
    ),
    ("bool", "is has flag enabled verbose strict force quiet debug"),
)

_QUESTIONS = ("is_", "has_", "no_", "should_", "use_", "allow_", "can_")


def sort_of(name: str) -> str:
    """`callable`, `path`, `int`, `list`, `dict`, `str` or `bool`; empty when the name says nothing."""
    if name.lower().lstrip("_").startswith(_QUESTIONS):  # `is_url` is no URL
        return "bool"
    found = words(name)
    return next((sort for sort, known in _SORTS if found & set(known.split())), "")
