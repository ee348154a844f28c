import pytest

from qeforge.analysis.blame import Use
from qeforge.domain.observation import Raised
from qeforge.engine.repairs.wants import Want, wants


def read(type_name: str, message: str) -> Want:
    return wants(Raised(type_name=type_name, message=message))


@pytest.mark.parametrize(
    ("type_name", "message", "use"),
    [
        ("AttributeError", "'int' object has no attribute 'size'", Use.ATTRIBUTE),
        ("AttributeError", "'int' object has no attribute '__enter__'", Use.ENTER),
        ("TypeError", "'int' object does not support the context manager protocol", Use.ENTER),
        ("TypeError", "'int' object is not callable", Use.CALL),
        ("TypeError", "<lambda>() takes 1 positional argument but 2 were given", Use.CALL),
        ("TypeError", "'int' object is not subscriptable", Use.INDEX),
        ("TypeError", "string indices must be integers, not 'str'", Use.INDEX),
        ("TypeError", "'int' object is not iterable", Use.ITERATE),
        ("TypeError", "unsupported operand type(s) for +: 'int' and 'str'", Use.OPERAND),
        ("TypeError", "expected str, bytes or os.PathLike object, not int", Use.ARGUMENT),
        ("KeyError", "'name'", Use.INDEX),
        ("IndexError", "list index out of range", Use.INDEX),
        ("ValueError", "not enough values to unpack (expected 2, got 1)", Use.ITERATE),
        ("ValueError", "invalid literal for int() with base 10: 'abc'", Use.ARGUMENT),
        ("m.CustomError", "whatever", Use.ARGUMENT),
    ],
)
def test_the_text_says_what_was_done_to_the_value(type_name: str, message: str, use: Use) -> None:
    assert read(type_name, message).use is use


def test_what_would_have_done_is_read_too() -> None:
    assert read("AttributeError", "'m.Box' object has no attribute 'size'").culprits == {"Box"}
    assert read("TypeError", "<lambda>() takes 1 positional argument but 2 were given").arity == 2
    assert read("TypeError", "unhashable type: 'types.SimpleNamespace'").unhashable
    assert read("ValueError", "not enough values to unpack (expected 2, got 1)").size == 2
    assert read("KeyError", "'name'").key == "'name'"
    assert read("binascii.Error", "Incorrect padding").texts == ("aGVsbG8=",)
    assert read("TypeError", "a Token is needed").named == ("Token",)
    assert read("IndexError", "list index out of range").longer
