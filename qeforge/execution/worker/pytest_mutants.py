"""A warm server that runs a suite's tests against mutants: pytest collects once, and each mutant costs one fork.

Three servers come of it, each a fork of the one before, and each hands back what it cannot decide:

- the *collected* one has the tests and the module in memory; its children swap a mutated function in and run the tests
  that cover it;
- the *configured* one has loaded plugins and conftest files; its children collect anew around a mutated source, for
  mutants of code that runs at import;
- the *blank* one has imported pytest and nothing else, for modules that a conftest file imports already.
"""

import gc
import importlib.machinery
import os
import sys
import unittest
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from . import sandbox
from .pytest_children import Attempt, Mutation, try_all
from .pytest_main import Channel
from .pytest_recorder import Recorder
from .pytest_state import ModuleState
from .swap import Edit, Incompetent, LiveFunctions, ScopeCode, SourceText, Swap

_BATCH = 12  # mutants that one child tries, one after the other, as long as it stays clean
_NO_FAILURE = (pytest.skip.Exception, pytest.xfail.Exception, unittest.SkipTest)


def serve(job: dict[str, Any], policy: sandbox.Policy, channel: Channel) -> None:
    """Tries every mutant of the job, and sends one `mutant` message for each."""
    mutations = [
        Mutation(number, Edit(*entry["edit"]), tuple(entry["tests"]), entry["seconds"], entry["whole"])
        for number, entry in enumerate(job["mutants"])
    ]
    server = _Server(job, policy, channel, SourceText(job["module_path"]))
    inner = _Branch(server)
    if inner.is_child:
        server.run_pytest(_Stages(server, mutations))
    back = inner.handed_back()
    attempt = server.try_all([mutation for mutation in mutations if mutation.number in back])
    if attempt is not None:
        server.mutate_imports(attempt)
        server.run_pytest(_Stages(server, None, attempt))
    channel.send(type="done", code=0)


class _Server:
    """What all three servers share."""

    def __init__(self, job: dict[str, Any], policy: sandbox.Policy, channel: Channel, source: SourceText) -> None:
        self.job = job
        self.source = source
        self.outer = -1  # pipe to the server that this one was forked from
        self._policy = policy
        self._channel = channel

    def run_pytest(self, plugin: "_Stages") -> NoReturn:
        """A whole pytest run, and the end of this process."""
        try:
            pytest.main([*self.job["arguments"], *self.job["files"]], plugins=[plugin])
        finally:
            os._exit(0)

    def hand_back(self, mutation: Mutation) -> None:
        """Leaves a mutant to the server that this one was forked from."""
        os.write(self.outer, f"{mutation.number}\n".encode("ascii"))

    def try_all(self, mutations: Sequence[Mutation], *, batch: int = 1) -> Attempt | None:
        """Forks children and sends their verdicts. None when all are through; in a child, what it has to do."""
        parallel: int = self.job["parallel"]
        batch = max(1, min(batch, -(-len(mutations) // parallel)))
        return try_all(mutations, self._policy, self._deliver, parallel=parallel, batch=batch)

    def mutate_imports(self, attempt: Attempt) -> None:
        """In a child: whoever imports the module from now on gets the mutated one."""
        (mutation,), report = attempt
        path = os.path.realpath(self.job["module_path"])
        try:
            code = self.source.module_code(mutation.edit)
        except Incompetent:
            report({"verdict": "incompetent"})
            os._exit(0)
        loader: Any = importlib.machinery.SourceFileLoader
        get_code, exec_module = loader.get_code, loader.exec_module

        def is_target(self: Any) -> bool:
            return bool(os.path.realpath(self.path) == path)

        def mutated_code(self: Any, fullname: str) -> Any:
            return code if is_target(self) else get_code(self, fullname)

        def watched_exec(self: Any, module: Any) -> None:
            try:
                exec_module(self, module)
            except BaseException:
                if is_target(self):
                    report({"verdict": "incompetent"})
                    os._exit(0)
                raise

        loader.get_code, loader.exec_module = mutated_code, watched_exec

    def module_is_loaded(self) -> bool:
        """Whether something has imported the module under test already."""
        path = os.path.realpath(self.job["module_path"])
        files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        return any(isinstance(file, str) and os.path.realpath(file) == path for file in files)

    def _deliver(self, mutation: Mutation, answer: dict[str, Any]) -> None:
        if answer["verdict"] == "whole":
            self.hand_back(mutation)
            return
        test = answer["test"] if answer["verdict"] in ("killed", "timeout") else ""
        self._channel.send(type="mutant", index=mutation.number, **{**answer, "test": test})


class _Branch:
    """A fork of a server that goes on as the next one; the outer one waits for it."""

    def __init__(self, server: _Server) -> None:
        reading, writing = os.pipe()
        self._pid = sandbox.fork()
        self.is_child = self._pid == 0
        if self.is_child:
            os.close(reading)
            server.outer = writing
        else:
            os.close(writing)
            self._reading = reading

    def handed_back(self) -> set[int]:
        """The mutants that the inner server could not decide, once it has ended."""
        data = b""
        while chunk := os.read(self._reading, 1 << 16):
            data += chunk
        os.close(self._reading)
        os.waitpid(self._pid, 0)
        return {int(line) for line in data.split()}


class _Stages(Recorder):
    """Stops a pytest run where the servers branch off; in a child it ends the process at the first failure.

    Args:
        mutations: to be tried by the configured and the collected server; None in a child of the blank one.
        attempt: what such a child has to do.
    """

    def __init__(self, server: _Server, mutations: Sequence[Mutation] | None, attempt: Attempt | None = None) -> None:
        super().__init__(
            self._note,
            None,
            base=server.job["base"],
            conftests=server.job["conftests"],
            only=attempt.mutations[0].tests if attempt is not None else None,
        )
        self._server = server
        self._mutations = mutations
        self._attempt = attempt
        self._swappable: list[Mutation] = []
        self._failed = ""  # in a child that swaps: the test that has failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: Any) -> None:
        """The configured server. Returns in those that go on to collect."""
        if self._mutations is None:
            return
        self._swappable = [mutation for mutation in self._mutations if not mutation.whole]
        whole = [mutation for mutation in self._mutations if mutation.whole]
        if self._swappable:
            inner = _Branch(self._server)
            if inner.is_child:
                return  # to collect, and to go on in `pytest_runtestloop`
            back = inner.handed_back()
            whole += [mutation for mutation in self._swappable if mutation.number in back]
        if self._server.module_is_loaded():
            for mutation in whole:
                self._server.hand_back(mutation)
            os._exit(0)
        _rewrite_once(session.config, self._server.job["files"])
        self._attempt = self._server.try_all(sorted(whole))
        if self._attempt is None:
            os._exit(0)
        self._swappable = []
        self._only = self._attempt.mutations[0].tests
        self._server.mutate_imports(self._attempt)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool | None:
        """The collected server, whose children swap functions; None where pytest is to run what it collected."""
        if not self._swappable:
            return None
        items = {self.id_of(item): item for item in session.items}
        live = LiveFunctions(self._server.job["module_path"])
        state = ModuleState(self._server.job["module_path"])
        gc.collect()
        gc.freeze()
        self._attempt = self._server.try_all(self._swappable, batch=_BATCH)
        if self._attempt is None:
            os._exit(0)
        mutations, report = self._attempt
        for place, mutation in enumerate(mutations):
            report({"begin": mutation.number})
            report(self._swap_and_run(live, mutation, items, first=place == 0))
            if not state.is_clean():
                break
        report({"left": True})
        os._exit(0)

    def _swap_and_run(
        self, live: LiveFunctions, mutation: Mutation, items: dict[str, Any], *, first: bool
    ) -> dict[str, Any]:
        """One mutant's verdict. A kill that an earlier mutant might have caused is tested without this one."""
        try:
            swap = _swap(self._server.source, live, mutation.edit)
            if swap is None:
                return {"verdict": "whole"}
            swap.enter()
        except Incompetent:  # alone it may fit: then whoever imports the module anew decides
            return {"verdict": "whole"}
        chosen = [items[name] for name in mutation.tests if name in items]
        killer = self._first_failure(chosen)
        swap.leave()
        if not killer:
            return {"verdict": "survived"}
        if not first and self._first_failure([items[killer]]):
            return {"verdict": "again"}
        return {"verdict": "killed", "test": killer}

    def _first_failure(self, items: Sequence[Any]) -> str:
        """Runs tests until one fails; its id, or nothing."""
        self._failed = ""
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                item.session._setupstate.teardown_exact(None)
                break
        return self._failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
        """Takes note of a failure before pytest writes it up, which takes longer than the test."""
        if self._attempt is None or call.excinfo is None or isinstance(call.excinfo.value, _NO_FAILURE):
            return None
        if not self._swappable:
            self._attempt.report({"verdict": "killed", "test": self.id_of(item)})
            os._exit(0)
        self._failed = self._failed or self.id_of(item)
        return pytest.TestReport(item.nodeid, item.location, {}, "failed", "", call.when)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """A child that got here has seen no failure."""
        if self._attempt is not None:
            self._attempt.report({"verdict": "survived"})
            os._exit(0)

    def _note(self, **message: Any) -> None:
        if self._attempt is None:
            return
        if message["type"] == "start":
            self._attempt.report({"test": message["id"]})
        elif message["type"] == "result" and message["outcome"] in ("failed", "error") and not self._swappable:
            self._attempt.report({"verdict": "killed", "test": message["id"]})
            os._exit(0)


def _swap(source: SourceText, live: LiveFunctions, edit: Edit) -> Swap | None:
    """The mutated code for every function alive that has the original; None when only a fresh import would do. Raises
    Incompetent when it does not compile."""
    scope = source.scope_of(edit)
    if scope is None:
        return None
    new = ScopeCode(source, scope, edit)
    found = {old: code for one in live.of(scope) for old, code in new.build(one).items()}
    return live.swap(found) if found else None


def _rewrite_once(config: Any, files: Sequence[str]) -> None:
    """Rewrites the test files' assertions here, so that not every child has to: half of what collecting takes.

    The two functions are pytest's own and may change; without them children only take longer.
    """
    try:
        from _pytest.assertion import rewrite

        original = rewrite._rewrite_test
        done = {file: original(Path(file), config) for file in files}
    except Exception:
        return  # a file that does not compile is for the children to report

    def remembered(fn: Path, config: Any) -> Any:
        return done.get(str(fn)) or original(fn, config)

    rewrite._rewrite_test = remembered
