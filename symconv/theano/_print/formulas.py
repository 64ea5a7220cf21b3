"""``theano.printing.pp``: graphs as formulas, by printers that a program may replace; imports the writer.

A printer has ``process(output, state)``, which gives the text of a term; what it prints inside goes through
``state.pprinter`` again. Which printer prints a term, the op decides, or a condition on the term.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from symconv.errors import ArgumentError
from symconv.graph.nodes import Variable
from symconv.graph.op import Op
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import toposort
from symconv.theano._print.spellings import spelling_of
from symconv.theano._print.written import Node, Term, Word, Writer

GREEK = {"alpha": "\\alpha", "beta": "\\beta", "gamma": "\\gamma", "delta": "\\delta", "epsilon": "\\epsilon"}
OUTERMOST = -1000


class PrinterState:
    """What printers pass on while they print one formula.

    Attributes
    ----------
    pprinter : PPrinter
        What prints the parts.
    precedence : int
        How strongly the operator around binds.
    memo : dict
        Texts of terms that were printed.
    """

    def __init__(self, props: Any = None, **more_props: Any) -> None:
        self.precedence = OUTERMOST
        self.memo: dict[Any, str] = {}
        vars(self).update(vars(props) if isinstance(props, PrinterState) else dict(props or {}), **more_props)

    def clone(self, props: Any = None, **more_props: Any) -> "PrinterState":
        """The same, with some things different."""
        return PrinterState(self, **{**dict(props or {}), **more_props})

    def inside(self, precedence: int, term: Any) -> str:
        """A part, printed for an operator that binds so strongly."""
        old, self.precedence = self.precedence, precedence
        try:
            return self.pprinter.process(term, self)  # type: ignore[attr-defined, no-any-return]
        finally:
            self.precedence = old


class Printer:
    """What all printers share: a term that was printed is not printed anew."""

    def process(self, output: Any, pstate: Any) -> str:
        """The text of a term."""
        output = _term(output)
        if output not in pstate.memo:
            pstate.memo[output] = self.text(output, pstate)
        found: str = pstate.memo[output]
        return found

    def text(self, output: Term, pstate: Any) -> str:
        """The text, made."""
        raise NotImplementedError


class OperatorPrinter(Printer):
    """An operator between its operands, or before a single one, in parentheses.

    Parameters
    ----------
    operator : str
    precedence : int
        How strongly it binds.
    associativity : {"left", "right", "either"}
    """

    def __init__(self, operator: str, precedence: int, associativity: str = "left") -> None:
        self.operator = operator
        self.precedence = precedence
        self.associativity = associativity

    def text(self, output: Term, pstate: Any) -> str:
        if output.owner is None:
            raise ArgumentError(f"operator {self.operator} cannot represent a variable without owner")
        inputs = output.owner.inputs
        if len(inputs) == 1:
            return f"({self.operator}{pstate.inside(self.precedence, inputs[0])})"
        parts = [pstate.inside(self.precedence, term) for term in inputs]
        return f"({f' {self.operator} '.join(parts)})"


class PatternPrinter(Printer):
    """A pattern with a place for each operand: ``"|%(0)s|"``, or pairs of pattern and precedences."""

    def __init__(self, *patterns: Any) -> None:
        self.patterns = [(one, ()) if isinstance(one, str) else (one[0], one[1:]) for one in patterns]

    def text(self, output: Term, pstate: Any) -> str:
        if output.owner is None:
            raise ArgumentError("patterns cannot represent a variable without owner")
        pattern, precedences = self.patterns[output.index]
        inputs = output.owner.inputs
        levels = [*precedences, *[OUTERMOST] * (len(inputs) - len(precedences))]
        parts = {str(i): pstate.inside(levels[i], term) for i, term in enumerate(inputs)}
        found: str = pattern % parts
        return found


class FunctionPrinter(Printer):
    """``name(operand, operand)``, a name for each output."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def text(self, output: Term, pstate: Any) -> str:
        if output.owner is None:
            raise ArgumentError(f"function {self.names} cannot represent a variable without owner")
        parts = [pstate.inside(OUTERMOST, term) for term in output.owner.inputs]
        return f"{self.names[output.index]}({', '.join(parts)})"


class IgnorePrinter(Printer):
    """The first operand alone."""

    def text(self, output: Term, pstate: Any) -> str:
        if output.owner is None:
            raise ArgumentError("what is ignored must be the result of an op")
        found: str = pstate.pprinter.process(output.owner.inputs[0], pstate)
        return found


class LeafPrinter(Printer):
    """The name, Greek letters in LaTeX."""

    def text(self, output: Term, pstate: Any) -> str:
        return GREEK.get(str(output), str(output))


class DefaultPrinter(Printer):
    """``op(operand, operand)``; a leaf by its name."""

    def text(self, output: Term, pstate: Any) -> str:
        if output.owner is None:
            return leaf_printer.text(output, pstate)
        return FunctionPrinter(*[str(output.owner.op)] * (output.index + 1)).text(output, pstate)


class DimShufflePrinter(Printer):
    """New axes in front are not printed; a transpose is ``x.T``."""

    def text(self, output: Term, pstate: Any) -> str:
        assert output.owner is not None
        (x,) = output.owner.inputs
        order, ndim = output.owner.op.detail
        rest = list(order)
        while rest and rest[0] == "x":
            rest.pop(0)
        if rest == list(range(ndim)):
            found: str = pstate.pprinter.process(x, pstate)
            return found
        if rest == list(reversed(range(ndim))):
            return f"{pstate.pprinter.process(x, pstate)}.T"
        return f"DimShuffle{{{', '.join(map(str, rest))}}}({pstate.pprinter.process(x, pstate)})"


class SubtensorPrinter(Printer):
    """``x[i, int64:]``: the bounds of slices by their types."""

    def text(self, output: Term, pstate: Any) -> str:
        assert output.owner is not None
        x, *numbers = output.owner.inputs
        left = iter(numbers)
        entries = []
        for entry in output.owner.op.detail:
            bounds = entry.split(":")
            if len(bounds) == 1:
                entries.append(pstate.inside(OUTERMOST, next(left)))
                continue
            for bound in bounds:
                if bound:
                    next(left)
            entries.append(":".join(bounds[:2]) + (f":{bounds[2]}" if bounds[2] else ""))
        return f"{pstate.inside(1000, x)}[{', '.join(entries)}]"


class VectorPrinter(Printer):
    """``[a, b]``."""

    def text(self, output: Term, pstate: Any) -> str:
        assert output.owner is not None
        return f"[{', '.join(pstate.inside(OUTERMOST, term) for term in output.owner.inputs)}]"


Condition = Callable[[Any, Any], Any]


class PPrinter:
    """Prints formulas; a copy may be given other printers.

    Examples
    --------
    >>> import symconv.theano.tensor as T
    >>> x, y = T.dvectors("x", "y")
    >>> pprint(T.tanh(x + y) / y)
    '(tanh((x + y)) / y)'
    >>> pprint.clone_assign(T.tanh, FunctionPrinter("th"))(T.tanh(x))
    'th(x)'
    """

    def __init__(self) -> None:
        self.printers: list[tuple[Condition, Any]] = []
        self.printers_dict: dict[Any, Any] = {}
        self.leaf: Condition = lambda pstate, r: False  # what is printed by its name, whatever computes it

    def assign(self, condition: Any, printer: Any) -> None:
        """Let ``printer`` print what an op computes, the ops of a class, or what a condition holds for.

        Parameters
        ----------
        condition : Op, type, function of theano.tensor, or callable of (state, term)
        printer : object
            Has ``process(output, state)``.
        """
        if isinstance(condition, Op | type | str):
            self.printers_dict[condition] = printer
        elif str(getattr(condition, "__module__", "")).startswith("symconv.theano"):
            self.printers_dict[str(condition.__name__)] = printer
        else:
            self.printers.insert(0, (condition, printer))

    def process(self, r: Any, pstate: Any = None) -> str:
        """The formula of a variable."""
        if pstate is None or isinstance(pstate, dict):
            pstate = PrinterState(pprinter=self, **(pstate or {}))
        term = _term(r)
        if self.leaf(pstate, term):
            return leaf_printer.process(term, pstate)
        if term.owner is not None:
            for key in _keys(term.owner):
                if key in self.printers_dict:
                    found: str = self.printers_dict[key].process(term, pstate)
                    return found
        for condition, printer in self.printers:
            if condition(pstate, term):
                text: str = printer.process(term, pstate)
                return text
        return default_printer.process(term, pstate)

    def clone(self) -> "PPrinter":
        """Another one with the same printers."""
        copy = type(self)()
        copy.printers = list(self.printers)
        copy.printers_dict = dict(self.printers_dict)
        return copy

    def clone_assign(self, condition: Any, printer: Any) -> "PPrinter":
        """Another one with one printer more."""
        copy = self.clone()
        copy.assign(condition, printer)
        return copy

    def process_graph(
        self, inputs: Any, outputs: Any, updates: Any = None, display_inputs: bool = False
    ) -> str:
        """A line for each result and each variable with a name that they need, then the updates."""
        given = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        results = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
        changes: list[tuple[SharedVariable, Variable]] = list(dict(updates or {}).items())
        lines = (
            [f"inputs: {', '.join(map(str, [*given, *(old for old, _ in changes)]))}"]
            if display_inputs
            else []
        )
        writer = Writer(spelling_of)
        every = [*results, *(new for _, new in changes)]
        terms = dict(zip(every, writer.write(every), strict=True))
        named = [v for node in toposort(every, stop=given) for v in node.outputs if v.name is not None]

        def line(variable: Variable) -> str:
            own = writer.term(variable)
            printer = self.clone()
            printer.leaf = lambda pstate, r: r.name is not None and r is not own
            return printer.process(own)

        lines += [f"{v.name} = {line(v)}" for v in named if v not in terms]
        lines += [f"{old} <- {line(new)}" for old, new in changes]
        if len(results) == 1:
            return "\n".join([*lines, f"return {line(results[0])}"])
        lines += [f"{v.name or f'out[{i}]'} = {line(v)}" for i, v in enumerate(results)]
        return "\n".join(lines)

    def __call__(self, *args: Any) -> str:
        """The formula of a variable; of inputs, outputs and updates one line each.

        Raises
        ------
        ArgumentError
            For a wrong number of arguments.
        """
        if len(args) == 1 or (len(args) == 2 and isinstance(args[1], PrinterState | dict)):
            return self.process(*args)
        if len(args) > 2:
            return self.process_graph(*args)
        raise ArgumentError(f"pp takes a variable, or inputs, outputs and updates, got {len(args)} arguments")


def _term(r: Any) -> Term:
    """A variable as Theano writes it."""
    if isinstance(r, Variable):
        return Writer(spelling_of).write([r])[0]
    if isinstance(r, Term):
        return r
    raise ArgumentError(
        f"pp prints a symbolic expression, got {type(r).__name__}",
        hint="debugprint prints functions and lists",
    )


def _keys(node: Node) -> Iterable[Any]:
    """By what the printer of a node may have been assigned, the most special first."""
    if isinstance(node.op, Word):
        yield node.op.text
        if node.op.name:
            yield node.op.name
        if node.core is not None:
            yield node.core.op
            yield type(node.core.op)
        yield node.op.kind or node.op.text
    else:
        yield node.op
        yield from type(node.op).__mro__[:-1]


leaf_printer = LeafPrinter()
default_printer = DefaultPrinter()
pprint = PPrinter()
"""The printer of formulas."""


class _ByName(Printer):
    """A function by the name of the elementwise op, or the dtype of a cast."""

    def text(self, output: Term, pstate: Any) -> str:
        assert output.owner is not None
        name = NAMES_OF_FUNCTIONS.get(output.owner.op.name, output.owner.op.name)
        return FunctionPrinter(name).text(output, pstate)


NAMES_OF_FUNCTIONS = {"second": "fill"}
OPERATORS: Sequence[tuple[str, str, int, str]] = (
    ("add", "+", -2, "either"), ("sub", "-", -2, "left"), ("mul", "*", -1, "either"),
    ("true_div", "/", -1, "left"), ("int_div", "//", -1, "left"), ("pow", "**", 1, "right"),
    ("neg", "-", 0, "either"), ("dot", "\\dot", -1, "left"),
)  # fmt: skip

for _name, _sign, _precedence, _side in OPERATORS:
    pprint.assign(_name, OperatorPrinter(_sign, _precedence, _side))
pprint.assign("abs_", PatternPrinter(("|%(0)s|", OUTERMOST)))
pprint.assign("dimshuffle", DimShufflePrinter())
pprint.assign("subtensor", SubtensorPrinter())
pprint.assign("vector", VectorPrinter())
pprint.assign("join", FunctionPrinter("join"))
pprint.assign("alloc", FunctionPrinter("alloc"))
pprint.assign("elemwise", _ByName())
pprint.assign("cast", _ByName())
pp = pprint
