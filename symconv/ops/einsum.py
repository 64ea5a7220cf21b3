"""Sums of products over named axes, as ``numpy.einsum`` writes them; imports dot, reduce and shapes.

    subscripts = term { "," term } [ "->" term ]
    term       = { letter } [ "..." { letter } ]

A letter names an axis. Repeated in one term it means the diagonal, in several that their axes go along with
each other, and left out of the result that it is summed over. Two operands at a time are multiplied, in the
order that costs least, and each such product is one matrix product.
"""

from collections.abc import Sequence
from string import ascii_letters
from typing import Any

import numpy as np

from symconv.errors import ArgumentError, OptionError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.contract import contract
from symconv.ops.diagonals import diagonal
from symconv.ops.dtypes import common_dtype
from symconv.ops.elemwise_rows import cast
from symconv.ops.reduce import sum as sum_over
from symconv.ops.shape import dimshuffle

GUESS = 64  # what a size that is not known yet is taken to be when orders are compared


def einsum(subscripts: str, *operands: Operand) -> Variable:
    """A sum of products over named axes.

    Parameters
    ----------
    subscripts : str
        One term for each operand, a letter for each axis, separated by commas; ``...`` stands for axes
        without names, which broadcast. After ``->`` the axes of the result, each once. Without ``->`` the
        result has the axes of ``...``, then those whose letter occurs once, in alphabetical order.
    *operands : variable or array_like

    Returns
    -------
    Variable
        Of the dtype that the operands' are promoted to.

    Raises
    ------
    OptionError
        For subscripts that are not of this form.
    ArgumentError
        For another number of operands than of terms.
    RankError, ShapeError
        For operands that do not have the axes named, or whose sizes differ.

    Notes
    -----
    The order in which several operands are multiplied is ``numpy.einsum_path``'s for the sizes that are
    known; a size that is not counts as 64.

    Examples
    --------
    >>> import symconv as sc
    >>> x, y = sc.tensor3("x"), sc.tensor3("y")
    >>> sc.einsum("bij,bjk->bik", x, y).type
    TensorType(float64[?,?,?])
    >>> float(sc.einsum("ii", [[1.0, 2.0], [3.0, 4.0]]).eval())
    5.0
    """
    variables = [as_variable(operand) for operand in operands]
    try:
        terms, result = _parsed(subscripts, variables)
        _check_sizes(terms, variables)
        return _computed(terms, result, variables)
    except (ArgumentError, OptionError, ShapeError) as error:
        error.where = error.where or here()
        error.arguments = error.arguments or tuple(
            (f"operand {index}", f"{variable.type}") for index, variable in enumerate(variables)
        )
        raise


# Subscripts


def _parsed(subscripts: str, variables: Sequence[Variable]) -> tuple[list[str], str]:
    """A letter for each axis of each operand, and of the result; ``...`` has become letters too."""
    if not isinstance(subscripts, str):
        raise OptionError(f"subscripts must be a string, got {type(subscripts).__name__}")
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    allowed = set(ascii_letters)
    for term in (*terms, right):
        if not set(term.replace("...", "", 1)) <= allowed:
            raise OptionError(
                f"{term!r} in the subscripts {subscripts!r} is no term",
                hint="a term is letters and at most one '...'; ',' separates terms, '->' the result",
            )
    if len(terms) != len(variables):
        raise ArgumentError(
            f"{subscripts!r} has {len(terms)} terms for {len(variables)} operands",
            hint="one term for each operand, with ',' between",
        )
    spare = [letter for letter in ascii_letters if letter not in text]
    pairs = zip(variables, terms, strict=True)
    unnamed = max((v.ndim - len(t) + 3 for v, t in pairs if "..." in t), default=0)
    if unnamed > len(spare):
        raise OptionError(f"{subscripts!r} has more axes than there are letters")
    letters = "".join(spare[: max(unnamed, 0)])
    full = [_filled(t, v.ndim, letters) for t, v in zip(terms, variables, strict=True)]
    if not arrow:
        named = sorted(letter for letter in set(left) & allowed if left.count(letter) == 1)
        return full, letters + "".join(named)
    result = right.replace("...", letters)
    if len(set(result)) != len(result) or not set(result) <= set("".join(full)) | set(letters):
        raise OptionError(
            f"the result {right!r} of {subscripts!r} names an axis twice, or one that no operand has",
            hint="each letter of the result comes once there, and in some operand",
        )
    return full, result


def _filled(term: str, ndim: int, letters: str) -> str:
    """A term with letters for ``...``: the last ones, as broadcasting goes."""
    count = ndim - len(term.replace("...", ""))
    if count < 0 or (count and "..." not in term):
        raise RankError(
            f"the term {term!r} names {len(term.replace('...', ''))} axes of {ndim}",
            hint="a letter for each axis, or '...' for those that are not named",
        )
    return term.replace("...", letters[len(letters) - count :])


def _check_sizes(terms: Sequence[str], variables: Sequence[Variable]) -> None:
    sizes: dict[str, int] = {}
    for term, variable in zip(terms, variables, strict=True):
        for letter, size in zip(term, variable.type.shape, strict=True):
            if size is not None and size != 1 and sizes.setdefault(letter, size) != size:
                raise ShapeError(f"axis {letter!r} has the sizes {sizes[letter]} and {size}")


# Products


@frozen
class Term:
    """An operand and the letters of its axes."""

    axes: str
    value: Variable

    def size(self, letter: str) -> int | None:
        """What is known of an axis' size."""
        return self.value.type.shape[self.axes.index(letter)]

    def without(self, letters: Sequence[str]) -> "Term":
        """Summed over some axes; an axis known to be 1 is just dropped."""
        if not letters:
            return self
        ones = [letter for letter in letters if self.size(letter) == 1]
        rest = tuple(self.axes.index(letter) for letter in letters if letter not in ones)
        total = sum_over(self.value, rest, dtype=self.value.dtype) if rest else self.value
        left = [letter for letter in self.axes if letter not in letters or letter in ones]
        kept = [axis for axis, letter in enumerate(left) if letter not in ones]
        return Term("".join(left[axis] for axis in kept), dimshuffle(total, *kept))


def _computed(terms: Sequence[str], result: str, variables: Sequence[Variable]) -> Variable:
    dtype = common_dtype(tuple(variable.dtype for variable in variables))
    parts = [
        _diagonals(Term(term, cast(variable, dtype)))
        for term, variable in zip(terms, variables, strict=True)
    ]
    parts = [_dropped(part, parts[:index] + parts[index + 1 :]) for index, part in enumerate(parts)]
    for group in _path(parts, result):
        chosen = [parts[position] for position in group]
        parts = [part for position, part in enumerate(parts) if position not in group]
        product = chosen[0].without(_unneeded(chosen[0], [*chosen[1:], *parts], result))
        for index, part in enumerate(chosen[1:], 2):
            product = _product(product, part, [*chosen[index:], *parts], result)
        parts.append(product)
    (final,) = parts
    return dimshuffle(final.value, *(final.axes.index(letter) for letter in result))


def _diagonals(term: Term) -> Term:
    """Each letter once: where it is repeated, the diagonal of its axes."""
    axes, value = term.axes, term.value
    for letter in dict.fromkeys(axes):
        while axes.count(letter) > 1:
            first = axes.index(letter)
            second = axes.index(letter, first + 1)
            sizes = {value.type.shape[first], value.type.shape[second]} - {None}
            if len(sizes) > 1:
                raise ShapeError(f"axis {letter!r} is repeated with the sizes {sorted(filter(None, sizes))}")
            value = diagonal(value, axis1=first, axis2=second)
            axes = axes[:first] + axes[first + 1 : second] + axes[second + 1 :] + letter
    return Term(axes, value)


def _dropped(part: Term, others: Sequence[Term]) -> Term:
    """Without the axes known to be 1 that another operand has too, and larger: they only broadcast."""
    larger = [
        letter
        for letter in part.axes
        if part.size(letter) == 1
        and any(letter in other.axes and other.size(letter) != 1 for other in others)
    ]
    return part.without(larger)


def _path(parts: Sequence[Term], result: str) -> list[tuple[int, ...]]:
    """Which operands to multiply, step by step: positions in the list of those that are left."""
    if len(parts) <= 2:
        return [tuple(range(len(parts)))]
    sizes: dict[str, int] = {}
    for part in parts:
        for letter in part.axes:
            size = part.size(letter)
            sizes[letter] = max(sizes.get(letter, 1), GUESS if size is None else size or 1)
    stand_ins = [
        np.broadcast_to(np.zeros(()), [sizes[letter] for letter in part.axes]) for part in parts
    ]
    kept = "".join(letter for letter in result if any(letter in part.axes for part in parts))
    text = ",".join(part.axes for part in parts) + "->" + kept
    method = "optimal" if len(parts) <= 5 else "greedy"
    path: Any = np.einsum_path(text, *stand_ins, optimize=method)[0]
    return [tuple(step) for step in path[1:]]


def _unneeded(part: Term, others: Sequence[Term], result: str) -> list[str]:
    """The axes of a part that neither the others nor the result have."""
    return [
        letter for letter in part.axes if letter not in result and all(letter not in o.axes for o in others)
    ]


def _product(first: Term, second: Term, others: Sequence[Term], result: str) -> Term:
    """Two operands as one: axes that nothing else has are summed over, before or while multiplying."""
    first = first.without(_unneeded(first, [second, *others], result))
    second = second.without(_unneeded(second, [first, *others], result))
    common = [letter for letter in first.axes if letter in second.axes]
    ended = [
        letter for letter in common if letter not in result and all(letter not in o.axes for o in others)
    ]
    shared = [letter for letter in common if letter not in ended]
    value = contract(
        first.value,
        second.value,
        [(first.axes.index(letter), second.axes.index(letter)) for letter in shared],
        [(first.axes.index(letter), second.axes.index(letter)) for letter in ended],
    )
    free = [letter for part in (first, second) for letter in part.axes if letter not in common]
    return Term("".join([*shared, *free]), value)


__all__ = ["einsum"]
