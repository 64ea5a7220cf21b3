"""Kernels around an anchor that share its hot tiles: what follows it, and what precedes it; imports graph.

    before    elementwise work, or an anchor that precedes, of which the anchor reads one part after the other
              and which nothing else reads: the scaling of images, the gradient of max pooling
    anchor    a convolution, and the elementwise work behind it
    behind    an anchor that follows: it reads a result tile by tile, as pooling does; and elementwise work

Fusion and merging come first (see fuse.py, merge.py); here such kernels become one. What stands behind may
read, besides, only what is made before the anchor's kernel; what stands before has no other reader. So the
kernels stay in an order of computation, no cycle can arise, and the cost is linear in the graph.

Whether the sizes of a call allow it, only lowering knows: where not, it takes the kernel apart again.
"""

from collections.abc import Iterable, Sequence

from symconv.compile.merge import pattern
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Variable

Kernel = list[Apply]  # in order of computation
MOST_BEFORE = 8  # applies of elementwise work: where parts overlap, it is done again


def anchors_of(nodes: Sequence[Apply]) -> tuple[Apply | None, Apply | None]:
    """The anchor of a kernel, and the one that follows it; what precedes another anchor is neither."""
    roles = ("elementwise", "reduction", "view")
    anchors = [node for node in nodes if node.op.role not in roles]
    hearts = [node for node in anchors if not node.op.precedes] or anchors
    return (*hearts, None, None)[0], (*hearts, None, None)[1]


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
    for number in range(len(order)):
        _precede(graph, order, place, number)
    return [kernel for kernel in order if kernel]


def _precede(graph: FunctionGraph, order: list[Kernel], place: dict[Apply, int], number: int) -> None:
    """Join the kernels that compute what an anchor reads part by part, and nothing else does."""
    anchor, _ = anchors_of(order[number])
    for position in anchor.op.reads_tiles if anchor else ():
        assert anchor is not None
        read = anchor.inputs[position]
        maker = read.owner
        if maker is None or maker not in place or place[maker] == number or read in graph.results:
            continue
        other = order[place[maker]]
        made = (output for node in other for output in node.outputs if output is not read)
        once = graph.clients[read] == (anchor,) and anchor.inputs.count(read) == 1
        if once and _precedes(other, read) and all(_stays(output, other, graph) for output in made):
            order[number] = other + order[number]
            order[place[maker]] = []
            place.update(dict.fromkeys(other, number))


def _stays(variable: Variable, kernel: Kernel, graph: FunctionGraph) -> bool:
    """Whether nothing outside a kernel reads a variable."""
    return variable not in graph.results and all(user in kernel for user in graph.clients.get(variable, ()))


def _precedes(kernel: Kernel, made: Variable) -> bool:
    """Whether a kernel is one that can compute its result part by part."""
    if len(kernel) == 1 and kernel[0].op.precedes:
        return True
    work = [node for node in kernel if node.op.role != "view"]
    return len(work) <= MOST_BEFORE and made.owner in work and all(_walks(node, made) for node in work)


def _only_anchor(kernel: Kernel) -> Apply | None:
    """The anchor of a kernel that has one, and besides it elementwise work and views alone."""
    anchors = [node for node in kernel if node.op.role == "anchor"]
    plain = all(node.op.role in ("anchor", "elementwise", "view") for node in kernel)
    return anchors[0] if plain and len(anchors) == 1 else None


def _leader(kernel: Kernel) -> Apply | None:
    """The anchor of a kernel that can follow another one."""
    anchor = _only_anchor(kernel)
    follows = anchor is not None and anchor.op.follows and anchor.inputs[0].dtype != "float16"
    return anchor if follows else None


def _take_elementwise(
    graph: FunctionGraph, order: list[Kernel], place: dict[Apply, int], number: int
) -> None:
    """Join the first kernel of elementwise work on an anchor's first result to it."""
    (anchor,) = order[number]
    result = anchor.outputs[0]
    for user in graph.clients.get(result, ()):
        other = order[place[user]]
        work = [node for node in other if node.op.role != "view"]
        if work and all(_walks(node, result) for node in work):
            if _made_before(other, {anchor}, place, number) and not _looks_at(other, anchor.outputs):
                _join(order, place, number, place[user])
            return


def _walks(node: Apply, variable: Variable) -> bool:
    """Whether an apply is elementwise work over the elements of a variable."""
    same = pattern(node.outputs[0].type.shape) == pattern(variable.type.shape)
    return same and node.op.role == "elementwise"


def _follow(order: list[Kernel], place: dict[Apply, int], number: int, leader: Apply) -> None:
    """Join a kernel to the one that makes what its anchor reads, if that can be."""
    cells = leader.inputs[0]
    maker = cells.owner
    if maker is None or maker not in place:
        return
    first = order[place[maker]]
    anchor = _only_anchor(first)
    if anchor is None or not anchor.op.cuts_to_fit:
        return
    whole = all(_walks(node, cells) for node in first if node.op.role == "elementwise")
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
