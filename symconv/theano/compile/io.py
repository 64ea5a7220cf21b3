"""``theano.compile.io``: what is said of a function's inputs and outputs; imports symconv."""

from typing import Any

import symconv as sc
from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses


class SymbolicInput(sc.In):
    """``symconv.In`` with Theano's arguments.

    Parameters
    ----------
    variable, name, value, update, mutable, strict, allow_downcast, borrow
        As for ``symconv.In``.
    autoname : bool
        Accepted: the name is the variable's where no other is given.
    implicit : bool, optional
        Accepted where it changes nothing.
    shared : bool
        Only False.

    Raises
    ------
    OptionError
        For an implicit or shared input: make it a shared variable.
    """

    def __init__(
        self,
        variable: Variable,
        name: str | None = None,
        value: Any = None,
        update: Any = None,
        mutable: bool | None = None,
        strict: bool = False,
        allow_downcast: bool | None = None,
        autoname: bool = True,
        implicit: bool | None = None,
        borrow: bool | None = None,
        shared: bool = False,
    ) -> None:
        if implicit or shared:
            raise OptionError(
                "symconv does not support implicit or shared inputs of theano.In",
                hint="theano.shared(value) is used as it is, without being an input",
            )
        super().__init__(variable, name, value, update, bool(borrow), bool(mutable), strict, allow_downcast)
        self.implicit = False
        self.shared = False
        self.autoname = autoname

    def __str__(self) -> str:
        update = "" if self.update is None else f" -> {self.update}"
        return f"In({self.variable}{update})"

    __repr__ = __str__


In = SymbolicInput


class SymbolicOutput(sc.Out):
    """``symconv.Out``, printed as Theano does."""

    def __str__(self) -> str:
        return f"Out({self.variable},{self.borrow})"

    __repr__ = __str__


Out = SymbolicOutput

__getattr__ = refuses("theano.compile.io", globals())

__all__ = ["In", "Out", "SymbolicInput", "SymbolicOutput"]
