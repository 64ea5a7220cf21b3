"""``theano.compile.nanguardmode``: calls that stop at NaN, infinity and large values; imports symconv."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from symconv.compile.check import Watcher
from symconv.errors import CheckError
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.shared import SharedVariable
from symconv.graph.types import Array
from symconv.theano._errors import AssertedError
from symconv.theano._names import refuses
from symconv.theano._print.tree import debugprint
from symconv.theano.compile.mode import MADE, Mode
from symconv.theano.configuration import config

BIG = 1e10
"""Beyond this a value is large."""


def contains_nan(arr: Any, node: Any = None, var: Any = None) -> bool:
    """Whether an array holds NaN."""
    return _is_float(arr) and bool(np.isnan(arr).any())


def contains_inf(arr: Any, node: Any = None, var: Any = None) -> bool:
    """Whether an array holds infinity."""
    return _is_float(arr) and bool(np.isinf(arr).any())


def _is_float(arr: Any) -> bool:
    return isinstance(arr, np.ndarray | np.generic | float) and np.asarray(arr).dtype.kind in "fc"


class NanGuardError(CheckError):
    """A value that ``NanGuardMode`` was told to stop at; an ``AssertionError``."""


class NanGuardMode(Mode):
    """Every call goes through its graph op by op, and stops at the first value that is none.

    Parameters
    ----------
    nan_is_error, inf_is_error, big_is_error : bool, optional
        What to stop at: NaN, infinity, absolute values above 1e10; by default what ``theano.config`` says.
    optimizer, linker : optional
        As for ``Mode``.

    Notes
    -----
    A variable whose ``tag.nan_guard_mode_check`` is False is not looked at. ``theano.config``'s
    ``NanGuardMode.action`` says whether to "raise", "warn" or start the debugger ("pdb").
    """

    name = "NanGuardMode"

    def __init__(
        self,
        nan_is_error: bool | None = None,
        inf_is_error: bool | None = None,
        big_is_error: bool | None = None,
        optimizer: Any = "default",
        linker: Any = None,
    ) -> None:
        super().__init__(linker, optimizer)
        flags = config.NanGuardMode
        self.nan_is_error = flags.nan_is_error if nan_is_error is None else nan_is_error
        self.inf_is_error = flags.inf_is_error if inf_is_error is None else inf_is_error
        self.big_is_error = flags.big_is_error if big_is_error is None else big_is_error

        if not (self.nan_is_error or self.inf_is_error or self.big_is_error):
            raise AssertedError("NanGuardMode is to stop at nothing", hint="one of its three flags is True")

    def prepare(self, function: Any) -> None:
        """Watch the function's calls."""
        function.watch(lambda function: Watcher(self._before, self._after))

    def _before(self, node: Apply, inputs: Sequence[Array]) -> None:
        for variable, value in zip(node.inputs, inputs, strict=True):
            if variable.owner is None:
                self.check(value, None, variable)

    def _after(self, node: Apply, results: Sequence[Array]) -> None:
        for variable, value in zip(node.outputs, results, strict=True):
            self.check(value, node, variable)

    def check(self, value: Array, node: Apply | None, variable: Variable) -> None:
        """Stop where a value is what the mode was told to stop at.

        Raises
        ------
        NanGuardError
            Naming the variable, the op and the user's line.
        """
        tag = getattr(variable, "tag", None)
        if not _is_float(value) or getattr(tag, "nan_guard_mode_check", True) is False:
            return
        found = []
        if self.nan_is_error and contains_nan(value):
            found.append("NaN detected")
        if self.inf_is_error and contains_inf(value):
            found.append("Inf detected")
        with np.errstate(all="ignore"):
            if self.big_is_error and not found and value.size and np.nanmax(np.abs(value)) > BIG:
                found.append("Big value detected")
        if not found:
            return
        if node is None:
            kind = "a constant" if isinstance(variable, Constant) else "an input"
            kind = "a shared variable" if isinstance(variable, SharedVariable) else kind
            place = f"NanGuardMode found an error in {kind} of the graph: {variable}"
        else:
            tree = debugprint(variable, file="str", depth=4).rstrip()
            place = f"NanGuardMode found an error in the output of a node in this variable:\n{tree}"
        bad = ~np.isfinite(value) | (np.abs(value) > BIG)
        error = NanGuardError(
            "\n".join([*found, place]),
            arguments=[
                ("variable", f"{variable}, {variable.type}"), ("values", f"{int(bad.sum())} of {value.size}"),
            ],
            where=variable.origin,
            hint="look at what goes in: theano.function with mode=MonitorMode(post_func=detect_nan)",
        )  # fmt: skip
        _act(error)


def _act(error: NanGuardError) -> None:
    action = config.NanGuardMode.action
    if action == "raise":
        raise error
    if action == "pdb":
        print(error)
        breakpoint()
    else:
        logging.getLogger("theano.compile.nanguardmode").error(str(error))


MADE["NanGuardMode"] = NanGuardMode

__getattr__ = refuses("theano.compile.nanguardmode", globals())

__all__ = ["Mode", "NanGuardMode", "config", "contains_inf", "contains_nan"]
