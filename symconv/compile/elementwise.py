"""Work on one tile: recorded in single assignment form, then given registers; imports program.

A register is a piece of memory of a result's shape: the output's own tile first, scratch where that is
taken. A value may be overwritten by the very elementwise call that reads it last. Within a region without
reductions all results have the shape of the tile.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from symconv.compile.program import LETTERS, Call, reduced_axes, summed_in_rows
from symconv.compile.values import Buffer, Number, Operand, Size, Value
from symconv.errors import CompileError
from symconv.graph.nodes import Apply
from symconv.graph.types import Array


@dataclass(frozen=True, eq=False)
class Result:
    """A value that a step computes: compared by identity."""

    dtype: str
    shape: tuple[Size, ...]


@dataclass(frozen=True)
class Literal:
    """A number of the graph or of a row's steps; ``dtype`` None where it is weak."""

    value: Any
    dtype: str | None


Term = Result | Value | Literal


class Step(NamedTuple):
    """One call whose result has no place yet."""

    function: str
    operands: tuple[Term, ...]
    result: Result
    options: tuple[tuple[str, str], ...] = ()

    @property
    def overwritable(self) -> tuple[Term, ...]:
        """Operands that the result may overwrite."""
        if "." in self.function:  # a reduction
            return ()
        return self.operands[2:] if self.function == "where" else self.operands


@lru_cache(maxsize=4096)
def result_dtype(function: str, dtypes: tuple[Any, ...]) -> str:
    """The dtype that a ufunc gives for operand dtypes, or Python types where numbers are weak."""
    ufunc = getattr(np, function)
    found = ufunc.resolve_dtypes((*dtypes, *(None,) * ufunc.nout))
    return str(found[ufunc.nin].name)


class Recorder:
    """What a row's steps write with: ``u.tanh(x)`` records one call; mutable because it collects them.

    Parameters
    ----------
    constant : callable
        Makes a buffer of an array that cannot be written as a literal.
    shape : tuple of Size
        The shape of what the next calls compute.
    """

    def __init__(self, constant: Callable[[Array], Buffer], shape: tuple[Size, ...] = ()) -> None:
        self.shape = shape
        self.steps: list[Step] = []
        self.tile: tuple[Result, Value] | None = None
        self._constant = constant

    def start(self, tile: Value) -> Result:
        """The tile that an anchor computed, as the first result."""
        result = Result(tile.dtype, self.shape)
        self.tile = (result, tile)
        return result

    def dtype(self, term: Any) -> str:
        """The dtype of an operand."""
        if isinstance(term, Literal):
            return term.dtype or np.result_type(term.value).name
        if isinstance(term, Result | Value):
            return term.dtype
        return np.result_type(term).name

    def __getattr__(self, name: str) -> Callable[..., Result]:
        if name.startswith("_") or not isinstance(getattr(np, name, None), np.ufunc):
            raise AttributeError(f"numpy has no ufunc {name!r}")
        return lambda *operands, dtype=None: self.record(name, operands, dtype)

    def where(self, condition: Any, chosen: Any, otherwise: Any, dtype: str | None = None) -> Result:
        """``chosen`` where the condition holds, else ``otherwise``."""
        dtype = dtype or np.result_type(self._weak(chosen), self._weak(otherwise)).name
        return self._append("where", (condition, chosen, otherwise), dtype)

    def cast(self, operand: Any, dtype: str) -> Any:
        """The operand in another dtype."""
        if self.dtype(operand) == dtype:
            return operand
        return self._append("copy", (operand,), dtype, (("casting", "'unsafe'"),))

    def record(self, function: str, operands: Sequence[Any], dtype: str | None = None) -> Result:
        """One ufunc call; ``dtype`` asks for a computation in that dtype."""
        natural = result_dtype(function, tuple(self._key(operand) for operand in operands))
        if dtype is None or dtype == natural:
            return self._append(function, operands, natural)
        return self._append(function, operands, dtype, (("dtype", f"np.{_scalar_name(dtype)}"),))

    def reduce(
        self, ufunc: str, operand: Any, dtype: str, axes: tuple[int, ...], keepdims: bool
    ) -> Result:
        """``operand`` combined along axes, in ``dtype``; its shape is the recorder's.

        A sum over several axes goes along the last of them first, where that is faster.
        """
        last = len(operand.shape) - 1
        plain = ufunc == "add" and self.dtype(operand) == dtype in ("float32", "float64") and not keepdims
        if plain and len(axes) > 1 and (axes[-1] < last or summed_in_rows(dtype, operand.shape)):
            *axes, inner = axes  # type: ignore[assignment]
            whole, self.shape = self.shape, (*operand.shape[:inner], *operand.shape[inner + 1 :])
            operand = self.reduce(ufunc, operand, dtype, (inner,), False)
            axes, self.shape = tuple(axes), whole
        options = [("axis", str(axes))]
        if keepdims:
            options.append(("keepdims", "True"))
        if ufunc in ("add", "multiply") and self.dtype(operand) != dtype:
            options.append(("dtype", f"np.{_scalar_name(dtype)}"))
        return self._append(f"{ufunc}.reduce", (operand,), dtype, tuple(options))

    def contract(self, results: Sequence[tuple[Any, Value]]) -> None:
        """Make one call of a product and its sum, where nothing else needs the product."""
        uses = Counter(term for step in self.steps for term in step.operands if isinstance(term, Result))
        uses.update(term for term, _ in results if isinstance(term, Result))
        made = {step.result: step for step in self.steps}
        gone: set[Result] = set()
        for position, step in enumerate(self.steps):
            term = step.operands[0]
            summed = step.function == "add.reduce" and isinstance(term, Result)
            factor = made.get(term) if summed else None  # type: ignore[arg-type]
            if factor is not None and uses[factor.result] == 1 and contractible(factor, step):
                pair = factor.operands * (2 if factor.function == "square" else 1)
                self.steps[position] = Step("products.sum", pair, step.result, step.options)
                gone.add(factor.result)
        self.steps = [step for step in self.steps if step.result not in gone]

    def spread(self, operand: Any, shape: tuple[Size, ...]) -> Any:
        """The operand in this shape: itself, or a copy where it is only broadcast to it."""
        if not isinstance(operand, Literal) and operand.shape == shape:
            return operand
        before, self.shape = self.shape, shape
        result = self._append("copy", (operand,), self.dtype(operand))
        self.shape = before
        return result

    def apply(self, node: Apply, operands: Sequence[Any]) -> Any:
        """Record what an elementwise node does, in the dtypes that its row asks for."""
        row = node.op.row  # type: ignore[attr-defined]
        loop = row.loop(tuple(variable.dtype for variable in node.inputs))
        if row.steps is not None:
            terms = [self._in(operand, dtype) for operand, dtype in zip(operands, loop.operands, strict=True)]
            return self.cast(row.emit(self, *terms), loop.result)
        natural = result_dtype(row.ufunc, tuple(self._key(operand) for operand in operands))
        if natural == loop.result:
            return self.record(row.ufunc, operands)
        if all(dtype == loop.result for dtype in loop.operands):
            return self.record(row.ufunc, operands, loop.result)
        terms = [self._in(operand, dtype) for operand, dtype in zip(operands, loop.operands, strict=True)]
        return self.cast(self.record(row.ufunc, terms), loop.result)

    def _in(self, operand: Any, dtype: str) -> Any:
        """An operand in a dtype: numbers at once, tile values by a call where they have another."""
        if isinstance(operand, Literal):
            return Literal(np.asarray(operand.value).astype(dtype)[()], dtype)
        return self.cast(operand, dtype)

    def _weak(self, operand: Any) -> Any:
        if isinstance(operand, Literal):
            return np.dtype(operand.dtype) if operand.dtype else operand.value
        return np.dtype(operand.dtype) if isinstance(operand, Result | Value) else operand

    def _key(self, operand: Any) -> Any:
        if isinstance(operand, Literal) and operand.dtype is None:
            return type(operand.value)
        if isinstance(operand, Result | Value | Literal):
            return np.dtype(operand.dtype)
        return type(operand)

    def _append(
        self, function: str, operands: Sequence[Any], dtype: str, options: tuple[tuple[str, str], ...] = ()
    ) -> Result:
        terms = tuple(
            operand if isinstance(operand, Result | Value | Literal) else Literal(operand, None)
            for operand in operands
        )
        result = Result(dtype, self.shape)
        self.steps.append(Step(function, self._numbers(function, terms, dtype), result, options))
        return result

    def _numbers(self, function: str, terms: tuple[Term, ...], dtype: str) -> tuple[Term, ...]:
        """Typed literals become weak ones where that changes nothing, else constants with a dtype."""
        typed = [term for term in terms if isinstance(term, Literal) and term.dtype is not None]
        if not typed:
            return terms
        loosened = tuple(
            Literal(_python_number(term), None) if isinstance(term, Literal) else term for term in terms
        )
        if function in ("copy", "where") and all(
            np.can_cast(np.dtype(term.dtype or "bool"), dtype) for term in terms if isinstance(term, Literal)
        ):
            return loosened
        if any(isinstance(term, Result | Value) for term in terms) and function not in ("copy", "where"):
            strong = result_dtype(function, tuple(self._key(term) for term in terms))
            try:
                weak = result_dtype(function, tuple(self._key(term) for term in loosened))
            except (TypeError, OverflowError):
                weak = None
            if weak == strong:
                return loosened
        return tuple(
            self._constant(np.asarray(term.value, term.dtype))
            if isinstance(term, Literal) and term.dtype is not None
            else term
            for term in terms
        )


def contractible(factor: Step, total: Step) -> bool:
    """Whether a product and its sum over one axis can be one call: of whole operands, in one dtype.

    Sums over the last axis are those that ``summed_in_rows`` has, or shorter: the same sums at once as there.
    """
    shape, dtype = factor.result.shape, factor.result.dtype
    plain = factor.function in ("square", "multiply") and not factor.options and len(shape) <= len(LETTERS)
    if not plain or dtype not in ("float32", "float64") or set(dict(total.options)) - {"axis", "keepdims"}:
        return False
    whole = all(
        not isinstance(term, Literal) and (term.dtype, term.shape) == (dtype, shape)
        for term in factor.operands
    )
    axes = reduced_axes(total.options)
    return whole and len(axes) == 1 and (axes[0] < len(shape) - 1 or summed_in_rows(dtype, shape))


def _python_number(literal: Literal) -> Any:
    return literal.value.item() if isinstance(literal.value, np.generic | np.ndarray) else literal.value


def _scalar_name(dtype: str) -> str:
    return "bool_" if dtype == "bool" else dtype


def literal_text(value: Any) -> str:
    """A number as source."""
    if isinstance(value, float):
        if value != value:
            return "np.nan"
        if value in (float("inf"), float("-inf")):
            return "np.inf" if value > 0 else "-np.inf"
    if isinstance(value, complex) and not (np.isfinite(value.real) and np.isfinite(value.imag)):
        return f"complex({literal_text(value.real)}, {literal_text(value.imag)})"
    return repr(value)


Scratch = Callable[[str, tuple[Size, ...]], Value]


def allocate(
    recorder: Recorder, results: Sequence[tuple[Any, Value]], scratch: Scratch
) -> Iterator[Call]:
    """The recorded steps as calls: every result in a register.

    Parameters
    ----------
    recorder : Recorder
        The steps.
    results : sequence of (term, Value)
        What must be stored where.
    scratch : callable
        Makes a new register of a dtype and shape.

    Yields
    ------
    Call
    """
    registers = _Registers(recorder, results, scratch)
    for position, step in enumerate(recorder.steps):
        yield from registers.place(position, step)
    yield from registers.finish()


class _Registers:
    """Which result is where; mutable because it walks along the steps."""

    def __init__(
        self, recorder: Recorder, results: Sequence[tuple[Any, Value]], scratch: Scratch
    ) -> None:
        self.scratch = scratch
        self.results = results
        self.home: dict[Result, Value] = {}
        for term, value in results:
            if isinstance(term, Result) and term.dtype == value.dtype and term.shape == value.shape:
                self.home.setdefault(term, value)
        self.last = _last_uses(recorder.steps, results)
        made = {step.result: position for position, step in enumerate(recorder.steps)}
        self.due = {value: made[term] for term, value in self.home.items() if term in made}
        self.place_of: dict[Result, Value] = {}
        self.holds: dict[Value, Result] = {}
        self.shapes: dict[Value, tuple[Size, ...]] = {}
        self.free: list[Value] = [value for _, value in results]
        if recorder.tile is not None:
            result, tile = recorder.tile
            same = next((value for value in self.free if _same_place(value, tile)), None)
            if same is not None:
                self.free.remove(same)
                tile = same
            self._put(result, tile)
            if self.last.get(result, -1) < 0:
                self._drop(result)

    def _put(self, result: Result, register: Value) -> None:
        self.place_of[result] = register
        self.shapes[register] = result.shape
        self.holds[register] = result

    def _drop(self, result: Result) -> None:
        register = self.place_of.pop(result)
        del self.holds[register]
        self.free.append(register)

    def place(self, position: int, step: Step) -> Iterator[Call]:
        dying = [
            term
            for term in dict.fromkeys(step.operands)
            if isinstance(term, Result) and self.last[term] == position
        ]
        operands = tuple(self._operand(term) for term in step.operands)
        reusable = [
            term
            for term in dying
            if term in step.overwritable
            and (term.dtype, term.shape) == (step.result.dtype, step.result.shape)
            and not (step.function == "where" and term in step.operands[:2])
        ]
        register, moved = self._choose(step.result, reusable)
        yield from moved
        if moved:
            operands = tuple(self._operand(term) for term in step.operands)
        for term in dying:
            self._drop(term)
        if register in self.free:
            self.free.remove(register)
        self._put(step.result, register)
        yield Call(step.function, operands, (register,), step.options)
        if self.last.get(step.result, -1) < 0:
            self._drop(step.result)

    def _operand(self, term: Term) -> Operand:
        if isinstance(term, Result):
            return self.place_of[term]
        return Number(literal_text(term.value)) if isinstance(term, Literal) else term

    def _choose(self, result: Result, reusable: list[Result]) -> tuple[Value, list[Call]]:
        own = [self.place_of[term] for term in reusable]
        home = self.home.get(result)
        if home is not None:
            if home in self.free or home in own:
                return home, []
            return home, [self._move(home)]
        free = next((register for register in own if self._is_quiet(register, result)), None)
        return free or self._room(result), []

    def _is_quiet(self, register: Value, result: Result) -> bool:
        """Whether no other result claims the register as its home while this one lives."""
        last = self.last.get(result, -1)
        return self.due.get(register, last) >= last

    def _room(self, result: Result) -> Value:
        """A free register for a result, or a new one."""
        for register in self.free:
            fits = register.dtype == result.dtype
            fits = fits and self.shapes.get(register, register.shape) == result.shape
            if fits and self._is_quiet(register, result):
                return register
        return self.scratch(result.dtype, result.shape)

    def _move(self, register: Value) -> Call:
        """Make room: what lives in an output's place moves to scratch."""
        tenant = self.holds[register]
        other = self._room(tenant)
        self._drop(tenant)
        if other in self.free:
            self.free.remove(other)
        self._put(tenant, other)
        return Call("copy", (register,), (other,))

    def finish(self) -> Iterator[Call]:
        """Store what is not where it must be: an output that is an input, a constant, or wanted twice."""
        for term, value in self.results:
            if isinstance(term, Result):
                place = self.place_of.get(term)
                if place is None:
                    raise CompileError("a result was lost before it was stored")
                if place is not value:
                    yield Call("copy", (place,), (value,))
            else:
                yield Call("copy", (self._operand(term),), (value,))


def _last_uses(steps: Sequence[Step], results: Sequence[tuple[Any, Value]]) -> dict[Result, int]:
    last: dict[Result, int] = {}
    for position, step in enumerate(steps):
        for term in step.operands:
            if isinstance(term, Result):
                last[term] = position
    for term, _ in results:
        if isinstance(term, Result):
            last[term] = len(steps)
    return last


def _same_place(first: Value, second: Value) -> bool:
    return str(first) == str(second) and first.buffer is second.buffer
