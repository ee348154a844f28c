import pytest

from qeforge.engine.basics import KNOWN, misfit


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ((), '"abc"'),
        (("str",), "1"),
        (("str", "int"), "None"),
        (("Gauge",), '"abc"'),
    ],
)
def test_a_misfit_has_a_type_that_is_not_among_them(types: tuple[str, ...], expected: str) -> None:
    value = misfit(types)

    assert value is not None
    assert value.source == expected


def test_where_every_plain_type_fits_there_is_no_misfit() -> None:
    assert misfit(("str", "int", "NoneType", "bytes", "list", "dict", "tuple", "float", "set")) is None


def test_the_first_frame_holds_the_same_variables_wherever_it_is_asked_for() -> None:
    value = KNOWN["types.FrameType"][0]

    def held() -> object:
        names: dict[str, object] = {}
        exec("\n".join([*value.imports, *value.before, f"held = {value.source}.f_locals"]), names)
        return names["held"]

    assert held() == {"number": 1, "text": "abc"}
