from collections.abc import Mapping
from pathlib import Path

import pytest

from qeforge.config import DEFAULT, RUN_ONLY, SETTINGS, Config, setting_named
from qeforge.config.loading import load_config
from qeforge.errors import ConfigError, UsageError
from tests.config.tables import load, write


def test_nothing_given_is_all_defaults(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert config == Config()
    assert set(config.origins.values()) == {DEFAULT}
    assert set(config.origins) == {*SETTINGS, *RUN_ONLY}


def test_each_layer_beats_the_one_below(tmp_path: Path) -> None:
    file = write(tmp_path, "seed = 1\njobs = 1\niterations = 1")
    config = load(tmp_path, flags={"seed": 3}, environ={"QEFORGE_SEED": "2", "QEFORGE_JOBS": "2"})
    assert (config.seed, config.jobs, config.iterations) == (3, 2, 1)
    assert config.origins["seed"] == "--seed"
    assert config.origins["jobs"] == "QEFORGE_JOBS"
    assert config.origins["iterations"] == str(file)
    assert config.origins["max_time"] == DEFAULT


def test_a_flag_of_none_is_not_given(tmp_path: Path) -> None:
    write(tmp_path, "sandbox = false")
    assert load(tmp_path, flags={"sandbox": None}).sandbox is False


def test_the_origin_of_a_switch_is_the_flag_as_typed(tmp_path: Path) -> None:
    config = load(tmp_path, flags={"sandbox": False, "why": True, "targets": ["m:f"], "dry_run": True})
    assert config.origins["sandbox"] == "--no-sandbox"
    assert config.origins["why"] == "--why"
    assert config.origins["targets"] == "--target"
    assert config.origins["dry_run"] == "--dry-run"
    assert config.targets == ("m:f",)


def test_a_flag_that_no_setting_has_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="colour"):
        load(tmp_path, flags={"colour": True})


@pytest.mark.parametrize("spelling", ["max-time", "max_time"])
def test_both_spellings_of_a_key(tmp_path: Path, spelling: str) -> None:
    write(tmp_path, f"{spelling} = 3")
    assert load(tmp_path).max_time == 3.0


TABLES_OF_SETTINGS = """
[tool.qeforge.local]
url = "http://127.0.0.1:8080"
allow-private = true
[tool.qeforge.routing]
local_share = 0.3
[tool.qeforge.privacy]
mode = "local-only"
never-send = ["secrets/"]
"""


def test_settings_that_belong_together_have_a_table(tmp_path: Path) -> None:
    write(tmp_path, TABLES_OF_SETTINGS)
    config = load(tmp_path)
    assert (config.local_url, config.local_allow_private) == ("http://127.0.0.1:8080", True)
    assert config.routing_local_share == 0.3
    assert (config.privacy, config.local_only, config.privacy_never_send) == ("local-only", True, ("secrets/",))


def test_what_a_table_says_of_privacy_is_not_loosened(tmp_path: Path) -> None:
    write(tmp_path, TABLES_OF_SETTINGS)
    config = load(tmp_path, environ={"QEFORGE_PRIVACY": "hybrid"}, flags={"privacy": "hybrid"})
    assert config.local_only
    with pytest.raises(UsageError, match="contradicts"):
        load(tmp_path, flags={"force_cloud": True})


def test_a_project_below_that_is_local_only_seals_the_whole_run(tmp_path: Path) -> None:
    write(tmp_path, "")
    for folder in ("services/vault", ".venv/lib/vault", "env/vault", "services/broken"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    (tmp_path / "services" / "broken" / "pyproject.toml").write_text("[tool", encoding="utf-8")
    for folder in (".venv/lib/vault", "env/vault"):
        write(tmp_path / folder, 'privacy = "local-only"')
    paths = [tmp_path / "services", tmp_path / ".venv" / "lib" / "x.py", tmp_path]
    assert not load_config({}, start=tmp_path, environ={}, paths=paths).local_only

    write(tmp_path / "services" / "vault", 'privacy = "local-only"')
    config = load_config({}, start=tmp_path, environ={"QEFORGE_PRIVACY": "hybrid"}, paths=[tmp_path])
    assert config.local_only
    assert config.origins["privacy"] == str(tmp_path / "services" / "vault" / "pyproject.toml")
    with pytest.raises(UsageError, match="contradicts"):
        load_config({"engine": "cloud"}, start=tmp_path, environ={}, paths=[tmp_path])


def test_what_is_never_sent_can_be_added_to_and_not_taken_back(tmp_path: Path) -> None:
    write(tmp_path, TABLES_OF_SETTINGS.replace("local-only", "hybrid"))
    assert load(tmp_path, environ={"QEFORGE_PRIVACY_NEVER_SEND": ""}).privacy_never_send == ("secrets/",)
    more = load(tmp_path, environ={"QEFORGE_PRIVACY_NEVER_SEND": "!secrets/"})
    assert more.privacy_never_send == ("!secrets/", "secrets/")  # the last that matches counts


@pytest.mark.parametrize("table", ['local.urll = "x"', '[tool.qeforge.local]\nurll = "x"'])
def test_an_unknown_key_of_a_table_names_the_nearest(tmp_path: Path, table: str) -> None:
    write(tmp_path, table)
    with pytest.raises(ConfigError, match=r"unknown key 'local\.urll'") as caught:
        load(tmp_path)
    assert caught.value.hint == "did you mean 'local.url'?"


def test_both_spellings_at_once_are_an_error(tmp_path: Path) -> None:
    file = write(tmp_path, "max-time = 3\nmax_time = 4")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert str(file) in caught.value.message
    assert "'max-time' and 'max_time'" in caught.value.message


def test_an_unknown_key_names_file_and_nearest_match(tmp_path: Path) -> None:
    file = write(tmp_path, "max-tim = 3")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert caught.value.message == f"{file}: [tool.qeforge]: unknown key 'max-tim'"
    assert caught.value.hint == "did you mean 'max-time'?"
    assert caught.value.exit_code == 2


def test_an_unknown_key_like_no_other_lists_them_all(tmp_path: Path) -> None:
    write(tmp_path, "zzz = 3")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert all(setting.key in caught.value.hint for setting in SETTINGS.values())


@pytest.mark.parametrize("key", ["force", "dry-run", "targets", "changed"])
def test_what_is_meant_for_one_run_cannot_be_configured(tmp_path: Path, key: str) -> None:
    write(tmp_path, f"{key} = true")
    with pytest.raises(ConfigError, match="belongs to a single run"):
        load(tmp_path)


def test_an_unknown_variable_names_the_nearest_match(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="environment variable QEFORGE_MAXTIME") as caught:
        load(tmp_path, environ={"QEFORGE_MAXTIME": "3"})
    assert caught.value.hint == "did you mean 'max-time'?"


def test_variables_of_others_and_the_data_folder_are_no_settings(tmp_path: Path) -> None:
    environ = {"QEFORGE_DATA_DIR": "/x", "_QEFORGE_COMPLETE": "x", "PATH": "/bin"}
    assert load(tmp_path, environ=environ) == Config()


WRONG = [
    ("max-time", '"3"'),
    ("max-time", "true"),
    ("max-time", "0"),
    ("max-time", "inf"),
    ("max-time", "nan"),
    ("iterations", "0"),
    ("iterations", "1.5"),
    ("seed", "true"),
    ("seed", '"x"'),
    ("jobs", "-1"),
    ("fail-under", "1.01"),
    ("fail-under", "-0.1"),
    ("sandbox", '"yes"'),
    ("sandbox", "1"),
    ("exclude", '"*.py"'),
    ("exclude", "[1]"),
    ("exclude", '[""]'),
    ("engine", '"gpt"'),
    ("engine", "3"),
    ("memory-mb", "1"),
    ("out", '""'),
    ("out", "3"),
    ("python", '"~nobody-has-this-name/python"'),
    ("privacy", '"none"'),
]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_wrong_value_names_file_key_and_what_is_expected(tmp_path: Path, key: str, value: str) -> None:
    file = write(tmp_path, f"{key} = {value}")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    setting = setting_named(key)
    assert setting is not None
    assert caught.value.message.startswith(f"{file}: [tool.qeforge] {key}: expected {setting.expected}, got ")


@pytest.mark.parametrize(
    ("variable", "text"),
    [("QEFORGE_SEED", "x"), ("QEFORGE_SANDBOX", "maybe"), ("QEFORGE_MAX_TIME", ""), ("QEFORGE_ENGINE", "GPT")],
)
def test_a_wrong_value_in_a_variable_names_it(tmp_path: Path, variable: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"environment variable {variable}: expected "):
        load(tmp_path, environ={variable: text})


def test_a_wrong_flag_is_named_as_typed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--iterations: expected a whole number from 1, got 0"):
        load(tmp_path, flags={"iterations": 0})


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("QEFORGE_SANDBOX", "off", False),
        ("QEFORGE_SANDBOX", "TRUE", True),
        ("QEFORGE_EXCLUDE", "a/, *_pb2.py,", ("a/", "*_pb2.py")),
        ("QEFORGE_MAX_TIME", " 2.5 ", 2.5),
        ("QEFORGE_OUT", "gen", Path("gen")),
        ("QEFORGE_ENGINE", "native", "native"),
        ("QEFORGE_SEED", "-1", -1),
    ],
)
def test_values_from_variables(tmp_path: Path, variable: str, text: str, expected: object) -> None:
    config = load(tmp_path, environ={variable: text})
    assert getattr(config, variable.removeprefix("QEFORGE_").lower()) == expected


def test_the_table_has_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\nqeforge = 3\n")
    with pytest.raises(ConfigError, match=r"tool\.qeforge is 3"):
        load(tmp_path)


def test_a_tool_that_is_no_table_is_somebody_elses_trouble(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("tool = 3\n")
    assert load(tmp_path) == Config()


def test_paths_in_the_file_are_relative_to_it(tmp_path: Path) -> None:
    write(tmp_path, 'out = "gen"\npython = "venv/bin/python"')
    config = load(tmp_path / "src")
    assert config.out == tmp_path / "gen"
    assert config.python == tmp_path / "venv" / "bin" / "python"


def test_a_bare_command_is_no_path_in_the_project(tmp_path: Path) -> None:
    write(tmp_path, 'python = "python3.12"')
    assert load(tmp_path).python == Path("python3.12")


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert load(tmp_path, environ={"QEFORGE_OUT": "~/gen"}).out == tmp_path / "me" / "gen"


class TestPrivacy:
    def test_a_flag_tightens(self, tmp_path: Path) -> None:
        config = load(tmp_path, flags={"local_only": True})
        assert (config.privacy, config.local_only) == ("local-only", True)
        assert config.origins["privacy"] == "--local-only"

    def test_a_variable_tightens(self, tmp_path: Path) -> None:
        write(tmp_path, 'privacy = "hybrid"')
        config = load(tmp_path, environ={"QEFORGE_PRIVACY": "local-only"})
        assert (config.privacy, config.local_only) == ("local-only", True)

    def test_a_flag_beats_a_variable_that_would_loosen(self, tmp_path: Path) -> None:
        config = load(tmp_path, flags={"local_only": True}, environ={"QEFORGE_PRIVACY": "hybrid"})
        assert (config.privacy, config.local_only) == ("local-only", True)

    @pytest.mark.parametrize("environ", [{}, {"QEFORGE_PRIVACY": "hybrid"}])
    def test_nothing_loosens_the_project(self, tmp_path: Path, environ: Mapping[str, str]) -> None:
        file = write(tmp_path, 'privacy = "local-only"')
        config = load(tmp_path, environ=environ)
        assert (config.privacy, config.local_only) == ("local-only", True)
        assert config.origins["privacy"] == str(file)

    @pytest.mark.parametrize("flags", [{"force_cloud": True}, {"engine": "cloud"}])
    def test_a_flag_that_would_loosen_it_is_refused(self, tmp_path: Path, flags: Mapping[str, object]) -> None:
        file = write(tmp_path, 'privacy = "local-only"')
        with pytest.raises(UsageError) as caught:
            load(tmp_path, flags=flags)
        assert str(file) in caught.value.message

    @pytest.mark.parametrize(
        "flags",
        [
            {"local_only": True, "force_cloud": True},
            {"local_only": True, "engine": "cloud"},
            {"force_cloud": True, "engine": "native"},
            {"force_cloud": True, "engine": "local"},
            {"batch": True, "local_only": True},
            {"batch": True, "engine": "local"},
            {"batch": True, "engine": "native"},
            {"record": Path("a"), "replay": Path("a")},
            {"record": Path("a"), "engine": "cloud"},
            {"replay": Path("a"), "engine": "native"},
            {"replay": Path("a"), "force_cloud": True},
            {"record": Path("a"), "batch": True},
        ],
    )
    def test_contradictions(self, tmp_path: Path, flags: Mapping[str, object]) -> None:
        with pytest.raises(UsageError) as caught:
            load(tmp_path, flags=flags)
        assert caught.value.slug == "contradiction"

    @pytest.mark.parametrize("flag", ["record", "replay"])
    def test_recorded_answers_are_those_of_a_local_model_and_belong_to_one_state(
        self, tmp_path: Path, flag: str
    ) -> None:
        write(tmp_path, 'engine = "cloud"')
        config = load(tmp_path, flags={flag: Path("answers.jsonl")})
        assert (config.engine, config.cache, config.memory_enabled) == ("local", False, False)
        assert config.origins["engine"] == config.origins["cache"] == f"--{flag}"

    @pytest.mark.parametrize(
        "flags",
        [
            {"local_only": True, "engine": "native"},
            {"local_only": True, "engine": "local"},
            {"force_cloud": True, "engine": "cloud"},
            {"force_cloud": True, "engine": "auto"},
        ],
    )
    def test_what_goes_together(self, tmp_path: Path, flags: Mapping[str, object]) -> None:
        assert load(tmp_path, flags=flags).engine == flags["engine"]

    def test_a_batch_is_for_the_cloud_alone(self, tmp_path: Path) -> None:
        config = load(tmp_path, flags={"batch": True})
        assert (config.batch, config.force_cloud, config.origins["force_cloud"]) == (True, True, "--batch")

    def test_a_flag_beats_a_configured_engine(self, tmp_path: Path) -> None:
        write(tmp_path, 'engine = "native"')
        assert load(tmp_path, flags={"force_cloud": True}).force_cloud
