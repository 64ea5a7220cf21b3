"""What the tests of convolution share: a definition in bare loops, random cases, exact numbers."""

import itertools
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from symconv.graph.nodes import Variable
from symconv.graph.traverse import toposort
from symconv.graph.types import TensorType, type_of
from symconv.ops.conv import ConvGeometry


def convolve_by_loops(image, filters, stride, pads, dilation, groups, flip):
    """The definition, element by element and without a padded image: pixels outside count as zero."""
    batch, _, *spatial = image.shape
    count, depth, *kernel = filters.shape
    output = [
        (i + a + b - (d * (k - 1) + 1)) // s + 1
        for i, (a, b), d, k, s in zip(spatial, pads, dilation, kernel, stride, strict=True)
    ]
    result = np.zeros((batch, count, *output), np.result_type(image, filters))
    for n, k, *place in itertools.product(*map(range, result.shape)):
        group = k // (count // groups)
        for c, *tap in itertools.product(*map(range, filters.shape[1:])):
            axes = zip(place, stride, dilation, tap, pads, strict=True)
            pixel = [j * s + d * t - a for j, s, d, t, (a, _) in axes]
            if all(0 <= p < size for p, size in zip(pixel, spatial, strict=True)):
                met = [size - 1 - t for size, t in zip(kernel, tap, strict=True)] if flip else tap
                result[n, k, *place] += image[n, group * depth + c, *pixel] * filters[k, c, *met]
    return result


@dataclass(frozen=True)
class Case:
    """A geometry and arrays that fit it, with the pads worked out independently."""

    geometry: ConvGeometry
    pads: tuple
    image: np.ndarray
    filters: np.ndarray

    @property
    def expected(self):
        geometry = self.geometry
        return convolve_by_loops(
            self.image, self.filters, geometry.stride, self.pads, geometry.dilation, geometry.groups,
            geometry.flip,
        )  # fmt: skip

    @property
    def gradient(self):
        """Some output gradient, of small integers."""
        return whole_numbers(self.expected.shape, self.expected.dtype, seed=3)


def whole_numbers(shape, dtype="float64", seed=0):
    """Small integers carried in floats: every sum of them is exact."""
    random = np.random.default_rng([seed, *shape])
    numbers = random.integers(-4, 5, shape).astype(dtype)
    if np.dtype(dtype).kind == "c":
        numbers = numbers + np.asarray(1j * random.integers(-4, 5, shape), dtype)
    return numbers


@st.composite
def cases(draw, ndims=(1, 2, 3), dtypes=("float32", "float64", "complex64", "complex128"), smallest_batch=0):
    """Cases over ranks, strides, every kind of padding, dilation, groups, flips and dtypes."""
    ndim = draw(st.sampled_from(ndims))
    few = st.integers(1, 3)
    stride, dilation, kernel = (tuple(draw(few) for _ in range(ndim)) for _ in range(3))
    extents = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    pair = st.tuples(st.integers(0, 4), st.integers(0, 4))
    entry = st.one_of(st.integers(0, 4), pair)
    mode = draw(st.one_of(st.sampled_from(["valid", "half", "full"]), st.tuples(*[entry] * ndim)))
    if mode == "valid":
        pads = ((0, 0),) * ndim
    elif mode == "half":
        pads = tuple((e // 2, e // 2) for e in extents)
    elif mode == "full":
        pads = tuple((e - 1, e - 1) for e in extents)
    else:
        pads = tuple((one, one) if isinstance(one, int) else one for one in mode)
    most = {1: 9, 2: 5, 3: 2}[ndim]
    smallest = [max(1, e - a - b) for e, (a, b) in zip(extents, pads, strict=True)]
    spatial = [size + draw(st.integers(0, most)) for size in smallest]
    groups = draw(st.integers(1, 3 if ndim < 3 else 2))
    batch = draw(st.integers(smallest_batch, 2))
    depth, each = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    dtype = draw(st.sampled_from(dtypes))
    return Case(
        ConvGeometry(stride, mode, dilation, groups, draw(st.booleans())),
        pads,
        whole_numbers((batch, groups * depth, *spatial), dtype, seed=1),
        whole_numbers((groups * each, depth, *kernel), dtype, seed=2),
    )


def variable(name, dtype, *shape):
    """An input."""
    return Variable(TensorType(dtype, shape), name)


def like(array, name=None, hidden=()):
    """An input of the array's type, some of its sizes hidden."""
    type = type_of(array)
    return Variable(
        type.with_shape(None if axis in hidden else size for axis, size in enumerate(type.shape)), name
    )


def constant_value(variable):
    """What a constant holds."""
    return variable.data


def evaluate(outputs, values):
    """The outputs' values, by the meaning of each op."""
    known = dict(values)
    for node in toposort(outputs, stop=known):
        inputs = [known[v] if v in known else constant_value(v) for v in node.inputs]
        results = node.op.perform(*inputs)
        known.update(zip(node.outputs, results if isinstance(results, tuple) else (results,), strict=True))
    return [known[output] for output in outputs]
