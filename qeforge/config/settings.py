"""What may be set: the frozen `Config`, and for each setting what a value has to be and how it is read from text."""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qeforge.domain.capability import Capability
from qeforge.errors import ConfigError

DEFAULT = "default"
LOCAL_ONLY = "local-only"
ENGINES = ("auto", "native", "local", "cloud")
RUN_ONLY = (
    *("force", "update", "dry_run", "local_only", "force_cloud", "targets", "changed"),
    *("batch", "show_prompts", "yes", "suspects_as_tests", "record", "replay"),
)
"""What is meant for one run and cannot be configured."""
PREFIX = "QEFORGE_"
TABLES = ("local", "cloud", "routing", "privacy", "memory", "learn")
"""Parts of a setting's name that stand for a table of their own: `local_url` is `url` in `[tool.qeforge.local]`."""
_NO_TABLE = ("memory_mb",)
"""Settings that are in no table, whatever their names begin with."""
SHARES = ("project", "user")
EMBEDDERS = ("builtin", "sentence-transformers", "local")
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting of a run.

    Args:
        out: folder for suites; None for the project's test folder.
        exclude: gitignore-style patterns of files to leave out.
        engine: who proposes: `auto`, `native`, `local` or `cloud`.
        python: the target project's interpreter; None to look for one.
        max_time: wall-clock budget per module, in seconds.
        iterations: rounds of refinement at most.
        seed: same seed, same suite.
        jobs: modules worked on at the same time; 0 for one per core.
        fail_under: least quality in [0, 1] that counts as success.
        sandbox: whether code under test is fenced in.
        why: whether each test says what justifies it.
        ignore_existing: whether existing tests count for nothing.
        memory_mb: memory limit of the code under test, in MiB.
        private: whether private callables are tested directly.
        without: capabilities of the search to leave out, for measuring what each buys.
        properties: whether Hypothesis tests are offered, too.
        cache: whether what earlier runs found out is used, and kept for later ones.
        memory_enabled: whether what worked is remembered, and offered first by later runs.
        memory_share: whose memory is asked: of this `project`, or of all projects of this `user`.
        memory_embedder: what tells targets that are alike: `builtin`, `sentence-transformers`, or the `local` model.
        memory_model: folder of the sentence-transformers model; None for none.
        privacy: `hybrid`, or `local-only`: nothing may leave the machine.
        privacy_never_send: gitignore-style patterns of files whose code no cloud model is shown.
        local_model: name in the catalogue or path of a GGUF file; empty for the one that `models use` chose.
        local_url: of a model server on this machine; empty for none.
        local_gpu_layers: of the local model, for the graphics card, where llama.cpp can use one; -1 for all.
        local_allow_private: whether `local_url` may be another machine of the private network.
        cloud_model: who is asked first in the cloud.
        cloud_escalation: who is asked there when the first one brought nothing; empty for nobody.
        routing_gate: confidence from which a local model is asked rather than one in the cloud.
        routing_local_share: share of targets for the local model where both could be asked; None for the gate alone.
        max_cost: USD that models may cost in one run.
        learn_auto: whether a consolidation is begun in the background after a run that made it time for one.
        force: overwrite suites that a person edited.
        update: refresh only suites whose targets changed.
        dry_run: write nothing.
        local_only: whether `privacy` is `local-only`.
        force_cloud: only the cloud model may propose.
        batch: ask the cloud model about everything in one batch.
        show_prompts: print what is sent to a model.
        yes: do not ask before the first use of the cloud in a project.
        suspects_as_tests: write claims that did not hold as failing tests.
        record: file to which answers of the local model are added; None for none.
        replay: file of recorded answers, given in place of a local model's; None for none.
        targets: ids `module:qualname`; empty for all.
        changed: git revision; only targets whose code differs from it. None for all.
        origins: for each field, where its value came from, in words for people.
    """

    out: Path | None = None
    exclude: tuple[str, ...] = ()
    engine: str = "auto"
    python: Path | None = None
    max_time: float = 10.0
    iterations: int = 7
    seed: int = 0
    jobs: int = 0
    fail_under: float = 0.0
    sandbox: bool = True
    why: bool = True
    ignore_existing: bool = False
    memory_mb: int = 2048
    private: bool = True
    without: tuple[str, ...] = ()
    properties: bool = False
    cache: bool = True
    memory_enabled: bool = True
    memory_share: str = "project"
    memory_embedder: str = "builtin"
    memory_model: Path | None = None
    privacy: str = "hybrid"
    privacy_never_send: tuple[str, ...] = ()
    local_model: str = ""
    local_url: str = ""
    local_gpu_layers: int = -1
    local_allow_private: bool = False
    cloud_model: str = "claude-haiku-5-5"
    cloud_escalation: str = "claude-sonnet-5-5"
    routing_gate: float = 0.8
    routing_local_share: float | None = None
    max_cost: float = 1.0
    learn_auto: bool = False
    force: bool = False
    update: bool = False
    dry_run: bool = False
    local_only: bool = False
    force_cloud: bool = False
    batch: bool = False
    show_prompts: bool = False
    yes: bool = False
    suspects_as_tests: bool = False
    record: Path | None = None
    replay: Path | None = None
    targets: tuple[str, ...] = ()
    changed: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What may be configured.

    Args:
        name: the `Config` field.
        meaning: one line for people.
        expected: what a value has to be, for error messages.
        accept: the value as `Config` holds it; ValueError when it is not what is expected.
        read: a value from text (an environment variable, `config set`); ValueError as above.
    """

    name: str
    meaning: str
    expected: str
    accept: Callable[[object], object]
    read: Callable[[str], object] = str

    @property
    def key(self) -> str:
        """As `pyproject.toml` and `config set` spell it: `max-time`, `local.url`."""
        return ".".join(self.path)

    @property
    def path(self) -> tuple[str, ...]:
        """The keys that lead to it in `[tool.qeforge]`."""
        table, _, rest = self.name.partition("_")
        in_table = rest and table in TABLES and self.name not in _NO_TABLE
        return (table, rest.replace("_", "-")) if in_table else (self.name.replace("_", "-"),)

    @property
    def option(self) -> str:
        """As the command line spells it, where there is an option for it."""
        return "--" + self.name.removesuffix("_enabled").replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.name.upper()

    @property
    def default(self) -> object:
        """What holds when nothing is given."""
        return getattr(_DEFAULTS, self.name)

    def check(self, value: object, *, where: str) -> Any:
        """The value as `Config` holds it; a ConfigError that begins with `where` when it cannot be."""
        try:
            return self.accept(value)
        except (ValueError, OverflowError, RuntimeError):  # RuntimeError: `~nobody`
            raise ConfigError(f"{where}: expected {self.expected}, got {value!r}", hint=self.meaning) from None

    def parse(self, text: str, *, where: str) -> Any:
        """The same from text."""
        try:
            value = self.read(text.strip())
        except (ValueError, KeyError):
            raise ConfigError(f"{where}: expected {self.expected}, got {text!r}", hint=self.meaning) from None
        return self.check(value, where=where)


def _path(value: object) -> Path:
    if not isinstance(value, str | Path) or str(value) == "" or "\0" in str(value):
        raise ValueError(value)
    return Path(value).expanduser()


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
        raise ValueError(value)
    return tuple(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    return value


def _capabilities(value: object) -> tuple[str, ...]:
    return tuple(Capability(item) for item in _texts(value))


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _one_of(*choices: str) -> Callable[[object], str]:
    def accept(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(value)
        return value

    return accept


def _setting(
    name: str, meaning: str, expected: str, accept: Callable[[object], object], read: Callable[[str], object] = str
) -> Setting:
    return Setting(name=name, meaning=meaning, expected=expected, accept=accept, read=read)


def _on_off(name: str, meaning: str) -> Setting:
    return _setting(name, meaning, "true or false", _switch, lambda text: _SWITCH[text.lower()])


def _number(
    name: str, meaning: str, kind: type[int] | type[float], least: float = -math.inf, most: float = math.inf
) -> Setting:
    def accept(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | kind) or not math.isfinite(value):
            raise ValueError(value)
        if not least <= value <= most:
            raise ValueError(value)
        return kind(value)

    expected = "a whole number" if kind is int else "a number"
    expected += f" from {least}" if least > -math.inf else ""
    expected += f" to {most}" if most < math.inf else ""
    return _setting(name, meaning, expected, accept, kind)


_DEFAULTS = Config()

_ALL = (
    _setting("out", "folder for suites; unset: the project's test folder", "a folder", _path),
    _setting("exclude", "gitignore-style patterns of files to leave out", "a list of patterns", _texts, _split),
    _setting("engine", "who proposes tests", "one of " + ", ".join(ENGINES), _one_of(*ENGINES)),
    _setting("python", "the project's interpreter; unset: its virtual environment", "a path", _path),
    _number("max_time", "wall-clock budget per module, in seconds", float, 0.1),
    _number("iterations", "rounds of refinement at most; 1 is a single pass", int, 1),
    _number("seed", "same seed and memory, same suite", int),
    _number("jobs", "modules worked on at the same time; 0: one per core", int, 0),
    _number("fail_under", "exit 1 when the quality score is below", float, 0, 1),
    _on_off("sandbox", "keep code under test from files, network and programs"),
    _on_off("why", "say in each test what justifies it"),
    _on_off("ignore_existing", "generate as if there were no tests yet"),
    _number("memory_mb", "memory limit of code under test, in MiB", int, 64),
    _on_off("private", "test private functions and methods directly"),
    _setting(
        "without",
        "capabilities of the search to leave out, to measure what each buys",
        "a list of " + ", ".join(Capability),
        _capabilities,
        _split,
    ),
    _on_off("properties", "offer property tests, too; needs hypothesis beside pytest"),
    _on_off("cache", "leave out what an earlier run did on the same code with the same settings"),
    _on_off("memory_enabled", "remember what worked, and begin the next run with it"),
    _setting(
        "memory_share",
        "whose memory a run draws on: this project's, or that of all projects of this user",
        "one of " + ", ".join(SHARES),
        _one_of(*SHARES),
    ),
    _setting(
        "memory_embedder",
        "what tells targets that are alike: built in, a sentence-transformers model, or the local model",
        "one of " + ", ".join(EMBEDDERS),
        _one_of(*EMBEDDERS),
    ),
    _setting("memory_model", "folder of the sentence-transformers model", "a folder", _path),
    _setting(
        "privacy", "local-only: nothing leaves the machine", "hybrid or local-only", _one_of("hybrid", LOCAL_ONLY)
    ),
    _setting(
        "privacy_never_send",
        "gitignore-style patterns of files whose code no cloud model is shown",
        "a list of patterns",
        _texts,
        _split,
    ),
    _setting("local_model", "name in the catalogue or a GGUF file; unset: what `models use` chose", "a text", _text),
    _setting("local_url", "model server on this machine that speaks the OpenAI protocol", "an address", _text),
    _number("local_gpu_layers", "layers for the graphics card, where llama.cpp can use one; -1: all, 0: none", int, -1),
    _on_off("local_allow_private", "let local.url be another machine of the private network"),
    _setting("cloud_model", "who is asked first in the cloud", "a model's name", _text),
    _setting("cloud_escalation", "who is asked there when the first brought nothing", "a model's name", _text),
    _number("routing_gate", "confidence from which a local model is asked, not the cloud", float, 0, 1),
    _number("routing_local_share", "share of targets for the local model; unset: the gate decides", float, 0, 1),
    _number("max_cost", "USD that models may cost in one run", float, 0),
    _on_off("learn_auto", "after every 100 accepted answers, consolidate in the background when the run is over"),
)
SETTINGS: Mapping[str, Setting] = {setting.name: setting for setting in _ALL}
"""Every setting, by field name, in the order in which they are shown."""


def setting_named(key: str) -> Setting | None:
    """The setting that a key in any spelling (`max-time`, `max_time`, `local.url`) names."""
    return SETTINGS.get(key.replace("-", "_").replace(".", "_"))


def unknown_key(key: str, *, where: str) -> ConfigError:
    """The error for a key that is none, naming the nearest one. `where` is the file or variable that has it."""
    if key.replace("-", "_") in RUN_ONLY:
        return ConfigError(f"{where}: {key!r} belongs to a single run", hint="give it on the command line")
    names = [setting.key for setting in SETTINGS.values()]
    near = difflib.get_close_matches(key.lower().replace("_", "-"), names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else "known keys: " + ", ".join(names)
    return ConfigError(f"{where}: unknown key {key!r}", hint=hint)
