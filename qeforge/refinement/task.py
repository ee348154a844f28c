"""What one module's run needs to know; plain values, so that it can cross to another process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qeforge.domain.capability import Capability
from qeforge.domain.ledger import Past
from qeforge.domain.observation import Arc
from qeforge.domain.pattern import Recalled
from qeforge.domain.recipe import Recipe
from qeforge.domain.routing import Line, Router
from qeforge.domain.target import SourceModule
from qeforge.execution.interpreter import Interpreter
from qeforge.execution.session import JudgeSettings
from qeforge.refinement.cache import Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Consulting:
    """Models that may be asked about what is left open.

    Args:
        line: to the models of the run.
        router: decides who is asked about a target.
        project: its name in the ledger.
        past: what earlier questions about targets of the module came to, by their ids.
        later: questions are only collected, about what is open in the end, to be sent together.
        lends: what is known of how others call a target may be shown to a cloud as examples.
        identity: what the answers depend on: names of the models, how they are chosen.
    """

    line: Line
    router: Router
    project: str
    past: Mapping[str, Past] = field(default_factory=dict)
    later: bool = False
    lends: bool = True
    identity: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleTask:
    """One module and everything that was decided about it beforehand.

    Args:
        suite: where its suite goes.
        out: the test folder that `suite` is in.
        root: the project's root.
        python_paths: folders that must be on `sys.path`, the import root left out.
        existing: hand-written tests that may test this module.
        conftests: the project's conftest files that hold for the suite, outermost first.
        wanted: ids of the targets to work on; None for all.
        merge: keep the tests of other targets that the suite on disk already has.
        seconds: wall-clock budget.
        rounds: of refinement at most.
        without: capabilities to leave out.
        recipes: calls that concern the module, from the code of all modules of the run and from their tests.
        reached: what the existing tests reach of the module; None when they have not been run yet.
        properties: whether property tests are looked for.
        consulting: models that may be asked; None for none.
        keep: where what comes of it is kept for the next run, and what is there already; None for nowhere.
        recalled: what earlier runs teach; None where nothing is to be remembered. It decides on no suite that is known.
    """

    module: SourceModule
    interpreter: Interpreter
    suite: Path
    out: Path
    root: Path
    python_paths: tuple[Path, ...] = ()
    existing: tuple[Path, ...] = ()
    conftests: tuple[Path, ...] = ()
    wanted: frozenset[str] | None = None
    merge: bool = False
    seconds: float = 10.0
    rounds: int = 7
    seed: int = 0
    sandbox: bool = True
    why: bool = True
    private: bool = True
    without: frozenset[Capability] = frozenset()
    memory_bytes: int = 2 << 30
    properties: bool = False
    force: bool = False
    dry_run: bool = False
    recipes: tuple[Recipe, ...] = ()
    reached: frozenset[Arc] | None = None
    consulting: Consulting | None = None
    keep: Keep | None = None
    recalled: Recalled | None = None

    @property
    def judging(self) -> JudgeSettings:
        """How its candidates are run, as far as the project decides it."""
        return JudgeSettings(
            sandbox=self.sandbox,
            memory_bytes=self.memory_bytes,
            project_paths=self.python_paths,
            conftests=self.conftests,
        )
