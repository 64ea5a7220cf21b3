"""Every algorithm forced on every case that it fits, against the definition; threads, tiles, scratch."""

import numpy as np
import pytest
import scipy.signal
from conv_cases import cases, whole_numbers
from hypothesis import given

import symconv as sc
from symconv.compile.plan import Planner
from symconv.config import current
from symconv.graph.nodes import Variable
from symconv.graph.types import TensorType, type_of
from symconv.ops.conv import ConvGeometry
from symconv.ops.conv.algorithms import MOST_ERROR, PORTFOLIO
from symconv.ops.conv.algorithms.problem import Problem
from symconv.ops.conv.ops import Conv, ConvGradFilters, ConvGradInput

NAMES = [module.NAME for module in PORTFOLIO]


def compiled(op, *arrays):
    """An op alone, as a function of its arrays."""
    inputs = [Variable(type_of(array)) for array in arrays]
    return sc.function(inputs, op(*inputs), on_unused_input="ignore")


def three(case):
    """The three ops on a case, each with its arrays."""
    image, filters, gradient = case.image, case.filters, case.gradient
    return [
        (Conv(case.geometry), (image, filters)),
        (ConvGradInput(case.geometry), (gradient, filters, image)),
        (ConvGradFilters(case.geometry), (image, gradient, filters)),
    ]


@pytest.mark.parametrize("name", NAMES)
@given(case=cases())
def test_each_algorithm_is_the_definition(name, case):
    """Whole numbers carried in floats: no sum rounds, so the results are equal to the bit."""
    for op, arrays in three(case):
        with sc.settings(conv_algorithm=name, threads=2):
            result = compiled(op, *arrays)(*arrays)
        assert_same(name, result, op.perform(*arrays))


def assert_same(name, result, expected):
    """Equal to the bit; transforms round even whole numbers, but less than to the next single."""
    if name in ("fft", "winograd 4x4"):
        np.testing.assert_allclose(result, expected, rtol=1e-7, atol=1e-10, strict=True)
    else:
        np.testing.assert_array_equal(result, expected, strict=True)


@pytest.mark.parametrize("name", NAMES)
@given(case=cases(smallest_batch=1))
def test_any_cut_is_the_definition(name, case):
    """Tiles so small that every axis is cut, with ragged ends."""
    for op, arrays in three(case):
        with sc.settings(conv_algorithm=name, tile_bytes=64, scratch_bytes=256, threads=2):
            result = compiled(op, *arrays)(*arrays)
        assert_same(name, result, op.perform(*arrays))


@pytest.mark.parametrize(("maps", "channels", "several"), [(1, 1, False), (32, 32, True)])
def test_short_calls_are_left_to_one_thread(maps, channels, several):
    """Threads would only wait for one another's calls; where calls are long enough they share the blocks."""
    image = whole_numbers((1, channels, 200, 200), "float32")
    filters = whole_numbers((maps, channels, 3, 3), "float32")
    op = Conv(ConvGeometry((1, 1)))
    with sc.settings(threads=2):
        function = compiled(op, image, filters)
        np.testing.assert_array_equal(function(image, filters), op.perform(image, filters))
    assert ("in parallel" in function.profile()) == several
    assert ("scratch[:1]" in function.source) != several


@given(case=cases(dtypes=("float32", "float64"), smallest_batch=1))
def test_no_kernel_calls_perform(case):
    for op, arrays in three(case):
        function = compiled(op, *arrays)
        function(*arrays)
        assert "perform_" not in function.source, function.source


LARGE = ConvGeometry((2, 1), border_mode=((3, 1), (2, 4)), dilation=(1, 2))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "geometry", [LARGE, ConvGeometry((1, 1)), ConvGeometry((1, 1), groups=5)], ids=["strided", "plain", "groups"]
)
def test_threads_do_not_change_a_bit(geometry, dtype):
    random = np.random.default_rng(5)
    image = random.standard_normal((6, 5, 63, 71)).astype(dtype)
    filters = random.standard_normal((10, 5 // geometry.groups, 4, 3)).astype(dtype)
    output = Conv(geometry).out_types(type_of(image), type_of(filters)).shape
    gradient = random.standard_normal(output).astype(dtype)
    for op, arrays in [
        (Conv(geometry), (image, filters)),
        (ConvGradInput(geometry), (gradient, filters, image)),
        (ConvGradFilters(geometry), (image, gradient, filters)),
    ]:
        results = []
        for threads in (1, 2, 5):
            with sc.settings(threads=threads):
                results.append(compiled(op, *arrays)(*arrays))
        assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        (module.NAME, dtype)
        for module in PORTFOLIO
        for dtype in ("float32", "float64")
        if (module.NAME, dtype) != ("fft", "float64") and not module.NAME.startswith("winograd")
    ],
)
def test_the_error_is_within_its_bound(name, dtype):
    """n eps sum |x w| times the algorithm's factor, against float64 or, there, longdouble sums."""
    module = next(module for module in PORTFOLIO if name == module.NAME)
    random = np.random.default_rng(3)
    size = 1 if name == "pointwise" else 3
    groups = 3 if name == "row by row" else 1
    image = random.standard_normal((2, 24, 12, 13)).astype(dtype)
    filters = random.standard_normal((6, 24 // groups, size, size)).astype(dtype)
    wide = np.longdouble if dtype == "float64" else np.float64
    op = Conv(ConvGeometry((1, 1), groups=groups))
    with sc.settings(conv_algorithm=name):
        function = compiled(op, image, filters)
        result = function(image, filters)
    assert f"{name}, estimated" in function.profile()
    parts = zip(np.split(image, groups, 1), np.split(filters, groups), strict=True)
    exact = np.concatenate([sum_of_products(x.astype(wide), w.astype(wide)) for x, w in parts], 1)
    terms = op.perform(abs(image).astype("float64"), abs(filters).astype("float64"))
    problem = Problem.of("forward", op.geometry, image.shape, filters.shape, dtype, True)
    assert module.error(problem) <= MOST_ERROR
    bound = module.error(problem) * problem.field * np.finfo(dtype).eps * terms
    assert (abs(result - exact) <= bound).all()


def sum_of_products(image, filters):
    """The convolution in the operands' dtype, which may be wider than any algorithm's."""
    flipped = filters[:, :, ::-1, ::-1]
    rows, columns = (image.shape[axis] - filters.shape[axis] + 1 for axis in (2, 3))
    return sum(
        np.einsum("nchw,kc->nkhw", image[:, :, r : r + rows, c : c + columns], flipped[:, :, r, c])
        for r in range(filters.shape[2])
        for c in range(filters.shape[3])
    )


def test_correlation_of_scipy():
    image, filters = np.random.default_rng(1).standard_normal((2, 30, 31)), np.ones((1, 2, 5, 4))
    op = Conv(ConvGeometry((1, 1), border_mode="full", flip=False))
    expected = sum(scipy.signal.correlate(image[c], filters[0, c]) for c in (0, 1))
    result = compiled(op, image[None], filters)(image[None], filters)
    np.testing.assert_allclose(result[0, 0], expected, rtol=1e-12, atol=1e-12)


def test_gradients_twice_in_compiled_code():
    geometry = ConvGeometry((2, 1), border_mode=((1, 0), (0, 2)), dilation=(1, 2), groups=2)
    random = np.random.default_rng(8)
    image, filters = random.standard_normal((2, 4, 6, 7)), random.standard_normal((4, 2, 3, 2))

    def by_both(x, w):
        cost = (Conv(geometry)(x, w) ** 2).sum()
        by_x, by_w = sc.grad(cost, [x, w])
        return (by_x**2).sum() + (by_w**2).sum()

    sc.verify_grad(lambda x, w: Conv(geometry)(x, w), [image, filters])
    sc.verify_grad(by_both, [image, filters])


@pytest.mark.parametrize("op", [ConvGradInput, ConvGradFilters])
def test_work_goes_on_with_the_gradients_tile(op):
    geometry = ConvGeometry((2, 2), border_mode=(1, 1))
    image, filters = whole_numbers((2, 3, 9, 8)), whole_numbers((4, 3, 3, 3))
    gradient = Conv(geometry).perform(image, filters)
    arrays = (gradient, filters, image) if op is ConvGradInput else (image, gradient, filters)
    inputs = [Variable(type_of(array)) for array in arrays]
    function = sc.function(inputs, inputs[2] - 0.5 * op(geometry)(*inputs))
    expected = arrays[2] - 0.5 * op(geometry).perform(*arrays)
    np.testing.assert_array_equal(function(*arrays), expected)
    assert len([n for n in function.stages["fused"].nodes if n.op.role != "view"]) == 1


@pytest.mark.parametrize("border", ["valid", "half"])
def test_scratch_does_not_grow_with_the_image(border):
    """The chapter's layer on 20,000 x 20,000 pixels: planned, and the plan's memory read, not run."""
    image = Variable(TensorType("float32", (1, 1, 20_000, 20_000)))
    filters = np.ones((2, 1, 9, 9), "float32")
    layer = sc.tanh(Conv(ConvGeometry((1, 1), border_mode=border))(image, sc.constant(filters)) + 1)
    lent = np.broadcast_to(np.float32(0), image.type.shape)
    fused = sc.function([image], layer).stages["fused"]
    with sc.settings(threads=2):
        plan = Planner(fused, fused.inputs, "layer").make([lent], current())
    assert plan.bytes < 64 << 20


@pytest.mark.parametrize(
    ("shape", "name"),
    [((8, 96, 14, 14), "row by row"), ((1, 48, 60, 60), "auto"), ((1, 2, 300, 400), "auto")],
)
def test_depthwise_filters_are_computed_group_by_group(shape, name):
    """In each direction, whatever the blocks are cut along: images, groups or rows; chosen for large images."""
    image, filters = whole_numbers(shape, "float32"), whole_numbers((shape[1], 1, 3, 3), "float32")
    geometry = ConvGeometry((1, 1), border_mode="half", groups=shape[1])
    gradient = whole_numbers(shape, "float32", seed=5)
    for op, arrays in [
        (Conv(geometry), (image, filters)),
        (ConvGradInput(geometry), (gradient, filters, image)),
        (ConvGradFilters(geometry), (image, gradient, filters)),
    ]:
        with sc.settings(conv_algorithm=name):
            function = compiled(op, *arrays)
            np.testing.assert_array_equal(function(*arrays), op.perform(*arrays))
        by_filters = isinstance(op, ConvGradFilters)
        assert f"{'rows only' if by_filters else 'row by row'}, estimated" in function.profile()


@pytest.mark.parametrize("shapes", [((2, 4, 9, 8), (4, 1, 3, 3), 4), ((2, 4, 9, 8), (2, 4, 1, 1), 1)])
def test_the_profile_says_what_was_considered_and_why(shapes):
    """Every algorithm once for each problem: with its cost, the cheapest first, or why it was refused."""
    image, filters = (whole_numbers(shape) for shape in shapes[:2])
    geometry = ConvGeometry((1, 1), groups=shapes[2])
    gradient = Conv(geometry).perform(image, filters)
    problems = 0
    for op, arrays in [
        (Conv(geometry), (image, filters)),
        (ConvGradFilters(geometry), (image, gradient, filters)),
    ]:
        function = compiled(op, *arrays)
        function(*arrays)
        (kernel,) = [kernel for kernel in function.stages["program"].kernels if kernel.choices]
        for choice in kernel.choices:
            problems += 1
            assert sorted(one.name for one in choice.candidates) == sorted(NAMES)
            costs = [one.cost for one in choice.candidates if one.cost is not None]
            assert costs == sorted(costs)
            for line in str(choice).splitlines():
                assert line in function.profile()
            for one in choice.candidates:
                assert one.text, one
        assert any(line.startswith(choice.candidates[0].name) for line in kernel.comment)
    assert problems == 2


def test_phases_are_chosen_for_one_by_one():
    image, filters = whole_numbers((1, 2, 9, 8)), whole_numbers((3, 2, 3, 3))
    geometry = ConvGeometry((2, 1))
    gradient = Conv(geometry).perform(image, filters)
    function = compiled(ConvGradInput(geometry), gradient, filters, image)
    function(gradient, filters, image)
    (kernel,) = [kernel for kernel in function.stages["program"].kernels if kernel.choices]
    assert [choice.what for choice in kernel.choices] == [
        "float64 images 1x3x4x6, filters 2x3x2x3, zeros ((1, 1), (2, 2))",
        "float64 images 1x3x4x6, filters 2x3x1x3, zeros ((0, 0), (2, 2))",
    ]


def test_what_was_asked_for_and_does_not_fit_is_said():
    image, filters = whole_numbers((1, 1, 8, 8)), whole_numbers((1, 1, 3, 3))
    with sc.settings(conv_algorithm="pointwise"):
        function = compiled(Conv(ConvGeometry((1, 1))), image, filters)
        function(image, filters)
        assert "asked for: pointwise, which does not fit" in function.profile()
