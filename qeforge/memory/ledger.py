"""The ledger on disk: every question to a model, and sums over them."""

import statistics
from collections.abc import Callable

from qeforge.domain.ledger import BATCH, Call, Past, Sum, Typical
from qeforge.domain.provider import Usage
from qeforge.domain.routing import Engine
from qeforge.memory.store import Store, StoreError

_FIELDS = (
    "at, project, module, target, engine, provider, model, input, output, cached, written, seconds, usd, outcome, "
    "features, confidence, candidates, valid, goals, mutants"
)
_LATEST = 50
"""Answers from which it is told how long the next one takes."""


class SqliteLedger:
    """Implements `Ledger` in the store. `problem` is the first thing that could not be written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.problem = ""

    def record(self, call: Call) -> int:
        """Adds a call; its number, 0 when it could not be kept."""
        usage = call.usage
        values = (
            *(call.at, call.project, call.module, call.target, str(call.engine), call.provider, call.model),
            *(usage.input, usage.output, usage.cached, usage.written, call.seconds, call.usd, call.outcome),
            *(call.features, call.confidence),
            *(call.candidates, call.valid, call.goals, call.mutants),
        )
        marks = ", ".join("?" * len(values))
        try:
            with self._store.transaction() as connection:
                done = connection.execute(f"insert into call ({_FIELDS}) values ({marks})", values)
                return done.lastrowid or 0
        except StoreError as problem:
            self.problem = self.problem or f"not in the ledger: {problem.message}"
            return 0

    def gained(self, number: int, *, candidates: int, valid: int, goals: int, mutants: int) -> None:
        """What came of a call; nothing for one that was not kept."""
        if not number:
            return
        try:
            with self._store.transaction() as connection:
                connection.execute(
                    "update call set candidates = ?, valid = ?, goals = ?, mutants = ? where id = ?",
                    (candidates, valid, goals, mutants, number),
                )
        except StoreError as problem:
            self.problem = self.problem or f"not in the ledger: {problem.message}"

    def calls(self, *, since: float = 0.0, project: str | None = None) -> list[Call]:
        """Every call from a time on (seconds since 1970), oldest first.

        Raises:
            StoreError: the database cannot be read.
        """
        where, given = "at >= ?", [since]
        parameters: list[object] = list(given)
        if project is not None:
            where, parameters = f"{where} and project = ?", [*given, project]
        rows = self._store.rows(f"select {_FIELDS} from call where {where} order by at, id", *parameters)
        return [
            Call(
                at=row["at"],
                project=row["project"],
                module=row["module"],
                target=row["target"],
                engine=Engine(row["engine"]),
                provider=row["provider"],
                model=row["model"],
                usage=Usage(input=row["input"], output=row["output"], cached=row["cached"], written=row["written"]),
                seconds=row["seconds"],
                usd=row["usd"],
                outcome=row["outcome"],
                features=row["features"],
                confidence=row["confidence"],
                candidates=row["candidates"],
                valid=row["valid"],
                goals=row["goals"],
                mutants=row["mutants"],
            )
            for row in rows
        ]

    def asked(self, engine: Engine | None = None) -> bool:
        """Whether an engine, or any of them, was ever asked by anybody.

        Raises:
            StoreError: the database cannot be read.
        """
        if engine is None:
            return bool(self._store.rows("select 1 from call limit 1"))
        return bool(self._store.rows("select 1 from call where engine = ? limit 1", str(engine)))

    def outcomes(self, project: str, module: str) -> dict[str, Past]:
        """What earlier questions to a local model about the targets of a module came to, by target.

        Raises:
            StoreError: the database cannot be read.
        """
        rows = self._store.rows(
            "select target, count(*) as tried, sum(goals > 0) as met from call "
            "where project = ? and module = ? and engine = ? and outcome = 'answered' group by target",
            *(project, module, str(Engine.LOCAL)),
        )
        return {row["target"]: Past(tried=row["tried"], met=row["met"]) for row in rows}

    def typical(self, engine: Engine) -> Typical | None:
        """What an answer of an engine took lately, batches left out; None when there was none.

        Raises:
            StoreError: the database cannot be read.
        """
        rows = self._store.rows(
            "select seconds, output from call where engine = ? and outcome = 'answered' and provider not like ? "
            "order by at desc limit ?",
            *(str(engine), f"%{BATCH}", _LATEST),
        )
        if not rows:
            return None
        return Typical(
            seconds=statistics.median(row["seconds"] for row in rows),
            output=round(statistics.median(row["output"] for row in rows)),
        )


def sums(
    calls: list[Call], key: Callable[[Call], str], *, cloud_price: Callable[[Usage], float | None]
) -> tuple[Sum, ...]:
    """The calls by key, in the order of keys.

    Args:
        calls: what to add up.
        key: what calls of one sum have in common (their day, model, project).
        cloud_price: USD of a usage with the cloud model that is set up.
    """
    groups: dict[str, list[Call]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return tuple(_sum(name, groups[name], cloud_price) for name in sorted(groups))


def _sum(name: str, calls: list[Call], cloud_price: Callable[[Usage], float | None]) -> Sum:
    as_cloud = [call.usd if call.engine is Engine.CLOUD else cloud_price(call.usage) for call in calls]
    known = [usd for usd in as_cloud if usd is not None]
    return Sum(
        key=name,
        calls=len(calls),
        answered=sum(call.outcome == "answered" for call in calls),
        input=sum(call.usage.input for call in calls),
        output=sum(call.usage.output for call in calls),
        cached=sum(call.usage.cached for call in calls),
        seconds=sum(call.seconds for call in calls),
        usd=sum(call.usd or 0.0 for call in calls),
        unpriced=sum(call.usd is None for call in calls),
        local=sum(call.engine is Engine.LOCAL for call in calls),
        cloud_usd=sum(known) if len(known) == len(as_cloud) else None,
        candidates=sum(call.candidates for call in calls),
        valid=sum(call.valid for call in calls),
        goals=sum(call.goals for call in calls),
        mutants=sum(call.mutants for call in calls),
    )
