"""The operator table: what ``x + y``, ``x.sum()`` and ``numpy.tanh(x)`` mean; imports ``origin`` alone.

``Variable.__add__`` needs the op ``add``, and ``add`` needs ``Variable``. The knot is untied by data: ops
enter the functions here under the Python method that they implement, and ``Variable`` reads the table.
A dialect has other entries for some methods.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from symconv.graph.origin import written_here

if TYPE_CHECKING:  # variables read the table
    from symconv.graph.nodes import Apply, Variable

METHODS: dict[str, Callable[..., Any]] = {}
"""Functions on variables by the name of the method that they implement (``__add__``, ``sum``, ...)."""

UFUNCS: dict[str, Callable[..., Any]] = {}
"""Functions on variables by the name of the NumPy ufunc that they stand for."""


def implements(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function in the table under the methods that it implements."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            METHODS[name] = function
        return function

    return enter


class Dialect:
    """Operators and methods that mean something else on variables of another class.

    They do so where a user writes them. The package's own code, which computes gradients and rewrites
    graphs with the same variables, means its own functions always.

    Attributes
    ----------
    variable : type
        The class of variables that are computed from variables of this dialect.
    methods : dict
        The functions by the name of the method, those that differ.
    apply : type
        The class of applications to such variables: ``Apply`` with more members, and no more attributes.
    adopt : callable
        Takes a result, or several, into the dialect: constants that variables were simplified to.
    """

    def __init__(
        self,
        variable: "type[Variable]",
        methods: dict[str, Callable[..., Any]],
        apply: "type[Apply]",
        adopt: Callable[[Any], Any],
    ) -> None:
        self.variable = variable
        self.methods = methods
        self.apply = apply
        self.adopt = adopt

    def function(self, method: str, depth: int) -> Callable[..., Any]:
        """What a method means for who is that many calls away."""
        if method in self.methods and not written_here(depth + 1):
            return self.methods[method]
        return METHODS[method]

    def __contains__(self, method: str) -> bool:
        return method in self.methods or method in METHODS
