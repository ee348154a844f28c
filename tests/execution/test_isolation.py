"""What candidates come back to is found once, and again when this process itself has changed."""

import wsgiref
from pathlib import Path

from qeforge.domain.target import SourceModule
from qeforge.execution.judge import ForkJudge, JudgeSettings, open_judge
from tests.execution.judging import candidate, interpreter, judging, source_of

COUNTER = """
    COUNT = [0]
    def add(n: "missing" = 1):
        COUNT[0] += n
        return COUNT[0] if n > 0 else None
"""


def test_no_request_sees_what_another_left_behind(tmp_path: Path) -> None:
    add = candidate("sample.add()")
    with judging(tmp_path, COUNTER) as judge:
        before = judge.run([add, add])
        judge.facts()
        after = [*judge.run([add, add]), *judge.observe([add, add]), *judge.run([add, add], capture=True)]

    assert {source_of(seen) for seen in (*before, *after)} == {"1"}
    assert all([effect.kind for effect in seen.effects] == ["state"] for seen in (*before, *after))


THREADS = """
    import threading, time
    from concurrent.futures import ThreadPoolExecutor
    def waits(daemon):
        threading.Thread(target=time.sleep, args=(60,), daemon=daemon).start()
        return "started"
    def ends():
        threading.Thread(target=len, args=("",)).start()
        return "started"
    def pools():
        return ThreadPoolExecutor(1).submit(len, "ab").result()
"""


def test_a_thread_that_keeps_its_process_alive_is_nothing_for_a_test(tmp_path: Path) -> None:
    calls = ("sample.waits(False)", "sample.waits(True)", "sample.ends()", "sample.pools()")
    with judging(tmp_path, THREADS) as judge:
        seen = judge.run([candidate(call) for call in calls])

    assert [[(effect.kind, effect.blocked) for effect in one.effects] for one in seen] == [
        [("thread", True)],
        [],
        [],
        [],
    ]


def test_all_that_share_a_process_have_their_operands_noted(tmp_path: Path) -> None:
    with judging(tmp_path, COUNTER) as judge:
        seen = judge.run([candidate(f"sample.add({n})") for n in (1, 2, 3)], capture=True)

    assert [[operand.left for operand in one.operands] for one in seen] == [["1"], ["2"], ["3"]]


def test_what_is_imported_for_candidates_is_no_change_of_theirs() -> None:
    path = Path(wsgiref.__file__)
    module = SourceModule(
        name="wsgiref", path=path, import_root=path.parent.parent, source=path.read_text(encoding="utf-8"), targets=()
    )
    judge = open_judge(module, interpreter(), JudgeSettings())
    assert isinstance(judge, ForkJudge)
    with judge:
        judge.run([candidate("wsgiref.__name__", imports=("import wsgiref",))])
        [seen] = judge.run([candidate("wsgiref.headers.__name__", imports=("import wsgiref.headers",))])

    assert source_of(seen) == "'wsgiref.headers'"
    assert seen.effects == ()


def test_a_worker_whose_folder_is_gone_is_replaced(tmp_path: Path) -> None:
    with judging(tmp_path, COUNTER) as judge:
        judge.run([candidate("os.rmdir(os.getcwd())", imports=("import os",))])
        [seen] = judge.run([candidate("os.path.basename(os.getcwd())", imports=("import os",))])

    assert source_of(seen) == "'cwd'"
