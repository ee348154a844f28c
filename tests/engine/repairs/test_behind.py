from pathlib import Path

import pytest

from qeforge.domain.observation import Arc, Frame, Raised
from qeforge.domain.target import SourceModule
from qeforge.engine.repairs import Behind

SOURCE = """\
def outer(text):
    size = inner(text,
                 1)
    if size > 3:
        raise ValueError(size)
    try:
        with open(text) as file:
            data = file.read()
    except OSError:
        return None
    finally:
        print(size)
    return data


def inner(text, more):
    size = int(
        text
    )
    return size + more
"""
CALL, ASK, RAISE, WITH, READ, HANDLER, FINALLY, CONVERT, RETURN = 2, 4, 5, 7, 8, 9, 12, 17, 20


def known(lines: tuple[int, ...], *arcs: Arc) -> bool:
    """Whether what lies behind a failure in these lines, outermost first, is known after these arcs."""
    module = SourceModule(name="m", path=Path("m.py"), import_root=Path(), source=SOURCE, targets=())
    behind = Behind(module)
    behind.note(arcs)
    return behind.is_known([Frame(function="f", line=line, own=True) for line in lines])


@pytest.mark.parametrize(
    ("lines", "arcs", "expected"),
    [
        ((CONVERT,), (), False),
        ((CONVERT,), ((CONVERT, RETURN),), True),
        ((CONVERT + 1,), ((CONVERT, CONVERT + 1), (CONVERT + 1, RETURN)), True),
        ((CONVERT,), ((CONVERT, CONVERT + 1), (CONVERT + 1, CONVERT)), False),  # one statement over three lines
        ((CONVERT,), ((CONVERT, -16),), False),  # an exception leaves the function, too
        ((CALL, CONVERT), ((CONVERT, RETURN),), False),  # the caller never got on
        ((CALL, CONVERT), ((CONVERT, RETURN), (CALL + 1, ASK)), True),
        ((RAISE,), ((ASK, RAISE),), False),
        ((RAISE,), ((ASK, RAISE), (ASK, 6)), True),
        ((READ,), ((READ, HANDLER),), False),
        ((READ,), ((READ, WITH),), False),  # a `with` is left the same way by an exception
        ((READ,), ((READ, FINALLY),), False),
        ((RETURN,), (), True),
    ],
)
def test_what_was_got_past_is_told_from_what_was_not(
    lines: tuple[int, ...], arcs: tuple[Arc, ...], expected: bool
) -> None:
    assert known(lines, *arcs) is expected


def test_frames_of_other_modules_do_not_count() -> None:
    behind = Behind(SourceModule(name="m", path=Path("m.py"), import_root=Path(), source=SOURCE, targets=()))

    assert behind.is_known([Frame(function="loads", line=CONVERT, own=False)])


def test_known_ground_is_mended_a_few_times_for_one_reason_and_then_no_more() -> None:
    behind = Behind(SourceModule(name="m", path=Path("m.py"), import_root=Path(), source=SOURCE, targets=()))
    frames = (Frame(function="inner", line=CONVERT, own=True),)
    raised = Raised(type_name="ValueError", message="no", frames=frames)

    assert [behind.pays("m:inner", raised) for _ in range(8)] == [True] * 8
    behind.note([(CONVERT, RETURN)])
    assert [behind.pays("m:inner", raised) for _ in range(8)] == [True] * 6 + [False] * 2
    assert behind.pays("m:inner", Raised(type_name="TypeError", message="no", frames=frames))
    assert behind.pays("m:outer", raised)
