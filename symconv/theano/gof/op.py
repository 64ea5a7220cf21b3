"""``theano.Op``, ``theano.Apply``, ``as_op``: ops that programs for Theano define; imports symconv.

Such an op is an op of symconv's, which runs between two pieces of the graph, so that its result shows its
sizes; ``infer_shape`` may be there, and is not needed. Where both contracts have a method of the same name
(``perform``, ``grad``), the number and kind of the arguments says which is meant.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ClassVar

import numpy as np

import symconv as sc
from symconv.errors import ArgumentError, DTypeError, GradientError, RankError
from symconv.graph.nodes import Apply as CoreApply
from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import NoGradient, Terms
from symconv.graph.op import Op as CoreOp
from symconv.graph.origin import here
from symconv.graph.types import Array, TensorType, type_of
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import AnyApply, TensorVariable, adopted
from symconv.theano._variables import TensorType as TheanoType
from symconv.theano.gof.null_type import Unconnected, Undefined

Method = Callable[..., Any]


class MethodNotDefined(GradientError, AttributeError):
    """A method of the contract that an op would need and does not have."""


class CountError(ArgumentError, ValueError):
    """Another number of inputs than the op takes."""


# Applications


class _AnyApply(type):
    """Every application is one, whoever made it."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, CoreApply)


class Apply(AnyApply, metaclass=_AnyApply):
    """The application of an op to variables, with the outputs that the op's ``make_node`` made for it.

    Parameters
    ----------
    op : Op
    inputs : sequence of Variable
    outputs : sequence of Variable
        New variables of the right types; they belong to the application from now on.

    Raises
    ------
    RankError
        For inputs and outputs that are no variables, as a TypeError.
    ArgumentError
        For an output that something computes already.
    """

    def __init__(self, op: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        for kind, listed in (("input", inputs), ("output", outputs)):
            if not isinstance(listed, list | tuple):
                what = f"the {kind}s of an Apply are a list, got {type(listed).__name__}"
                raise RankError(what, where=here())
            for position, variable in enumerate(listed):
                if not isinstance(variable, Variable):
                    raise RankError(
                        f"{kind} {position} of an Apply of {op} is {variable!r}, which is no variable",
                        where=here(),
                        hint="make it one with theano.tensor.as_tensor_variable",
                    )
        super().__init__(op, tuple(inputs), tuple(output.type for output in outputs), here())
        for index, output in enumerate(outputs):
            if output.owner is not None:
                raise ArgumentError(
                    f"output {index} of {op} is computed by {output.owner} already",
                    where=here(),
                    hint="make a new one: x.type()",
                )
            output.owner, output.index = self, index
        adopted(list(outputs))
        self.outputs = tuple(outputs)
        if isinstance(op, _Contract):
            op.remember(self)


# Ops


class _AnyOp(type):
    """``isinstance(op, theano.Op)`` holds for symconv's own ops too."""

    def __instancecheck__(cls, instance: object) -> bool:
        if cls.__dict__.get("stands_for_all"):
            return isinstance(instance, CoreOp)
        return super().__instancecheck__(instance)


class _Contract(CoreOp):
    """What makes a class of Theano's contract one of symconv's."""

    role: ClassVar[Any] = "control"
    view_map: ClassVar[dict[int, list[int]]] = {}
    destroy_map: ClassVar[dict[int, list[int]]] = {}
    default_output: Any = None
    itypes: Any = None
    otypes: Any = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, adapt in (("perform", _performing), ("grad", _differentiating)):
            own = getattr(cls, name)
            if not getattr(own, "adapted", False):
                setattr(cls, name, adapt(own))
        if "__eq__" in cls.__dict__ and cls.__dict__.get("__hash__") is None:
            cls.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]

    def __setattr__(self, name: str, value: Any) -> None:
        """Attributes as in any class; a gradient of this instance alone replaces that of the class."""
        object.__setattr__(self, name, _differentiating(value, self) if name == "grad" else value)

    # Identity

    def _properties(self) -> tuple[Any, ...] | None:
        names = getattr(self, "__props__", None)
        return None if names is None else tuple(getattr(self, name) for name in names)

    def __eq__(self, other: object) -> bool:
        if self is other or type(self) is not type(other):
            return self is other
        mine = self._properties()
        return mine is not None and mine == other._properties()

    def __hash__(self) -> int:
        mine = self._properties()
        return object.__hash__(self) if mine is None else hash((type(self), mine))

    @property
    def label(self) -> str:
        """The class's name."""
        return type(self).__name__

    @property
    def details(self) -> tuple[str, ...]:
        """The properties that ``__props__`` names."""
        names = getattr(self, "__props__", None) or ()
        return tuple(f"{name}={getattr(self, name)!r}" for name in names)

    def __str__(self) -> str:
        names = getattr(self, "__props__", None)
        if names is None:
            return getattr(self, "name", None) or type(self).__name__
        if not names:
            return type(self).__name__
        return f"{type(self).__name__}{{{', '.join(f'{n}={getattr(self, n)!r}' for n in names)}}}"

    def __repr__(self) -> str:
        return str(self)

    def __getstate__(self) -> dict[str, Any]:
        """Without what is remembered of applications."""
        return {name: value for name, value in vars(self).items() if name != "_remembered"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)

    # What Theano's contract says

    def make_node(self, *inputs: Any) -> CoreApply:
        """The application to variables, of the types that ``itypes`` and ``otypes`` name."""
        if self.itypes is None or self.otypes is None:
            raise MethodNotDefined(
                f"{type(self).__name__} has neither make_node nor itypes and otypes", where=here()
            )
        if len(inputs) != len(self.itypes):
            raise CountError(
                f"{self} takes {len(self.itypes)} inputs, got {len(inputs)}",
                arguments=[(f"input {i}", type) for i, type in enumerate(self.itypes)],
                where=here(),
            )
        variables = [as_tensor_variable(value) for value in inputs]
        for position, (variable, wanted) in enumerate(zip(variables, self.itypes, strict=True)):
            if (variable.dtype, variable.ndim) != (wanted.dtype, wanted.ndim):
                raise RankError(
                    f"input {position} of {self} is to be {wanted}, got {variable.type}",
                    arguments=[(str(variable), variable.type)],
                    where=here(),
                )
        return Apply(self, variables, [type() for type in self.otypes])

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Apply the op: a variable, or a list of them where it has several outputs."""
        as_list, name = options.pop("return_list", False), options.pop("name", None)
        node = self.make_node(*inputs, **options)
        if not isinstance(node, CoreApply):
            raise RankError(f"make_node of {self} gave {node!r} instead of an Apply", where=here())
        outputs = list(node.outputs)
        if name is not None:
            outputs[0].name = name
        if self.default_output is not None:
            chosen = outputs[self.default_output]
            return [chosen] if as_list else chosen
        return outputs[0] if len(outputs) == 1 and not as_list else outputs

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Any:
        """The gradients by the inputs; ``grad`` where it does not look at the outputs."""
        theirs: Method = self.grad
        return theirs(inputs, output_grads)

    # What symconv's contract says

    def remember(self, node: CoreApply) -> None:
        """Keep what an application is like, without the graph that it belongs to."""
        kept = vars(self).setdefault("_remembered", {})
        key = _pattern(variable.type for variable in node.inputs)
        if key not in kept:
            kept[key] = None  # remade below without being remembered again
            stand_ins = [
                v if isinstance(v, Constant) else TensorVariable(_open(v.type), name=v.name)
                for v in node.inputs
            ]
            outputs = [TensorVariable(_open(output.type), name=output.name) for output in node.outputs]
            kept[key] = Apply(self, stand_ins, outputs)

    def _like(self, types: Sequence[TensorType]) -> CoreApply:
        """The application to inputs of such types."""
        kept = vars(self).setdefault("_remembered", {})
        key = _pattern(types)
        if kept.get(key) is None:
            for known, node in kept.items():
                if node is not None and _loose(known) == _loose(key):
                    alike: CoreApply = node
                    return alike  # sizes of 1 turned up when it ran
            self.make_node(*(TensorVariable(TheanoType(t.dtype, t.broadcastable)) for t in types))
        if kept.get(key) is None:
            raise RankError(f"make_node of {self} made an Apply to inputs of other types")
        found: CoreApply = kept[key]
        return found

    def out_types(self, *types: TensorType) -> tuple[TensorType, ...]:
        """As ``make_node`` gives them."""
        return tuple(output.type for output in self._like(types).outputs)

    def rop(self, inputs: Any, outputs: Any, tangents: Any) -> Any:
        """``R_op``, where the class has one."""
        own = getattr(self, "R_op", None)
        return None if own is None else own(list(inputs), list(tangents))

    def gradients(self, inputs: Any, outputs: Any, gradients: Any) -> Terms:
        """``L_op`` or ``grad`` as symconv asks for it."""
        given = [
            adopted(sc.zeros_like(output, "floatX" if output.type.is_discrete else output.dtype))
            if gradient is None else adopted(gradient)
            for output, gradient in zip(outputs, gradients, strict=True)
        ]
        found = self.L_op(adopted(list(inputs)), adopted(list(outputs)), given)
        if not isinstance(found, list | tuple):
            wrong: Any = found
            return wrong  # type: ignore[no-any-return]  # the caller checks what every op gives
        pattern = self.connection_pattern(outputs[0].owner) if hasattr(self, "connection_pattern") else None
        terms: list[Variable | NoGradient | None] = []
        for position, term in enumerate(found):
            if isinstance(term, Unconnected) or (pattern is not None and not any(pattern[position])):
                terms.append(None)
            elif isinstance(term, Undefined):
                terms.append(NoGradient(term.reason))
            elif term is None:
                raise DTypeError(
                    f"grad of {self} gave None for input {position}",
                    hint="an input that does not matter has the gradient DisconnectedType()()",
                )
            else:
                terms.append(term)
        return terms


def _pattern(types: Any) -> tuple[Any, ...]:
    return tuple((type.dtype, type.broadcastable) for type in types)


def _loose(pattern: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((dtype, len(broadcastable)) for dtype, broadcastable in pattern)


def _open(type: TensorType) -> TensorType:
    """Sizes that Theano's types do not know are not known."""
    return TheanoType(type.dtype, type.broadcastable)


def _performing(own: Method) -> Method:
    """``perform(node, inputs, output_storage)``, which symconv calls with arrays alone."""

    @wraps(own)
    def perform(self: Any, *arguments: Any) -> Any:
        if arguments and isinstance(arguments[0], CoreApply):
            return own(self, *arguments)
        node = self._like([type_of(array) for array in arguments])
        destroyed = {position for listed in self.destroy_map.values() for position in listed}
        given = [array.copy() if place in destroyed else array for place, array in enumerate(arguments)]
        storage: list[list[Any]] = [[None] for _ in node.outputs]
        own(self, node, given, storage)
        return tuple(
            _computed(self, index, cell[0], output.type, given)
            for index, (cell, output) in enumerate(zip(storage, node.outputs, strict=True))
        )

    perform.adapted = True  # type: ignore[attr-defined]
    return perform


def _computed(op: Any, index: int, value: Any, type: TensorType, given: Sequence[Array]) -> Array:
    if value is None:
        raise ArgumentError(
            f"perform of {op} left output {index} empty", hint=f"write it to output_storage[{index}][0]"
        )
    array = np.asarray(value)
    if array.dtype.name != type.dtype and np.can_cast(array.dtype, type.dtype, "same_kind"):
        array = array.astype(type.dtype)
    return array.copy() if any(np.may_share_memory(array, other) for other in given) else array


def _differentiating(own: Method, instance: Any = None) -> Method:
    """``grad(inputs, output_grads)``, beside symconv's of three arguments."""
    if instance is not None:
        return lambda *arguments: (
            own(*arguments) if len(arguments) == 2 else instance.gradients(*arguments)
        )

    @wraps(own)
    def grad(self: Any, *arguments: Any) -> Any:
        if len(arguments) == 3:
            return self.gradients(*arguments)
        if own is CoreOp.grad:
            raise MethodNotDefined(
                f"{self} has no gradient",
                hint="write a grad method for it, or cut it off with disconnected_grad",
            )
        return own(self, *arguments)

    grad.adapted = True  # type: ignore[attr-defined]
    return grad


class Op(_Contract, metaclass=_AnyOp):
    """What programs for Theano subclass: ``make_node`` or ``itypes`` and ``otypes``, ``perform``, ``grad``.

    Examples
    --------
    >>> import numpy as np
    >>> import symconv.theano as theano
    >>> import symconv.theano.tensor as T
    >>> class Double(theano.Op):
    ...     __props__ = ()
    ...     def make_node(self, x):
    ...         x = T.as_tensor_variable(x)
    ...         return theano.Apply(self, [x], [x.type()])
    ...     def perform(self, node, inputs, output_storage):
    ...         output_storage[0][0] = inputs[0] * 2
    ...     def grad(self, inputs, output_grads):
    ...         return [output_grads[0] * 2]
    >>> x = T.dvector("x")
    >>> theano.function([x], theano.grad(Double()(x).sum(), x))([1.0, 2.0])
    array([2., 2.])
    """

    stands_for_all: ClassVar[bool] = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "stands_for_all" not in cls.__dict__:
            cls.stands_for_all = False


PureOp = Op


def get_test_value(v: Any) -> Any:
    """The test value of a variable: of a constant its value, of a shared variable what it holds.

    Raises
    ------
    MissingTestValue
        For a variable that has none, or follows from one that has none; an AttributeError.
    """
    variable = as_tensor_variable(v)
    try:
        return variable.tag.test_value
    except AttributeError:
        raise MissingTestValue(
            f"{variable} has no test value",
            arguments=[(str(variable), variable.type)],
            where=variable.origin,
            hint="set x.tag.test_value of the inputs, and theano.config.compute_test_value",
        ) from None


class MissingTestValue(sc.SymconvError, AttributeError):
    """A variable without ``tag.test_value``."""


__getattr__ = refuses("theano.gof.op", globals())

__all__ = [
    "Apply", "MethodNotDefined", "MissingTestValue", "Op", "PureOp", "get_test_value",
]  # fmt: skip
