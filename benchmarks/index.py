"""What the vector index costs and finds, with numbers of four, two and one byte.

The texts are signatures of the standard library's functions, varied: other words, types, parameters; the vectors are
those of the built-in embedder. Each file is opened, mapped and searched in a process of its own, whose memory is
measured. A neighbour is found when it is as near as the tenth of an exact search.

Times of searches and inserts are CPU time of the process, which other work on the machine changes little; `--wall`
takes the clock instead.

The kind of number that is chosen is the smallest whose recall is 0.95 or more; it should be the one in use.
"""

import ast
import json
import math
import random
import re
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from figures import REPOSITORY, Figures, keep, parser, percentile, verdict
from numpy.typing import NDArray

from qeforge.memory.embedder import LexicalEmbedder, words
from qeforge.memory.index import SCALAR, HnswIndex, Label, problem_with

SCALARS = ("f32", "f16", "i8")
LEAST_RECALL = 0.95
LEAST_SAVED = 0.30
MOST_MS = {10_000: 1.0, 100_000: 2.0, 1_000_000: 5.0}
NEIGHBOURS = 10
SMALL = "1000:1,2000:1"
TYPES = ("int", "str", "bool", "float", "bytes", "list[int]", "dict[str, int]", "Path", "object", "tuple[str, ...]")
PIECE = 4096

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One index. Sizes are in bytes, times in milliseconds; `mapped` and `loaded` are what the process grew by."""

    count: int
    seed: int
    scalar: str
    file: int
    mapped: int
    loaded: int
    recall: float
    open_ms: float
    search_p50_ms: float
    search_p95_ms: float
    insert_p95_ms: float


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measures, prints, and returns the figures."""
    options = parser(__doc__)
    options.add_argument(
        "--sizes",
        default="10000:3,100000:3,1000000:1",
        metavar="COUNT:SEEDS,…",
        help="how many vectors, each with how many seeds (default: %(default)s)",
    )
    options.add_argument("--queries", type=int, default=500, help="searches of each index (default: %(default)s)")
    options.add_argument("--wall", action="store_true", help="the clock's time instead of CPU time")
    options.add_argument("--small", action="store_true", help=f"seconds, to see that it runs: {SMALL}, 50 searches")
    options.add_argument("--child", metavar="JSON", help="measures one file; the script starts itself with it")
    given = options.parse_args(arguments)
    if given.child:
        child(**json.loads(given.child))
        return {}
    queries = 50 if given.small else given.queries
    sizes = [tuple(map(int, each.split(":"))) for each in (SMALL if given.small else given.sizes).split(",")]
    signatures = list(library_signatures())
    print(f"{len(signatures)} signatures; {LexicalEmbedder().name}; {queries} searches", flush=True)
    print(f"{'vectors':>9} seed kind  file MB mapped MB loaded MB recall@10 open ms search p50, p95 ms insert p95 ms")
    measured = []
    for count, seeds in sizes:
        for seed in range(seeds):
            for one in measure(signatures, count, seed, queries, wall=given.wall):
                measured.append(one)
                print(line(one), flush=True)
    figures: Figures = {"wall": given.wall, "measured": [asdict(one) for one in measured], **summary(measured)}
    keep(figures, given.out)
    return figures


def library_signatures() -> Iterator[str]:
    """`module qualname(parameters) -> returns` of each function in the standard library, in the order of its files."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted([*folder.glob("*.py"), *folder.glob("[a-z]*/[a-z_]*.py")]):
        if {"test", "tests", "idlelib", "lib2to3", "site-packages"}.isdisjoint(path.relative_to(folder).parts):
            try:
                tree = ast.parse(path.read_bytes())
            except (SyntaxError, ValueError):  # kept by some for tests
                continue
            yield from in_body(tree.body, path.stem + " ")


def in_body(body: Sequence[ast.stmt], prefix: str) -> Iterator[str]:
    """The functions in a class or module."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from in_body(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            yield f"{prefix}{node.name}({ast.unparse(node.args)}){returns}"


def varied(signatures: Sequence[str], count: int, seed: int) -> list[str]:
    """So many different texts: one to three words of a signature changed, a type said here and there."""
    drawn = random.Random(seed)
    vocabulary = sorted({word for each in signatures for word in words(each) if len(word) > 2})
    texts: dict[str, None] = {}
    while len(texts) < count:
        tokens = re.findall(r"\w+|\W+", drawn.choice(signatures))
        for _ in range(drawn.randint(1, 3)):
            at = drawn.randrange(len(tokens))
            if tokens[at][0].isalpha():
                other = drawn.choice(vocabulary)
                change = drawn.randrange(3)
                tokens[at] = (other, f"{tokens[at]}_{other}", f"{tokens[at]}: {drawn.choice(TYPES)}")[change]
        texts["".join(tokens)] = None
    return list(texts)


def measure(signatures: Sequence[str], count: int, seed: int, queries: int, *, wall: bool) -> Iterator[Measured]:
    """Every kind of number, on the same vectors and queries."""
    texts = varied(signatures, count + queries, seed)
    random.Random(seed).shuffle(texts)
    vectors, wanted = embedded(texts[:count]), embedded(texts[count:])
    del texts
    nearness, enough = exact(vectors, wanted)
    with tempfile.TemporaryDirectory(prefix="qeforge-bench-") as folder:
        np.save(Path(folder) / "wanted.npy", wanted)
        for scalar in SCALARS:
            path = Path(folder) / f"{scalar}.usearch"
            label = Label(embedder="bench", dimensions=vectors.shape[1], scalar=scalar)
            inserts = build(path, label, vectors, wall=wall)
            told = in_child(path, label, Path(folder) / "wanted.npy", wall=wall)
            rows = zip(told["found"], wanted, enough, strict=True)
            hits = sum(int((vectors[found] @ query >= least).sum()) for found, query, least in rows)
            yield Measured(
                count=count,
                seed=seed,
                scalar=scalar,
                file=path.stat().st_size,
                mapped=told["mapped"],
                loaded=told["loaded"],
                recall=hits / nearness,
                open_ms=told["open_ms"],
                search_p50_ms=percentile(told["search_ms"], 0.5),
                search_p95_ms=percentile(told["search_ms"], 0.95),
                insert_p95_ms=percentile(inserts, 0.95),
            )
            path.unlink()


def embedded(texts: Sequence[str]) -> Matrix:
    """Their vectors, as rows."""
    embedder = LexicalEmbedder()
    rows = np.empty((len(texts), embedder.dimensions), dtype=np.float32)
    for start in range(0, len(texts), PIECE):
        rows[start : start + PIECE] = embedder.embed(texts[start : start + PIECE])
    return rows


def exact(vectors: Matrix, wanted: Matrix) -> tuple[int, list[float]]:
    """How many neighbours there are to find, and for each query the similarity of the last of them."""
    number = min(NEIGHBOURS, len(vectors))
    least = [float(np.partition(vectors @ query, -number)[-number]) - 1e-6 for query in wanted]
    return number * len(wanted), least


def clock(wall: bool) -> Callable[[], float]:
    """What times are read from, in seconds."""
    return time.perf_counter if wall else time.process_time


def build(path: Path, label: Label, vectors: Matrix, *, wall: bool) -> list[float]:
    """Makes the file; the milliseconds of each of the last inserts, which are made one by one."""
    index, now = HnswIndex(path, label), clock(wall)
    single = min(500, len(vectors) // 4)
    for start in range(0, len(vectors) - single, PIECE):
        end = min(start + PIECE, len(vectors) - single)
        index.add(range(start, end), list(vectors[start:end]))
    spent = []
    for key in range(len(vectors) - single, len(vectors)):
        row = vectors[key].tolist()
        began = now()
        index.add([key], [row])
        spent.append((now() - began) * 1000)
    index.save()
    return spent


def in_child(path: Path, label: Label, wanted: Path, *, wall: bool) -> Figures:
    """What a process tells that opens the file."""
    request = json.dumps({"path": str(path), "label": asdict(label), "wanted": str(wanted), "wall": wall})
    command = [sys.executable, __file__, "--child", request]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=REPOSITORY)
    told: Figures = json.loads(done.stdout)
    return told


def child(*, path: str, label: Figures, wanted: str, wall: bool) -> None:
    """Opens, searches twice and measures the second time, then loads as for a change; prints what it saw as JSON."""
    queries = np.load(wanted).tolist()
    made, now = Label(**label), clock(wall)
    HnswIndex(Path(path), made).search(queries[0], 1)  # what loading the library takes is not the index's
    before = resident()
    began = now()
    assert problem_with(Path(path), made) is None
    index = HnswIndex(Path(path), made, mapped=True)
    open_ms = (now() - began) * 1000
    found = [[key for key, _ in index.search(query, NEIGHBOURS)] for query in queries]
    spent = []
    for query in queries:
        began = now()
        index.search(query, NEIGHBOURS)
        spent.append((now() - began) * 1000)
    mapped = resident() - before
    writable = HnswIndex(Path(path), made, mapped=True)
    del index
    before_load = resident()
    writable.remove([found[0][0]])
    loaded = resident() - before_load
    told = {"found": found, "search_ms": spent, "mapped": mapped, "loaded": loaded, "open_ms": open_ms}
    print(json.dumps(told))


def resident() -> int:
    """Bytes of memory that this process has now."""
    status = Path("/proc/self/status")
    if status.exists():
        [kilobytes] = re.findall(r"VmRSS:\s+(\d+) kB", status.read_text())
    else:
        import os

        kilobytes = subprocess.check_output(["ps", "-o", "rss=", "-p", str(os.getpid())], text=True)
    return int(kilobytes) * 1024


def line(one: Measured) -> str:
    """A row of the table."""
    sizes = "".join(f"{size / 1e6:10.1f}" for size in (one.file, one.mapped, one.loaded))
    searches = f"{one.search_p50_ms:9.2f}, {one.search_p95_ms:6.2f}"
    return (
        f"{one.count:9,} {one.seed:4} {one.scalar:>4}{sizes}{one.recall:10.4f}{one.open_ms:9.1f}"
        f"{searches}{one.insert_p95_ms:14.2f}"
    )


def summary(measured: Sequence[Measured]) -> Figures:
    """Prints means by size with their range over seeds, what is saved against four bytes, growth, and the choice."""
    figures: Figures = {"saved": {}, "growth": {}}
    chosen: dict[int, str] = {}
    before: Measured | None = None
    for count in sorted({one.count for one in measured}):
        same = [one for one in measured if one.count == count]
        by_scalar = {scalar: [one for one in same if one.scalar == scalar] for scalar in SCALARS}
        plain = by_scalar["f32"]
        for scalar, ones in by_scalar.items():
            recalls = [one.recall for one in ones]
            saved = {
                name: 1 - sum(getattr(one, name) for one in ones) / max(1, sum(getattr(one, name) for one in plain))
                for name in ("file", "mapped", "loaded")
            }
            figures["saved"][f"{count} {scalar}"] = saved | {"recall": sum(recalls) / len(recalls)}
            told = ", ".join(f"{name} {0.0 - share:+.0%}" for name, share in saved.items())
            print(f"{count:,} {scalar}: {told}; recall {spread(recalls, 4)}; ", end="")
            print(f"search p95 {spread([one.search_p95_ms for one in ones], 2)} ms")
        fitting = [scalar for scalar in SCALARS if min(one.recall for one in by_scalar[scalar]) >= LEAST_RECALL]
        chosen[count] = min(fitting or ["f32"], key=lambda each: figures["saved"][f"{count} {each}"]["file"] * -1)
        mine = by_scalar[SCALAR]
        if count in MOST_MS:
            worst = max(one.search_p95_ms for one in mine)
            print(f"search p95 of {SCALAR}: {worst:.2f} ms; {verdict(worst, MOST_MS[count], at_most=True)}")
        if before is not None:
            times = mine[0].search_p50_ms / before.search_p50_ms
            inserting = mine[0].insert_p95_ms / before.insert_p95_ms
            logarithmic = math.log(count) / math.log(before.count)
            figures["growth"][f"{before.count} to {count}"] = {"search": times, "insert": inserting}
            print(
                f"{before.count:,} to {count:,}: search ×{times:.1f} (p50), insert ×{inserting:.1f} (p95); a logarithm "
                f"grows ×{logarithmic:.1f}, the number of vectors ×{count / before.count:.0f}"
            )
        before = mine[0]
    figures["chosen"] = {str(count): scalar for count, scalar in chosen.items()}
    least = min(figures["saved"][f"{count} {SCALAR}"]["file"] for count in chosen)
    print(f"smallest with recall ≥ {LEAST_RECALL}: {', '.join(sorted(set(chosen.values())))}; in use: {SCALAR}")
    print(f"file saved against f32: {least:.0%}; {verdict(least, LEAST_SAVED, at_most=False)}")
    return figures


def spread(values: Sequence[float], places: int) -> str:
    """A mean, and the range where there are several."""
    mean = f"{sum(values) / len(values):.{places}f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.{places}f} to {max(values):.{places}f})"


if __name__ == "__main__":
    main()
