"""Theano's types and variables: symconv's, whose operators mean what Theano's do; imports symconv."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, TypeVar, cast

import numpy as np

import symconv as sc
from symconv.graph.fit import fit
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import interpret
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.operators import Dialect
from symconv.graph.origin import here, written_here
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import leaves
from symconv.graph.types import Array
from symconv.graph.types import TensorType as CoreType
from symconv.theano._print.spellings import one_written
from symconv.theano._print.words import constant_text, type_text
from symconv.theano.configuration import config

Result = TypeVar("Result")

METHODS: dict[str, Callable[..., Any]] = {}
"""Operators and methods that differ from symconv's; the modules of ``theano.tensor`` enter theirs."""


class VariableType(CoreType):
    """The type of a variable, which makes others of its kind."""

    def __call__(self, name: str | None = None) -> "TensorVariable":
        """A variable of this type; sizes other than 1 are not known of it."""
        made = TensorVariable(VariableType(self.dtype, broadcastable_shape(self.broadcastable)), name=name)
        made.made = here()
        return made

    make_variable = __call__

    @classmethod
    def of(cls, type: CoreType) -> "VariableType":
        """The same type, as one of this class."""
        if type.__class__ is VariableType:
            return type
        own: VariableType = object.__new__(VariableType)
        vars(own).update(dtype=type.dtype, shape=type.shape, value=type.value)
        return own

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CoreType) and self.dtype == other.dtype and self.shape == other.shape

    def __hash__(self) -> int:
        return CoreType.__hash__(self)

    def __str__(self) -> str:
        return type_text(self)

    __repr__ = __str__

    def __format__(self, how: str) -> str:
        """With the sizes in symconv's own texts: its errors and pictures."""
        return format(CoreType.__str__(self) if written_here(2) else str(self), how)

    @property
    def numpy_dtype(self) -> "np.dtype[Any]":
        """The dtype as NumPy's."""
        return np.dtype(self.dtype)

    def filter(self, data: Any, strict: bool = False, allow_downcast: bool | None = None) -> Array:
        """A value as an array of this type.

        Raises
        ------
        SymconvError
            For what does not convert; a TypeError.
        """
        loose = CoreType(self.dtype, broadcastable_shape(self.broadcastable))
        return fit(data, loose, "a value of this type", strict=strict, downcast=allow_downcast)

    def is_valid_value(self, a: Any) -> bool:
        """Whether it is an array of this very type."""
        try:
            self.filter(a, strict=True)
        except sc.SymconvError:
            return False
        return True

    def clone(
        self, dtype: str | None = None, broadcastable: Sequence[bool] | None = None
    ) -> "TensorType":
        """The type with another dtype or pattern."""
        return TensorType(dtype or self.dtype, broadcastable or self.broadcastable)


class TensorType(VariableType):
    """A type by Theano's pattern; calling it makes a variable.

    Two types are equal where dtype and pattern are.
    """

    def __init__(
        self, dtype: Any, broadcastable: Sequence[bool], name: str | None = None, sparse_grad: bool = False
    ) -> None:
        shape = broadcastable_shape(broadcastable)
        super().__init__(sc.constant(0, dtype=sc.config.floatX if dtype == "floatX" else dtype).dtype, shape)
        object.__setattr__(self, "name", name)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, CoreType)
            and self.dtype == other.dtype
            and self.broadcastable == other.broadcastable
        )

    def __hash__(self) -> int:
        return hash((self.dtype, self.broadcastable))

    def __format__(self, how: str) -> str:
        return format(str(self), how)


_numbers = count()


class _tensor_py_operators(Variable):
    """What variables, constants and shared variables of tensors have in common, under Theano's name.

    As in Theano, neither a constant nor a shared variable is a ``TensorVariable``: libraries ask.
    """

    def __str__(self) -> str:
        if self.name is not None:
            return str(self.name)
        return "<" + str(self.type) + ">" if self.owner is None else str(one_written(self))

    def __repr__(self) -> str:
        return str(self)

    @property
    def type(self) -> VariableType:
        """dtype and static shape."""
        found: VariableType = vars(self)["type"]
        return found

    @type.setter
    def type(self, type: CoreType) -> None:
        vars(self)["type"] = VariableType.of(type)

    @property
    def tag(self) -> Any:
        """A place for a program's own attributes."""
        if "_tag" not in vars(self):
            vars(self)["_tag"] = Tag(self)
        return vars(self)["_tag"]

    @property
    def real(self) -> Variable:
        """The real part."""
        return adopted(sc.real(self))

    @property
    def imag(self) -> Variable:
        """The imaginary part."""
        return adopted(sc.imag(self))

    @property
    def auto_name(self) -> str:
        """A name that no other variable has: "auto_" and a number."""
        return cast(str, vars(self).setdefault("_auto_name", f"auto_{next(_numbers)}"))

    def get_parents(self) -> list[Any]:
        """The application that computes it, if there is one."""
        return [] if self.owner is None else [self.owner]

    def eval(self, inputs_to_values: Mapping[Variable, Any] | None = None) -> Any:
        """The value of the expression for values of its inputs."""
        given = inputs_to_values
        if isinstance(given, Mapping):
            given = {variable: dense(value) for variable, value in given.items()}
        return super().eval(given)

    @property
    def __array__(self) -> Any:
        """Not there: NumPy takes a variable for an object, and ``np.prod((m, n))`` multiplies."""
        raise AttributeError("__array__")


class TensorVariable(_tensor_py_operators):
    """A tensor that is not known yet; programs subclass it.

    Parameters
    ----------
    type : TensorType
        What it is.
    owner : Apply, optional
        What computes it, as which of its outputs: ``index``.
    name : str, optional
        A name for it.
    """

    def __init__(
        self, type: CoreType, owner: Apply | None = None, index: int | None = None, name: str | None = None
    ) -> None:
        super().__init__(type, name, owner, index or 0)


class Tag:
    """Attributes as a program sets them; ``test_value`` of what is computed follows from that of inputs.

    Parameters
    ----------
    variable : Variable
        Whose tag it is.
    """

    def __init__(self, variable: Variable) -> None:
        self._variable = variable

    @property
    def test_value(self) -> Any:
        """The value for the inputs' test values, where ``theano.config.compute_test_value`` asks for any."""
        variable = self._variable
        if "_given" in vars(self):
            return self._given
        if isinstance(variable, Constant):
            return variable.data
        if isinstance(variable, SharedVariable):
            return variable.container.value
        if variable.owner is None or config.compute_test_value == "off":
            raise AttributeError(f"{variable} has no test value")
        needed = [v for v in leaves([variable], frozenset()) if not isinstance(v, Constant | SharedVariable)]
        values = [adopted(v).tag.test_value for v in needed]
        return interpret(FunctionGraph(tuple(needed), (variable,)), list(map(np.asarray, values)))[0]

    @test_value.setter
    def test_value(self, value: Any) -> None:
        self._given = value


class TensorConstant(_tensor_py_operators, Constant):
    """A tensor known while the graph is built."""

    def __str__(self) -> str:
        return constant_text(self.data)

    @property
    def value(self) -> Any:
        """The array."""
        return self.data


class _AnyShared(_tensor_py_operators, SharedVariable):
    """A variable with a value of its own."""

    @property
    def value(self) -> Any:
        """Not there, as in Theano."""
        raise SharedValueError("a shared variable has no value attribute", hint="use get_value and set_value")

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Array:
        """The value, a copy unless ``borrow``; there is no other internal type."""
        return super().get_value(borrow)

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Replace the value, by a copy unless ``borrow``."""
        super().set_value(new_value, borrow)

    def zero(self, borrow: bool = False) -> None:
        """Set all elements to 0."""
        self.set_value(np.zeros_like(self.container.value))

    def clone(self) -> "_AnyShared":
        """Another variable of the same value, now and later."""
        return type(self)(self.type, self.container, self.name, self.strict)


class TensorSharedVariable(_AnyShared):
    """A tensor with a value of its own."""


class ScalarSharedVariable(_AnyShared):
    """A number with a value of its own, made of a number and not of an array."""


class SharedValueError(sc.SymconvError):
    """The attribute that Theano took away."""


CLASSES: dict[type, type] = {
    Variable: TensorVariable, Constant: TensorConstant, SharedVariable: TensorSharedVariable
}  # fmt: skip
"""What each class of symconv's becomes."""


def adopted(result: Result) -> Result:
    """A variable, or a list or tuple of them, in Theano's dialect from now on."""
    for one in result if isinstance(result, list | tuple) else (result,):
        if type(one) in CLASSES:
            one.__class__ = CLASSES[type(one)]
            vars(one)["type"] = VariableType.of(vars(one)["type"])
    return result


def one_adopted(result: Any) -> Variable:
    """``adopted`` of one variable."""
    found: Variable = adopted(result)
    return found


class AnyApply(Apply):
    """An application of an op, with the members that programs for Theano ask."""

    __slots__ = ()

    @property
    def nin(self) -> int:
        """The number of inputs."""
        return len(self.inputs)

    @property
    def nout(self) -> int:
        """The number of outputs."""
        return len(self.outputs)

    @property
    def out(self) -> Variable:
        """The only output."""
        (output,) = self.outputs
        return output

    def default_output(self) -> Variable:
        """The output that the op names, or the only one."""
        default = getattr(self.op, "default_output", None)
        return self.out if default is None else self.outputs[default]

    def get_parents(self) -> list[Variable]:
        """The inputs."""
        return list(self.inputs)

    def clone(self) -> Apply:
        """Another application of the op to the same inputs."""
        return self.clone_with_new_inputs(self.inputs)

    def clone_with_new_inputs(self, inputs: Sequence[Variable], strict: bool = True) -> Apply:
        """An application of the op to other inputs."""
        return self.op.apply(*inputs)


_tensor_py_operators.dialect = Dialect(TensorVariable, METHODS, AnyApply, adopted)


# Values and patterns


def dense(value: Any) -> Any:
    """A sparse matrix of SciPy's as an array, anything else as it is."""
    return value.toarray() if hasattr(value, "tocoo") else value


def broadcastable_shape(pattern: Sequence[bool]) -> tuple[int | None, ...]:
    """The static shape of a pattern of Theano's: 1 where it broadcasts, else not known."""
    return tuple(1 if one else None for one in pattern)
