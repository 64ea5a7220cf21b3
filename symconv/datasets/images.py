"""Labelled images, their split, and their enlargement; imports the errors."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from symconv.errors import ShapeError

Array = npt.NDArray[Any]


class Images(NamedTuple):
    """Labelled images.

    Attributes
    ----------
    images : float array, [n, h, w]
        Ink from 0 (none) to 1.
    labels : int64 array, [n]
        The class of each.
    """

    images: Array
    labels: Array

    @property
    def rows(self) -> Array:
        """Each image as one row, [n, h * w]: what the first chapters take."""
        return self.images.reshape(len(self.images), -1)


@dataclass(frozen=True)
class Split:
    """Images to learn from, to choose by, and to be judged by.

    Attributes
    ----------
    train, valid, test : Images
        No image is in two of them.
    """

    train: Images
    valid: Images
    test: Images


def enlarge(images: npt.ArrayLike, size: int) -> Array:
    """Images of size x size pixels, by bilinear interpolation.

    Parameters
    ----------
    images : array_like, [n, h, w]
    size : int
        At least 1. The middle of the first new pixel lies as far from the border, in parts of the picture,
        as it must for the picture to stay in its place; beyond the border it continues as it ends.

    Returns
    -------
    float array, [n, size, size]
        Of the dtype of ``images`` where that is a floating-point one.

    Raises
    ------
    ShapeError
        For an array of other than 3 dimensions, of no pixels, or a size below 1.

    Examples
    --------
    >>> enlarge([[[0.0, 1.0]]], 4)[0, 0]
    array([0.  , 0.25, 0.75, 1.  ])
    """
    values = np.asarray(images)
    if values.ndim != 3 or 0 in values.shape[1:] or size < 1:
        raise ShapeError(
            f"to enlarge to {size} x {size} pixels takes images [n, h, w]",
            arguments=[("images", f"{values.dtype}{list(values.shape)}")],
        )
    values = values.astype(np.result_type(values.dtype, np.float16), copy=False)
    across, down = _weights(values.shape[2], size), _weights(values.shape[1], size)
    result: Array = np.matmul(down.astype(values.dtype), np.matmul(values, across.T.astype(values.dtype)))
    return result


def _weights(old: int, new: int) -> Array:
    """How much of each old pixel is in each new one, [new, old]."""
    place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    left = np.minimum(place.astype(int), max(old - 2, 0))
    weights = np.zeros((new, old))
    weights[np.arange(new), left] = 1 - (place - left)
    weights[np.arange(new), np.minimum(left + 1, old - 1)] += place - left
    return weights
