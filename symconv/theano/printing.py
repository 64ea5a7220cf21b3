"""``theano.printing``: expressions as text and pictures, values printed as they come; imports symconv."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from symconv.frozen import frozen
from symconv.graph.nodes import Variable
from symconv.graph.op import Gradients, Op
from symconv.graph.types import Array, TensorType
from symconv.theano._names import refuses
from symconv.theano._print.brief import (
    hex_digest,
    min_informative_str,
    position_independent_str,
    var_descriptor,
)
from symconv.theano._print.formulas import (
    DefaultPrinter,
    FunctionPrinter,
    IgnorePrinter,
    LeafPrinter,
    OperatorPrinter,
    PatternPrinter,
    PPrinter,
    PrinterState,
    default_printer,
    leaf_printer,
    pp,
    pprint,
)
from symconv.theano._print.tree import debugprint
from symconv.theano.configuration import config

pydot_imported = True  # pictures need no pydot
pydot_imported_msg = ""


def _print_fn(op: "Print", xin: Any) -> None:
    """A line for each attribute; methods are called."""
    for attribute in op.attrs:
        found = getattr(xin, attribute)
        print(op.message, attribute, "=", found() if callable(found) else found)


@frozen
class Print(Op):
    """The input itself, printed each time that it is computed.

    Attributes
    ----------
    message : str
        What stands before the value.
    attrs : sequence of str
        The attributes of the array that are printed; methods are called.
    global_fn : callable
        What is called with the op and the array instead of ``print``.

    Examples
    --------
    >>> import symconv as sc
    >>> x = sc.dvector("x")
    >>> f = sc.function([x], Print("x", attrs=("shape",))(x) * 2)
    >>> f([1.0, 2.0])
    x shape = (2,)
    array([2., 4.])
    """

    argument_names: ClassVar[tuple[str, ...]] = ("x",)
    message: str = ""
    attrs: Sequence[str] = ("__str__",)
    global_fn: Callable[["Print", Array], None] = _print_fn

    def __post_init__(self) -> None:
        object.__setattr__(self, "attrs", tuple(self.attrs))

    def out_types(self, x: TensorType) -> TensorType:
        return x

    def perform(self, x: Array) -> Array:
        self.global_fn(self, x)
        return x

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Gradients
    ) -> Gradients:
        return [gradients[0]]

    def __str__(self) -> str:
        return f"Print{{message={self.message!r}, attrs={self.attrs!r}, global_fn={self.global_fn!r}}}"


_refused = refuses("theano.printing", globals())


def __getattr__(name: str) -> Any:
    """``pydotprint`` and its colours: drawing is loaded when first used."""
    if name not in ("pydotprint", "default_colorCodes"):
        return _refused(name)
    from symconv.theano._print.pictures import COLOURS, pydotprint

    return pydotprint if name == "pydotprint" else COLOURS


__all__ = [
    "DefaultPrinter", "FunctionPrinter", "IgnorePrinter", "LeafPrinter", "OperatorPrinter", "PPrinter",
    "PatternPrinter", "Print", "PrinterState", "config", "debugprint",
    "default_printer", "hex_digest",
    "leaf_printer", "min_informative_str", "position_independent_str", "pp", "pprint",
    "pydot_imported", "pydot_imported_msg", "var_descriptor",
]  # fmt: skip
