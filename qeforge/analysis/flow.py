"""Which branch has to be taken to get to a line: dominators in the control flow of a module."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from qeforge.domain.observation import Arc

Node = int | Arc
_ROOT: Node = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """Control flow between lines.

    Args:
        before: for each line, the lines that control can come from directly.
        starts: lines where functions and the module begin, and those that nothing leads to.
        guard: for each line, the branch nearest to it that every way from the start of its function to it goes
            through; lines without one are left out.
    """

    before: Mapping[int, frozenset[int]]
    starts: frozenset[int]
    guard: Mapping[int, Arc]

    def is_near(self, line: int, reached: Set[int]) -> bool:
        """Whether control can come to a line from one that was reached, or from outside."""
        return line in self.starts or line not in self.before or not self.before[line].isdisjoint(reached)


def flow_of(arcs: Iterable[Arc], branches: frozenset[Arc], entries: Set[int]) -> Flow:
    """The flow over `arcs` (negative ends, which leave a code object, count for nothing).

    Args:
        arcs: all possible moves from line to line.
        branches: those of them that are one of several exits of their line.
        entries: first lines of the module and of its functions. Lines that nothing leads to count as such too.
    """
    after: dict[int, set[int]] = {}
    before: dict[int, set[int]] = {}
    seen = set(entries)
    for start, end in arcs:
        seen.update(line for line in (start, end) if line > 0)
        if start > 0 and end > 0:
            after.setdefault(start, set()).add(end)
            before.setdefault(end, set()).add(start)
    lines = sorted(seen)
    starts = frozenset(entries) | {line for line in lines if line not in before}
    edges: dict[Node, list[Node]] = {line: _steps(line, sorted(after.get(line, ())), branches) for line in lines}
    for line in lines:
        edges.update({step: [step[1]] for step in edges[line] if isinstance(step, tuple)})
    edges[_ROOT] = sorted(starts)
    above = _dominators(edges)
    guards: dict[int, Arc] = {}
    for line in lines:
        node = above.get(line, _ROOT)
        while node != _ROOT and not isinstance(node, tuple):
            node = above[node]
        if isinstance(node, tuple):
            guards[line] = node
    return Flow(before={line: frozenset(held) for line, held in before.items()}, starts=starts, guard=guards)


def _steps(line: int, ends: Sequence[int], branches: frozenset[Arc]) -> list[Node]:
    return [(line, end) if (line, end) in branches else end for end in ends]


def _dominators(edges: Mapping[Node, Sequence[Node]]) -> dict[Node, Node]:
    """Immediate dominators of all nodes that can be reached from the root.

    The iterative method of K. Cooper, T. Harvey and K. Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
    """
    order = _postorder(edges)
    number = {node: index for index, node in enumerate(order)}
    sources: dict[Node, list[Node]] = {}
    for node in order:
        for end in edges.get(node, ()):
            sources.setdefault(end, []).append(node)
    above: dict[Node, Node] = {_ROOT: _ROOT}
    changed = True
    while changed:
        changed = False
        for node in reversed(order[:-1]):
            known = [source for source in sources[node] if source in above]
            common = known[0]
            for source in known[1:]:
                common = _meet(common, source, above, number)
            if above.get(node) != common:
                above[node] = common
                changed = True
    return above


def _meet(left: Node, right: Node, above: Mapping[Node, Node], number: Mapping[Node, int]) -> Node:
    while left != right:
        while number[left] < number[right]:
            left = above[left]
        while number[right] < number[left]:
            right = above[right]
    return left


def _postorder(edges: Mapping[Node, Sequence[Node]]) -> list[Node]:
    order: list[Node] = []
    seen: set[Node] = {_ROOT}
    stack = [(_ROOT, iter(edges[_ROOT]))]
    while stack:
        node, ends = stack[-1]
        following = next((end for end in ends if end not in seen), None)
        if following is None:
            order.append(node)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(edges.get(following, ()))))
    return order
