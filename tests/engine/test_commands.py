from qeforge.analysis.command_line import Command, Option
from qeforge.engine.commands import vectors

COUNT = Option(name="count", flags=("-n", "--count"), type="int")
HOW = Option(name="how", flags=("--how",), choices=("a", "b"))
QUIET = Option(name="quiet", flags=("-q", "--quiet"), takes=0)


def test_each_option_comes_with_what_must_be_given() -> None:
    found = vectors([Command(options=(COUNT, HOW, QUIET, Option(name="x", required=True, choices=("y",))))])

    assert found[0] == ("y",)
    assert ("--count", "3", "y") in found
    assert ("--how", "a", "y") in found
    assert ("--how", "b", "y") in found
    assert ("--quiet", "y") in found
    assert ("--how", "no-such-value", "y") in found
    assert () in found
    assert ("--help",) in found


def test_a_subcommand_is_led_to_by_its_words() -> None:
    assert vectors([Command(words=("add",), options=(QUIET,))])[:2] == [("add",), ("add", "--quiet")]


def test_without_any_declaration_a_few_usual_ones_remain() -> None:
    assert vectors([]) == [(), ("--help",), ("abc",), ("--no-such-option",)]
