import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qeforge.cli.changed import complete_changed
from qeforge.domain.provider import Description, Place, Prompt
from qeforge.domain.report import Action
from qeforge.domain.trajectory import Stop
from qeforge.errors import WriteError
from qeforge.wiring import Unfinished
from tests.cli.conftest import Cli, FakeWiring
from tests.report.samples import SCORE, module, report, skipped


def test_every_option_reaches_the_configuration(cli: Cli, wiring: FakeWiring) -> None:
    ended = cli(
        *["generate", "--out", "gen", "--target", "a:b", "--target", "a:c", "--changed=main", "--exclude", "x*"],
        *["--engine", "native", "--local-only", "--python", "py", "--max-time", "3", "--iterations", "2"],
        *["--seed", "5", "--jobs", "1", "--fail-under", "0.5", "--dry-run", "--force", "--update"],
        *["--ignore-existing", "--no-private", "--no-why", "--no-sandbox", "--memory-mb", "256", "--no-cache"],
        *["-q", "--no-progress", "shop.py", "other"],
    )
    assert ended.code == 0
    (config,) = wiring.configs
    assert (config.out, config.targets, config.changed) == (Path("gen"), ("a:b", "a:c"), "main")
    assert (config.exclude, config.engine, config.python) == (("x*",), "native", Path("py"))
    assert (config.local_only, config.privacy, config.force_cloud) == (True, "local-only", False)
    assert (config.max_time, config.iterations, config.seed, config.jobs) == (3.0, 2, 5, 1)
    assert (config.fail_under, config.dry_run, config.force, config.update) == (0.5, True, True, True)
    assert (config.ignore_existing, config.private, config.why, config.sandbox) == (True, False, False, False)
    assert (config.memory_mb, config.cache) == (256, False)
    paths, progress = wiring.arguments[0]
    assert paths == [Path("shop.py"), Path("other")]
    progress.update("m", round=1, coverage=0.5, mutants_open=3, seconds_left=1.0)


def test_without_options_the_project_decides(cli: Cli, wiring: FakeWiring, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.qeforge]\nsandbox = false\nseed = 9\nexclude = ['a']\n")
    ended = cli("generate", "shop.py")
    (config,) = wiring.configs
    assert (config.sandbox, config.seed, config.exclude, config.why) == (False, 9, ("a",), True)
    assert ended.err.startswith(f"warning: no sandbox ({project / 'pyproject.toml'})")


def test_configuration_is_that_of_the_code_not_of_the_current_folder(
    cli: Cli, wiring: FakeWiring, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "pyproject.toml").write_text("[tool.qeforge]\nseed = 3\n")
    cli("generate", str(other / "a.py"), str(other / "b.py"))
    assert wiring.configs[0].seed == 3


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--changed", "shop.py"], ["--changed=HEAD", "shop.py"]),
        (["shop.py", "--changed"], ["shop.py", "--changed=HEAD"]),
        (["--changed", "--json", "shop.py"], ["--changed=HEAD", "--json", "shop.py"]),
        (["--changed", "main", "shop.py"], ["--changed=main", "shop.py"]),
        (["--changed=shop.py", "shop.py"], ["--changed=shop.py", "shop.py"]),
        (["shop.py", "--", "--changed"], ["shop.py", "--", "--changed"]),
    ],
)
def test_changed_takes_a_revision_or_none(project: Path, args: list[str], expected: list[str]) -> None:
    assert complete_changed(args) == expected


def test_bare_changed_means_head(cli: Cli, wiring: FakeWiring) -> None:
    cli("generate", "--changed", "shop.py")
    cli("generate", "shop.py")
    assert [config.changed for config in wiring.configs] == ["HEAD", None]


class TestEngines:
    @pytest.mark.parametrize(
        "args",
        [
            ["--engine", "native", "--local-only"],
            ["--engine", "auto"],
            ["--local-only"],
            ["--engine", "cloud", "--yes"],
        ],
    )
    def test_what_was_asked_for_reaches_the_run(self, cli: Cli, wiring: FakeWiring, args: list[str]) -> None:
        assert cli("generate", *args, "shop.py").code == 0
        (config,) = wiring.configs
        assert config.local_only == ("--local-only" in args)
        assert config.engine == (args[1] if args[0] == "--engine" else "auto")
        assert config.yes == ("--yes" in args)

    def test_what_was_asked_for_by_name_and_not_had_is_exit_3_with_the_suites(
        self, cli: Cli, wiring: FakeWiring
    ) -> None:
        lacking = (("no-key", "ANTHROPIC_API_KEY is not set", "set it"),)
        wiring.answer = replace(report(module()), unavailable=lacking)
        ended = cli("generate", "--force-cloud", "shop.py")
        assert ended.code == 3
        assert "written tests/test_cart.py" in ended.err
        assert ended.err.splitlines()[-1] == "qeforge: ANTHROPIC_API_KEY is not set; set it"
        shown = cli("generate", "--force-cloud", "--json", "shop.py").envelope
        assert shown["errors"][0]["slug"] == "no-key"
        assert shown["data"]["modules"]

    def test_prompts_are_shown_as_they_are_sent(self, cli: Cli, wiring: FakeWiring) -> None:
        whom = Description(name="llama", model="tiny", place=Place.PROCESS, context=100, detail="tiny.gguf")
        prompt = Prompt(system="Be short.", shared="Module.", ask="Calls?", prefill="f(")

        def run(paths: Any, progress: Any, *, show: Any, **_: Any) -> Any:
            if show is not None:
                show(whom, prompt)
            return report(module())

        wiring.answer = run
        ended = cli("generate", "--show-prompts", "--json", "shop.py")
        assert ended.err == "--- to tiny (process: tiny.gguf)\nBe short.\n\nModule.\n\nCalls?\n\nf(\n---\n"
        assert cli("generate", "-q", "shop.py").err == ""


class TestOutput:
    def test_stdout_stays_empty_and_stderr_has_the_table(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = report(module())
        ended = cli("generate", "shop.py")
        assert (ended.code, ended.out) == (0, "")
        assert "written tests/test_cart.py" in ended.err
        assert ended.err.splitlines()[-1].startswith("quality 0.7")

    def test_no_colours_and_no_trailing_blanks_where_no_terminal_is(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = report(module(), module("x", action=Action.SKIPPED, reason="long " * 100))
        ended = cli("generate", "shop.py")
        assert "\x1b" not in ended.err
        assert all(line == line.rstrip() for line in ended.err.splitlines())
        assert ("long " * 100).strip() in ended.err

    def test_quiet_says_nothing(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = report(module())
        ended = cli("generate", "-q", "--no-sandbox", "shop.py")
        assert (ended.out, ended.err) == ("", "")

    def test_verbose_names_each_module_when_it_is_done(self, cli: Cli, wiring: FakeWiring) -> None:
        def done(paths: Any, progress: Any, **_: Any) -> Any:
            progress.done("shop.cart", "written")
            return report(module(stop=Stop.PLATEAU))

        wiring.answer = done
        ended = cli("generate", "-v", "shop.py")
        assert ended.err.splitlines()[0] == "shop.cart: written"
        assert "shop.cart: stopped by plateau after 3 rounds" in ended.err

    def test_dry_run_prints_a_diff(self, cli: Cli, wiring: FakeWiring, project: Path) -> None:
        suite = project / "tests" / "test_cart.py"
        wiring.answer = report(module(action=Action.WOULD_WRITE, suite=suite, new="a\n"))
        expected = "--- /dev/null\n+++ b/tests/test_cart.py\n@@ -0,0 +1 @@\n+a\n"
        ended, machine = cli("generate", "--dry-run", "shop.py"), cli("generate", "--dry-run", "--json", "shop.py")
        assert ended.out == expected
        assert "would write" in ended.err
        assert machine.envelope["data"]["diff"] == expected

    def test_json_has_everything_and_stderr_nothing(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = report(module(), notes=("no landlock",))
        ended = cli("generate", "--json", "--no-sandbox", "shop.py")
        assert ended.err == ""
        assert (ended.envelope["status"], ended.envelope["errors"]) == ("ok", [])
        assert ended.envelope["data"]["score"]["quality"] == SCORE.quality
        assert ended.envelope["data"]["notes"] == ["no landlock"]
        assert "diff" not in ended.envelope["data"]


class TestVerdict:
    def test_below_the_goal_is_exit_1(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = report(module())
        ended = cli("generate", "--fail-under", "0.9", "shop.py")
        assert ended.code == 1
        assert f"quality {SCORE.quality:.4f} is below 0.9" in ended.err
        assert cli("generate", "--fail-under", f"{SCORE.quality}", "shop.py").code == 0

    def test_one_skipped_module_is_no_failure(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = report(module(), skipped("broken", "SyntaxError"))
        assert cli("generate", "shop.py").code == 0

    def test_all_skipped_is(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = report(skipped("a", "No module named 'numpy'"), skipped("b", "SyntaxError"))
        ended = cli("generate", "--json", "shop.py")
        assert (ended.code, ended.envelope["status"]) == (1, "unmet")
        assert ended.envelope["errors"][0]["slug"] == "nothing-tested"
        assert "a: No module named 'numpy' (and 1 more)" in ended.envelope["errors"][0]["message"]

    def test_nothing_to_do_is_a_success_even_with_a_goal(self, cli: Cli, wiring: FakeWiring) -> None:
        ended = cli("generate", "--changed", "--fail-under", "1", "shop.py")
        assert ended.code == 0
        assert ended.err == "nothing to do\n"

    def test_a_report_of_an_interrupted_run_is_130(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = report(module(action=Action.SKIPPED, stop=Stop.INTERRUPTED))
        ended = cli("generate", "shop.py")
        assert ended.code == 130
        assert ended.err.endswith("qeforge: interrupted; nothing was written\n")


class TestUnfinished:
    """A run that something cut short still tells what it has done."""

    @staticmethod
    def cut(problem: Exception) -> Unfinished:
        unfinished = Unfinished(report(module()))
        unfinished.__cause__ = problem
        return unfinished

    def test_a_bug_is_exit_4_with_the_modules_that_were_finished(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = self.cut(RuntimeError("boom"))
        ended = cli("generate", "shop.py")
        assert ended.code == 4
        assert "written tests/test_cart.py" in ended.err
        assert "qeforge: unexpected RuntimeError, a bug in qeforge" in ended.err.splitlines()[-1]

    def test_the_log_of_a_bug_in_a_modules_own_process_says_where_it_was(
        self, cli: Cli, wiring: FakeWiring, project: Path
    ) -> None:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            problem = pool.submit(int, "seven").exception()
        assert isinstance(problem, ValueError)
        wiring.answer = self.cut(problem)
        cli("generate", "shop.py")
        (log,) = (project.parent / "data" / "logs").iterdir()
        assert "in _process_worker" in log.read_text()

    def test_a_folder_that_cannot_be_written_is_exit_3_with_them(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = self.cut(WriteError("cannot write tests/test_tax.py: read-only"))
        ended = cli("generate", "--json", "shop.py")
        assert (ended.code, ended.envelope["status"]) == (3, "unavailable")
        assert [one["module"] for one in ended.envelope["data"]["modules"]] == ["shop.cart"]
        assert "read-only" in ended.envelope["errors"][0]["message"]
