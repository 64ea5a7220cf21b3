"""What users hand to a loop: sequences, initial states, taps, the number of steps; imports ops."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symconv.errors import ArgumentError, DTypeError, OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Constant, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.elemwise_rows import cast, minimum
from symconv.ops.scan.axis import crop, integer, lead, length_of


@frozen
class GivenSequence:
    """A sequence and the entries that a step sees, relative to time."""

    array: Variable
    taps: tuple[int, ...]

    @property
    def span(self) -> tuple[int, int]:
        """The earliest and the latest entry that must exist, 0 among them."""
        return min(0, *self.taps), max(0, *self.taps)


@frozen
class GivenState:
    """An initial state; ``weak`` if it takes the step's dtype."""

    initial: Variable
    taps: tuple[int, ...]
    depth: int
    weak: bool


def listed(value: Any) -> list[Any]:
    """A list as one, None as an empty one, anything else as a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _taps(value: Any, what: str, default: int) -> tuple[int, ...]:
    taps = (default,) if value is None else tuple(listed(value))
    for tap in taps:
        if not isinstance(tap, int | np.integer) or isinstance(tap, bool):
            raise ArgumentError(
                f"a tap of {what} must be an integer, got {tap!r}", where=here(), hint="taps=[-2, -1]"
            )
    if not taps or len(set(taps)) != len(taps):
        raise ArgumentError(f"the taps of {what} must be different integers, got {list(taps)}", where=here())
    return tuple(int(tap) for tap in taps)


def _fields(value: Any, what: str, allowed: Sequence[str]) -> dict[str, Any]:
    fields = dict(value)
    for key in fields:
        if key not in allowed:
            raise ArgumentError(
                f"{what} has no field {key!r}", where=here(), hint="the fields are " + ", ".join(allowed)
            )
    return fields


def given_sequence(value: Any, place: int) -> GivenSequence:
    """A sequence as a user writes it: a tensor, or a dict of one and its taps."""
    what = f"sequence {place} of scan"
    fields = _fields(value, what, ("input", "taps")) if isinstance(value, Mapping) else {"input": value}
    if fields.get("input") is None:
        raise ArgumentError(f"{what} is missing", where=here(), hint="dict(input=x, taps=[...])")
    array = as_variable(fields["input"])
    if array.ndim == 0:
        raise RankError(
            f"{what} is a scalar, which has no entries to walk along",
            arguments=[(str(array), array.type)],
            where=here(),
            hint="what every step uses goes into non_sequences",
        )
    return GivenSequence(array, _taps(fields.get("taps"), what, 0))


def given_state(value: Any, place: int) -> GivenState | None:
    """An initial state as a user writes it: a tensor, or a dict of one and its taps; None for none."""
    what = f"the initial state {place} of scan"
    fields = _fields(value, what, ("initial", "taps")) if isinstance(value, Mapping) else {"initial": value}
    given = fields.get("initial")
    if given is None:
        if fields.get("taps") is not None:
            raise ArgumentError(
                f"{what} has taps but no values", where=here(), hint="dict(initial=x, taps=[...])"
            )
        return None
    taps = _taps(fields.get("taps"), what, -1)
    if max(taps) >= 0:
        raise ArgumentError(
            f"a step cannot read its own result or later ones: taps {list(taps)} of {what}",
            where=here(),
            hint="-1 is the step before, -2 the one before that",
        )
    initial = as_variable(given)
    weak = isinstance(initial, Constant)
    depth = -min(taps)
    if fields.get("taps") is None or taps == (-1,):
        return GivenState(lead(initial), (1,), 1, weak)
    if initial.ndim == 0:
        raise RankError(
            f"{what} is a scalar, but its taps {list(taps)} need {depth} entries",
            arguments=[(str(initial), initial.type)],
            where=here(),
            hint=f"its leading axis holds the {depth} values before the first step, oldest first",
        )
    size = initial.type.shape[0]
    if size is not None and size < depth:
        raise ShapeError(
            f"{what} has {size} entries, but its taps {list(taps)} need {depth}",
            arguments=[(str(initial), initial.type)],
            where=here(),
            hint="its leading axis holds the values before the first step, oldest first",
        )
    return GivenState(crop(initial, 0, integer(depth)), tuple(-tap for tap in taps), depth, weak)


def step_count(sequences: Sequence[GivenSequence], n_steps: Any) -> Variable:
    """The number of steps."""
    if n_steps is not None:
        count = as_variable(n_steps)
        if count.ndim != 0 or count.dtype[0] not in "iu":
            raise DTypeError(
                "n_steps must be an integer scalar",
                arguments=[("n_steps", count.type)],
                where=here(),
                hint="convert it with cast(n_steps, 'int64')",
            )
        if isinstance(count, Constant) and count.data < 0:
            raise OptionError(
                f"n_steps cannot be negative, got {count.data}",
                where=here(),
                hint="to walk from the end, say go_backwards=True",
            )
        return count if count.dtype == "int64" else cast(count, "int64")
    if not sequences:
        raise ArgumentError(
            "nothing says how many steps the loop has: there are neither sequences nor n_steps",
            where=here(),
            hint="give n_steps=..., or a sequence to walk along",
        )
    lengths = []
    for sequence in sequences:
        first, last = sequence.span
        length = length_of(sequence.array)
        lengths.append(length if first == last else length - (last - first))
    if all(isinstance(length, Constant) for length in lengths):
        return integer(min(int(length.data) for length in lengths))
    count = lengths[0]
    for length in lengths[1:]:
        count = minimum(count, length)
    return count


def check_lengths(sequences: Sequence[GivenSequence], count: Variable) -> None:
    """Refuse sequences that are known to be too short."""
    for place, sequence in enumerate(sequences):
        first, last = sequence.span
        length = length_of(sequence.array)
        if isinstance(count, Constant) and isinstance(length, Constant):
            needed = int(count.data) + last - first
            if length.data < needed:
                raise ShapeError(
                    f"sequence {place} of scan has {length.data} entries, and {needed} are needed",
                    arguments=[(str(sequence.array), sequence.array.type), ("n_steps", count)],
                    where=here(),
                    hint="leave n_steps out, and the shortest sequence decides",
                )


__all__ = [
    "GivenSequence", "GivenState", "check_lengths", "given_sequence", "given_state", "listed", "step_count",
]  # fmt: skip
