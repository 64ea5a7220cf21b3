"""Shared variables, which have a value of their own; imports its neighbours."""

from typing import Any

import numpy as np

from symconv.graph.container import Container
from symconv.graph.fit import fit
from symconv.graph.nodes import Variable
from symconv.graph.types import Array, TensorType


class SharedVariable(Variable):
    """A variable with a value of its own, shared by all the functions that use it.

    Parameters
    ----------
    type : TensorType
        What values it may take.
    container : Container
        Where the value is.
    name : str, optional
        The user's name for it.
    strict : bool
        Whether ``set_value`` takes nothing but arrays of the very dtype.

    Attributes
    ----------
    default_update : Variable or None
        The value that it gets after each call of a function that uses it, unless the function is given
        another update or told ``no_default_updates``. May be set at any time.
    """

    default_update: Any = None

    def __init__(
        self, type: TensorType, container: Container, name: str | None = None, strict: bool = False
    ) -> None:
        super().__init__(type, name)
        self.container = container
        self.strict = strict

    def get_value(self, borrow: bool = False) -> Array:
        """The current value.

        Parameters
        ----------
        borrow : bool
            True hands out the array itself: changing it changes the shared value.

        Returns
        -------
        ndarray
            A copy, unless borrowed.
        """
        if borrow:
            self.container.lent = True
            return self.container.value
        return self.container.value.copy()

    def set_value(self, value: Any, borrow: bool = False) -> None:
        """Replace the value.

        Parameters
        ----------
        value : array_like
            Of the variable's number of dimensions, fitting its static shape, and of a dtype that its own
            can hold without loss.
        borrow : bool
            True keeps ``value`` itself, not a copy.

        Raises
        ------
        DTypeError, ShapeError, RankError
            Where the value does not fit; the old value stays.
        """
        what = f"shared variable {self}"
        fitted = fit(value, self.type, what, copy_always=not borrow, strict=self.strict)
        self.container.assign(fitted, lent=borrow)

    def zero(self, borrow: bool = False) -> None:
        """Set every element to zero.

        Parameters
        ----------
        borrow : bool
            True writes into the array itself: who has borrowed it sees the zeros.
        """
        if borrow:
            self.container.value[...] = 0
            self.container.assign(self.container.value, lent=self.container.lent)  # of another version
        else:
            self.container.assign(np.zeros_like(self.container.value))

    def clone(self) -> "SharedVariable":
        """Another variable of the same value: who sets or updates one of them changes both."""
        return SharedVariable(self.type, self.container, self.name, self.strict)


__all__ = ["SharedVariable"]
