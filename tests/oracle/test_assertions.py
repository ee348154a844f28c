from dataclasses import replace

import pytest

from qeforge.domain.observation import (
    Change,
    Effect,
    Facet,
    Frame,
    LogRecord,
    Observation,
    Outcome,
    Snapshot,
)
from qeforge.oracle.assertions import assertions_for
from tests.oracle.build import candidate, raised, returned, value


def codes(seen: Observation, *others: Observation, **given: object) -> list[str]:
    subject = candidate(**given)  # type: ignore[arg-type]
    return [a.code for a in assertions_for(subject, seen, others or [seen, seen])]


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.CRASHED, Outcome.INVALID, Outcome.ARRANGE_FAILED])
def test_unfinished_runs_make_no_test(outcome: Outcome) -> None:
    assert codes(Observation(outcome=outcome)) == []


def test_a_run_that_ended_otherwise_once_makes_no_test() -> None:
    assert codes(returned("1"), returned("1"), Observation(outcome=Outcome.TIMEOUT)) == []
    assert codes(returned("1"), raised("ValueError", "no")) == []


@pytest.mark.parametrize(
    "effect",
    [
        Effect(kind="network", event="socket.connect", detail="", blocked=True),
        Effect(kind="cwd", event="open", detail="x.txt", blocked=False),
    ],
)
def test_runs_that_reach_out_make_no_test(effect: Effect) -> None:
    assert codes(replace(returned("1"), effects=(effect,))) == []
    assert codes(returned("1"), replace(returned("1"), effects=(effect,))) == []


def test_an_effect_that_was_let_through_is_no_obstacle() -> None:
    effect = Effect(kind="filesystem", event="open", detail="x", blocked=False)
    assert codes(replace(returned("1", "int"), effects=(effect,))) == ["assert result == 1"]


def test_a_test_that_names_what_this_machine_has_is_none() -> None:
    effect = Effect(kind="filesystem", event="open", detail="/etc/motd", blocked=False)
    seen = replace(returned("1", "int"), effects=(effect,))
    assert assertions_for(candidate("f('/etc/motd')"), seen, [returned("1", "int")]) == ()
    assert assertions_for(candidate("f(path)", "path = '/etc/motd'"), returned("1", "int"), [seen]) == ()
    assert assertions_for(candidate("f('/etc/mail')"), seen, [seen]) != ()


def test_a_value_that_wavers_is_not_asserted() -> None:
    assert codes(returned("'a'"), returned("'a'"), returned("'b'")) == ["assert isinstance(result, str)"]


def test_a_type_that_wavers_leaves_nothing() -> None:
    assert codes(returned("'a'", "str"), returned("1", "int")) == []


def test_the_firm_keys_of_a_dict_are_asserted() -> None:
    first = returned("{'id': 1, 'at': 5.0}", "dict")
    second = returned("{'id': 1, 'at': 6.5}", "dict")
    assert codes(first, second) == ["assert result['id'] == 1"]


def test_the_firm_attributes_of_an_object_are_asserted() -> None:
    def account(created: str) -> Observation:
        parts = ((".owner", value("'Ann'")), (".created", value(created)))
        return Observation(outcome=Outcome.RETURNED, result=Snapshot(type_name="shop.Account", attributes=parts))

    assert codes(account("1"), account("2")) == ["assert result.owner == 'Ann'"]


def test_only_the_changed_attributes_of_an_object_are_asserted() -> None:
    before = Snapshot(type_name="shop.Account", attributes=((".owner", value("'Ann'")), (".balance", value("1"))))
    after = Snapshot(type_name="shop.Account", attributes=((".owner", value("'Ann'")), (".balance", value("6"))))
    seen = replace(returned("None", "NoneType"), changes=(Change(expression="account", before=before, after=after),))
    assert codes(seen) == ["assert result is None", "assert account.balance == 6"]


def test_calls_of_a_mock_are_asserted_with_their_import() -> None:
    change = Change(
        expression="callback.mock_calls",
        before=value("[]"),
        after=value("[call(1)]", "unittest.mock._CallList", "from unittest.mock import call"),
    )
    seen = replace(returned("None", "NoneType"), changes=(change,))
    found = assertions_for(candidate(), seen, [seen])
    assert found[1].code == "assert callback.mock_calls == [call(1)]"
    assert found[1].imports == ("from unittest.mock import call",)


def test_a_change_that_wavers_is_left_out_alone() -> None:
    def seen(second: str) -> Observation:
        changes = (
            Change(expression="items", before=value("[]"), after=value("[1]")),
            Change(expression="stamps", before=value("[]"), after=value(second)),
        )
        return replace(returned("None", "NoneType"), changes=changes)

    assert codes(seen("[1]"), seen("[2]")) == ["assert result is None", "assert items == [1]"]


def test_output_is_asserted_through_capsys() -> None:
    seen = replace(returned("None", "NoneType"), stdout="a\n", stderr="b\n")
    found = assertions_for(candidate(), seen, [seen])
    assert [a.code for a in found[1:]] == [
        'assert capsys.readouterr().out == "a\\n"',
        'assert capsys.readouterr().err == "b\\n"',
    ]
    assert found[1].fixtures == ("capsys",)


def test_stderr_that_pytest_would_take_away_is_not_asserted() -> None:
    record = LogRecord(logger="shop", level="WARNING", message="low")
    seen = replace(returned("None", "NoneType"), stderr="low\n", logs=(record,))
    assert codes(seen) == ["assert result is None", 'assert caplog.messages == ["low"]']


def test_files_are_asserted_relative_to_tmp_path() -> None:
    seen = replace(returned("None", "NoneType"), files=(("sub/x.txt", "a\n"),))
    assert codes(seen, fixtures=("tmp_path",))[1] == 'assert (tmp_path / "sub/x.txt").read_text() == "a\\n"'


def test_files_without_tmp_path_are_not_asserted() -> None:
    seen = replace(returned("None", "NoneType"), files=(("x.txt", "a\n"),))
    assert codes(seen) == ["assert result is None"]


def test_a_file_that_the_test_wrote_itself_is_not_asserted() -> None:
    seen = replace(returned("1", "int"), files=(("x.txt", "abc"),))
    subject = candidate("f(path)", "path = tmp_path / 'x.txt'", "path.write_text('abc')", fixtures=("tmp_path",))
    assert [a.facet for a in assertions_for(subject, seen, [seen])] == [Facet.RESULT]


def test_text_beyond_ascii_is_read_as_utf_8() -> None:
    seen = replace(returned("None", "NoneType"), files=(("x.txt", "ä"),))
    assert codes(seen, fixtures=("tmp_path",))[1].endswith('.read_text(encoding="utf-8") == "ä"')


def test_warnings_become_a_context() -> None:
    seen = replace(returned("1", "int"), warnings=(("DeprecationWarning", "old"), ("ResourceWarning", "open file")))
    assert codes(seen) == ["assert result == 1", 'pytest.warns(DeprecationWarning, match="old")']


def test_a_wrongly_called_function_makes_no_test() -> None:
    test_only = (Frame(function="test", line=1, own=False),)
    assert codes(raised("TypeError", "f() missing 1 required positional argument: 'x'", test_only)) == []
    assert codes(raised("AttributeError", "'Foo' object has no attribute 'x'", test_only)) == []


def test_a_refused_operator_makes_a_test() -> None:
    test_only = (Frame(function="test", line=1, own=False),)
    seen = raised("TypeError", "unsupported operand type(s) for +: 'Money' and 'str'", test_only)
    assert codes(seen) == [
        r"""pytest.raises(TypeError, match=r"unsupported operand type\(s\) for \+: 'Money' and 'str'")"""
    ]


@pytest.mark.parametrize("name", ["RecursionError", "MemoryError", "KeyboardInterrupt"])
def test_exhaustion_makes_no_test(name: str) -> None:
    assert codes(raised(name, "too deep")) == []


@pytest.mark.parametrize(
    ("message", "check"),
    [
        ("2", ["pytest.raises(SystemExit)", "assert excinfo.value.code == 2"]),
        ("None", ["pytest.raises(SystemExit)", "assert excinfo.value.code is None"]),
        ("no input", ['pytest.raises(SystemExit, match="no input")']),
    ],
)
def test_exit_codes(message: str, check: list[str]) -> None:
    assert codes(raised("SystemExit", message)) == check


def test_an_exception_that_cannot_be_imported_is_expected_by_its_base() -> None:
    seen = raised("shop.make.<locals>.Odd", "odd")
    assert seen.raised is not None
    seen = replace(seen, raised=replace(seen.raised, ancestors=("shop.Base", "Exception", "BaseException")))
    found = assertions_for(candidate(), seen, [seen])
    assert found[0].code == 'pytest.raises(Base, match="odd")'
    assert found[0].imports == ("import pytest", "from shop import Base")


def test_building_an_object_is_asserted_by_its_attributes() -> None:
    seen = returned("Point(x=1, y=2)", "shop.Point")
    assert codes(seen, act="Point(1, 2)") == ["assert result.x == 1", "assert result.y == 2"]
    assert codes(seen, act="make_point(1)") == ["assert result == Point(x=1, y=2)"]


def test_an_argument_that_cannot_be_made_makes_no_test() -> None:
    seen = raised("ValueError", "year -2020 is out of range", ())
    assert codes(seen, act="f(date(-2020, 1, 31))") == []


def test_an_exception_from_a_library_that_the_class_relies_on_makes_a_test() -> None:
    library = (Frame(function="__call__", line=700, own=False),)
    seen = raised("ValueError", "'x' is not a valid Color", library)
    assert codes(seen, act="Color('x')") == ["""pytest.raises(ValueError, match="'x' is not a valid Color")"""]


def test_an_exception_that_the_test_raises_inside_a_context_makes_a_test() -> None:
    act = 'with f(1):\n    raise ValueError("boom")'
    assert codes(raised("ValueError", "boom", ()), act=act) == ['pytest.raises(ValueError, match="boom")']


def test_a_stand_in_that_is_called_otherwise_makes_no_test() -> None:
    seen = raised("TypeError", "<lambda>() missing 1 required positional argument: 'x'")
    assert codes(seen, act="f(lambda x: 1)") == []
    own = raised("TypeError", "helper() takes 1 positional argument but 2 were given")
    assert codes(own) == [
        'pytest.raises(TypeError, match=r"helper\\(\\) takes 1 positional argument but 2 were given")'
    ]


@pytest.mark.parametrize(
    ("type_name", "message"),
    [
        ("AttributeError", "property 'x' of 'Cart' object has no setter"),
        ("AttributeError", "can't set attribute 'x'"),
        ("UnboundLocalError", "cannot access local variable 'y' where it is not associated with a value"),
        ("TypeError", "f() got an unexpected keyword argument 'nane'. Did you mean 'name'?"),
    ],
)
def test_what_another_python_says_in_other_words_is_not_matched(type_name: str, message: str) -> None:
    assert codes(raised(type_name, message)) == [f"pytest.raises({type_name})"]


def test_a_wrong_choice_is_expected_without_the_choices() -> None:
    seen = raised("argparse.ArgumentError", "argument -c: invalid choice: 'z' (choose from 'a', 'b')")
    assert codes(seen) == ["""pytest.raises(ArgumentError, match="argument -c: invalid choice: 'z'")"""]


def test_help_that_another_python_lays_out_otherwise_is_not_asserted() -> None:
    text = "options:\\n  -o OUT, --out OUT  where to\\n"
    assert codes(returned(f"'{text}'", "str")) == ["assert isinstance(result, str)"]
