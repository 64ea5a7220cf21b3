"""``theano.printing.debugprint``: a graph as an indented tree, in Theano's exact format; imports the writer.

computed    prefix op [.output] " " id type " '" name "' " destroyed " " views " " place storage clients
leaf        prefix name " " id type storage
prefix      " |" for each level, two blanks below the last input of a node
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from symconv.compile.arguments import In, Out
from symconv.errors import ArgumentError, SymconvError
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.nodes import Apply, Variable
from symconv.theano._print.spellings import spelling_of
from symconv.theano._print.words import letters
from symconv.theano._print.written import Node, Term, Writer

LEGEND = """Timing Info
-----------
--> <time> <% time> - <total time> <% total time>'

<time>         computation time for this node
<% time>       fraction of total computation time for this node
<total time>   time for this node + total times for this node's ancestors
<% total time> total time for this node over total computation time

N.B.:
* Times include the node time and the function overhead.
* <total time> and <% total time> may over-count computation times
  if inputs to a node share a common ancestor and should be viewed as a
  loose upper bound. Their intended use is to help rule out potential nodes
  to remove when optimizing a graph because their <total time> is very low.
"""


class DepthError(SymconvError):
    """A depth that is no number of levels."""


class Root:
    """One graph to print.

    Attributes
    ----------
    term : Term
    order : dict
        The place of each node in the order of computation, for graphs that are compiled.
    profile : object or None
        What was measured of the function.
    storage : dict or None
        What is kept of the function's variables.
    clients : dict
        For each variable of a compiled graph who reads it.
    """

    def __init__(
        self,
        term: Term,
        order: dict[Node, int] | None = None,
        profile: Any = None,
        storage: Any = None,
        clients: dict[Term, list[Any]] | None = None,
    ) -> None:
        self.term = term
        self.order = order or {}
        self.profile = profile
        self.storage = storage
        self.clients = clients or {}


def debugprint(
    obj: Any,
    depth: int = -1,
    print_type: bool = False,
    file: Any = None,
    ids: str = "CHAR",
    stop_on_name: bool = False,
    done: dict[Any, str] | None = None,
    print_storage: bool = False,
    print_clients: bool = False,
    used_ids: dict[Any, str] | None = None,
) -> Any:
    """Print a graph as a tree, each node once.

    Parameters
    ----------
    obj : Variable, Apply, function, FunctionGraph, In, Out, number, or a list of them
        A compiled function prints what runs: its kernels.
    depth : int
        How many levels; -1 for all.
    print_type : bool
        Whether the types follow the identifiers.
    file : None, "str" or text file
        Where to: the standard output; the result; a file, which is returned.
    ids : {"CHAR", "int", "id", ""}
        Identifiers as letters, numbers, Python's own, or none.
    stop_on_name : bool
        Whether nothing below a variable with a name is printed.
    done, used_ids : dict, optional
        What was printed before, and the identifiers that were given; both grow.
    print_storage, print_clients : bool
        Whether the values that a function keeps, and who reads a result, are printed.

    Returns
    -------
    str or file or None

    Raises
    ------
    ArgumentError
        For what has no graph; a TypeError.
    DepthError
        For a depth that is no integer.

    Examples
    --------
    >>> import symconv.theano.tensor as T
    >>> print(debugprint(T.exp(T.dvector("x")), file="str").replace("   ", ""))
    Elemwise{exp,no_inplace} [id A] ''
     |x [id B]
    <BLANKLINE>
    """
    if not isinstance(depth, int):
        raise DepthError(f"depth must be an integer, got {depth!r}")
    lines: list[str] = []
    roots = _roots(obj, print_storage, lines)
    if any(root.profile is not None and root.profile.fct_callcount > 0 for root in roots):
        lines += LEGEND.split("\n")
    printer = Tree(print_type, ids, stop_on_name, print_clients, done, used_ids)
    for root in roots:
        lines += printer.lines(root, depth)
    if printer.loops:
        lines += ["", "Inner graphs of the scan ops:"]
    shown = 0
    while shown < len(printer.loops):
        loop = printer.loops[shown]
        shown += 1
        lines.append("")
        lines += printer.lines(Root(loop), depth)
        assert loop.owner is not None
        assert loop.owner.inner is not None
        for output in loop.owner.inner.outputs:
            lines += printer.lines(Root(output), depth, " >", loop.owner.inner.outer)
    text = "".join(line + "\n" for line in lines)
    if file == "str":
        return text
    (sys.stdout if file is None else file).write(text)
    return file


def _roots(obj: Any, print_storage: bool, lines: list[str]) -> list[Root]:
    writer = Writer(spelling_of)
    roots: list[Root] = []
    for one in obj if isinstance(obj, list | tuple | set) else [obj]:
        if isinstance(one, In | Out):
            one = one.variable
        if isinstance(one, Variable):
            roots += [Root(term) for term in writer.write([one])]
        elif isinstance(one, Apply):
            roots += [Root(term) for term in writer.write(one.outputs)]
        elif isinstance(one, Term):
            roots.append(Root(one))
        elif hasattr(one, "stages"):
            storage = one.fn.storage_map if print_storage and hasattr(one, "fn") else None
            roots += compiled(one.stages["fused"], getattr(one, "measured", None), storage)
        elif isinstance(one, FunctionGraph):
            roots += compiled(one)
        elif isinstance(one, int | float | np.ndarray | np.generic):
            lines.append(str(one))
        else:
            raise ArgumentError(
                f"debugprint cannot print an object of type {type(one).__name__}",
                hint="pass a variable, an apply, a compiled function, or a list of them",
            )
    return roots


def compiled(graph: FunctionGraph, profile: Any = None, storage: Any = None) -> list[Root]:
    """What is computed, node by node as it stands."""
    writer = Writer(lambda op: None)
    terms = writer.write(graph.results, graph.inputs)
    nodes = {node: writer.terms[node.outputs[0]].owner for node in graph.nodes}
    order = {made: place for place, made in enumerate(nodes.values()) if made is not None}
    clients: dict[Term, list[Any]] = {}
    for made in order:
        for term in made.inputs:
            clients.setdefault(term, []).append(made)
    for term in terms:
        clients.setdefault(term, []).append("output")
    return [Root(term, order, profile, storage, clients) for term in terms]


class Tree:
    """Prints trees with common identifiers; mutable because it remembers what was printed."""

    def __init__(
        self,
        print_type: bool,
        ids: str,
        stop_on_name: bool,
        print_clients: bool,
        done: dict[Any, str] | None,
        used_ids: dict[Any, str] | None,
    ) -> None:
        self.print_type = print_type
        self.ids = ids
        self.stop_on_name = stop_on_name
        self.print_clients = print_clients
        self.done: dict[Any, str] = {} if done is None else done
        self.used: dict[Any, str] = {} if used_ids is None else used_ids
        self.loops: list[Term] = []

    def id_of(self, thing: Any) -> str:
        """The identifier of a node or a leaf, a new one at first mention."""
        key = self._key(thing)
        if key not in self.used:
            number = len(self.used)
            made: dict[str, Callable[[], str]] = {
                "id": lambda: f"[id {id(key)}]", "int": lambda: f"[id {number}]",
                "CHAR": lambda: f"[id {letters(number)}]", "": str,
            }  # fmt: skip
            if self.ids not in made:
                raise ArgumentError(f"ids cannot be {self.ids!r}", hint="choose 'CHAR', 'int', 'id' or ''")
            self.used[key] = made[self.ids]()
        return self.used[key]

    @staticmethod
    def _key(thing: Any) -> Any:
        """What stays the same from one call to the next: symconv's own node or variable, if there is one."""
        if isinstance(thing, Node):
            return thing.core if thing.core is not None and thing.outputs[-1].variable is not None else thing
        return thing.variable if isinstance(thing, Term) and thing.variable is not None else thing

    def lines(
        self, root: Root, depth: int, prefix: str = "", outer: dict[Term, Term] | None = None
    ) -> Iterator[str]:
        """The lines of one graph."""
        self._loop(root.term)
        stack = [(root.term, depth, prefix, prefix)]
        while stack:
            term, left, before, below = stack.pop()
            if left == 0:
                continue
            node = term.owner
            if node is None:
                yield self._leaf(term, before, root, outer or {})
                continue
            printed = self._key(node) in self.done
            yield self._computed(term, node, before, root)
            if printed or (self.stop_on_name and term.name is not None):
                continue
            last = len(node.inputs) - 1
            for position, argument in reversed(list(enumerate(node.inputs))):
                stack.append((argument, left - 1, below + " |", below + ("  " if position == last else " |")))
            for argument in node.inputs:
                self._loop(argument)

    def _loop(self, term: Term) -> None:
        if term.owner is not None and term.owner.inner is not None and term not in self.loops:
            self.loops.append(term)

    def _leaf(self, term: Term, before: str, root: Root, outer: dict[Term, Term]) -> str:
        name = self.id_of(term)
        self.done[self._key(term)] = name
        type_text = f" <{term.type_text}>" if self.print_type else ""
        if term in outer:
            source = outer[term]
            return f"{before}{term} {name}{type_text} -> {self.id_of(source.owner or source)}"
        return f"{before}{term} {name}{type_text}{_kept(root, term)}"

    def _computed(self, term: Term, node: Node, before: str, root: Root) -> str:
        name = self.id_of(node)
        self.done[self._key(node)] = name
        type_text = f" <{term.type_text}>" if self.print_type else ""
        index = f".{term.index}" if len(node.outputs) > 1 else ""
        place = root.order.get(node, "") if root.order else ""
        clients = ""
        readers = root.clients.get(term, [])
        if self.print_clients and len(readers) > 1:
            listed = [
                ("output", "") if one == "output" else (self.id_of(one), root.order.get(one, ""))
                for one in readers
            ]
            clients = f" clients:{listed}"
        label = "" if term.name is None else term.name
        line = f"{before}{node.op}{index} {name}{type_text} '{label}'   {place}{_kept(root, term)}{clients}"
        return line + (_measured(root.profile, node.core) if root.profile is not None else "")


def _kept(root: Root, term: Term) -> str:
    """The value that a function keeps of a variable, in brackets, where values are asked for."""
    return "" if root.storage is None else f" {root.storage.get(term.variable, '')}"


def _measured(profile: Any, node: Apply | None) -> str:
    """What a node took, and what it took with all that it needs."""
    if node not in profile.apply_time:
        return ""
    own, total = profile.apply_time[node], profile.compute_total_times()[node]
    call = profile.fct_call_time or 1.0
    return f" --> {own:8.2e}s {own / call * 100:4.1f}% {total:8.2e}s {total / call * 100:4.1f}%"


def printable(roots: Sequence[Variable]) -> str:
    """The tree of these variables as text."""
    text: str = debugprint(list(roots), file="str")
    return text
