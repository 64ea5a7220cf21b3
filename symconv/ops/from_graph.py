"""Ops made of a graph or of a plain NumPy function: OpFromGraph, as_op; imports the graph and backward."""

from collections.abc import Callable, Sequence
from importlib import import_module
from sys import modules
from typing import Any

from symconv.errors import ArgumentError, DTypeError, RankError
from symconv.frozen import frozen
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import interpret, result_types
from symconv.graph.nodes import Apply, Variable
from symconv.graph.op import Gradients, Op, Terms, argument, as_variable
from symconv.graph.origin import here
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import leaves, substitute
from symconv.graph.types import Array, TensorType
from symconv.ops.backward import gradients_through

Backward = Callable[[Sequence[Variable], Sequence[Variable], Gradients], Any]


@frozen
class GraphOp(Op):
    """What a graph computes, as one op: compiled, it is written out again, so that it costs nothing.

    Attributes
    ----------
    graph : FunctionGraph
        Its inputs are the arguments, then one for each of ``shared``.
    shared : tuple of SharedVariable
        What the graph reads beside its arguments.
    backward : callable, tuple or None
        Instead of the graph's derivative: see ``OpFromGraph``.
    forward : callable or None
        Instead of the graph's ``rop``.
    name : str or None
        What it prints as.
    """

    graph: FunctionGraph
    shared: tuple[SharedVariable, ...] = ()
    backward: Backward | tuple[Any, ...] | None = None
    forward: Backward | None = None
    name: str | None = None

    @property
    def label(self) -> str:
        """The name that it was given."""
        return self.name or "OpFromGraph"

    @property
    def details(self) -> tuple[str, ...]:
        """None."""
        return ()

    def __call__(self, *arguments: Any) -> Any:
        """Apply the op to arguments of the dtypes and ranks of the graph's inputs."""
        wanted = self.graph.inputs[: len(self.graph.inputs) - len(self.shared)]
        if len(arguments) != len(wanted):
            raise ArgumentError(
                f"{self.label} takes {len(wanted)} arguments, got {len(arguments)}",
                arguments=[argument(f"argument {place}", value) for place, value in enumerate(arguments)],
                where=here(),
                hint=f"it was made for {', '.join(str(variable.type) for variable in wanted)}",
            )
        return super().__call__(*arguments, *self.shared)

    def out_types(self, *types: TensorType) -> tuple[TensorType, ...]:
        """As the graph gives them for inputs of these types."""
        for variable, type in zip(self.graph.inputs, types, strict=True):
            if variable.dtype != type.dtype:
                raise DTypeError(
                    f"{self.label} was made for {variable} of {variable.dtype}, got {type.dtype}",
                    hint=f"convert it with cast(..., {variable.dtype!r})",
                )
            if variable.ndim != type.ndim:
                raise RankError(
                    f"{self.label} was made for {variable} of {variable.ndim} dimensions, got {type.ndim}",
                    hint="make another op for this rank, or reshape the argument",
                )
        return result_types(self.graph, types)

    def perform(self, *arrays: Array) -> tuple[Array, ...]:
        return tuple(interpret(self.graph, arrays))

    def expand(self, node: Apply) -> Sequence[Variable]:
        return substitute(self.graph.outputs, dict(zip(self.graph.inputs, node.inputs, strict=True)))

    def grad(self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients) -> Terms:
        """The derivative of the graph, or what was given in its place."""
        count = len(inputs) - len(self.shared)
        given = inputs[:count]
        if self.backward is None:
            return gradients_through(self.graph, inputs, gradients)
        if isinstance(self.backward, tuple):
            terms = [by(given, outputs, gradients) if callable(by) else by for by in self.backward]
            missing = any(term is DEFAULT for term in terms)
        else:
            terms, missing = self.backward(given, outputs, gradients), False
            if not isinstance(terms, list | tuple):
                terms = [terms]
        if len(terms) != count:
            return terms  # the error is the caller's, who checks what every op gives
        if not missing and not self.shared:
            return terms
        own = gradients_through(self.graph, inputs, gradients)
        mixed = [mine if term is DEFAULT else term for term, mine in zip(terms, own, strict=False)]
        return [*mixed, *own[count:]]

    def rop(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], tangents: Gradients
    ) -> Gradients | None:
        """What was given in its place, if anything was."""
        if self.forward is None:
            return None
        count = len(inputs) - len(self.shared)
        found: Gradients = self.forward(inputs[:count], outputs, tangents[:count])
        return found


DEFAULT = "default"


def OpFromGraph(
    inputs: Sequence[Variable],
    outputs: Variable | Sequence[Variable],
    *,
    grad: Backward | Sequence[Any] | None = None,
    rop: Backward | None = None,
    name: str | None = None,
) -> GraphOp:
    """An op that computes what an expression computes.

    Parameters
    ----------
    inputs : sequence of Variable
        What the op takes as arguments, each of the dtype and rank of its variable.
    outputs : Variable or sequence of Variable
        What it gives. Shared variables in it are read where the op is used, and can be differentiated by.
    grad : callable, or sequence, optional
        Instead of the expression's derivative: a function of (inputs, outputs, gradients by the outputs) that
        gives a list with the gradient by each input. Or one entry for each input: such a function that gives
        one gradient, None for no dependence, ``NoGradient(reason)``, or "default" for the derivative.
    rop : callable, optional
        Instead of the expression's change: a function of (inputs, outputs, changes of the inputs) that gives
        a list with the change of each output.
    name : str, optional
        What the op is called in prints and pictures.

    Returns
    -------
    GraphOp

    Raises
    ------
    ArgumentError
        For an input that is no variable or stands there twice, and for overrides of the wrong number.
    MissingInputError
        For an expression that needs more than its inputs.

    Notes
    -----
    The compiler writes the expression out where the op is used: rules and fusion see through it. Pictures of
    the graph as it was built show it as one op.

    Examples
    --------
    Guided backpropagation: a rectifier that lets only positive gradients pass.

    >>> import symconv as sc
    >>> x = sc.dvector("x")
    >>> guided = sc.OpFromGraph([x], sc.relu(x), grad=lambda inputs, outputs, gradients: [
    ...     sc.maximum(gradients[0], 0) * (inputs[0] > 0)])
    >>> y = sc.dvector("y")
    >>> sc.grad((guided(y) * [1.0, -1.0, 1.0]).sum(), y).eval({y: [2.0, 3.0, -4.0]})
    array([1., 0., 0.])
    """
    listed = list(inputs)
    for variable in listed:
        if not isinstance(variable, Variable):
            raise ArgumentError(f"the input {variable!r} of OpFromGraph is no variable", where=here())
    if len(set(listed)) < len(listed):
        raise ArgumentError("an input of OpFromGraph stands there twice", where=here())
    results = [outputs] if isinstance(outputs, Variable) else list(outputs)
    results = [as_variable(result) for result in results]
    backward = grad if grad is None or callable(grad) else tuple(grad)
    if isinstance(backward, tuple) and len(backward) != len(listed):
        raise ArgumentError(
            f"OpFromGraph of {len(listed)} inputs got {len(backward)} overrides of their gradients",
            where=here(),
            hint='give one for each input; "default" keeps the derivative',
        )
    stop = frozenset(listed)
    shared = tuple(
        v for v in leaves(results, stop) if isinstance(v, SharedVariable) and v not in stop
    )
    dummies = [Variable(variable.type, variable.name) for variable in (*listed, *shared)]
    moved = substitute(results, dict(zip((*listed, *shared), dummies, strict=True)))
    return GraphOp(FunctionGraph(tuple(dummies), tuple(moved)), shared, backward, rop, name)


@frozen
class FunctionOp(Op):
    """A plain function of arrays as an op: ``as_op`` makes it.

    Attributes
    ----------
    function : callable
        What computes.
    in_types, results : tuple of TensorType
        What it takes and gives, as far as sizes are known.
    shapes : callable or None
        The sizes of the results, given those of the arguments.
    backward : callable or None
        The derivative.
    """

    function: Callable[..., Any]
    in_types: tuple[TensorType, ...]
    results: tuple[TensorType, ...]
    shapes: Callable[..., Any] | None = None
    backward: Backward | None = None

    @property
    def label(self) -> str:
        """The function's name."""
        return getattr(self.function, "__name__", type(self.function).__name__)

    @property
    def details(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def role(self) -> Any:  # type: ignore[override]
        """Without known sizes it runs between two pieces of the graph, as loops do."""
        return "opaque" if self._is_sized else "control"

    @property
    def _is_sized(self) -> bool:
        return self.shapes is not None or all(None not in type.shape for type in self.results)

    def __call__(self, *arguments: Any) -> Any:
        """Apply the op to arguments of the dtypes and ranks that the function takes."""
        if len(arguments) != len(self.in_types):
            raise ArgumentError(
                f"{self.label} takes {len(self.in_types)} arguments, got {len(arguments)}", where=here()
            )
        return super().__call__(*arguments)

    def out_types(self, *types: TensorType) -> tuple[TensorType, ...]:
        """As they were declared, with the sizes that are known."""
        for position, (wanted, type) in enumerate(zip(self.in_types, types, strict=True)):
            if wanted.dtype != type.dtype:
                raise DTypeError(
                    f"argument {position} of {self.label} is {wanted.dtype}, got {type.dtype}",
                    hint=f"convert it with cast(..., {wanted.dtype!r})",
                )
            if wanted.ndim != type.ndim:
                raise RankError(
                    f"argument {position} of {self.label} has {wanted.ndim} dimensions, got {type.ndim}"
                )
        if self.shapes is None:
            return self.results
        found = self.shapes(*(type.shape for type in types))
        shapes = [found] if len(self.results) == 1 and not _are_shapes(found) else list(found)
        return tuple(type.with_shape(tuple(s)) for type, s in zip(self.results, shapes, strict=True))

    def perform(self, *arrays: Array) -> Any:
        return self.function(*arrays)

    def grad(self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients) -> Terms:
        """What was given as such."""
        if self.backward is None:
            return super().grad(inputs, outputs, gradients)
        found = self.backward(inputs, outputs, gradients)
        return found if isinstance(found, list | tuple) else [found]

    def __reduce__(self) -> Any:
        """An op that took the place of its function in a module is found there again."""
        module, name = getattr(self.function, "__module__", None), getattr(self.function, "__qualname__", "")
        if getattr(modules.get(module or ""), name, None) is self:
            return _found, (module, name)
        return FunctionOp, (self.function, self.in_types, self.results, self.shapes, self.backward)


def _found(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


def _are_shapes(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(entry, list | tuple) for entry in value)


def as_op(
    in_types: TensorType | Sequence[TensorType],
    out_types: TensorType | Sequence[TensorType],
    *,
    shapes: Callable[..., Any] | None = None,
    grad: Backward | None = None,
) -> Callable[[Callable[..., Any]], FunctionOp]:
    """Make a plain function of arrays an op; a decorator.

    Parameters
    ----------
    in_types, out_types : TensorType or sequence of TensorType
        What the function takes and gives; sizes that vary are None.
    shapes : callable, optional
        Of the arguments' shapes: the result's shape, or a list of them. Without it a result whose type leaves
        sizes open shows them when it is computed, and the work around it is planned in two pieces.
    grad : callable, optional
        A function of (inputs, outputs, gradients by the outputs) that gives a list with the gradient by each
        input. Without it the op has none.

    Returns
    -------
    callable
        The decorator; it gives the op.

    Raises
    ------
    ArgumentError
        For what are no types.

    Notes
    -----
    The arrays that the function is given are not to be written to. Each result must have the dtype that is
    declared; that is checked.

    Examples
    --------
    >>> import numpy as np, symconv as sc
    >>> vectors = sc.TensorType("float64", (None,))
    >>> @sc.as_op(vectors, vectors, shapes=lambda x: x, grad=lambda x, y, g: [g[0][::-1]])
    ... def reversed_copy(x):
    ...     return x[::-1].copy()
    >>> x = sc.dvector("x")
    >>> (reversed_copy(x) * 2).eval({x: [1.0, 2.0, 3.0]})
    array([6., 4., 2.])
    """
    taken, given = _types("in_types", in_types), _types("out_types", out_types)

    def made(function: Callable[..., Any]) -> FunctionOp:
        return FunctionOp(function, taken, given, shapes, grad)

    return made


def _types(name: str, types: Any) -> tuple[TensorType, ...]:
    listed = tuple(types) if isinstance(types, list | tuple) else (types,)
    for type in listed:
        if not isinstance(type, TensorType):
            raise ArgumentError(
                f"{name} of as_op holds {type!r}, which is no TensorType",
                where=here(),
                hint='TensorType("float64", (None, None)) is a matrix',
            )
    return listed


__all__ = ["OpFromGraph", "as_op"]
