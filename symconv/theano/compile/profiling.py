"""``theano.compile.profiling``: what calls, kernels and compiling took, measured; imports symconv.

f = theano.function(..., profile=True)     then f.profile.summary()
theano.config.profile = True               every function, printed when the program ends
"""

import atexit
import sys
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from time import perf_counter
from typing import Any, NamedTuple, TextIO

from symconv.compile.timing import Timings
from symconv.graph.nodes import Apply
from symconv.theano._clock import GRADIENTS
from symconv.theano._names import refuses
from symconv.theano.configuration import config

theano_imported_time = perf_counter()
_printed_at_exit: list["ProfileStats"] = []


class Row(NamedTuple):
    """One line of a table.

    Attributes
    ----------
    seconds : float
        What it took.
    calls, nodes : int
        How often it ran, and how many applies it is.
    name : str
    place : int or None
        An apply's place in the order of computation.
    """

    seconds: float
    calls: int
    nodes: int
    name: str
    place: int | None = None


class ProfileStats:
    """What was measured of a function; several functions may share one.

    Mutable because every call adds to it.

    Parameters
    ----------
    atexit_print : bool
        Whether to print a summary when the program ends.
    flag_time_thunks : bool, optional
        Whether to measure kernels; by default what ``theano.config.profiling.time_thunks`` says.
    gpu_checks : bool
        Accepted: there is no GPU.
    message : str, optional
        What to print above.

    Attributes
    ----------
    fct_callcount, fct_call_time, vm_call_time
        Number of calls; seconds in them; of them seconds behind the check of the arguments.
    compile_time, optimizer_time, linker_time : float
        Seconds to make the function; of them in the passes; and in plans, which the first calls make.
    apply_time, apply_callcount : dict
        For each apply of the compiled graph, seconds and calls.
    """

    def __init__(
        self,
        atexit_print: bool = True,
        flag_time_thunks: bool | None = None,
        gpu_checks: bool = True,
        message: str | None = None,
        **more: Any,
    ) -> None:
        wanted = config.profiling.time_thunks if flag_time_thunks is None else flag_time_thunks
        self.flag_time_thunks = wanted
        self.message = message
        self.ignore_first_call = config.profiling.ignore_first_call
        self.timings = Timings()
        self._lock = Lock()
        self.fct_callcount = 0
        self.fct_call_time = 0.0
        self.vm_call_time = 0.0
        self.compile_time = 0.0
        self.optimizer_time = 0.0
        self.validate_time = 0.0
        self.import_time = 0.0
        self.nb_nodes = 0
        self.line_width = config.profiling.output_line_width
        self.text: Callable[[], str] = str
        self._plans: Callable[[], Sequence[Any]] = list
        self._nodes: list[Apply] = []
        vars(self).update(more)
        if atexit_print:
            _printed_at_exit.append(self)

    def begin(self, nodes: Sequence[Apply], plans: Callable[[], Sequence[Any]]) -> None:
        """A function is measured from now on."""
        self._nodes += nodes
        self.nb_nodes = len(self._nodes)
        self._plans = plans

    def called(self, seconds: float) -> None:
        """One call more."""
        with self._lock:
            self.fct_callcount += 1
            if self.ignore_first_call and self.fct_callcount == 1:
                self.timings.clear()
                return
            self.fct_call_time += seconds
            self.vm_call_time = self.timings.running

    # What programs read

    @property
    def apply_time(self) -> dict[Apply, float]:
        """Seconds of each apply that ran."""
        return dict(self.timings.seconds)

    @property
    def apply_callcount(self) -> dict[Apply, int]:
        """Calls of each apply that ran."""
        return dict(self.timings.calls)

    @property
    def apply_cimpl(self) -> dict[Apply, bool]:
        """Whether an apply is C code: none is."""
        return dict.fromkeys(self.timings.seconds, False)

    @property
    def linker_time(self) -> float:
        """Seconds in the plans that are kept: lowering, memory, source."""
        return float(sum(plan.seconds for plan in self._plans()))

    def _by(self, key: Callable[[Apply], Any], value: Callable[[Apply], Any]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for node in self.timings.seconds:
            found[key(node)] = found.get(key(node), 0) + value(node)
        return found

    def class_time(self) -> dict[type, float]:
        """Seconds by class of op."""
        return self._by(lambda node: type(node.op), lambda node: self.timings.seconds[node])

    def class_callcount(self) -> dict[type, int]:
        """Calls by class of op."""
        return self._by(lambda node: type(node.op), lambda node: self.timings.calls[node])

    def class_nodes(self) -> dict[type, int]:
        """Applies by class of op."""
        return self._by(lambda node: type(node.op), lambda node: 1)

    def class_impl(self) -> dict[type, str]:
        """How a class of ops is computed: "Py"."""
        return dict.fromkeys(self.class_time(), "Py")

    def op_time(self) -> dict[Any, float]:
        """Seconds by op."""
        return self._by(lambda node: node.op, lambda node: self.timings.seconds[node])

    def op_callcount(self) -> dict[Any, int]:
        """Calls by op."""
        return self._by(lambda node: node.op, lambda node: self.timings.calls[node])

    def op_nodes(self) -> dict[Any, int]:
        """Applies by op."""
        return self._by(lambda node: node.op, lambda node: 1)

    def op_impl(self) -> dict[Any, str]:
        """How an op is computed: "Py"."""
        return dict.fromkeys(self.op_time(), "Py")

    def compute_total_times(self) -> dict[Apply, float]:
        """For each apply its seconds and those of all that it needs, each counted once."""
        needed: dict[Apply, set[Apply]] = {}
        for node in self._nodes:
            needed[node] = {node}
            for variable in node.inputs:
                if variable.owner is not None:
                    needed[node] |= needed.get(variable.owner, set())
        seconds = self.timings.seconds
        return {node: sum(seconds.get(one, 0.0) for one in ones) for node, ones in needed.items()}

    # What people read

    def summary(
        self, file: TextIO | None = None, n_ops_to_print: int = 20, n_apply_to_print: int = 20
    ) -> None:
        """All tables.

        Parameters
        ----------
        file : text file, optional
            By default the standard error output.
        n_ops_to_print, n_apply_to_print : int
            How long the tables are.
        """
        stream = sys.stderr if file is None else file
        self.summary_function(stream)
        self.summary_globals(stream)
        if self.timings.seconds:
            self.summary_class(stream, n_ops_to_print)
            self.summary_ops(stream, n_ops_to_print)
            self.summary_nodes(stream, n_apply_to_print)
        elif self.fct_callcount:
            print("  No kernel was measured: see theano.config.profiling.time_thunks", file=stream)
        if config.profile_memory:
            self.summary_memory(stream)

    def summary_function(self, file: TextIO) -> None:
        """Calls, kernels, compiling."""
        calls, call_time, thunks = self.fct_callcount, self.fct_call_time, sum(self.timings.seconds.values())

        def line(what: str, seconds: float, part: bool = True) -> None:
            share = f" ({seconds / call_time:.3%})" if part and call_time else ""
            print(f"  {what}: {seconds:e}s{share}", file=file)

        print("Function profiling", "==================", sep="\n", file=file)
        print(f"  Message: {self.message}", file=file)
        line(f"Time in {calls} calls to Function.__call__", call_time, False)
        line("Time in Function.fn.__call__", self.vm_call_time)
        line("Time in thunks", thunks)
        line("Total compile time", self.compile_time + self.linker_time, False)
        print(f"    Number of Apply nodes: {self.nb_nodes}", file=file)
        print(f"    Theano Optimizer time: {self.optimizer_time:e}s", file=file)
        print(f"       Theano validate time: {self.validate_time:e}s", file=file)
        what = "Theano Linker time (includes C, CUDA code generation/compiling)"
        print(f"    {what}: {self.linker_time:e}s", file=file)
        plans = sorted(self._plans(), key=lambda plan: -plan.seconds)
        print(f"       Import time {self.import_time:e}s", file=file)
        print(f"       Node make_thunk time {sum(plan.seconds for plan in plans):e}s", file=file)
        for plan in plans[:5]:
            print(
                f"           Plan {plan.source.splitlines()[0].strip(chr(34))} time {plan.seconds:e}s",
                file=file,
            )
        print(file=file)

    def summary_globals(self, file: TextIO) -> None:
        """Times of the whole program."""
        print(f"Time in all call to theano.grad() {GRADIENTS.seconds:e}s", file=file)
        print(f"Time since theano import {perf_counter() - theano_imported_time:.3f}s", file=file)

    def summary_class(self, file: TextIO, N: int | None = None) -> None:
        """The table of classes of ops."""
        calls, nodes = self.class_callcount(), self.class_nodes()
        rows = [
            Row(seconds, calls[kind], nodes[kind], f"{kind.__module__}.{kind.__name__}")
            for kind, seconds in self.class_time().items()
        ]
        self._table("Class", rows, N, file)

    def summary_ops(self, file: TextIO, N: int | None = None) -> None:
        """The table of ops."""
        calls, nodes = self.op_callcount(), self.op_nodes()
        rows = [Row(seconds, calls[op], nodes[op], str(op)) for op, seconds in self.op_time().items()]
        self._table("Ops", rows, N, file)

    def summary_nodes(self, file: TextIO, N: int | None = None) -> None:
        """The table of applies."""
        places = {node: place for place, node in enumerate(self._nodes)}
        rows = [
            Row(seconds, self.timings.calls[node], 1, repr(node), places.get(node))
            for node, seconds in self.timings.seconds.items()
        ]
        self._table("Apply", rows, N, file)

    def summary_memory(self, file: TextIO, N: int | None = None) -> None:
        """What each plan needs beside its inputs and results."""
        print("Memory Profile", "--------------", sep="\n", file=file)
        for plan in self._plans():
            title = plan.source.splitlines()[0].strip('"')
            print(f"  {plan.bytes / 1024:12.1f} KB  {title}", file=file)
        print(file=file)

    def _table(self, title: str, rows: Iterable[Row], most: int | None, file: TextIO) -> None:
        """Rows, those that took longest first, and what the rest took."""
        rows = sorted(rows, key=lambda row: (-row.seconds, row.name))
        total = sum(row.seconds for row in rows) or 1.0
        apply = title == "Apply"
        columns = "<% time> <sum %> <apply time> <time per call> "
        columns += "<#call> <id> <Apply name>" if apply else f"<type> <#call> <#apply> <{_NAMED[title]} name>"
        print(title, "------" if apply else "---", columns, sep="\n", file=file)
        sum_ = 0.0
        shown = rows[:most]
        for row in shown:
            sum_ += row.seconds
            line = f"{row.seconds / total:7.1%}{sum_ / total:9.1%}"
            line += f"{row.seconds:12.3f}s{row.seconds / row.calls:15.2e}s"
            if apply:
                place = "" if row.place is None else row.place
                line += f"{row.calls:7d}{place:>6}   {row.name}"
            else:
                line += f"     Py{row.calls:8d}{row.nodes:8d}   {row.name}"
            print(line[: self.line_width], file=file)
        left = sum(row.seconds for row in rows[len(shown) :])
        what = f"{title} instances" if apply else {"Class": "Classes"}.get(title, title)
        rest = f"account for {left / total:7.2%}({left:.2f}s) of the runtime)"
        print(f"   ... (remaining {len(rows) - len(shown)} {what} {rest}\n", file=file)

    def __call__(self) -> str:
        """What symconv's own ``f.profile()`` says: passes, plans, algorithms, memory."""
        return self.text()


_NAMED = {"Class": "Class", "Ops": "Op"}


class Unmeasured:
    """The ``profile`` of a function that is not measured: false, and callable for symconv's own report."""

    def __init__(self, text: Callable[[], str]) -> None:
        self.text = text

    def __bool__(self) -> bool:
        return False

    def __call__(self) -> str:
        """What was compiled, how long it took, what each plan chose, and its memory."""
        return self.text()

    def __repr__(self) -> str:
        return "None"


ScanProfileStats = ProfileStats


def print_global_stats() -> None:
    """Write the summaries of all functions that ``theano.config.profile`` measured, as at the end."""
    destination = config.profiling.destination
    for profile in _printed_at_exit:
        if not profile.fct_callcount and not profile.compile_time:
            continue
        if destination in ("stderr", "stdout"):
            profile.summary(getattr(sys, destination), config.profiling.n_ops, config.profiling.n_apply)
            continue
        with open(destination, "a", encoding="utf-8") as file:
            profile.summary(file, config.profiling.n_ops, config.profiling.n_apply)


atexit.register(print_global_stats)

__getattr__ = refuses("theano.compile.profiling", globals())

__all__ = ["ProfileStats", "ScanProfileStats", "config", "print_global_stats", "theano_imported_time"]
