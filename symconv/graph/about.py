"""Errors of a function's parameters name the operands too, and the user's line; imports errors and nodes."""

from symconv.errors import SymconvError
from symconv.graph.nodes import Variable
from symconv.graph.origin import here


class about:  # a function to its users, and no generator: ``here`` would find contextlib's line
    """Errors raised in this block show these operands and where the user called, unless they say it better.

    Examples
    --------
    >>> import symconv as sc
    >>> with about(image=sc.ftensor4("x")):
    ...     raise sc.OptionError("the stride needs integers >= 1, got 0")
    Traceback (most recent call last):
    symconv.errors.OptionError: the stride needs integers >= 1, got 0
      image: float32[?,?,?,?]  (x)
      at ...
    """

    __slots__ = ("operands",)

    def __init__(self, **operands: Variable) -> None:
        self.operands = operands

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, SymconvError):
            error.where = error.where or here()
            error.arguments = error.arguments or tuple(
                (name, f"{operand.type}  ({operand.name})" if operand.name else str(operand.type))
                for name, operand in self.operands.items()
            )
