"""A graph as Theano writes it: its nodes, and the writer that makes them of symconv's; imports the graph.

    term = leaf | output of a node                      what Theano's printers call a variable
    node = word, terms                                  what they call an apply
    word = the op's text, its kind, and what a formula needs of it

Theano has nodes that symconv does not: a dimshuffle wherever an operand has fewer axes than the result,
vectors of sizes, conversions of indices. ``spellings`` says for each op which nodes it is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from symconv.frozen import frozen
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import Op
from symconv.graph.traverse import toposort
from symconv.graph.types import Dim, TensorType
from symconv.theano._print.words import constant_text, kind_text, small


@frozen(repr=False)
class Word:
    """An op as Theano writes it.

    Attributes
    ----------
    text : str
        ``str`` of Theano's op.
    kind : str
        "elemwise", "cast", "dimshuffle", "subtensor" and others that formulas treat alike; "" for the rest.
    name : str
        The name of an elementwise function, the dtype of a cast.
    detail : tuple
        The new order of a dimshuffle, the entries of an index.
    """

    text: str
    kind: str = ""
    name: str = ""
    detail: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


class ScalarType(NamedTuple):
    """The type of a number that is no tensor: an index."""

    dtype: str = "int64"

    def __str__(self) -> str:
        return self.dtype


class Node:
    """An op applied to terms.

    Attributes
    ----------
    op : Word or Op
        What Theano would print; an op of a program's own is itself.
    inputs, outputs : sequence of Term
    core : Apply or None
        The apply of symconv's that it stands for.
    inner : Inner or None
        For a loop what its step computes.
    """

    def __init__(self, op: Any, inputs: Sequence["Term"], core: Apply | None = None) -> None:
        self.op = op
        self.inputs = list(inputs)
        self.outputs: list[Term] = []
        self.core = core
        self.inner: Inner | None = None

    def add(self, type: Any, name: str | None = None, variable: Variable | None = None) -> "Term":
        """One more output."""
        term = Term(type, name, self, len(self.outputs), variable)
        self.outputs.append(term)
        return term


class Term:
    """A leaf, or an output of a node.

    Attributes
    ----------
    type : TensorType or ScalarType
    name : str or None
    owner : Node or None
    index : int
    variable : Variable or None
        The variable of symconv's that it stands for.
    text : str
        Of a leaf without a name.
    """

    def __init__(
        self,
        type: Any,
        name: str | None = None,
        owner: Node | None = None,
        index: int = 0,
        variable: Variable | None = None,
        text: str = "",
    ) -> None:
        self.type = type
        self.name = name
        self.owner = owner
        self.index = index
        self.variable = variable
        self.text = text

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return getattr(self.type, "ndim", 0)

    @property
    def type_text(self) -> str:
        """The type as Theano prints it."""
        return kind_text(self.type)

    def __str__(self) -> str:
        if self.name is not None:
            return self.name
        return self.text if self.owner is None else f"{self.owner.op}.{self.index}"

    def __getattr__(self, name: str) -> Any:  # dtype, broadcastable, tag: what conditions of printers ask
        if name.startswith("_"):
            raise AttributeError(name)
        source = self.__dict__["variable"]
        return getattr(source if hasattr(source, name) else self.__dict__["type"], name)


class Inner(NamedTuple):
    """The step of a loop.

    Attributes
    ----------
    outputs : tuple of Term
        What it computes.
    outer : dict
        For each inner input the outer one.
    """

    outputs: tuple[Term, ...]
    outer: dict[Term, Term]


Spelling = Callable[["Writer", Apply], Term | Sequence[Term]]


class Writer:
    """Writes graphs as Theano does; mutable because it remembers what it has written.

    Parameters
    ----------
    spellings : callable
        For an op what writes its applications, or None where its own text will do.
    """

    def __init__(self, spellings: Callable[[Op], Spelling | None]) -> None:
        self.spellings = spellings
        self.terms: dict[Variable, Term] = {}
        self.small: dict[Any, Term] = {}

    def write(self, outputs: Iterable[Variable], stop: Iterable[Variable] = ()) -> list[Term]:
        """The terms of these variables; those of ``stop`` are leaves."""
        outputs = list(outputs)
        leaves = frozenset(stop)
        for leaf in leaves:
            self.terms.setdefault(leaf, self.leaf(leaf))
        for node in toposort(outputs, stop=leaves | self.terms.keys()):
            self.apply(node)
        return [self.term(variable) for variable in outputs]

    def term(self, variable: Variable) -> Term:
        """The term of a variable that is a leaf, or whose owner is written."""
        found = self.terms.get(variable)
        if found is None:
            found = self.terms[variable] = self.leaf(variable)
        return found

    def leaf(self, variable: Variable) -> Term:
        """An input, a constant or a shared variable."""
        if isinstance(variable, Constant):
            return self.constant(variable.data, variable)
        name = None if variable.name is None else str(variable.name)
        return Term(variable.type, name, variable=variable, text=f"<{kind_text(variable.type)}>")

    def apply(self, node: Apply) -> None:
        """Write one application, its inputs being written."""
        spelling = self.spellings(node.op)
        if spelling is None:
            made = Node(node.op, [self.term(v) for v in node.inputs], node)
            terms: Sequence[Term] = [made.add(v.type, v.name, v) for v in node.outputs]
        else:
            found = spelling(self, node)
            terms = [found] if isinstance(found, Term) else found
        for variable, term in zip(node.outputs, terms, strict=True):
            if variable.name is not None or term.variable is None:
                term.variable = variable
                term.name = term.name if variable.name is None else str(variable.name)
            self.terms[variable] = term

    # What spellings are written with

    def node(self, word: Any, inputs: Sequence[Term], type: Any) -> Term:
        """The output of a new node: of a type, or of that of an apply's, for which the node stands."""
        core = type if isinstance(type, Apply) else None
        return Node(word, inputs, core).add(type if core is None else core.outputs[0].type)

    def constant(self, value: Any, variable: Variable | None = None, dtype: str | None = None) -> Term:
        """A constant; small numbers are one wherever they stand."""
        data = np.asarray(value, dtype=dtype)
        key = (data.dtype.name, data.shape, data.tobytes())
        if small(data) and key in self.small:
            return self.small[key]
        term = Term(
            TensorType(data.dtype.name, data.shape),
            variable=variable or Constant(data),
            text=constant_text(data),
        )
        if small(data):
            self.small[key] = term
        return term

    def index(self, value: int) -> Term:
        """A constant that is an index."""
        return Term(ScalarType(), text=f"Constant{{{value}}}")

    def dimshuffle(self, order: Sequence[Any], x: Term, core: Apply | None = None) -> Term:
        """Axes in another order, "x" for a new one."""
        shape: tuple[Dim, ...] = tuple(1 if axis == "x" else x.type.shape[axis] for axis in order)
        word = Word(
            f"InplaceDimShuffle{{{','.join(map(str, order))}}}", "dimshuffle", "", (tuple(order), x.ndim)
        )
        return Node(word, [x], core).add(TensorType(x.type.dtype, shape))

    def padded(self, x: Term, ndim: int) -> Term:
        """With new axes in front, as many as are missing."""
        missing = ndim - x.ndim
        return x if missing <= 0 else self.dimshuffle(["x"] * missing + list(range(x.ndim)), x)

    def elemwise(
        self,
        name: str,
        inputs: Sequence[Term],
        dtype: str,
        text: str | None = None,
        core: Apply | None = None,
    ) -> Term:
        """An elementwise function; operands of fewer axes get new ones."""
        ndim = max(term.ndim for term in inputs)
        operands = [self.padded(term, ndim) for term in inputs]
        ones = [all(term.type.shape[axis] == 1 for term in operands) for axis in range(ndim)]
        word = Word(text or f"Elemwise{{{name},no_inplace}}", "elemwise", name)
        shape = tuple(1 if one else None for one in ones)
        return Node(word, operands, core).add(TensorType(dtype, shape))

    def cast(self, dtype: str, x: Term, core: Apply | None = None) -> Term:
        """A conversion."""
        word = Word(f"Elemwise{{Cast{{{dtype}}}}}", "cast", dtype)
        return Node(word, [x], core).add(TensorType(dtype, x.type.shape))

    def shape(self, x: Term) -> Term:
        """The vector of sizes."""
        return self.node(Word("Shape"), [x], TensorType("int64", (None,)))

    def subtensor(self, x: Term, entries: Sequence[Any], type: Any) -> Term:
        """A part by indices: each entry is a term, or a slice of terms and None; of a type, or an apply's."""
        word = Word(f"Subtensor{{{entries_text(entries)}}}", "subtensor", "", tuple(map(entry_text, entries)))
        return self.node(word, [x, *taken(entries)], type)

    def size(self, x: Term, axis: int) -> Term:
        """One size."""
        return self.subtensor(self.shape(x), [self.index(axis)], TensorType("int64", ()))

    def bound(self, x: Term) -> Term:
        """A tensor as an index."""
        return self.node(Word("ScalarFromTensor"), [x], ScalarType(x.type.dtype))

    def inner(
        self, graph: FunctionGraph, names: dict[Variable, str | None]
    ) -> tuple[list[Term], dict[Variable, Term]]:
        """The graph inside a loop, its inputs named as Theano names them."""
        inside = Writer(self.spellings)
        for variable in graph.inputs:
            term = inside.leaf(variable)
            term.name = names.get(variable) or term.name
            inside.terms[variable] = term
        outputs = inside.write(graph.outputs, graph.inputs)
        return outputs, {variable: inside.terms[variable] for variable in graph.inputs}


def entry_text(entry: Any) -> str:
    """An entry of an index: ``int64``, ``int64:int64:``."""
    if isinstance(entry, Term):
        return str(entry.type.dtype)
    if isinstance(entry, slice):
        return ":".join(
            "" if part is None else entry_text(part) for part in (entry.start, entry.stop, entry.step)
        )
    return str(entry)


def entries_text(entries: Sequence[Any]) -> str:
    """All of them."""
    return ", ".join(map(entry_text, entries))


def taken(entries: Sequence[Any]) -> Iterator[Term]:
    """The terms among the entries, in order."""
    for entry in entries:
        parts = (entry.start, entry.stop, entry.step) if isinstance(entry, slice) else (entry,)
        yield from (part for part in parts if isinstance(part, Term))
