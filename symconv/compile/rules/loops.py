"""What is read of a loop's results: it need not keep the rest; imports ops of loops and indices."""

from symconv.compile.rewrite import AnyRule, NodeRule
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.ops.index.basic import Subtensor, subtensor
from symconv.ops.scan.axis import Crop, Newest
from symconv.ops.scan.op import Scan


def _last_state(node: Apply) -> Variable | None:
    """h[-1] of a history is the last entry of the final window, if there was a step."""
    cropped = node.inputs[0].owner
    if cropped is None or not isinstance(cropped.op, Crop) or not isinstance(node.op, Subtensor):
        return None
    history, count = cropped.inputs
    loop, pattern = history.owner, node.op.pattern
    if loop is None or not isinstance(loop.op, Scan) or loop.op.layout.reverse or not pattern:
        return None
    last = int(count.data) - 1 if isinstance(count, Constant) else -1
    layout = loop.op.layout
    kind, depth = layout.outputs[history.index]
    if kind != "whole" or cropped.op.skip != depth or pattern[0] not in (-1, last) or pattern[0] is None:
        return None
    wholes, finals, _ = layout.split_outputs(loop.outputs)
    window = finals[wholes.index(history)]
    if window is None or len(node.inputs) > 1:
        return None
    newest: Variable = Newest()(window, count)
    return subtensor(newest, pattern[1:]) if pattern[1:] else newest


CANONICAL: tuple[AnyRule, ...] = (
    NodeRule("h[-1] of a loop = its final state", Subtensor, _last_state),
)
