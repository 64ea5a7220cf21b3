"""``theano.tensor.signal.pool``: pooling with Theano's arguments; imports symconv."""

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import symconv as sc
from symconv.errors import ArgumentError, OptionError
from symconv.graph.nodes import Constant, Variable
from symconv.graph.origin import here
from symconv.theano._errors import AssertedError, UnsupportedError
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import one_adopted

MODES = ("max", "sum", "average_inc_pad", "average_exc_pad")


def pool_2d(
    input: Any,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0, 0),
    mode: str = "max",
    ds: Any = None,
    st: Any = None,
    padding: Any = None,
) -> Variable:
    """``symconv.pool_2d`` over the last two axes; ``ds``, ``st`` and ``padding`` are older names.

    Without ``ignore_border`` windows that begin in the image count, with a warning, as in Theano.

    Raises
    ------
    OptionError
        For a name and its older one, without a window, and for unknown modes; a ``ValueError``.
    UnsupportedError
        For too few axes, and padding that cannot be; a ``NotImplementedError``.
    """
    return _pooled(2, input, ws, ignore_border, stride, pad, mode, ds, st, padding)


def pool_3d(
    input: Any,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0, 0, 0),
    mode: str = "max",
    ds: Any = None,
    st: Any = None,
    padding: Any = None,
) -> Variable:
    """``symconv.pool_3d`` over the last three axes; arguments as of ``pool_2d``."""
    return _pooled(3, input, ws, ignore_border, stride, pad, mode, ds, st, padding)


def max_pool_2d_same_size(input: Any, patch_size: Any) -> Variable:
    """The input where it is the largest of its window, else 0."""
    return one_adopted(sc.max_pool_2d_same_size(as_tensor_variable(input), patch_size))


def _pooled(
    ndim: int, input: Any, ws: Any, ignore_border: Any, stride: Any, pad: Any, mode: str, *older: Any
) -> Variable:
    padding = None if pad is None or (isinstance(pad, tuple) and pad == (0,) * ndim) else pad
    ds, st, old_padding = older
    window, stride = _one("ws", ws, "ds", ds), _one("stride", stride, "st", st)
    pad = _one("pad", padding, "padding", old_padding)
    if window is None:
        raise OptionError("pooling needs the window's sizes", where=here(), hint="pass ws=(rows, cols)")
    if ignore_border is None:
        warnings.warn("pooling without ignore_border counts windows beyond the border", stacklevel=3)
    return Pool(bool(ignore_border), mode, ndim)(input, window, stride, pad)


def _one(name: str, value: Any, old_name: str, old: Any) -> Any:
    if old is None:
        return value
    if value is not None:
        raise OptionError(f"{name} and its older name {old_name} were both given", where=here(),
                          hint=f"give {name} alone")  # fmt: skip
    warnings.warn(f"{old_name} of pooling is called {name} now", stacklevel=4)
    return old


# The classes


class _Pooling:
    """What pooling and its gradients share.

    Raises
    ------
    OptionError
        For a mode that does not exist.
    """

    __props__: ClassVar[tuple[str, ...]] = ("ignore_border", "mode", "ndim")

    def __init__(self, ignore_border: bool, mode: str = "max", ndim: int = 2, openmp: Any = None) -> None:
        mode = "max" if mode == "max_deterministic" else mode
        if mode not in MODES:
            raise OptionError(f"pooling has no mode {mode!r}", where=here(),
                              hint="choose one of " + ", ".join(MODES))  # fmt: skip
        self.ignore_border, self.mode, self.ndim = bool(ignore_border), mode, ndim

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pooling) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        return f"{type(self).__name__}{{{', '.join(f'{n}={getattr(self, n)!r}' for n in self.__props__)}}}"

    def _key(self) -> tuple[Any, ...]:
        return (type(self), self.ignore_border, self.mode, self.ndim)

    def _pool(self, x: Any, ws: Any, stride: Any, pad: Any) -> Variable:
        x = as_tensor_variable(x)
        window, stride, pad = (self._sizes(*each) for each in (("ws", ws), ("stride", stride), ("pad", pad)))
        if x.ndim < self.ndim:
            raise UnsupportedError(f"pooling over {self.ndim} axes needs as many, got {x.ndim}",
                                   arguments=[("x", x.type)], where=here())  # fmt: skip
        if isinstance(pad, list) and any(pad):
            if not self.ignore_border:
                raise UnsupportedError("padding needs ignore_border=True", where=here())
            if isinstance(window, list) and any(p >= w for p, w in zip(pad, window, strict=False)):
                raise UnsupportedError(f"padding must be smaller than the window, got {pad} and {window}",
                                       where=here())  # fmt: skip
        zeros = [0] * self.ndim
        pooled = sc.pool(x, window, stride, zeros if pad is None else pad, self.mode, self.ignore_border,
                         self.ndim)  # fmt: skip
        return one_adopted(pooled)

    def _sizes(self, name: str, value: Any) -> Any:
        """Numbers as a list, symbolic sizes as they are."""
        if value is None or (isinstance(value, Variable) and not isinstance(value, Constant)):
            return value
        if isinstance(value, Constant):
            value = value.data.tolist()
        if not hasattr(value, "__len__"):
            raise AssertedError(f"{name} needs {self.ndim} sizes, got {value!r}", where=here())
        if any(isinstance(entry, float) for entry in value):
            raise ArgumentError(f"{name} needs whole numbers, got {value!r}", where=here())
        entries = [entry.data.item() if isinstance(entry, Constant) else entry for entry in value]
        if any(isinstance(entry, Variable) for entry in entries):
            return as_tensor_variable(entries)
        return entries


class Pool(_Pooling):
    """Pooling: ``op(x, ws, stride, pad)``."""

    def __init__(
        self, ignore_border: bool = False, mode: str = "max", ndim: int = 2, openmp: Any = None
    ) -> None:
        super().__init__(ignore_border, mode, ndim, openmp)

    def __call__(self, x: Any, ws: Any, stride: Any = None, pad: Any = None) -> Variable:
        return self._pool(x, ws, stride, pad)

    @staticmethod
    def out_shape(
        imgshape: Sequence[Any],
        ws: Any = None,
        ignore_border: bool = False,
        stride: Any = None,
        pad: Any = None,
        ndim: int = 2,
        ds: Any = None,
        st: Any = None,
        padding: Any = None,
    ) -> list[Any]:
        """The shape of the result for images of a shape, as numbers or scalar variables."""
        window = ds if ws is None else ws
        if window is None:
            raise OptionError("pooling needs the window's sizes", where=here(), hint="pass ws=(rows, cols)")
        if len(imgshape) < ndim:
            raise ArgumentError(f"imgshape needs at least {ndim} sizes, got {imgshape!r}", where=here())
        stride = (st if stride is None else stride) or window
        pad = (padding if pad is None else pad) or (0,) * ndim
        spatial = tuple(imgshape)[-ndim:]
        sizes = (
            _windows(size, wide, step, zeros, ignore_border)
            for size, wide, step, zeros in zip(spatial, window, stride, pad, strict=True)
        )
        return [*tuple(imgshape)[:-ndim], *sizes]


def _windows(size: Any, window: int, stride: int, pad: int, ignore_border: bool) -> Any:
    largest = sc.maximum if isinstance(size, Variable) else max
    if ignore_border:
        return largest((size + 2 * pad - window) // stride + 1, 0)
    if stride >= window:
        return (size - 1) // stride + 1
    return largest((size - 1 - window + stride) // stride, 0) + 1


class PoolGrad(_Pooling):
    """The gradients of pooling."""


class MaxPoolGrad(PoolGrad):
    """The gradient of a maximum: ``op(x, maxout, gz, ws, stride, pad)``."""

    def __init__(self, ignore_border: bool, ndim: int = 2, openmp: Any = None) -> None:
        super().__init__(ignore_border, "max", ndim, openmp)

    def __call__(
        self, x: Any, maxout: Any, gz: Any, ws: Any, stride: Any = None, pad: Any = None
    ) -> Variable:
        x = as_tensor_variable(x)
        return one_adopted(sc.Lop(self._pool(x, ws, stride, pad), x, as_tensor_variable(gz)))


class AveragePoolGrad(PoolGrad):
    """The gradient of a sum or average: ``op(x, gz, ws, stride, pad)``."""

    def __init__(self, ignore_border: bool, mode: str = "average_inc_pad", ndim: int = 2) -> None:
        super().__init__(ignore_border, mode, ndim)

    def __call__(
        self, x: Any, gz: Any, ws: Any, stride: Any = None, pad: Any = None, dummy: Any = None
    ) -> Variable:
        x = as_tensor_variable(x)
        return one_adopted(sc.Lop(self._pool(x, ws, stride, pad), x, as_tensor_variable(gz)))


class DownsampleFactorMaxGradGrad(_Pooling):
    """The derivative of ``MaxPoolGrad`` by ``gz``: ``op(x, maxout, ggx, ws, stride, pad)``.

    It is the sum of ``ggx`` where ``x`` is the largest of its window.
    """

    def __call__(
        self, x: Any, maxout: Any, gz: Any, ws: Any, stride: Any = None, pad: Any = None
    ) -> Variable:
        x = as_tensor_variable(x)
        pooled = self._pool(x, ws, stride, pad)
        top = sc.zeros_like(pooled)
        return one_adopted(sc.Lop(sc.Lop(pooled, x, top), top, as_tensor_variable(gz)))


class MaxPoolRop(DownsampleFactorMaxGradGrad):
    """The derivative of a maximum in a direction: ``op(x, eval_point, ws, stride, pad)``."""

    def __init__(
        self, ignore_border: bool = False, mode: str = "max", ndim: int = 2, openmp: Any = None
    ) -> None:
        super().__init__(ignore_border, mode, ndim, openmp)

    def __call__(  # type: ignore[override]  # Theano's has no maxout
        self, x: Any, eval_point: Any, ws: Any, stride: Any = None, pad: Any = None
    ) -> Variable:
        return super().__call__(x, None, eval_point, ws, stride, pad)


__getattr__ = refuses("theano.tensor.signal.pool", globals())

__all__ = [
    "AveragePoolGrad", "DownsampleFactorMaxGradGrad", "MaxPoolGrad", "MaxPoolRop", "Pool", "PoolGrad",
    "max_pool_2d_same_size", "pool_2d", "pool_3d",
]  # fmt: skip
