import pytest

from qeforge.analysis.command_line import Command, Option, argument_parameters, commands_of, decorated_commands
from qeforge.analysis.symbols import Symbols, read_symbols


def symbols(text: str) -> Symbols:
    return read_symbols(text, "m")


@pytest.mark.parametrize(
    ("call", "option"),
    [
        ('add_argument("path")', Option(name="path", required=True)),
        ('add_argument("path", nargs="?")', Option(name="path")),
        ('add_argument("paths", nargs="*")', Option(name="paths", takes=-1)),
        ('add_argument("pair", nargs=2)', Option(name="pair", takes=2, required=True)),
        ('add_argument("-q", "--quiet", action="store_true")', Option(name="quiet", flags=("-q", "--quiet"), takes=0)),
        ('add_argument("--n", type=int, required=True)', Option(name="n", flags=("--n",), type="int", required=True)),
        ('add_argument("--how", choices=("a", "b"))', Option(name="how", flags=("--how",), choices=("a", "b"))),
        ('add_option("-n", type="int")', Option(name="n", flags=("-n",), type="int")),
    ],
)
def test_an_option_is_read_from_the_call_that_declares_it(call: str, option: Option) -> None:
    assert commands_of(symbols(f"p.{call}\n")) == (Command(options=(option,)),)


def test_options_of_a_group_are_the_parsers_and_those_of_a_subcommand_its_own() -> None:
    text = (
        "import argparse\n"
        "p = argparse.ArgumentParser()\n"
        'g = p.add_argument_group("more")\n'
        'g.add_argument("--all", action="store_true")\n'
        "s = p.add_subparsers()\n"
        'a = s.add_parser("add")\n'
        'a.add_argument("name")\n'
    )

    assert commands_of(symbols(text)) == (
        Command(options=(Option(name="all", flags=("--all",), takes=0),)),
        Command(words=("add",), options=(Option(name="name", required=True),)),
    )


def test_getopt_names_its_options_in_strings() -> None:
    text = 'import getopt\ngetopt.getopt(args, "vo:", ["output=", "help"])\n'

    assert commands_of(symbols(text)) == (
        Command(
            options=(
                Option(name="v", flags=("-v",), takes=0),
                Option(name="o", flags=("-o",), takes=1),
                Option(name="output", flags=("--output",), takes=1),
                Option(name="help", flags=("--help",), takes=0),
            )
        ),
    )


def test_a_click_command_is_read_from_its_decorators() -> None:
    text = (
        "import click\n"
        "@click.command()\n"
        '@click.argument("name")\n'
        '@click.option("--shout/--no-shout")\n'
        '@click.option("--level", type=click.Choice(["low", "high"]))\n'
        "def greet(name, shout, level): ...\n"
    )

    assert decorated_commands(symbols(text)) == {
        "greet": Command(
            options=(
                Option(name="level", flags=("--level",), type="choice(['low', 'high'])", choices=("low", "high")),
                Option(name="shout/--no-shout", flags=("--shout", "--no-shout"), takes=0),
                Option(name="name", required=True),
            )
        )
    }


def test_the_parameter_that_is_parsed_is_found() -> None:
    text = "def main(argv=None, other=1):\n    return build().parse_args(argv or [])\n"

    assert argument_parameters(symbols(text)) == {("main", "argv")}
