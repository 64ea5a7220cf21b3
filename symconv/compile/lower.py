"""A fused graph and concrete shapes become a program; imports graph and the kernel language.

    view node                  a view of its input's value, no kernel
    value known from shapes    a constant of the program
    any other node             one kernel, written by the op (or by its anchor, or as elementwise blocks)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from symconv.compile.blocks import Machine
from symconv.compile.builder import Builder, Names
from symconv.compile.cut import LARGEST_KNOWN
from symconv.compile.elementwise import Literal
from symconv.compile.follow import anchors_of
from symconv.compile.fuse import Fused
from symconv.compile.naming import RESERVED, comment_of, identifier, kernel_name, noun_of, places_of
from symconv.compile.places import Places, sizes
from symconv.compile.program import Kernel, Program, Results, verify
from symconv.compile.reductions import Reductions
from symconv.compile.region import Follower, Lead, Region
from symconv.compile.settle import settle
from symconv.compile.values import Buffer, Value, concrete
from symconv.errors import RoomError, SymconvError
from symconv.graph.container import LARGE, LARGEST, Recycled
from symconv.graph.function_graph import FunctionGraph
from symconv.graph.meaning import Types, infer, located
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import as_tuple
from symconv.graph.shared import SharedVariable
from symconv.graph.traverse import toposort
from symconv.graph.types import Array, TensorType, type_of

Tune = Callable[[Apply, Sequence[TensorType], Machine], Machine]  # what is best for a kernel: see tune.py
LARGEST_UNASKED = 1 << 32  # elements of a result that is planned without asking whether there is memory
INSIDE = ("elementwise", "reduction")  # roles that go on with tiles, and do not hand them over


def lower(
    graph: FunctionGraph,
    sources: Sequence[Variable],
    types: Sequence[TensorType],
    machine: Machine,
    results: Results = "fresh",
    tune: Tune | None = None,
) -> Program:
    """Write the program of a graph whose inputs and shared variables, in order, have concrete types.

    Its results are "fresh" arrays; or may be "aliased", with one another and with the inputs, where only
    other programs read them; or are written into "given" arrays. Where ``tune`` is given, it says for which
    machine each kernel with an anchor is written.

    The cores belong to BLAS, whose threads wake faster, where matrix products are all that is worth several
    threads; else to the loops over blocks.
    """
    if machine.threads > 1 and results == "fresh" and _multiplies(graph):
        program = _Lowering(graph, replace(machine, blas=True), results, tune).program(sources, types)
        if not program.parallel:
            return program
    return _Lowering(graph, machine, results, tune).program(sources, types)


def _multiplies(graph: FunctionGraph) -> bool:
    """Whether a graph has anchors, and all of them are products of matrices."""
    members = (node.op.inner.nodes if isinstance(node.op, Fused) else (node,) for node in graph.nodes)
    anchors = [member for nodes in members for member in nodes if member.op.role == "anchor"]
    return bool(anchors) and all(anchor.op.multiplies for anchor in anchors)


@dataclass(eq=False, repr=False)
class _Lowering:
    """The state of one lowering; mutable while it walks along the graph."""

    graph: FunctionGraph
    machine: Machine
    results: Results
    tune: Tune | None = None
    names: Names = field(default_factory=lambda: Names(RESERVED))
    types: Types = field(default_factory=dict)
    values: dict[Variable, Value] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    performs: dict[str, Any] = field(default_factory=dict)
    needs_contiguous: set[Buffer] = field(default_factory=set)
    kernels: list[Kernel] = field(default_factory=list)

    def program(self, sources: Sequence[Variable], types: Sequence[TensorType]) -> Program:
        """The whole program."""
        self._given = frozenset(self.graph.inputs)
        inputs = []
        for position, (variable, type) in enumerate(zip(sources, types, strict=True)):
            kind: Any = "shared" if isinstance(variable, SharedVariable) else "input"
            name = self.names(identifier(variable.name, f"{kind}_{position}"))
            buffer = Buffer(type.shape, type.dtype, 0, name, kind)  # type: ignore[arg-type]
            inputs.append(buffer)
            self.types[variable], self.values[variable] = type, buffer
        needed, self._wanted = needed_of(self.graph)
        for node in self.graph.nodes:
            infer(node, self.types)
            self._know_values(node)
        for node in self.graph.nodes:
            if node in needed:
                self._check_room(node)
        self._places = Places(self.graph, self.types)
        homes = self._places.homes(aliased=self.results == "aliased")
        fresh = set(homes.values())
        for node in self.graph.nodes:
            if node in needed and not self._known(node):
                self._lower(node, fresh)
        outputs = self._outputs(homes)
        program = Program(
            tuple(inputs), tuple(outputs), tuple(self.kernels), frozenset(self.needs_contiguous),
            self.constants, self.performs, self._spares(outputs),
        )  # fmt: skip
        if self.results == "fresh":
            program = settle(program, frozenset(self.values[v].buffer for v, _ in self.graph.updates))
        verify(program)
        return program

    def _check_room(self, node: Apply) -> None:
        """Refuse a result that no memory can hold, before its blocks are counted one by one."""
        for output in node.outputs:
            type = self.types[output]
            sizes = [size or 0 for size in type.shape]
            if prod(sizes) <= LARGEST_UNASKED or node.op.role == "view":
                continue
            try:
                np.empty(sizes, type.dtype)
            except (MemoryError, ValueError) as error:
                bytes = prod(sizes) * np.dtype(type.dtype).itemsize
                what = f"{node.op} makes {type}, {bytes / 2**30:,.0f} GiB: more than there is"
                hint = "compute parts of it, or fewer at a time"
                refusal = RoomError(what, hint=hint)
                raise located(refusal, node, [self.types[one] for one in node.inputs]) from error

    # What is known from shapes alone

    def _know_values(self, node: Apply) -> None:
        """Compute now what depends on sizes only, so that shapes that depend on it are known too."""
        arguments = []
        for position, variable in enumerate(node.inputs):
            type = self.types.get(variable) or type_of_constant(variable)
            if position in node.op.ignores_values:
                arguments.append(np.broadcast_to(np.zeros((), type.dtype), type.shape))  # type: ignore[arg-type]
            elif type.value is not None:
                arguments.append(type.value)
            else:
                return
        if any(np.prod(self.types[output].shape) > LARGEST_KNOWN for output in node.outputs):  # type: ignore[arg-type]
            return
        try:
            with np.errstate(all="ignore"):
                results = as_tuple(node.op.perform(*arguments))
        except SymconvError:
            return  # what values it cannot take, it says when it is run
        for output, result in zip(node.outputs, results, strict=True):
            self.types[output] = self.types[output].with_value(np.asarray(result, output.dtype))

    def _known(self, node: Apply) -> bool:
        return all(self.types[output].value is not None for output in node.outputs)

    # Where results go

    def _outputs(self, homes: dict[Variable, Variable]) -> list[Value]:
        outputs: list[Value] = []
        returned: set[Buffer] = set()
        for position, result in enumerate(self.graph.results):
            value = self.value(result)
            own = result in homes and value.buffer.kind == "output" and value.buffer not in returned
            if self.results == "given":
                own = own and isinstance(value, Buffer)
            elif self.results == "aliased":
                own = value.buffer.kind != "memory"
            if not own:
                fresh = self._buffer(result, "output", f"result_{position}")
                builder = self._builder(Region(None, (), {}, {}))
                builder.copy(value, fresh)
                self._kernel("copy", ("a copy: results are never aliased",), builder)
                value = fresh
            returned.add(value.buffer)
            outputs.append(value)
        return outputs

    def _spares(self, outputs: Sequence[Value]) -> dict[str, tuple[str, Any]]:
        """Who gives the memory of large results: shared variables of new values, else earlier results."""
        spares = {}
        count = len(self.graph.outputs)
        targets = [None] * count + [target for target, _ in self.graph.updates]
        for target, output in zip(targets, outputs, strict=True):
            if not isinstance(output, Buffer) or output.kind != "output" or self.results == "given":
                continue
            bytes = concrete(output.elements, {}) * _itemsize(output)
            if target is not None and bytes >= LARGE:
                name = self.names(f"memory_of_{self.values[target].buffer.name}")
                spares[output.name] = name, target.container.fresh
            elif target is None and LARGE <= bytes <= LARGEST:
                spares[output.name] = self.names(f"memory_of_{output.name}"), Recycled().fresh
        return spares

    # Kernels

    def value(self, variable: Variable) -> Value:
        """The value of a variable: a buffer, a view, or a constant of the program."""
        if variable not in self.values:
            type = self.types.get(variable) or type_of_constant(variable)
            assert type.value is not None, f"{variable} has no value yet"
            array = np.asarray(type.value, order="C")
            name = self.names(identifier(variable.name, "constant"))
            self.constants[name] = array
            self.values[variable] = Buffer(array.shape, array.dtype.name, array.ndim, name, "constant")
        return self.values[variable]

    def _buffer(
        self, variable: Variable, kind: Any, otherwise: str, order: tuple[int, ...] = ()
    ) -> Buffer:
        type = self.types.get(variable) or type_of_constant(variable)
        name = self.names(identifier(variable.name, otherwise))
        order = order if len(order) == type.ndim else ()
        return Buffer(type.shape, type.dtype, type.ndim, name, kind, order)  # type: ignore[arg-type]

    def _order(
        self, members: Sequence[Apply], outside: dict[Variable, Variable], ndim: int
    ) -> tuple[int, ...]:
        """How memory should run along what a kernel computes: as its anchor says, or as what it reads.

        What has more axes than the anchor's first result has them in front.
        """
        order = self._order_of(members, outside)
        more = max(0, ndim - len(order)) if order else 0
        return (*range(more), *(axis + more for axis in order))

    def _order_of(self, members: Sequence[Apply], outside: dict[Variable, Variable]) -> tuple[int, ...]:
        anchor = next((member for member in members if member.op.role not in INSIDE), None)
        if anchor is not None and not anchor.op.keeps_order:
            outer = [outside.get(variable, variable) for variable in anchor.inputs]
            types = [self.types.get(variable) or type_of_constant(variable) for variable in outer]
            return anchor.op.memory_order(types, self.machine.conv_algorithm)
        for member in members if anchor is None else [anchor]:
            for variable in member.inputs:
                value = self.values.get(outside.get(variable, variable))
                if isinstance(value, Buffer) and value.order and value.ndim == member.outputs[0].ndim:
                    return value.order
        return ()

    def _builder(self, region: Region, machine: Machine | None = None) -> Builder:
        return Builder(
            self.names, machine or self.machine, region, self.constants, self.performs, self.needs_contiguous
        )

    def _lower(self, node: Apply, fresh: set[Variable]) -> None:
        op = node.op
        if op.role == "view":
            self._look(node, {})
            return
        inner = op.inner if isinstance(op, Fused) else FunctionGraph(node.inputs, node.outputs)
        outside = dict(zip(inner.inputs, node.inputs, strict=True))
        members = tuple(member for member in inner.nodes if member.op.role != "view")
        for member in inner.nodes:
            if member.op.role == "view":
                self._look(member, outside)
        anchor, second = anchors_of(members)
        if second is not None and not self._follows(inner, node, second):
            self._lower_apart(node, inner, second, fresh)
            return
        read = _read_in_parts(anchor, members)
        leading = set(toposort(read, stop=frozenset(inner.inputs)))
        behind = tuple(member for member in members if member not in leading)
        leads = self._leads(read, inner, node)
        outputs: list[Value] = []
        overwritten = self._places.overwritten(node)
        if overwritten is not None and isinstance(self.values[overwritten], Buffer):
            (output,) = node.outputs
            outputs.append(self.values[overwritten])
            self.values[output] = outputs[0]
        for position, output in enumerate(node.outputs[len(outputs) :]):
            kind = "output" if output in fresh else "memory"
            noun = "result" if kind == "output" else noun_of(op, position)
            order = self._order(behind, outside, output.ndim) if kind == "memory" else ()
            outputs.append(self._buffer(output, kind, noun, order))
            self.values[output] = outputs[-1]
        filled: dict[Variable, Value] = {
            made: value
            for made, variable, value in zip(inner.outputs, node.outputs, outputs, strict=True)
            if variable in self._wanted or not isinstance(op, Fused)
        }
        region = self._region(behind, anchor, outside, filled)
        if second is not None:
            region = self._followed(region, second, self._shapes(inner, node))
        builder = self._builder(region, self._tuned(node) if anchor is not None else None)
        builder.node, builder.leads = anchor, leads
        if any(member.op.role == "reduction" for member in members):
            Reductions(builder, self._shapes(inner, node)).write()
        elif anchor is None:
            builder.elementwise(sizes(self.types[node.outputs[0]]), self._bytes_each(region))
        else:
            inputs = [
                self._argument(anchor, position, outside.get(variable, variable))
                for position, variable in enumerate(anchor.inputs)
            ]
            if len(anchor.outputs) > 1 and isinstance(op, Fused):
                first = self._stand_in(self._shapes(inner, node)[anchor.outputs[0]], anchor.outputs[0])
                outputs = [first, *(filled[output] for output in anchor.outputs[1:] if output in filled)]
                region.whole = first
            anchor.op.lower(builder, inputs, outputs)
        self._kernel(kernel_name(members), comment_of(node, members), builder, anchor, node)

    # What an anchor reads part by part

    def _leads(self, read: Sequence[Variable], inner: FunctionGraph, node: Apply) -> dict[Buffer, Lead]:
        """What stands for inputs that nothing has computed yet, and what computes them."""
        if not read:
            return {}
        outside = dict(zip(inner.inputs, node.inputs, strict=True))
        known = self._types_within(inner, node)
        leads = {}
        for made in read:
            assert made.owner is not None
            self.types[made] = known[made]
            lead = self._lead(made, inner, node)
            if 0 in lead.units:  # it cannot be cut
                self.values[made] = lead.store()
                continue
            name = noun_of(made.owner.op, 0).removesuffix("_result") or "input"
            buffer = self._buffer(made, "memory", name, self._order_of([made.owner], outside))
            self.values[made] = buffer
            leads[buffer] = lead
        return leads

    def _lead(self, made: Variable, inner: FunctionGraph, node: Apply) -> Lead:
        """What computes such an input: elementwise work, or another anchor."""
        outside = dict(zip(inner.inputs, node.inputs, strict=True))
        graph = FunctionGraph(inner.inputs, (made,))
        maker = made.owner
        assert maker is not None
        stored: list[Value] = []

        def store() -> Value:
            if not stored:
                part = Apply(Fused(graph), node.inputs, (made.type,), node.origin)
                infer(part, self.types)
                self._wanted.add(part.outputs[0])
                self._lower(part, set())
                stored.append(self.values[part.outputs[0]])
            return stored[0]

        if maker.op.role == "elementwise":
            members = [member for member in graph.nodes if member.op.role == "elementwise"]
            region = self._region(members, None, outside, {})
            return Lead(made, region, None, (), (1,) * made.ndim, store)
        inputs = tuple(
            self._argument(maker, position, outside.get(variable, variable))
            for position, variable in enumerate(maker.inputs)
        )
        shape = sizes(self.types[made])
        units = maker.op.units(shape)
        return Lead(made, Region(None, (), {}, {}), maker, inputs, units, store)

    # An anchor that follows another

    def _follows(self, inner: FunctionGraph, node: Apply, second: Apply) -> bool:
        """Whether the sizes allow a second anchor to work on the tiles of the first.

        Where axes must be whole, all maps of one image must fit into a tile.
        """
        cells = self._shapes(inner, node)[second.inputs[0]]
        units = second.op.units(cells)
        image = prod(cells[1:]) * np.dtype(second.inputs[0].dtype).itemsize
        return prod(cells) > 0 and (0 not in units or image <= self.machine.tile_bytes)

    def _lower_apart(self, node: Apply, inner: FunctionGraph, second: Apply, fresh: set[Variable]) -> None:
        """Two kernels: up to what the second anchor reads, and from there on."""
        cells = second.inputs[0]
        outside = dict(zip(inner.inputs, node.inputs, strict=True))
        behind = _depending(second, inner.nodes)
        early = [output for output in inner.outputs if output.owner not in behind and output is not cells]
        late = [output for output in inner.outputs if output.owner in behind]
        for made in ([cells, *early], late):
            graph = FunctionGraph(inner.inputs if made is not late else (*inner.inputs, cells), tuple(made))
            inputs = tuple(outside[variable] for variable in graph.inputs)
            part = Apply(Fused(graph), inputs, tuple(output.type for output in made), node.origin)
            infer(part, self.types)
            for own, output in zip(part.outputs, made, strict=True):
                outside[output] = own
                if output in inner.outputs:
                    whole = node.outputs[inner.outputs.index(output)]
                    own.name = whole.name
                    if whole in fresh:
                        fresh.add(own)
                    if whole not in self._wanted and output is not cells:
                        continue
                self._wanted.add(own)
            self._lower(part, fresh)
        for output, whole in zip(inner.outputs, node.outputs, strict=True):
            self.values[whole] = self.values[outside[output]]

    def _followed(
        self, region: Region, second: Apply, shapes: dict[Variable, tuple[int, ...]]
    ) -> Region:
        """A region cut in two: the work on the cells of a second anchor, and that on its results."""
        cells = second.inputs[0]
        behind = _depending(second, region.members)
        early = tuple(member for member in region.members if member not in behind)
        late = tuple(member for member in region.members if member in behind)
        stored = {v: whole for v, whole in region.outputs.items() if v.owner not in behind}
        made = {v: whole for v, whole in region.outputs.items() if v.owner in behind}
        made = {v: whole for v, whole in made.items() if v not in second.outputs[1:]}
        whole, pooled = self._stand_in(shapes[cells], cells), second.outputs[0]
        follower = Follower(
            second,
            whole,
            Region(pooled, late, region.values, made, None, self._stand_in(shapes[pooled], pooled)),
            tuple(region.outputs[output] for output in second.outputs[1:] if output in region.outputs),
        )
        return Region(region.anchor, early, region.values, stored, follower, whole)

    @staticmethod
    def _stand_in(shape: tuple[int, ...], variable: Variable) -> Buffer:
        """What has the shape and dtype of a variable that is not stored; nothing reads or writes it."""
        return Buffer(shape, variable.dtype, len(shape), "nowhere", "scratch")

    def _tuned(self, node: Apply) -> Machine:
        """What a kernel is written for."""
        if self.tune is None:
            return self.machine
        types = [self.types.get(variable) or type_of_constant(variable) for variable in node.inputs]
        return self.tune(node, types, self.machine)

    def _types_within(self, inner: FunctionGraph, node: Apply) -> Types:
        """The concrete types of a kernel's inputs, and of what its members compute."""
        known: Types = {
            variable: self.types.get(outer) or type_of_constant(outer)
            for variable, outer in zip(inner.inputs, node.inputs, strict=True)
        }
        for member in inner.nodes:
            infer(member, known)
        return known

    def _shapes(self, inner: FunctionGraph, node: Apply) -> dict[Variable, tuple[int, ...]]:
        """The concrete shapes of what the members of a kernel compute."""
        known = self._types_within(inner, node)
        return {output: sizes(known[output]) for member in inner.nodes for output in member.outputs}

    def _argument(self, node: Apply, position: int, variable: Variable) -> Value:
        """The value of an op's input; zeros that take no memory where it only looks at the type."""
        written = variable in self._wanted or variable in self._given or variable.owner is None
        known = self.types.get(variable, variable.type).value is not None
        computed = known or (variable in self.values and written)
        if position not in node.op.ignores_values or computed or isinstance(variable, Constant):
            return self.value(variable)
        type = self.types[variable]
        name = self.names("only_a_shape")
        self.constants[name] = np.broadcast_to(np.zeros((), type.dtype), sizes(type))
        return Buffer(sizes(type), type.dtype, 0, name, "constant")

    def _look(self, node: Apply, outside: dict[Variable, Variable]) -> None:
        """A view of its input's value; where that has gaps, of a copy without."""
        source = outside.get(node.inputs[0], node.inputs[0])
        known = {node.inputs[0]: self.types.get(source) or type_of_constant(source)}
        known.update((v, self.types[v]) for v in node.inputs[1:] if v in self.types)
        infer(node, known)
        self.types.update((output, known[output]) for output in node.outputs)
        builder = self._builder(Region(None, (), {}, {}))
        op = node.op.knowing([known.get(v) or type_of_constant(v) for v in node.inputs])
        view = op.view(builder, self.value(source), sizes(self.types[node.outputs[0]]))
        if builder.body:
            name = identifier(node.op.label.lower(), "view")
            self._kernel(name, (str(node.op), *places_of([node])), builder)
        self.values[node.outputs[0]] = view

    def _region(
        self,
        members: Sequence[Apply],
        anchor: Apply | None,
        inside: dict[Variable, Variable],
        outputs: dict[Variable, Value],
    ) -> Region:
        elementwise = tuple(member for member in members if member.op.role in INSIDE)
        computed = {output for member in members for output in member.outputs}
        values: dict[Variable, Any] = {}
        for member in elementwise:
            for variable in member.inputs:
                if variable not in computed and variable not in values:
                    outer = inside.get(variable, variable)
                    values[variable] = (
                        Literal(outer.data.reshape(())[()], outer.dtype)
                        if isinstance(outer, Constant) and outer.data.size == 1 and outer.ndim == 0
                        else self.value(outer)
                    )
        if anchor is not None:
            outputs = {made: value for made, value in outputs.items() if made not in anchor.outputs[1:]}
        return Region(anchor.outputs[0] if anchor else None, elementwise, values, outputs)

    def _bytes_each(self, region: Region) -> int:
        """Bytes that one element of an elementwise kernel touches."""
        touched = [*region.values.values(), *region.outputs.values()]
        return sum(_itemsize(value) for value in touched if isinstance(value, Value))

    def _kernel(
        self,
        name: str,
        comment: tuple[str, ...],
        builder: Builder,
        node: Apply | None = None,
        whole: Apply | None = None,
    ) -> None:
        comment = (*comment, *builder.notes)
        choices = tuple(builder.choices)
        self.kernels.append(Kernel(self.names(name), comment, builder.body, node, choices, whole))


def _depending(node: Apply, members: Sequence[Apply]) -> set[Apply]:
    """An apply, and the members, which are in order of computation, that depend on it."""
    found, made = {node}, set(node.outputs)
    for member in members:
        if not made.isdisjoint(member.inputs):
            found.add(member)
            made.update(member.outputs)
    return found


def _read_in_parts(anchor: Apply | None, members: Sequence[Apply]) -> list[Variable]:
    """The inputs of an anchor that members compute on the way in."""
    if anchor is None:
        return []
    read = (anchor.inputs[position] for position in anchor.op.reads_tiles)
    return [variable for variable in read if variable.owner is not None and variable.owner in members]


def _itemsize(value: Value) -> int:
    return np.dtype(value.dtype).itemsize


def type_of_constant(variable: Variable) -> TensorType:
    """The type of a constant, with its value."""
    assert isinstance(variable, Constant), f"{variable} is not known"
    return type_of(variable.data).with_value(variable.data)


def needed_of(graph: FunctionGraph) -> tuple[set[Apply], set[Variable]]:
    """The applies and variables whose values the results need: not those of which only the type matters."""
    needed: set[Apply] = set()
    wanted = set(graph.results)
    waiting = [variable.owner for variable in graph.results if variable.owner is not None]
    while waiting:
        node = waiting.pop()
        if node in needed:
            continue
        needed.add(node)
        for position, variable in enumerate(node.inputs):
            if variable.owner is not None and position not in node.op.ignores_values:
                waiting.append(variable.owner)
                wanted.add(variable)
    return needed, wanted
