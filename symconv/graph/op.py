"""What an op promises: types, meaning, gradient, its own algebra, and how it is fast; imports its neighbours.

An op is a frozen dataclass (the ops here by ``symconv.frozen``, which costs less to import), so equality,
hashing and printing come free. One op stands in one place:

    role                                  what fusion needs to know
    out_types(*types)                     dtype and shape of the outputs
    perform(*arrays)                      the meaning, in plain NumPy
    grad(inputs, outputs, gradients)      the derivative, symbolic
    rop(inputs, outputs, tangents)        the derivative the other way, where it differs from grad's transpose
    fold(node)                            the op's own algebra
    expand(node)                          what it is made of, where it is made of other ops
    lower(k, inputs, outputs)             how it is fast, written with the builder ``k``
"""

from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np

from symconv.errors import ArgumentError, GradientError, SymconvError
from symconv.graph.nodes import Apply, Constant, Variable, constant
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType

if TYPE_CHECKING:  # the builder is handed in; ops never import the compiler
    from collections.abc import Callable

    from symconv.compile.builder import Builder
    from symconv.compile.values import Value
    from symconv.graph.function_graph import FunctionGraph

    Step = Callable[..., Sequence["Array"]]

Role = Literal["view", "elementwise", "anchor", "reduction", "opaque", "control"]
Gradients = Sequence[Variable | None]


@dataclass(frozen=True)
class NoGradient:
    """What ``grad`` gives for an input by which there is no gradient: an error, if one is needed.

    Attributes
    ----------
    reason : str
        Why there is none, for the error's text.
    """

    reason: str


Terms = Sequence[Variable | NoGradient | None]


class United(NamedTuple):
    """One op for several applies.

    Attributes
    ----------
    op : Op
        What runs.
    inputs : tuple of int
        Which of their inputs it takes.
    outputs : dict
        For each of their outputs that is used its own.
    """

    op: "Op"
    inputs: tuple[int, ...]
    outputs: dict[Variable, int]


@dataclass(frozen=True)
class Op:
    """An operation on tensors; subclass it as a frozen dataclass whose fields are its parameters.

    Attributes
    ----------
    role : str
        "view": the output is a view of the first input; "elementwise": the output has the broadcast shape
        of the inputs and each element depends on the elements at its place; "anchor": computes its
        output tile by tile and lets elementwise work continue on each tile; "reduction": combines the
        elements of its input along ``axes`` by a ``ufunc`` in the dtype ``accumulator`` (see ``Reduce``),
        so that elementwise work before and after it joins; "control": runs inner graphs, see ``drive``;
        "opaque": none of these.
    argument_names : tuple of str
        What errors call the inputs.
    reads_values : tuple of int
        Positions of inputs whose values (not only types) decide the output's shape: their types carry
        ``value`` where it is known.
    ignores_values : tuple of int
        Positions of inputs of which only the type matters: nothing computes them for this op's sake.
    overwrites : int or None
        Position of the input whose memory the only output may have, where nothing else needs that input any
        more: ``lower`` is then given one value for both, and leaves most elements as they are.
    keeps_promises : bool
        Whether ``perform`` refuses whatever ``out_types`` refuses, and gives just what it says: where it is
        run alone, nothing is checked again.
    keeps_order : bool
        Whether memory runs along its result as along its first operand of as many dimensions.
    generates : bool
        Whether it makes a large tensor of a small one, so that computing it again costs less than storing it.
    cuts_to_fit : bool
        Whether, as an anchor, it cuts its blocks as the builder's ``units`` ask, so that one may follow.
    follows : bool
        Whether, as an anchor, it can work on the finished tiles of another: see ``units`` and ``on_tile``.
    reads_tiles : tuple of int
        Positions of an anchor's inputs of which it reads one part after the other, by the builder's ``read``:
        what computes such an input may do so part by part, on the way in.
    precedes : bool
        Whether, as an anchor, it can compute such parts: see ``units`` and ``fill``.
    multiplies : bool
        Whether, as an anchor, it is a product of matrices, which BLAS can share out among its own threads.
    core_ndim : int or None
        How many trailing axes of the inputs do not broadcast, while all before them do: 0 for elementwise
        work, 2 for products of stacks of matrices; None where no axis does.
    commutative : bool
        Whether its two inputs may be exchanged; rules then match either order.
    infix : str
        The sign between its operands, or before the only one, where Python has one.

    Examples
    --------
    >>> import numpy as np
    >>> import symconv as sc
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Double(sc.Op):
    ...     def out_types(self, x):
    ...         return x
    ...     def perform(self, x):
    ...         return 2 * x
    ...     def grad(self, inputs, outputs, gradients):
    ...         return [2 * gradients[0]]
    >>> x = sc.vector("x")
    >>> sc.function([x], Double()(x))(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    role: ClassVar[Role] = "opaque"
    argument_names: ClassVar[tuple[str, ...]] = ()
    reads_values: ClassVar[tuple[int, ...]] = ()
    ignores_values: ClassVar[tuple[int, ...]] = ()
    overwrites: ClassVar[int | None] = None
    keeps_promises: ClassVar[bool] = False
    keeps_order: ClassVar[bool] = False
    generates: ClassVar[bool] = False
    cuts_to_fit: ClassVar[bool] = False
    follows: ClassVar[bool] = False
    reads_tiles: ClassVar[tuple[int, ...]] = ()
    precedes: ClassVar[bool] = False
    multiplies: ClassVar[bool] = False
    core_ndim: ClassVar[int | None] = None
    commutative: ClassVar[bool] = False
    infix: ClassVar[str] = ""

    # The contract

    def out_types(self, *types: Any, **_: Any) -> TensorType | tuple[TensorType, ...]:
        """Types of the outputs: used while building (sizes may be None) and while planning (all known)."""
        raise NotImplementedError(f"{type(self).__name__} does not state its output types")

    def perform(self, *arrays: Any, **_: Any) -> Any:
        """What the op means, in plain NumPy: an array, or a tuple of them."""
        raise NotImplementedError(f"{type(self).__name__} does not state its meaning")

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Terms:
        """Gradients by the inputs, given those by the outputs (None: no dependence).

        The result has one entry an input; None says that the input has no influence on the outputs'
        values (a shape, an index), ``NoGradient`` that it has and there is no derivative.

        Where numbers are complex, a gradient g of the cost C by z means dC = Re(g dz). So the formula of a
        function of z with a derivative f'(z) is g · f'(z), as for real ones. (``grad`` hands the user the
        conjugate, whose parts are the derivatives by the real and the imaginary part.)
        """
        raise GradientError(
            f"{self} has no gradient",
            hint="cut it out with disconnected_grad, or write a grad method for it",
        )

    def rop(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], tangents: Gradients
    ) -> Gradients | None:
        """How the outputs change when the inputs change by ``tangents`` (None: not at all), to first order.

        The result has one entry an output. None as a whole, the default, has it found from ``grad``.
        """
        return None

    def fold(self, node: Apply) -> Variable | None:
        """The op's own algebra: a simpler variable that equals the node's first output, or None."""
        return None

    def expand(self, node: Apply) -> Sequence[Variable] | None:
        """The node's outputs written in other ops, before anything else is rewritten; None for itself."""
        return None

    def lower(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        """Write the instructions that compute ``outputs``; this default calls ``perform``."""
        k.perform(self, inputs, outputs)

    def view(self, k: "Builder", value: "Value", shape: tuple[int, ...]) -> "Value":
        """For the role "view": the output, of concrete shape, as a view of the first input's value."""
        raise NotImplementedError(f"{type(self).__name__} is no view")

    def knowing(self, types: Sequence[TensorType]) -> "Op":
        """The op for inputs whose values, as far as ``reads_values`` asks for them, are known."""
        return self

    # For an anchor that follows or precedes another

    def units(self, shape: Sequence[int]) -> tuple[int, ...]:
        """How tiles of the larger of its two sides, of a shape, must be cut: of how many elements each axis.

        That many belong to one element of the smaller side. 0: such an axis must be whole.
        """
        raise NotImplementedError(f"{type(self).__name__} joins no other")

    def fill(
        self, k: "Builder", inputs: "Sequence[Value]", at: tuple[Any, ...], out: "Value"
    ) -> None:
        """Write a part of its output, on the way into another anchor.

        Parameters
        ----------
        k : Builder
        inputs : sequence of Value
            The whole inputs.
        at : tuple
            Which elements of the smaller side the part belongs to: a slice or an element for each axis.
        out : Value
            Where the part goes.
        """
        raise NotImplementedError(f"{type(self).__name__} precedes no other")

    def on_tile(
        self,
        k: "Builder",
        tile: "Value",
        whole: Sequence[int],
        out: "Value",
        others: "Sequence[Value]",
        order: tuple[int, ...],
    ) -> None:
        """Write what it makes of a tile of its first input.

        Parameters
        ----------
        k : Builder
        tile : Value
            A part of the first input.
        whole : sequence of int
            The shape of all of it.
        out : Value
            Where the same part of the first output goes.
        others : sequence of Value
            Where the same part of the further outputs goes, which its axes are the last of.
        order : tuple of int
            The tile's axes as memory runs along them; empty where that is their own order.
        """
        raise NotImplementedError(f"{type(self).__name__} follows no other")

    # For the role "control": loops and branches

    @property
    def graphs(self) -> "tuple[FunctionGraph, ...]":
        """The inner graphs that the op runs; their leaves are their inputs and constants."""
        return ()

    def drive(self, steps: "Sequence[Step]", arrays: Sequence[Array]) -> Any:
        """The meaning, given a callable for each inner graph: interpreted by ``perform``, compiled otherwise.

        Parameters
        ----------
        steps : sequence of callable
            For each of ``graphs`` one that takes an array for each input and gives one for each output.
        arrays : sequence of ndarray
            The op's inputs.
        """
        raise NotImplementedError(f"{type(self).__name__} runs no inner graphs")

    def carried(self, node: Apply) -> Mapping[Variable, Variable]:
        """For inputs of an apply that change while it runs, random states say, what becomes of them."""
        return {}

    @property
    def family(self) -> Hashable:
        """Equal for ops that, on the same inputs, may run as one; None for one that runs alone."""
        return None

    def united(self, nodes: Sequence[Apply], used: Set[Variable]) -> United | None:
        """Applies of one family to the same inputs as one, which gives what is used of their outputs.

        None where there is nothing to gain.
        """
        return None

    def memory_order(self, types: Sequence[TensorType], wanted: str) -> tuple[int, ...]:
        """The axes of the result as memory should run along them, the slowest first; empty: their own order.

        Asked when the sizes are known; ``wanted`` is the algorithm that the settings name.
        """
        return ()

    # What every op does alike

    def __call__(self, *arguments: Any) -> Any:
        """Apply the op: a variable, or a tuple of them where the op has several outputs."""
        outputs = self.apply(*map(as_variable, arguments)).outputs
        return outputs[0] if len(outputs) == 1 else outputs

    def apply(self, *inputs: Variable) -> Apply:
        """The application to variables, its types checked; errors name the user's line."""
        origin = here()
        try:
            types = as_tuple(self.out_types(*self.known_types(inputs)))
        except SymconvError as error:
            error.where = error.where or origin
            error.arguments = error.arguments or self.describe(inputs)
            raise
        return Apply(self, inputs, types, origin)

    def known_types(self, inputs: Sequence[Variable]) -> list[TensorType]:
        """The inputs' types, with values where ``reads_values`` asks for them and they are constant."""
        types = [variable.type for variable in inputs]
        for position in self.reads_values:
            variable = inputs[position]
            if isinstance(variable, Constant):
                types[position] = types[position].with_value(variable.data)
        return types

    def describe(self, inputs: Sequence[Variable]) -> tuple[tuple[str, str], ...]:
        """Names and types of arguments, for errors."""
        names = self.argument_names or tuple(f"input {index}" for index in range(len(inputs)))
        return tuple(
            (name, f"{variable.type}" + (f"  ({variable.name})" if variable.name else ""))
            for name, variable in zip(names, inputs, strict=False)
        )

    @property
    def label(self) -> str:
        """The op's name, without parameters."""
        return type(self).__name__

    @property
    def details(self) -> tuple[str, ...]:
        """Parameters that differ from their defaults, as "name=value"."""
        return tuple(
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        )

    def __str__(self) -> str:
        return f"{self.label}({', '.join(self.details)})" if self.details else self.label


def as_tuple(value: Any) -> tuple[Any, ...]:
    """A tuple as it is, anything else as a tuple of one."""
    return value if isinstance(value, tuple) else (value,)


def as_variable(value: Any, name: str | None = None) -> Variable:
    """A variable as it is, anything else as a constant.

    Raises
    ------
    ArgumentError
        For what cannot be a tensor.
    """
    if isinstance(value, Variable):
        return value
    if value is None or isinstance(value, str | bytes | dict | set) or callable(value):
        raise ArgumentError(
            f"{value!r} of type {type(value).__name__} cannot be part of an expression",
            where=here(),
            hint="pass a symbolic variable, a number or an array",
        )
    return constant(value, name)


def argument(name: str, value: Any) -> tuple[str, str]:
    """An argument of a function as errors show it: a variable by its type, anything else as it is."""
    if isinstance(value, Variable):
        return name, f"{value.type}" + (f"  ({value.name})" if value.name else "")
    text = repr(value)
    return name, f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def weak_constant(value: Any, dtypes: Sequence[str]) -> Constant:
    """A Python number as a constant of the dtype that it takes beside operands of ``dtypes``.

    Python numbers are weak: they adapt to the arrays that they meet (NumPy's NEP 50).

    Raises
    ------
    ArgumentError
        For an integer that the operands' dtype cannot hold.
    """
    try:
        dtype = np.result_type(*(np.dtype(dtype) for dtype in dtypes), value)
        return Constant(np.asarray(value, dtype=dtype))
    except OverflowError:
        raise ArgumentError(
            f"the number {value} does not fit into {', '.join(dtypes)}",
            where=here(),
            hint="give it a dtype of its own: constant(value, dtype=...)",
        ) from None


__all__ = [
    "Gradients", "NoGradient", "Op", "Role", "Terms", "United", "argument", "as_tuple", "as_variable",
    "weak_constant",
]  # fmt: skip
