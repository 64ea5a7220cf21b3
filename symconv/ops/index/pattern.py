"""Patterns: what stands between the brackets of ``x[...]``, as data; imports errors and types.

    pattern = entry*                                    one for each axis, in order, and the new axes
    entry   = integer | hole | piece | None             None is a new axis of size 1
    piece   = start ":" stop ":" step                   each an integer, a hole, or nothing
    hole    = "?"                                       an input of the op; the inputs fill them in order

What a pattern leaves out at its end are whole axes.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from symconv.errors import IndexingError, OptionError
from symconv.graph.types import Dim

HOLE = "?"


class Piece(NamedTuple):
    """A slice: Python's own cannot be hashed before Python 3.12."""

    start: Any = None
    stop: Any = None
    step: Any = None

    def __str__(self) -> str:
        bounds = ["" if bound is None else str(bound) for bound in self]
        return ":".join(bounds if bounds[2] else bounds[:2])

    @property
    def exact(self) -> bool:
        """Whether all its bounds are integers or missing."""
        return all(bound is None or type(bound) is int for bound in self)

    @property
    def slice(self) -> slice:
        """As Python's own."""
        return slice(*self)


WHOLE = Piece()

Entry = Any  # int | None | Piece | HOLE, or what fills a hole
Pattern = tuple[Entry, ...]


def text(pattern: Pattern) -> tuple[str, ...]:
    """The entries as a user writes them."""
    return tuple(map(str, pattern))


def bounds(pattern: Pattern) -> Iterator[tuple[Any, bool]]:
    """Every place of a pattern that may be a hole, and whether it is a bound of a slice."""
    for entry in pattern:
        if isinstance(entry, Piece):
            yield from ((bound, True) for bound in entry)
        else:
            yield entry, False


def holes(pattern: Pattern) -> list[bool]:
    """For each hole, in order, whether it is a bound of a slice."""
    return [inside for bound, inside in bounds(pattern) if isinstance(bound, str)]


def filled(pattern: Pattern, values: Sequence[Any]) -> Pattern:
    """The pattern with its holes replaced, in order."""
    left = iter(values)

    def fill(bound: Any) -> Any:
        return next(left) if isinstance(bound, str) else bound

    result = tuple(
        Piece(*map(fill, entry)) if isinstance(entry, Piece) else fill(entry) for entry in pattern
    )
    return result


def emptied(pattern: Pattern) -> tuple[Pattern, tuple[Any, ...]]:
    """A pattern with a hole for everything that is no integer, and what was there."""
    taken: list[Any] = []

    def empty(bound: Any) -> Any:
        if bound is None or type(bound) is int:
            return bound
        taken.append(bound)
        return HOLE

    result = tuple(
        Piece(*map(empty, entry)) if isinstance(entry, Piece) else empty(entry) for entry in pattern
    )
    return result, tuple(taken)


def index(pattern: Pattern) -> tuple[Any, ...]:
    """The filled pattern as NumPy takes it."""
    return tuple(entry.slice if isinstance(entry, Piece) else entry for entry in pattern)


# Sizes


def shape_of(pattern: Pattern, shape: Sequence[Dim]) -> tuple[Dim, ...]:
    """The shape of what a pattern without arrays takes from a tensor; holes are unknown numbers.

    Raises
    ------
    IndexingError
        For too many entries, or an integer that leaves an axis of known size.
    """
    result: list[Dim] = []
    sizes = iter(shape)
    check_count(sum(entry is not None for entry in pattern), len(shape))
    axis = 0
    for entry in pattern:
        if entry is None:
            result.append(1)
            continue
        size = next(sizes)
        if isinstance(entry, Piece):
            result.append(length(entry, size))
        elif type(entry) is int:
            check_range(entry, axis, size)
        axis += 1
    return (*result, *sizes)


def check_count(count: int, ndim: int) -> None:
    """Refuse more indices than there are dimensions."""
    if count > ndim:
        plural = "index" if count == 1 else "indices"
        raise IndexingError(
            f"{count} {plural} for a tensor of {ndim} dimension{'s' * (ndim != 1)}",
            hint="None and newaxis add axes and do not count",
        )


def check_range(number: int, axis: int, size: Dim) -> None:
    """Refuse an index that leaves an axis of known size."""
    if size is not None and not -size <= number < size:
        raise IndexingError(
            f"index {number} is out of range for axis {axis} of size {size}",
            hint=f"indices go from {-size} to {size - 1}" if size else "the axis is empty",
        )


def length(piece: Piece, size: Dim) -> Dim:
    """How many elements a slice takes from an axis, where that is known."""
    if piece.step == 0:
        raise OptionError("the step of a slice cannot be 0", hint="1 takes every element, -1 from the end")
    if piece == WHOLE or size == 0:
        return size
    if size is None or not piece.exact:
        return 0 if piece.exact and _is_empty(piece) else None
    return len(range(*piece.slice.indices(size)))


def _is_empty(piece: Piece) -> bool:
    """Whether a slice takes nothing, however long the axis."""
    start, stop, step = piece
    return (step is None or step > 0) and stop is not None and 0 <= stop <= (start or 0)


def resolved(piece: Piece, size: int) -> tuple[int, int, int]:
    """(first, how many, step) of a slice of an axis."""
    start, stop, step = piece.slice.indices(size)
    count = len(range(start, stop, step))
    return (start, count, step) if count > 1 else (start if count else 0, count, 1)


def piece_of(start: int, count: int, step: int) -> Piece:
    """The slice that takes ``count`` elements, ``step`` apart; of several ways to say it always the same."""
    if count == 0:
        return Piece(0, 0)
    if count == 1:
        return Piece(start, start + 1)
    last = start + (count - 1) * step
    if step > 0:
        return Piece(start, last + 1, step if step > 1 else None)
    return Piece(start, last - 1 if last else None, step)


def canonical(pattern: Pattern, shape: Sequence[Dim]) -> Pattern:
    """Of several patterns that take the same always the same one."""
    result: list[Entry] = []
    sizes = iter(shape)
    for entry in pattern:
        if entry is None:
            result.append(None)
            continue
        size = next(sizes)
        if isinstance(entry, Piece):
            result.append(_canonical_piece(entry, size))
        elif type(entry) is int and size is not None and entry < 0:
            result.append(entry + size)
        else:
            result.append(entry)
    while result and result[-1] == WHOLE:
        result.pop()
    return tuple(result)


def _canonical_piece(piece: Piece, size: Dim) -> Piece:
    start, stop, step = piece
    step = None if step == 1 else step
    if start == 0 and step is None:
        start = None
    piece = Piece(start, stop, step)
    if size is None or not piece.exact:
        return piece
    first, count, stride = resolved(piece, size)
    return WHOLE if count == size and stride == 1 else piece_of(first, count, stride)


# Patterns of patterns


def composed(first: Pattern, second: Pattern, shape: Sequence[Dim]) -> Pattern | None:
    """The one pattern that does what two do, one after the other; None where it needs a size not known.

    Holes are filled with whatever will stand there.
    """
    axes = sum(entry is not None for entry in first)
    outer = [*first, *[WHOLE] * (len(shape) - axes)]
    sizes = iter(shape)
    inner = iter(second)
    result: list[Entry] = []
    for entry in outer:
        size = None if entry is None else next(sizes)
        if entry is not None and not isinstance(entry, Piece):
            result.append(entry)  # this axis is gone already
            continue
        then = next(inner, WHOLE)
        while then is None:
            result.append(None)
            then = next(inner, WHOLE)
        if entry is None:
            if then == WHOLE:
                result.append(None)
            elif then not in (0, -1):
                return None
            continue
        merged = _merged(entry, then, size)
        if merged is None:
            return None
        result.append(merged)
    result.extend(inner)
    return tuple(result)


def _merged(piece: Piece, then: Entry, size: Dim) -> Entry:
    """One entry for a slice and what is taken from it."""
    if then == WHOLE:
        return piece
    if piece == WHOLE:
        return then
    if not piece.exact or not (type(then) is int or (isinstance(then, Piece) and then.exact)):
        return None
    if size is not None:
        start, count, step = resolved(piece, size)
        if isinstance(then, Piece):
            offset, length, stride = resolved(then, count)
            return piece_of(start + offset * step, length, step * stride)
        return start + then % count * step if -count <= then < count else None
    reverse = Piece(None, None, -1)
    if piece == then == reverse:
        return WHOLE
    return _merged_from_the_front(piece, then)


def _merged_from_the_front(piece: Piece, then: Entry) -> Entry:
    """The same for an axis of unknown size, where every position counts from the front."""
    start, stop, step = piece.start or 0, piece.stop, piece.step or 1
    if min(start, step) < 0 or (stop is not None and stop < 0):
        return None
    if not isinstance(then, Piece):
        inside = then >= 0 and (stop is None or start + then * step < stop)
        return start + then * step if inside else None
    offset, end, stride = then.start or 0, then.stop, then.step or 1
    if min(offset, stride) < 0 or (end is not None and end < 0):
        return None
    ends = [] if stop is None else [stop]
    ends += [] if end is None else [start + end * step]
    return Piece(start + offset * step, min(ends, default=None), step * stride)
