"""``theano.compile.debugmode``: calls that check everything that was promised; imports symconv.

Each op of the graph as it was written runs by its definition; ops of a program's own are also held to what
they promise about their inputs and outputs. Then the compiled kernels must give the same.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from symconv.compile.check import Watcher, close
from symconv.errors import CheckError, RuleCheckError
from symconv.graph.nodes import Apply
from symconv.graph.types import Array
from symconv.theano._names import refuses
from symconv.theano._print.tree import debugprint
from symconv.theano._print.words import letters as char_from_number
from symconv.theano.compile.mode import MADE, Mode, predefined_modes
from symconv.theano.configuration import config


class DebugModeError(CheckError):
    """A promise that was broken."""


class BadThunkOutput(DebugModeError):
    """A kernel gives another value than the op's definition, or a result that depends on old results."""


class BadOptimization(DebugModeError):
    """Rewriting changed a value."""


class BadDestroyMap(DebugModeError):
    """An op changed an input that its ``destroy_map`` does not name."""


class BadViewMap(DebugModeError):
    """An output shares memory with an input, and ``view_map`` does not say so."""


class StochasticOrder(DebugModeError):
    """Compiling twice gives two graphs; the passes here are ordered, so that it does not."""


class InvalidValueError(DebugModeError):
    """A value that does not belong to the type of its variable, or is not finite where it is to be."""


class DebugMode(Mode):
    """Every call is checked.

    Parameters
    ----------
    optimizer : optional
        As for ``Mode``.
    check_isfinite : bool, optional
        Whether NaN and infinity are errors; by default what ``theano.config`` says.
    check_py_code : bool, optional
        Whether ops of a program's own are held to their promises.
    patience, check_c_code, require_matching_strides, check_preallocated_output, linker
        Accepted: compiling is deterministic, and there is no C code.

    Raises
    ------
    BadThunkOutput, BadOptimization, BadDestroyMap, BadViewMap, InvalidValueError
        By a call of a function that was made in this mode.
    """

    name = "DebugMode"

    def __init__(
        self,
        optimizer: Any = "fast_run",
        patience: Any = None,
        check_c_code: Any = None,
        check_py_code: bool | None = None,
        check_isfinite: bool | None = None,
        check_preallocated_output: Any = None,
        require_matching_strides: Any = None,
        linker: Any = None,
    ) -> None:
        super().__init__(linker, optimizer)
        flags = config.DebugMode
        self.check_isfinite = flags.check_finite if check_isfinite is None else check_isfinite
        self.check_py_code = flags.check_py if check_py_code is None else check_py_code

    @property
    def core(self) -> str:
        """Compiled kernels are held against definitions."""
        return "checked"

    def prepare(self, function: Any) -> None:
        """Watch the function's calls."""
        function.watch(lambda function: Watcher(self._before, self._after))

    def _before(self, node: Apply, inputs: Sequence[Array]) -> None:
        if self.check_py_code and hasattr(node.op, "make_node"):
            check_promises(node, inputs)

    def _after(self, node: Apply, results: Sequence[Array]) -> None:
        for variable, value in zip(node.outputs, results, strict=True):
            if self.check_isfinite and value.dtype.kind in "fc" and not np.isfinite(value).all():
                bad = int((~np.isfinite(value)).sum())
                raise InvalidValueError(
                    f"{variable} has {bad} of {value.size} values that are NaN or infinite",
                    arguments=[("node", tree(node))],
                    where=node.origin,
                    hint="DebugMode(check_isfinite=False) lets them pass",
                )


def check_promises(node: Apply, inputs: Sequence[Array]) -> None:
    """Run an op of a program's own, and see what it does to its inputs and with its outputs.

    Raises
    ------
    BadDestroyMap, BadViewMap, InvalidValueError, BadThunkOutput
        For a promise that is broken.
    """
    op: Any = node.op
    given = [array.copy() for array in inputs]
    storage: list[list[Any]] = [[None] for _ in node.outputs]
    op.perform(node, given, storage)
    first = [cell[0] for cell in storage]
    for position, (array, old) in enumerate(zip(given, inputs, strict=True)):
        allowed = any(position in places for places in op.destroy_map.values())
        if not allowed and not np.array_equal(array, old, equal_nan=array.dtype.kind in "fc"):
            _broken(
                BadDestroyMap,
                node,
                f"input {position} was changed by perform, and destroy_map does not name it",
            )
    for index, value in enumerate(first):
        _check_value(node, index, value)
        shared = [i for i, array in enumerate(given) if np.may_share_memory(value, array)]
        named = {*op.view_map.get(index, ()), *op.destroy_map.get(index, ())}
        if set(shared) - named:
            _broken(
                BadViewMap,
                node,
                f"output {index} is a view of input {shared[0]}, and view_map does not say so",
            )
    again = [[None if value is None else np.full_like(value, 7)] for value in first]
    op.perform(node, [array.copy() for array in inputs], again)
    for index, (value, cell) in enumerate(zip(first, again, strict=True)):
        if not close(np.asarray(cell[0]), np.asarray(value)):
            what = f"output {index} is another one where output_storage holds an older result"
            _broken(BadThunkOutput, node, what)


def _check_value(node: Apply, index: int, value: Any) -> None:
    type = node.outputs[index].type
    valid = isinstance(value, np.ndarray | np.generic)
    valid = valid and (value.dtype.name, value.ndim) == (type.dtype, type.ndim)
    if not valid or not type.accepts(value.shape):
        found = f"{value.dtype}{list(value.shape)}" if hasattr(value, "shape") else repr(value)
        _broken(InvalidValueError, node, f"output {index} is {found}, and its type is {type!r}")


def _broken(kind: type[DebugModeError], node: Apply, what: str) -> None:
    raise kind(f"{node.op}: {what}", arguments=[("node", tree(node))], where=node.origin)


def tree(node: Apply) -> str:
    """A node with what it is computed from, two levels of it."""
    text: str = debugprint(node, file="str", depth=2)
    return text.strip().replace("\n", "\n    ")


def as_theanos(error: CheckError) -> CheckError:
    """What the comparison of kernels with definitions found, as an error of Theano's kind."""
    if isinstance(error, DebugModeError):
        return error
    kind = BadOptimization if isinstance(error, RuleCheckError) else BadThunkOutput
    return kind(error.what, arguments=error.arguments, where=error.where, hint=error.hint)


MADE |= {"DebugMode": DebugMode, "DEBUG_MODE": DebugMode}
predefined_modes["DEBUG_MODE"] = DebugMode()

__getattr__ = refuses("theano.compile.debugmode", globals())

__all__ = [
    "BadDestroyMap", "BadOptimization", "BadThunkOutput", "BadViewMap", "DebugMode", "DebugModeError",
    "InvalidValueError", "Mode", "StochasticOrder", "char_from_number", "config", "debugprint",
]  # fmt: skip
