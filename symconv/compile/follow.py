"""Kernels that follow one another on hot tiles: pooling behind a convolution; imports graph.

    first     a kernel with an anchor that cuts its blocks to fit, and the elementwise work behind it
    second    one with an anchor that follows: it reads a result of the first, tile by tile
    third     elementwise work on what that makes, where it was left apart: the anchor has further results

Fusion and merging come first (see fuse.py, merge.py); here such kernels become one. The second and third may
read, besides, only what is made before the first. So the kernels stay in an order of computation, no cycle
can arise, and the cost is linear in the graph.

Whether the sizes of a call allow it, only lowering knows: where not, it takes the kernel apart again.
"""

from collections.abc import Iterable, Sequence

from symconv.compile.merge import pattern
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Variable

Kernel = list[Apply]  # in order of computation


def followed(graph: FunctionGraph, kernels: Iterable[Kernel]) -> list[Kernel]:
    """The kernels, those that follow others joined to them, in order of computation."""
    order = list(kernels)
    place = {node: number for number, kernel in enumerate(order) for node in kernel}
    for number, kernel in enumerate(order):
        leader = _leader(kernel)
        if leader is not None and len(leader.outputs) > 1 and len(kernel) == 1:
            _take_elementwise(graph, order, place, number)
        if leader is not None:
            _follow(order, place, number, leader)
    return [kernel for kernel in order if kernel]


def _leader(kernel: Kernel) -> Apply | None:
    """The anchor of a kernel that can follow another one."""
    anchors = [node for node in kernel if node.op.role == "anchor"]
    others = [node for node in kernel if node.op.role not in ("anchor", "elementwise", "view")]
    if len(anchors) == 1 and not others and anchors[0].op.follows:
        return anchors[0] if anchors[0].inputs[0].dtype != "float16" else None
    return None


def _take_elementwise(
    graph: FunctionGraph, order: list[Kernel], place: dict[Apply, int], number: int
) -> None:
    """Join the first kernel of elementwise work on an anchor's first result to it."""
    (anchor,) = order[number]
    result = anchor.outputs[0]
    for user in graph.clients.get(result, ()):
        other = order[place[user]]
        fits = all(
            node.op.role == "view"
            or (node.op.role == "elementwise" and pattern(node.outputs[0].type.shape) == pattern(result.type.shape))
            for node in other
        )
        if fits and any(node.op.role == "elementwise" for node in other):
            if _made_before(other, {anchor}, place, number) and not _looks_at(other, anchor.outputs):
                _join(order, place, number, place[user])
            return


def _follow(order: list[Kernel], place: dict[Apply, int], number: int, leader: Apply) -> None:
    """Join a kernel to the one that makes what its anchor reads, if that can be."""
    cells = leader.inputs[0]
    maker = cells.owner
    if maker is None or maker not in place:
        return
    first = order[place[maker]]
    anchors = [node for node in first if node.op.role == "anchor"]
    others = [node for node in first if node.op.role not in ("anchor", "elementwise", "view")]
    if len(anchors) != 1 or others or not anchors[0].op.cuts_to_fit:
        return
    shape = pattern(cells.type.shape)
    whole = all(
        pattern(node.outputs[0].type.shape) == shape for node in first if node.op.role == "elementwise"
    )
    behind = [node for node in order[number] if node is not leader]
    made = {output for node in first for output in node.outputs}
    reads = {variable for node in behind for variable in node.inputs}
    if whole and made.isdisjoint(reads) and _made_before(order[number], set(first), place, place[maker]):
        _join(order, place, place[maker], number)


def _made_before(kernel: Kernel, besides: set[Apply], place: dict[Apply, int], limit: int) -> bool:
    """Whether all that a kernel reads, besides what some applies make, comes from kernels before one."""
    inside = {*kernel, *besides}
    makers = (variable.owner for node in kernel for variable in node.inputs)
    return all(maker is None or maker in inside or place.get(maker, -1) < limit for maker in makers)


def _looks_at(kernel: Kernel, made: Sequence[Variable]) -> bool:
    """Whether a view in a kernel is one of what an anchor makes: that is no tile."""
    return any(node.op.role == "view" and node.inputs[0] in made for node in kernel)


def _join(order: list[Kernel], place: dict[Apply, int], first: int, second: int) -> None:
    for node in order[second]:
        place[node] = first
    order[first] = order[first] + order[second]
    order[second] = []
