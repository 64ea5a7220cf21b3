"""Where filters go on an image, and every size that follows from it; imports only errors.

Along one spatial axis, with image size i, filter size k, stride s, dilation d and pads a (low), b (high):

    extent    e = d (k - 1) + 1                 how many pixels a dilated filter spans
    output    o = (i + a + b - e) // s + 1      how often it fits on the padded image
    image     i = (o - 1) s + e - a - b         the smallest that gives o; so do the s - 1 next sizes
    filter    k = (i + a + b - (o - 1) s - 1) / d + 1
    field     r = (o - 1) s + e                 the pixels that o neighbouring outputs see

    border    "valid"  a = b = 0
              "half"   a = b = e // 2           keeps the size where s = 1 and e is odd
              "full"   a = b = e - 1            wherever filter and image touch

Output number j sees the padded pixels j s + d t for t = 0 .. k - 1; the filter element that meets them is
t, or k - 1 - t where the filter is flipped. An unknown size is None, and what depends on it is None too.
"""

from collections.abc import Iterator, Sequence
from operator import index
from typing import Any

from symconv.errors import OptionError, ShapeError
from symconv.frozen import frozen

Dim = int | None
Pads = tuple[int, int]
BorderMode = str | tuple[int | Pads, ...]

BORDER_MODES = ("valid", "half", "full")
_HINTS = {
    "same": "'half' keeps the size of the image where filter sizes are odd and the stride is 1",
    "causal": "pad the past alone: a pair (d * (k - 1), 0) for the time axis",
}


@frozen
class ConvGeometry:
    """How filters are laid on an image with any number of spatial axes.

    Parameters
    ----------
    stride : sequence of int
        Steps between neighbouring outputs, one a spatial axis; their number says how many axes there are.
    border_mode : str or sequence of (int or (int, int))
        "valid", "half", "full", or one entry an axis: zeros added on both sides, or (before, behind).
    dilation : sequence of int, optional
        Steps between neighbouring filter elements, one an axis; 1 each by default.
    groups : int
        Equal blocks of channels, each with its own equal block of filters.
    flip : bool
        True: filters are reversed along their spatial axes (a true convolution); False: they are laid on
        as they are (a cross-correlation).

    Raises
    ------
    OptionError
        For a value that does not exist, or entries that are not one for each axis.

    Notes
    -----
    The border mode is kept in one normal form, so that equal geometries compare equal: pads of zero
    everywhere are "valid", and a pair of equal pads is one integer.

    Examples
    --------
    >>> geometry = ConvGeometry(stride=(2, 2), border_mode=((1, 1), (0, 2)))
    >>> geometry.border_mode
    (1, (0, 2))
    >>> geometry.output_sizes(image=(9, None), filters=(3, 3))
    (5, None)
    """

    stride: tuple[int, ...]
    border_mode: BorderMode = "valid"
    dilation: tuple[int, ...] = ()
    groups: int = 1
    flip: bool = True

    def __post_init__(self) -> None:
        stride = _entries("the stride (subsample)", self.stride)
        ndim = len(stride)
        undilated = isinstance(self.dilation, tuple) and not self.dilation
        dilation = (1,) * ndim if undilated else self.dilation
        dilation = _entries("the dilation (filter_dilation)", dilation, ndim)
        groups = _whole(self.groups)
        if groups is None or groups < 1:
            raise OptionError(
                f"the number of groups must be an integer >= 1, got {self.groups!r}",
                hint="num_groups=1 lets every filter see every channel",
            )
        put = object.__setattr__  # the normal form of a frozen dataclass
        put(self, "stride", stride)
        put(self, "dilation", dilation)
        put(self, "border_mode", _border_mode(self.border_mode, ndim))
        put(self, "groups", groups)
        put(self, "flip", bool(self.flip))

    @property
    def ndim(self) -> int:
        """Number of spatial axes."""
        return len(self.stride)

    # Sizes, one entry a spatial axis

    def extents(self, filters: Sequence[Dim]) -> tuple[Dim, ...]:
        """Pixels that the dilated filters span."""
        return tuple(
            None if size is None else step * (size - 1) + 1
            for size, step in zip(filters, self.dilation, strict=True)
        )

    def pads(self, filters: Sequence[Dim]) -> tuple[tuple[Dim, Dim], ...]:
        """Zeros (before, behind) the image along each axis, for filters of these sizes."""
        match self.border_mode:
            case "valid":
                return ((0, 0),) * self.ndim
            case "half":
                both = [None if extent is None else extent // 2 for extent in self.extents(filters)]
                return tuple((pad, pad) for pad in both)
            case "full":
                both = [None if extent is None else extent - 1 for extent in self.extents(filters)]
                return tuple((pad, pad) for pad in both)
            case entries:
                return tuple((pad, pad) if isinstance(pad, int) else pad for pad in entries)  # type: ignore[misc]

    def padded_sizes(self, image: Sequence[Dim], filters: Sequence[Dim]) -> tuple[Dim, ...]:
        """Sizes of the image with its padding."""
        return tuple(
            None if size is None or low is None or high is None else size + low + high
            for size, (low, high) in zip(image, self.pads(filters), strict=True)
        )

    def output_sizes(self, image: Sequence[Dim], filters: Sequence[Dim]) -> tuple[Dim, ...]:
        """Sizes of the output.

        Raises
        ------
        ShapeError
            Where an image or filter is empty, or a filter does not fit on the padded image.
        """
        self._check_not_empty(image, filters)
        result: list[Dim] = []
        padded_sizes = self.padded_sizes(image, filters)
        for padded, extent, stride in zip(padded_sizes, self.extents(filters), self.stride, strict=True):
            if padded is not None and extent is not None and extent > padded:
                raise self._too_large(image, filters)
            result.append(None if padded is None or extent is None else (padded - extent) // stride + 1)
        return tuple(result)

    def image_sizes(self, output: Sequence[Dim], filters: Sequence[Dim]) -> tuple[range | None, ...]:
        """The image sizes, smallest first, that give outputs of these sizes; a range for each axis."""
        result: list[range | None] = []
        pads = self.pads(filters)
        for size, extent, (low, high), stride in zip(
            output, self.extents(filters), pads, self.stride, strict=True
        ):
            if size is None or extent is None or low is None or high is None:
                result.append(None)
                continue
            smallest = (size - 1) * stride + extent - low - high
            result.append(range(max(smallest, 1), smallest + stride))
        return tuple(result)

    def filter_sizes(self, image: Sequence[Dim], output: Sequence[Dim]) -> tuple[Dim, ...]:
        """Sizes of filters that take images of one size to outputs of another; None where several do.

        Only a stride of 1 tells the size, and "half" never does (two sizes give the same output).

        Raises
        ------
        ShapeError
            Where no filter size does.
        """
        result: list[Dim] = []
        for axis, (size, target) in enumerate(zip(image, output, strict=True)):
            if size is None or target is None or self.stride[axis] != 1 or self.border_mode == "half":
                result.append(None)
                continue
            if self.border_mode == "full":
                reach = target - size
            else:
                low, high = self.pads((1,) * self.ndim)[axis]
                reach = size + (low or 0) + (high or 0) - target
            if reach < 0 or reach % self.dilation[axis]:
                raise ShapeError(f"no filter size takes images of size {size} to outputs of size {target}")
            result.append(reach // self.dilation[axis] + 1)
        return tuple(result)

    def receptive_field(self, filters: Sequence[Dim], output: Sequence[Dim] | None = None) -> tuple[Dim, ...]:
        """Pixels of the padded image that a block of neighbouring outputs sees; one output by default."""
        output = (1,) * self.ndim if output is None else output
        return tuple(
            None if extent is None or size is None else (size - 1) * stride + extent
            for extent, size, stride in zip(self.extents(filters), output, self.stride, strict=True)
        )

    # Places

    def taps(
        self, filters: Sequence[int], output: Sequence[int]
    ) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
        """Each filter element, and the pixels of the padded image that it meets, one for each output."""
        places: list[tuple[tuple[int, ...], tuple[slice, ...]]] = [((), ())]
        for axis in range(self.ndim):
            places = [
                ((*element, entry), (*pixels, met))
                for element, pixels in places
                for entry, met in self._taps_along(axis, filters[axis], output[axis])
            ]
        return iter(places)

    def _taps_along(self, axis: int, size: int, output: int) -> Iterator[tuple[int, slice]]:
        stride, dilation = self.stride[axis], self.dilation[axis]
        for step in range(size):
            start = step * dilation
            element = size - 1 - step if self.flip else step
            yield element, slice(start, start + (output - 1) * stride + 1, stride)

    # Errors

    def _check_not_empty(self, image: Sequence[Dim], filters: Sequence[Dim]) -> None:
        for what, sizes in (("image", image), ("filters", filters)):
            if 0 in sizes:
                raise ShapeError(
                    f"an image and its filters need at least one pixel along each spatial axis, "
                    f"the {what} {'have' if what == 'filters' else 'has'} {sizes_text(sizes)}",
                    hint="no images, channels or filters are allowed, no pixels are not",
                )

    def _too_large(self, image: Sequence[Dim], filters: Sequence[Dim]) -> ShapeError:
        what = f"filters of {sizes_text(filters)}"
        if any(step != 1 for step in self.dilation):
            what += f", dilated to {sizes_text(self.extents(filters))},"
        where = f"an image of {sizes_text(image)}"
        padded = self.padded_sizes(image, filters)
        if padded != tuple(image):
            where += f", padded to {sizes_text(padded)}"
        return ShapeError(
            f"{what} do not fit on {where}",
            hint="pad the image: border_mode='half' or 'full', or a number of zeros for each axis",
        )


def sizes_text(sizes: Sequence[Dim]) -> str:
    """Sizes as people write them: "9x9", "?x5"."""
    return "x".join("?" if size is None else str(size) for size in sizes)


# Validation of parameters


def _whole(value: Any) -> int | None:
    """A Python or NumPy integer as an int; None for anything else, booleans included."""
    if isinstance(value, bool):
        return None
    try:
        return index(value)
    except TypeError:
        return None


def _entries(what: str, values: Any, length: int | None = None) -> tuple[int, ...]:
    try:
        entries = None if isinstance(values, str) else tuple(values)
    except (TypeError, ValueError):
        entries = None
    if not entries or (length is not None and len(entries) != length):
        count = "" if length is None else f"{length} "
        raise OptionError(
            f"{what} needs {count}integers, one for each spatial axis, got {values!r}",
            hint="(1, 1) for images",
        )
    numbers = [_whole(entry) for entry in entries]
    if any(number is None or number < 1 for number in numbers):
        hint = "1 is every pixel, 2 every second"
        raise OptionError(f"{what} needs integers >= 1, got {values!r}", hint=hint)
    return tuple(number for number in numbers if number is not None)


def _border_mode(mode: Any, ndim: int) -> BorderMode:
    if isinstance(mode, str):
        if mode not in BORDER_MODES:
            raise OptionError(
                f"{mode!r} is not a border mode",
                hint=_HINTS.get(mode, "the modes are 'valid', 'half' and 'full', or numbers of zeros"),
            )
        return mode
    whole = _whole(mode)
    try:
        entries = (whole,) * ndim if whole is not None else tuple(mode)
    except (TypeError, ValueError):
        raise _bad_pads(mode, ndim) from None
    if len(entries) != ndim:
        raise _bad_pads(mode, ndim)
    pads = tuple(_pad(entry, mode, ndim) for entry in entries)
    return pads if any(pads) else "valid"


def _pad(entry: Any, mode: Any, ndim: int) -> int | Pads:
    whole = _whole(entry)
    try:
        pair = (whole, whole) if whole is not None else tuple(map(_whole, entry))
    except (TypeError, ValueError):
        raise _bad_pads(mode, ndim) from None
    match pair:
        case (int(low), int(high)) if low >= 0 and high >= 0:
            return low if low == high else (low, high)
        case (int(low), int(high)):
            raise OptionError(
                f"padding must not be negative, got border_mode={mode!r}",
                hint="to leave out the border, slice the image",
            )
    raise _bad_pads(mode, ndim)


def _bad_pads(mode: Any, ndim: int) -> OptionError:
    return OptionError(
        f"border_mode needs 'valid', 'half', 'full', a number, or {ndim} entries, one for each spatial axis, "
        f"got {mode!r}",
        hint="an entry is a number of zeros for both sides, or a pair (before, behind)",
    )
