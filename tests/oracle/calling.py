"""Functions made from text, called here, and the calls read as the judge's would be."""

import textwrap
from collections.abc import Sequence

from qeforge.analysis.targets import find_targets
from qeforge.domain.observation import Observation, Outcome, Raised, Snapshot
from qeforge.domain.properties import Property, PropertyKind
from qeforge.domain.target import Target
from qeforge.oracle.calls import Arguments, Call, call_candidate, read_call
from qeforge.oracle.properties import conjectures, follow_ups


class Functions:
    """The functions of a module `shop`."""

    def __init__(self, source: str) -> None:
        text = textwrap.dedent(source)
        self.targets: dict[str, Target] = {t.id: t for t in find_targets(text, "shop")}
        self._names: dict[str, object] = {}
        exec(text, self._names)

    def call(self, name: str, *values: object) -> Call:
        """One call, made and read."""
        target = self.targets[f"shop:{name}"]
        names = [p.name for p in target.parameters]
        return self._made(target, tuple(zip(names, values, strict=False)))

    def calls(self, name: str, *values: object) -> list[Call]:
        """A call for each value of the only argument."""
        return [self.call(name, value) for value in values]

    def supported(self, calls: Sequence[Call]) -> list[Property]:
        """What the calls, and those that they ask for, support."""
        more = [self._made(self.targets[name], arguments) for name, arguments in follow_ups(calls, self.targets)]
        return conjectures([*calls, *more], self.targets)

    def kinds(self, calls: Sequence[Call]) -> set[PropertyKind]:
        """The kinds of it, without what is said of types."""
        return {found.kind for found in self.supported(calls)} - {PropertyKind.TYPE_KEPT}

    def _made(self, target: Target, arguments: Arguments) -> Call:
        candidate = call_candidate(target, arguments)
        try:
            result = eval(candidate.act, self._names)
        except Exception as error:
            raised = Raised(type_name=type(error).__name__, message=str(error))
            seen = Observation(outcome=Outcome.RAISED, raised=raised)
        else:
            shown = Snapshot(type_name=type(result).__name__, source=repr(result))
            seen = Observation(outcome=Outcome.RETURNED, result=shown)
        call = read_call(candidate, seen, target)
        assert call is not None
        return call
