"""What all ops of pooling share: their windows, and checks of shapes; imports the graph and the geometry.

A window, stride and padding that are known are the op's parameter. Where one of them is symbolic the
geometry is None and three integer vectors (window, stride, pad) follow the op's other inputs.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from symconv.errors import DTypeError, RankError, ShapeError
from symconv.frozen import frozen
from symconv.graph.nodes import Apply, Constant, Variable
from symconv.graph.op import Op, Role
from symconv.graph.types import Array, Dim, TensorType, type_of
from symconv.ops.pool.geometry import PoolGeometry

if TYPE_CHECKING:  # the builder is handed in
    from symconv.compile.builder import Builder
    from symconv.compile.values import Value


@frozen
class _Pooling(Op):
    """What the ops of pooling share.

    Attributes
    ----------
    mode : str
        "max", "sum", "average_inc_pad" or "average_exc_pad".
    ndim : int
        Number of pooled axes, the last ones.
    ignore_border : bool
        Whether windows that are not whole are left out.
    geometry : PoolGeometry or None
        None: window, stride and pad are the last three inputs.
    """

    mode: str
    ndim: int
    ignore_border: bool
    geometry: PoolGeometry | None

    tensors: ClassVar[tuple[str, ...]] = ()
    keeps_order: ClassVar[bool] = True

    @property
    def role(self) -> Role:  # type: ignore[override]
        """A symbolic window makes the result's shape depend on values, and nothing fuses with that."""
        return "anchor" if self.geometry is not None else "opaque"

    @property
    def argument_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The tensors, then what is symbolic."""
        return self.tensors if self.geometry is not None else (*self.tensors, "window", "stride", "pad")

    @property
    def reads_values(self) -> tuple[int, ...]:  # type: ignore[override]
        """Window, stride and pad, where they are inputs."""
        count = len(self.tensors)
        return () if self.geometry is not None else (count, count + 1, count + 2)

    @property
    def details(self) -> tuple[str, ...]:
        """Window, and what is not usual."""
        geometry = self.geometry
        if geometry is None:
            return (f"mode={self.mode!r}", *(() if self.ignore_border else ("border kept",)))
        return (
            f"window={geometry.window}",
            *((f"stride={geometry.stride}",) if geometry.stride != geometry.window else ()),
            *((f"pad={geometry.pad}",) if any(geometry.pad) else ()),
            *(() if geometry.ignore_border else ("border kept",)),
            f"mode={self.mode!r}",
        )

    def _other(self, kind: "type[_Pooling]", inputs: Sequence[Variable], *tensors: Variable) -> Variable:
        """Another op of the family on the same windows."""
        op = kind(self.mode, self.ndim, self.ignore_border, self.geometry)
        result: Variable = op(*tensors, *inputs[len(self.tensors) :])
        return result

    def _known(self, types: Sequence[TensorType]) -> PoolGeometry | None:
        """The geometry, where it is a parameter or its inputs' values are known."""
        if self.geometry is not None:
            return self.geometry
        rest = types[len(self.tensors) :]
        for name, type in zip(("window", "stride", "pad"), rest, strict=True):
            if type.dtype[0] not in "ui" or type.ndim != 1 or type.shape[0] not in (None, self.ndim):
                raise ShapeError(
                    f"{self.label} needs {name} as a vector of {self.ndim} integers, got {type}",
                    hint="one size for each pooled axis",
                )
        values = [type.value for type in rest]
        if any(value is None for value in values):
            return None
        window, stride, pad = (tuple(map(int, value)) for value in values if value is not None)
        return PoolGeometry(window, stride, pad, self.ignore_border)

    def _pooled(self, x: TensorType, types: Sequence[TensorType]) -> tuple[Dim, ...]:
        """The shape of the windows' results for a tensor."""
        if x.ndim < self.ndim:
            raise RankError(
                f"{self.label} over {self.ndim} axes needs at least {self.ndim} dimensions, got {x.ndim}",
                hint="the last axes are pooled",
            )
        if x.is_complex or x.dtype == "bool":
            hint = "x.astype('int8') of booleans; abs, real or imag of complex numbers"
            raise DTypeError(f"{self.label} needs real numbers, got {x.dtype}", hint=hint)
        lead, sizes = x.shape[: x.ndim - self.ndim], x.shape[x.ndim - self.ndim :]
        geometry = self._known(types)
        return (*lead, *((None,) * self.ndim if geometry is None else geometry.output_sizes(sizes)))

    def _check_pooled(
        self, what: str, pooled: TensorType, x: TensorType, types: Sequence[TensorType]
    ) -> None:
        expected = self._pooled(x, types)
        fits = pooled.ndim == len(expected) and all(
            a is None or b is None or a == b for a, b in zip(pooled.shape, expected, strict=True)
        )
        if not fits:
            raise ShapeError(
                f"{self.label} needs {what} of shape {_text(expected)}, which is what its windows make of "
                f"{_text(x.shape)}, got {_text(pooled.shape)}"
            )

    def _split(self, arrays: Sequence[Array]) -> tuple[list[Array], PoolGeometry]:
        """The tensors among the inputs, and the geometry."""
        geometry = self._known([type_of(array).with_value(array) for array in arrays])
        assert geometry is not None
        return list(arrays[: len(self.tensors)]), geometry

    def _performed(self, k: "Builder", inputs: "Sequence[Value]", outputs: "Sequence[Value]") -> None:
        if self.geometry is None:
            k.perform(self, inputs, outputs)
            return
        at = k.whole(outputs[0].ndim)
        tile = k.tile(at)
        k.perform(self, inputs, (tile,))
        k.epilogue(tile, at)

    def units(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Whole windows where they lie side by side from end to end; the whole axis where they do not."""
        geometry, before = self.geometry, (1,) * (len(shape) - self.ndim)
        assert geometry is not None
        parts = zip(shape[len(before) :], geometry.window, geometry.stride, geometry.pad, strict=True)
        return *before, *(
            window if window == stride and pad == 0 and size % window == 0 else 0
            for size, window, stride, pad in parts
        )

    def fold(self, node: Apply) -> Variable | None:
        """A symbolic window that turned out to be constant becomes a parameter."""
        rest = node.inputs[len(self.tensors) :]
        if self.geometry is not None or not all(isinstance(variable, Constant) for variable in rest):
            return None
        geometry = self._known(self.known_types(node.inputs))
        op = type(self)(self.mode, self.ndim, self.ignore_border, geometry)
        result: Variable = op(*node.inputs[: len(self.tensors)])
        return result


def _text(shape: Sequence[Dim]) -> str:
    return "(" + ", ".join("?" if size is None else str(size) for size in shape) + ")"
