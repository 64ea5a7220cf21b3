"""The classes ``AbstractConv...``: convolution and its two gradients, with parameters; imports symconv.

Calling one builds symconv's own ops, so gradients, of any order, are symconv's.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

import symconv as sc
from symconv.errors import ArgumentError, OptionError, RankError
from symconv.graph.nodes import Constant, Variable
from symconv.graph.origin import here
from symconv.theano._errors import UnsupportedError
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import one_adopted

FORWARD = {2: sc.conv2d, 3: sc.conv3d}


class BaseAbstractConv:
    """The parameters that the three share, checked as Theano checks them.

    Parameters
    ----------
    convdim : int
        2 or 3 spatial axes.
    imshp, kshp : sequence of (int or None), optional
        What is known of the shapes of images and filters.
    border_mode : str, int or tuple
        "valid", "full", "half", or how many zeros are put around the image; pairs in two dimensions only.
    subsample, filter_dilation : tuple of int
        The strides; the distance between the taps of a filter.
    filter_flip : bool
        True: convolution; False: correlation.
    num_groups : int
        Groups of channels that do not see one another.
    unshared : bool
        Whether each output pixel has filters of its own; in two dimensions only.

    Raises
    ------
    OptionError
        For a parameter with a value that does not exist.
    ArgumentError
        For strides or dilations that are no sequences.
    UnsupportedError
        In three dimensions, for pads that differ on the two sides, and for ``unshared``.
    """

    __props__: ClassVar[tuple[str, ...]] = (
        "convdim", "border_mode", "subsample", "filter_flip", "imshp", "kshp", "filter_dilation",
        "num_groups", "unshared",
    )  # fmt: skip

    def __init__(
        self,
        convdim: int,
        imshp: Any = None,
        kshp: Any = None,
        border_mode: Any = "valid",
        subsample: Any = None,
        filter_flip: bool = True,
        filter_dilation: Any = None,
        num_groups: int = 1,
        unshared: bool = False,
    ) -> None:
        if convdim not in (2, 3):
            raise OptionError(f"a convolution over {convdim} axes is not supported", hint="choose 2 or 3")
        if unshared and convdim != 2:
            raise UnsupportedError(
                f"an unshared convolution over {convdim} axes is not supported",
                hint="symconv.unshared_conv takes one to three axes",
            )
        self.convdim = convdim
        self.border_mode = checked_border_mode(border_mode, convdim)
        self.imshp = _hint("imshp", imshp, 2 + convdim)
        self.kshp = _hint("kshp", kshp, 2 + 2 * convdim if unshared else 2 + convdim)
        self.filter_flip = filter_flip
        self.subsample = _steps("subsample", subsample, convdim)
        self.filter_dilation = _steps("filter_dilation", filter_dilation, convdim)
        if num_groups < 1:
            raise OptionError(f"num_groups must be at least 1, got {num_groups}", where=here())
        self.num_groups = num_groups
        self.unshared = unshared

    def _key(self) -> tuple[Any, ...]:
        return (type(self), *(getattr(self, name) for name in self.__props__))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BaseAbstractConv) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        stated = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__props__)
        return f"{type(self).__name__}{{{stated}}}"

    @property
    def _geometry(self) -> dict[str, Any]:
        """The parameters as symconv's functions of gradients take them."""
        return {
            "border_mode": self.border_mode,
            "subsample": self.subsample,
            "filter_flip": self.filter_flip,
            "filter_dilation": self.filter_dilation,
            "num_groups": self.num_groups,
        }

    def _check(self, name: str, x: Variable, ndim: int) -> Variable:
        if x.ndim != ndim:
            raise RankError(
                f"{type(self).__name__} needs {name} of {ndim} dimensions, got {x.ndim}",
                arguments=[(name, x.type)],
                where=here(),
            )
        return x

    def _operands(self, **operands: Any) -> list[Variable]:
        """Images, filters and gradients as variables of the right rank."""
        ranks = {"kern": 2 + 2 * self.convdim if self.unshared else 2 + self.convdim}
        return [
            self._check(name, as_tensor_variable(x), ranks.get(name, 2 + self.convdim))
            for name, x in operands.items()
        ]

    def _unshared(self, image: Variable, filters: Variable) -> Variable:
        return one_adopted(sc.unshared_conv(image, filters, self.imshp, self.kshp, **self._geometry))


class AbstractConv(BaseAbstractConv):
    """Convolution: ``op(img, kern)``."""

    def __call__(self, img: Any, kern: Any) -> Variable:
        image, filters = self._operands(img=img, kern=kern)
        if self.unshared:
            return self._unshared(image, filters)
        return one_adopted(FORWARD[self.convdim](image, filters, self.imshp, self.kshp, **self._geometry))


class AbstractConv_gradInputs(BaseAbstractConv):
    """The gradient by the images: ``op(kern, topgrad, shape)``, ``shape`` being their spatial sizes.

    ``shape`` is a sequence of integers or integer scalar variables, or an integer vector.
    """

    def __call__(self, kern: Any, topgrad: Any, shape: Any, add_assert_shape: bool = True) -> Variable:
        filters, top = self._operands(kern=kern, topgrad=topgrad)
        sizes = [*self.imshp[:2], *_agreed(self.imshp[2:], shape, self.convdim)]
        if not self.unshared:
            return one_adopted(sc.conv_grad_wrt_inputs(top, filters, sizes, self.kshp, **self._geometry))
        sizes[0] = sc.size_of(top, 0) if sizes[0] is None else sizes[0]
        sizes[1] = sc.size_of(filters, 3) * self.num_groups if sizes[1] is None else sizes[1]
        image = sc.zeros(tuple(sizes), top.dtype)
        return one_adopted(sc.Lop(self._unshared(image, filters), image, top))


class AbstractConv_gradWeights(BaseAbstractConv):
    """The gradient by the filters: ``op(img, topgrad, shape)``, ``shape`` being their spatial sizes.

    ``shape`` is a sequence of integers or integer scalar variables, or an integer vector.
    """

    def __call__(self, img: Any, topgrad: Any, shape: Any, add_assert_shape: bool = True) -> Variable:
        image, top = self._operands(img=img, topgrad=topgrad)
        last = _agreed(self.kshp[-self.convdim :], shape, self.convdim)
        if not self.unshared:
            sizes = [*self.kshp[:2], *last]
            return one_adopted(sc.conv_grad_wrt_weights(image, top, sizes, self.imshp, **self._geometry))
        first = [sc.size_of(top, axis) for axis in range(1, 4)]
        sizes = [*first, sc.size_of(image, 1) // self.num_groups]
        sizes = [known if known is not None else size for known, size in zip(self.kshp, sizes, strict=False)]
        filters = sc.zeros((*sizes, *last), image.dtype)
        return one_adopted(sc.Lop(self._unshared(image, filters), filters, top))


class _Two(BaseAbstractConv):
    """Images with rows and columns."""

    def __init__(
        self,
        imshp: Any = None,
        kshp: Any = None,
        border_mode: Any = "valid",
        subsample: Any = (1, 1),
        filter_flip: bool = True,
        filter_dilation: Any = (1, 1),
        num_groups: int = 1,
        unshared: bool = False,
    ) -> None:
        super().__init__(
            2, imshp, kshp, border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared
        )


class _Three(BaseAbstractConv):
    """Volumes with depth, rows and columns."""

    def __init__(
        self,
        imshp: Any = None,
        kshp: Any = None,
        border_mode: Any = "valid",
        subsample: Any = (1, 1, 1),
        filter_flip: bool = True,
        filter_dilation: Any = (1, 1, 1),
        num_groups: int = 1,
    ) -> None:
        super().__init__(3, imshp, kshp, border_mode, subsample, filter_flip, filter_dilation, num_groups)


class AbstractConv2d(_Two, AbstractConv):
    """Convolution of images: ``op(img, kern)``."""


class AbstractConv2d_gradInputs(_Two, AbstractConv_gradInputs):
    """Its gradient by the images: ``op(kern, topgrad, shape)``."""


class AbstractConv2d_gradWeights(_Two, AbstractConv_gradWeights):
    """Its gradient by the filters: ``op(img, topgrad, shape)``."""


class AbstractConv3d(_Three, AbstractConv):
    """Convolution of volumes: ``op(img, kern)``."""


class AbstractConv3d_gradInputs(_Three, AbstractConv_gradInputs):
    """Its gradient by the volumes: ``op(kern, topgrad, shape)``."""


class AbstractConv3d_gradWeights(_Three, AbstractConv_gradWeights):
    """Its gradient by the filters: ``op(img, topgrad, shape)``."""


# Parameters


def checked_border_mode(mode: Any, convdim: int) -> Any:
    """A border mode in Theano's normal form.

    Integers in tuples must be Python's, as in Theano.
    """
    if isinstance(mode, int):
        mode = (mode,) * convdim
    elif isinstance(mode, str) and mode in ("valid", "full", "half"):
        return mode
    if not isinstance(mode, tuple) or len(mode) != convdim:
        raise _bad_border(mode, convdim)
    pads = tuple(_pad(entry, mode, convdim) for entry in mode)
    return pads if any(pads) else "valid"


def _pad(entry: Any, mode: Any, convdim: int) -> Any:
    if isinstance(entry, int) and entry >= 0:
        return entry
    pair = isinstance(entry, tuple) and len(entry) == 2
    if not pair or not all(isinstance(part, int) and part >= 0 for part in entry):
        raise _bad_border(mode, convdim)
    if convdim != 2:
        raise UnsupportedError(
            f"pads that differ before and behind are not supported over {convdim} axes, got {mode!r}",
            hint="symconv.conv3d takes them",
        )
    return entry[0] if entry[0] == entry[1] else entry


def _bad_border(mode: Any, convdim: int) -> OptionError:
    return OptionError(
        f"border_mode needs 'valid', 'full', 'half', an integer of at least 0 or a tuple of {convdim}, "
        f"got {mode!r}",
        where=here(),
        hint="'half' keeps the size of an image where filters have odd sizes",
    )


def _steps(name: str, value: Any, convdim: int) -> tuple[Any, ...]:
    if value is None:
        return (1,) * convdim
    if not hasattr(value, "__len__"):
        raise ArgumentError(f"{name} needs {convdim} integers, got {value!r}", where=here())
    if len(value) != convdim:
        raise OptionError(f"{name} must have {convdim} elements, got {value!r}", where=here())
    return tuple(value)


def _hint(name: str, hint: Any, ndim: int) -> tuple[int | None, ...]:
    """What is known of a shape; constants count as numbers."""
    if hint is None or len(hint) == 0:
        return (None,) * ndim
    try:
        sizes = [entry.data.item() if isinstance(entry, Constant) else entry for entry in hint]
        known = tuple(size if size is None else size.__index__() for size in sizes)
    except (AttributeError, TypeError):
        known = ()
    if len(known) != ndim:
        raise OptionError(
            f"{name} needs {ndim} entries, each a constant integer or None, got {tuple(hint)!r}",
            where=here(),
            hint="a size that is itself computed cannot be a hint: give None for it",
        )
    return known


def _agreed(known: Sequence[Any], shape: Any, convdim: int) -> list[Any]:
    """The spatial sizes of a result: those known beforehand, else those stated."""
    if isinstance(shape, Constant):
        shape = shape.data
    if isinstance(shape, Variable):
        if shape.ndim != 1:
            raise RankError("the shape of a gradient must be a vector", arguments=[("shape", shape.type)])
        entries: list[Any] = [shape[axis] for axis in range(convdim)]
    else:
        entries = [int(size) if isinstance(size, np.generic) else size for size in shape]
    if len(entries) != convdim:
        raise OptionError(f"the shape of a gradient needs {convdim} sizes, got {shape!r}", where=here())
    return [size if stated is None else stated for stated, size in zip(known, entries, strict=True)]


__all__ = [
    "AbstractConv", "AbstractConv2d", "AbstractConv2d_gradInputs", "AbstractConv2d_gradWeights",
    "AbstractConv3d", "AbstractConv3d_gradInputs", "AbstractConv3d_gradWeights", "AbstractConv_gradInputs",
    "AbstractConv_gradWeights", "BaseAbstractConv",
]  # fmt: skip
