"""Each algorithm forced, in each direction: threads, tilings, symmetries, error bounds, memory.

Where every sum is exact (small integers in floats) results are equal to the bit, whatever is cut or reordered.
"""

import numpy as np
import pytest
from conv_cases import cases, whole_numbers
from hypothesis import given
from hypothesis import strategies as st
from test_conv_algorithms import NAMES, compiled, three
from test_conv_algorithms import assert_same as assert_same_bits

import symconv as sc
from symconv.compile.plan import Planner
from symconv.config import current
from symconv.graph.nodes import Variable
from symconv.graph.types import TensorType, type_of
from symconv.ops.conv import ConvGeometry
from symconv.ops.conv.algorithms import PORTFOLIO
from symconv.ops.conv.algorithms.problem import Problem
from symconv.ops.conv.ops import Conv, ConvGradFilters, ConvGradInput
from symconv.ops.pool.ops import Route, Spread

GEOMETRIES = {
    "pointwise": (ConvGeometry((1, 1)), (5, 3, 1, 1)),
    "row by row": (ConvGeometry((1, 1), ((2, 0), 1), groups=3), (6, 1, 3, 3)),
}
ORDINARY = ConvGeometry((1, 1), ((2, 0), 1)), (5, 3, 3, 3)
KINDS = ("forward", "by the image", "by the filters")


def problem_for(name, kind, dtype="float64", made=whole_numbers, size=(4, 3, 17, 19)):
    """An op and operands that an algorithm fits."""
    geometry, shape = GEOMETRIES.get(name, ORDINARY)
    image, filters = made(size, dtype), made(shape, dtype)
    gradient = made(Conv(geometry).out_types(type_of(image), type_of(filters)).shape, dtype)
    return {
        "forward": (Conv(geometry), (image, filters)),
        "by the image": (ConvGradInput(geometry), (gradient, filters, image)),
        "by the filters": (ConvGradFilters(geometry), (image, gradient, filters)),
    }[kind]


def assert_same(name, result, expected):
    """To the bit; Winograd's larger tile has thirds in its transforms and rounds."""
    if name != "winograd 4x4":
        assert_same_bits(name, result, expected)
        return
    largest = abs(expected).max(initial=1)
    np.testing.assert_allclose(result, expected, rtol=0, atol=200 * np.finfo(result.dtype).eps * largest, strict=True)


def random_numbers(shape, dtype):
    return np.random.default_rng([*shape]).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_any_number_of_threads_gives_the_same_bits(name, kind):
    for dtype in ("float32", "float64"):
        op, arrays = problem_for(name, kind, dtype, random_numbers)
        results = []
        for threads in (1, 2, 5):
            with sc.settings(conv_algorithm=name, threads=threads, tile_bytes=4096, scratch_bytes=16384):
                function = compiled(op, *arrays)
                results += [function(*arrays).tobytes(), function(*arrays).tobytes()]
        assert len(set(results)) == 1


@pytest.mark.parametrize("name", NAMES)
@given(
    case=cases(smallest_batch=1), threads=st.sampled_from([1, 2, 5]),
    tile=st.integers(6, 14).map(lambda power: 2**power + 3), scratch=st.integers(8, 16).map(lambda power: 2**power - 5),
)  # fmt: skip
def test_random_tilings(name, case, threads, tile, scratch):
    for op, arrays in three(case)[: 1 if name == "fft" else 3]:  # its plans take long
        with sc.settings(conv_algorithm=name, threads=threads, tile_bytes=tile, scratch_bytes=scratch):
            result = compiled(op, *arrays)(*arrays)
        assert_same(name, result, op.perform(*arrays))


@pytest.mark.parametrize("name", NAMES)
def test_images_channels_and_maps_may_be_permuted_and_images_shifted(name):
    geometry, shape = GEOMETRIES.get(name, ORDINARY)
    groups = geometry.groups
    plain = ConvGeometry((1, 1), groups=groups)
    x, w = whole_numbers((4, 3, 17, 19)), whole_numbers(shape)
    random = np.random.default_rng(1)
    with sc.settings(conv_algorithm=name, tile_bytes=4096, threads=2):
        f = sc.function([a := sc.tensor4(), b := sc.tensor4()], Conv(plain)(a, b))
        y = f(x, w)
        batch, maps = random.permutation(4), random.permutation(shape[0])
        assert_same(name, f(x[batch], w), y[batch])
        assert_same(name, f(x[:, :, 3:, 2:], w), y[:, :, 3:, 2:])
        if groups == 1:
            channels = random.permutation(3)
            assert_same(name, f(x, w[maps]), y[:, maps])
            assert_same(name, f(x[:, channels], w[:, channels]), y)
        else:  # whole groups change places
            order = random.permutation(groups)
            whole = np.arange(shape[0]).reshape(groups, -1)[order].ravel()
            assert_same(name, f(x[:, order], w[whole]), y[:, whole])
        assert_same(name, f(2 * x, w) - f(x, w), y)


@pytest.mark.parametrize("kind", ["by the image", "by the filters"])
@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("winograd")])
def test_gradients_are_within_the_bound_of_plain_summation(name, kind):
    """n terms summed one after the other are wrong by n eps sum |x w|; times what the algorithm states."""
    op, arrays = problem_for(name, kind, "float32", random_numbers, (2, 3, 40, 41))
    with sc.settings(conv_algorithm=name, threads=1):
        result = compiled(op, *arrays)(*arrays)
    exact = op.perform(*(array.astype("float64") for array in arrays))
    terms = op.perform(*(abs(array).astype("float64") for array in arrays))
    image, filters = (arrays[2], arrays[1]) if kind == "by the image" else (arrays[0], arrays[2])
    problem = Problem.of("forward", op.geometry, image.shape, filters.shape, "float32", True)
    module = next(module for module in PORTFOLIO if name == module.NAME)
    count = np.prod(filters.shape) / filters.shape[1] if kind == "by the image" else problem.output[0] * problem.pixels
    factor = module.error(problem)
    assert (abs(result - exact) <= factor * count * np.finfo("float32").eps * terms).all()


# Memory: planned, and the plan's memory read, for images that need not exist

HUGE = 20_000  # pixels a side
LAYERS = {
    "valid": ConvGeometry((1, 1)),
    "half": ConvGeometry((1, 1), "half"),
    "full": ConvGeometry((1, 1), "full"),
    "lopsided": ConvGeometry((1, 1), ((900, 3), (0, 7000))),
    "strided": ConvGeometry((2, 3), "half"),
    "dilated": ConvGeometry((1, 1), "half", (3, 40)),
}


def planned_bytes(output, *inputs):
    """Bytes of the workspace of a plan for inputs of the sizes that their types say."""
    fused = sc.function(list(inputs), output, on_unused_input="ignore").stages["fused"]
    lent = [np.broadcast_to(np.zeros((), v.dtype), v.type.shape) for v in inputs]
    with sc.settings(threads=2):
        return Planner(fused, fused.inputs, "layer").make(lent, current()).bytes


@pytest.mark.parametrize("direction", KINDS)
@pytest.mark.parametrize("layer", LAYERS)
def test_scratch_is_bounded_whatever_the_image(layer, direction):
    geometry = LAYERS[layer]
    image, filters = TensorType("float32", (1, 1, HUGE, HUGE)), TensorType("float32", (2, 1, 9, 9))
    gradient = Variable(Conv(geometry).out_types(image, filters))
    x, w = Variable(image), Variable(filters)
    if direction == "forward":
        output, inputs = sc.tanh(Conv(geometry)(x, w) + 1), (x, w)
    elif direction == "by the image":
        output, inputs = ConvGradInput(geometry)(gradient, w, x), (gradient, w, x)
    else:
        output, inputs = ConvGradFilters(geometry)(x, gradient, w), (x, gradient, w)
    assert planned_bytes(output, *inputs) < 64 << 20


@pytest.mark.parametrize("name", NAMES)
def test_scratch_of_each_algorithm_is_bounded(name):
    geometry, shape = GEOMETRIES.get(name, ORDINARY)
    x, w = Variable(TensorType("float32", (1, 3, HUGE, HUGE))), Variable(TensorType("float32", shape))
    with sc.settings(conv_algorithm=name):
        assert planned_bytes(Conv(geometry)(x, w), x, w) < 64 << 20


def test_scratch_is_bounded_by_the_setting():
    x, w = Variable(TensorType("float32", (1, 3, HUGE, HUGE))), Variable(TensorType("float32", (2, 3, 3, 3)))
    sizes = []
    for scratch in (1 << 20, 1 << 22):
        with sc.settings(scratch_bytes=scratch, tile_bytes=scratch // 2, conv_algorithm="columns"):
            sizes.append(planned_bytes(Conv(ConvGeometry((1, 1), "half"))(x, w), x, w))
        assert sizes[-1] < 2 * 2 * scratch  # two threads, and rounding up to what a block needs
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("mode", ["max", "average_exc_pad"])
def test_scratch_of_pooling_is_bounded(mode):
    x = Variable(TensorType("float32", (1, 1, HUGE, HUGE)))
    pooled = sc.pool(x, (3, 2), (2, 2), (1, 0), mode)
    assert planned_bytes(pooled, x) < 64 << 20
    g, z = Variable(pooled.type), Variable(pooled.type)
    arguments = (x, z, g) if mode == "max" else (g, x)
    backward = (Route if mode == "max" else Spread)(mode, 2, True, pooled.owner.op.geometry)
    assert planned_bytes(backward(*arguments), *arguments) < 64 << 20
