"""For each op of symconv's the nodes of Theano's that it is: the one table; imports the writer and the ops.

What is not in the table is printed as symconv prints it, and its operands as they are.
"""

from collections.abc import Sequence

from symconv.graph.nodes import Variable
from symconv.graph.op import Op
from symconv.ops.axes import DimShuffle
from symconv.ops.branch import IfElse
from symconv.ops.complex import Part
from symconv.ops.conv.ops import Conv, ConvGradFilters, ConvGradInput
from symconv.ops.cumulate import Cumulate
from symconv.ops.cut import Clipped, Disconnected, Scaled, Zeroed
from symconv.ops.diagonals import Diagonal, PlaceDiagonal
from symconv.ops.dot import Dot, MatMul
from symconv.ops.elemwise import Elemwise
from symconv.ops.fill import Alloc, Arange
from symconv.ops.from_graph import GraphOp
from symconv.ops.index.advanced import AdvancedIncSubtensor, AdvancedSubtensor, Nonzero
from symconv.ops.index.basic import IncSubtensor, Subtensor
from symconv.ops.join import Join, Split
from symconv.ops.linalg.decompositions import QR, SVD
from symconv.ops.linalg.eigenvalues import Eigh, Eigvalsh
from symconv.ops.linalg.equations import Solve
from symconv.ops.linalg.inverses import Det, Inverse, PseudoInverse
from symconv.ops.linalg.solving import Cholesky
from symconv.ops.pool.ops import Pool
from symconv.ops.pool.winners import PoolWinners
from symconv.ops.random.legacy import RandomFunction
from symconv.ops.random.mrg import MrgUniform
from symconv.ops.reduce import ArgReduce, Reduce
from symconv.ops.scan.axis import Crop
from symconv.ops.scan.op import Scan
from symconv.ops.shape import MakeVector, Reshape, Shape, ShapeAt, SpecifyShape
from symconv.ops.softmax import LogSoftmax, Softmax
from symconv.ops.sort import ArgSort, Sort
from symconv.theano._print.elementwise import arg_reduction, cast, elemwise, reduction
from symconv.theano._print.families import (
    by_axis,
    convolution,
    cumulate,
    diagonal,
    graph_op,
    if_else,
    join,
    matmul,
    named,
    part,
    place_diagonal,
    pool,
    random_function,
    softmax,
    split,
)
from symconv.theano._print.loops import crop, scan
from symconv.theano._print.shapes import (
    advanced,
    advanced_inc,
    alloc,
    arange,
    dimshuffle,
    inc_subtensor,
    make_vector,
    nonzero,
    reshape,
    specify_shape,
    subtensor,
)
from symconv.theano._print.words import kind_text
from symconv.theano._print.written import Spelling, Term, Writer

SPELLINGS: dict[type[Op], Spelling | None] = {
    Elemwise: lambda w, node: cast(w, node) if node.op.label.startswith("cast") else elemwise(w, node),
    Reduce: reduction,
    ArgReduce: arg_reduction,
    DimShuffle: dimshuffle,
    Reshape: reshape,
    MakeVector: make_vector,
    Shape: named("Shape"),
    ShapeAt: lambda w, node: w.size(w.term(node.inputs[0]), node.op.axis),  # type: ignore[attr-defined]
    SpecifyShape: specify_shape,
    Alloc: alloc,
    Arange: arange,
    Subtensor: subtensor,
    IncSubtensor: inc_subtensor,
    AdvancedSubtensor: advanced,
    AdvancedIncSubtensor: advanced_inc,
    Nonzero: nonzero,
    Join: join,
    Split: split,
    Conv: convolution,
    ConvGradInput: convolution,
    ConvGradFilters: convolution,
    Pool: pool,
    PoolWinners: None,  # Theano has none: it prints as itself
    Dot: named("dot", "dot"),
    MatMul: matmul,
    Softmax: softmax,
    LogSoftmax: softmax,
    Sort: by_axis("SortOp{quicksort, None}"),
    ArgSort: by_axis("ArgSortOp{quicksort, None}"),
    Cumulate: cumulate,
    Diagonal: diagonal,
    PlaceDiagonal: place_diagonal,
    Inverse: named("MatrixInverse"),
    PseudoInverse: named("MatrixPinv"),
    Det: named("Det"),
    Cholesky: named("Cholesky{lower=True, destructive=False, on_error='raise'}"),
    SVD: named("SVD{full_matrices=1, compute_uv=1}"),
    QR: named("QRFull{mode='reduced'}"),
    Solve: named("Solve{A_structure='general', lower=False, overwrite_A=False, overwrite_b=False}"),
    Part: part,
    RandomFunction: random_function,
    MrgUniform: lambda w, node: named(f"mrg_uniform{{{kind_text(node.outputs[1].type)},no_inplace}}")(
        w, node
    ),
    Eigh: named("Eigh{UPLO='L'}"),
    Eigvalsh: named("Eigvalsh{lower=True}"),
    Disconnected: named("DisconnectedGrad"),
    Zeroed: named("ZeroGrad"),
    Clipped: named("GradClip"),
    Scaled: named("GradScale"),
    IfElse: if_else,
    GraphOp: graph_op,
    Scan: scan,
    Crop: crop,
}
"""For the class of an op what writes its applications."""


def spelling_of(op: Op) -> Spelling | None:
    """What writes the applications of an op; nothing for one that prints as itself."""
    for kind in type(op).__mro__:
        if kind in SPELLINGS:
            return SPELLINGS[kind]
    return None


def written(outputs: Sequence[Variable], writer: Writer | None = None) -> list[Term]:
    """Expressions as Theano writes them."""
    return (writer or Writer(spelling_of)).write(outputs)


def one_written(variable: Variable) -> Term:
    """A computed variable as Theano writes it; what it is computed from stays as it is."""
    assert variable.owner is not None
    writer = Writer(spelling_of)
    writer.apply(variable.owner)
    return writer.term(variable)
