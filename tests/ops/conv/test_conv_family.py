"""Transposed, unshared, separable and causal convolution, patches and upsampling, against plain NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates
from scipy.signal import convolve2d

import symconv as sc
from symconv.ops.conv import ConvGeometry
from symconv.ops.conv.patches import Fold, Unfold
from symconv.ops.conv.sizes import smallest_image


def drawn(*shape, seed=0, dtype="float64"):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def checked(inputs, output, *values):
    """The value, compiled, each kernel held against its definition."""
    return sc.function(inputs, output, mode="checked")(*values)


@st.composite
def layouts(draw, ndim):
    """Images, filters and parameters that fit."""
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    axes = range(ndim)
    kernel = [draw(st.integers(1, 3)) for _ in axes]
    dilation = tuple(draw(st.integers(1, 2)) for _ in axes)
    border = draw(st.sampled_from(["valid", "half", "full", 1, tuple((a % 2, 1) for a in axes)]))
    spatial = [d * (k - 1) + 1 + draw(st.integers(0, 3)) for k, d in zip(kernel, dilation, strict=True)]
    options = {
        "border_mode": border,
        "subsample": tuple(draw(st.integers(1, 3)) for _ in axes),
        "filter_dilation": dilation,
        "filter_flip": draw(st.booleans()),
        "num_groups": groups,
    }
    batch, depth, count = draw(st.integers(0, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2)) * groups
    x, w = drawn(batch, depth * groups, *spatial), drawn(count, depth, *kernel, seed=1)
    return x, w, options, draw(st.booleans())


def symbolic(static, *arrays):
    """Variables for arrays, with sizes or without."""
    return [
        sc.tensor(a.dtype.name, a.shape if static else (None,) * a.ndim, name=f"a{place}")
        for place, a in enumerate(arrays)
    ]


def geometry_of(options):
    return ConvGeometry(
        options["subsample"], options["border_mode"], options["filter_dilation"], flip=options["filter_flip"]
    )


CONV = {1: sc.conv1d, 2: sc.conv2d, 3: sc.conv3d}


@pytest.mark.parametrize("ndim", [1, 2, 3])
@settings(max_examples=15)
@given(data=st.data())
def test_transposed_is_the_adjoint(ndim, data):
    x, w, options, static = data.draw(layouts(ndim))
    y = CONV[ndim](x, w, **options).eval()
    g = drawn(*y.shape, seed=2)
    a, b = symbolic(static, g, w)
    known = options.copy()
    stride = known.pop("subsample")
    back = sc.conv_transpose(a, b, (None, None, *x.shape[2:]), input_dilation=stride, **known)
    found = checked([a, b], back, g, w)
    assert found.shape == x.shape
    np.testing.assert_allclose((found * x).sum(), (g * y).sum(), atol=1e-9)
    same = sc.conv_grad_wrt_inputs(a, b, x.shape, subsample=stride, **known)
    np.testing.assert_array_equal(checked([a, b], same, g, w), found)
    if x.size and min(smallest_image(geometry_of(options), w.shape[2:], y.shape[2:])) > 0:
        smallest = sc.conv_transpose(a, b, input_dilation=stride, **known)
        more = tuple(np.array(x.shape[2:]) - checked([a, b], smallest, g, w).shape[2:])
        padded = sc.conv_transpose(a, b, input_dilation=stride, output_padding=more, **known)
        np.testing.assert_array_equal(checked([a, b], padded, g, w), found)
    c, d = symbolic(static, x, g)
    filters = sc.conv_grad_wrt_weights(c, d, (None, None, *w.shape[2:]), subsample=stride, **known)
    np.testing.assert_allclose((checked([c, d], filters, x, g) * w).sum(), (g * y).sum(), atol=1e-9)


def test_transposed_with_a_computed_shape():
    x, n = sc.tensor("float64", (1, 1, None, None), name="x"), sc.lscalar("n")
    y = sc.conv2d_transpose(x, np.ones((1, 2, 3, 3)), (None, None, n, 8), input_dilation=2)
    f = sc.function([x, n], y)
    assert f(np.ones((1, 1, 3, 3)), 7).shape == (1, 2, 7, 8)
    assert f(np.ones((1, 1, 3, 3)), 8).shape == (1, 2, 8, 8)
    with pytest.raises(sc.ShapeError, match=r"output gradient"):
        f(np.ones((1, 1, 3, 3)), 9)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@settings(max_examples=12)
@given(data=st.data())
def test_unshared_with_equal_filters_is_shared(ndim, data):
    x, w, options, static = data.draw(layouts(ndim))
    expected = CONV[ndim](x, w, **options).eval()
    places = expected.shape[2:]
    bank = np.broadcast_to(w.reshape(w.shape[0], *(1,) * ndim, *w.shape[1:]),
                           (w.shape[0], *places, *w.shape[1:])).copy()  # fmt: skip
    a, b = symbolic(static, x, bank)
    np.testing.assert_allclose(checked([a, b], sc.unshared_conv(a, b, **options), x, bank), expected, atol=1e-10)


def test_unshared_filters_are_their_places():
    x, w = drawn(2, 3, 6, 5), drawn(4, 2, 2, 3, 3, 2, seed=1)
    found = sc.unshared_conv(x, w, subsample=(2, 3), filter_flip=False).eval()
    for i, j in np.ndindex(2, 2):
        patch = x[:, :, 2 * i : 2 * i + 3, 3 * j : 3 * j + 2]
        np.testing.assert_allclose(found[:, :, i, j], np.einsum("ncrs,kcrs->nk", patch, w[:, i, j]))


@pytest.mark.parametrize("groups", [1, 2])
def test_gradients_of_unshared(groups):
    def y(x, w):
        return sc.unshared_conv(x, w, border_mode=1, subsample=2, num_groups=groups)

    points = [drawn(1, 2, 3, 3), drawn(2, 2, 2, 2 // groups, 2, 2, seed=1)]
    sc.verify_grad(y, points)
    sc.verify_grad(lambda x, w: sc.grad((y(x, w) ** 2).sum(), x), points)


def test_gradients_of_transposed():
    def y(x, w):
        return sc.conv_transpose(x, w, input_dilation=2, output_padding=1, border_mode=1)

    points = [drawn(1, 2, 3), drawn(2, 1, 3, seed=1)]
    sc.verify_grad(y, points)
    sc.verify_grad(lambda x, w: sc.grad((y(x, w) ** 2).sum(), w), points)


def test_separable_and_depthwise():
    x, d, p = drawn(2, 3, 6, 7), drawn(6, 1, 3, 2, seed=1), drawn(4, 6, 1, 1, seed=2)
    between = np.stack(
        [[convolve2d(x[n, k // 2], d[k, 0], "valid")[::2] for k in range(6)] for n in range(2)]
    )
    np.testing.assert_allclose(sc.depthwise_conv(x, d, subsample=(2, 1)).eval(), between)
    expected = np.einsum("nkij,mk->nmij", between, p[:, :, 0, 0])
    a, b, c = symbolic(False, x, d, p)
    found = checked([a, b, c], sc.separable_conv(a, b, c, 3, subsample=(2, 1)), x, d, p)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 2)])
def test_causal_sees_the_past_alone(static, stride, dilation):
    x, w = drawn(1, 2, 9), drawn(3, 2, 3, seed=1)
    a, b = symbolic(static, x, w)
    y = sc.causal_conv1d(a, b, subsample=stride, filter_dilation=dilation)
    padded = np.pad(x, [(0, 0), (0, 0), (2 * dilation, 0)])
    expected = sum(
        np.einsum("nct,kc->nkt", padded[:, :, dilation * t :][:, :, :9:stride], w[:, :, 2 - t]) for t in range(3)
    )
    np.testing.assert_allclose(checked([a, b], y, x, w), expected)


@pytest.mark.parametrize("border", ["valid", "full"])
@pytest.mark.parametrize(("images", "filters"), [((), ()), ((3,), ()), ((), (2,)), ((3,), (2,))])
def test_signal_conv2d(border, images, filters):
    x, w = drawn(*images, 7, 6), drawn(*filters, 3, 2, seed=1)
    a, b = symbolic(False, x, w)
    found = checked([a, b], sc.signal_conv2d(a, b, border_mode=border, subsample=(2, 1)), x, w)
    each = [[convolve2d(i, f, border)[::2] for f in w.reshape(-1, 3, 2)] for i in x.reshape(-1, 7, 6)]
    np.testing.assert_allclose(found, np.array(each).reshape(*images, *filters, *each[0][0].shape))


@settings(max_examples=20)
@given(data=st.data())
def test_unfold_and_fold(data):
    x, w, options, _ = data.draw(layouts(2))
    geometry = geometry_of(options)
    p = Unfold(geometry).perform(x, w)
    g = drawn(*p.shape, seed=3)
    np.testing.assert_allclose((Fold(geometry).perform(g, x) * x).sum(), (p * g).sum(), atol=1e-9)
    y = sc.conv2d(x[:, :1], w[:1, :1], **{**options, "num_groups": 1}).eval()
    np.testing.assert_allclose(np.einsum("nrsij,rs->nij", p[:, 0], w[0, 0]), y[:, 0], atol=1e-10)


@pytest.mark.parametrize("mode", ["valid", "ignore_borders", "half", "full", "wrap_centered"])
@pytest.mark.parametrize("static", [True, False])
def test_neighbourhoods(mode, static):
    x = drawn(2, 3, 6, 8)
    (r, c), (down, right) = ((3, 3), (1, 5)) if mode != "ignore_borders" else ((4, 3), (4, 3))
    before = {"half": (r // 2, c // 2), "full": (r - 1, c - 1), "wrap_centered": (r // 2, c // 2)}.get(mode, (0, 0))
    kind = {"mode": "wrap"} if mode == "wrap_centered" else {}
    padded = np.pad(x, [(0, 0), (0, 0), *((n, n) for n in before)], **kind)
    rows, columns = range(0, padded.shape[2] - r + 1, down), range(0, padded.shape[3] - c + 1, right)
    exact = mode not in ("ignore_borders", "wrap_centered")
    if exact and (padded.shape[3] - c) % right:
        right = 1
        columns = range(padded.shape[3] - c + 1)
    expected = [
        padded[n, k, i : i + r, j : j + c].ravel() for n in range(2) for k in range(3) for i in rows for j in columns
    ]
    (a,) = symbolic(static, x)
    y = sc.images2neibs(a, (r, c), (down, right), mode)
    np.testing.assert_array_equal(checked([a], y, x), expected)
    small = drawn(1, 1, 4, 4)
    if mode != "ignore_borders":
        sc.verify_grad(lambda x: sc.images2neibs(x, (3, 3), (1, 1), mode) ** 2, [small])


@pytest.mark.parametrize("shape", [(4, 6), (5, 7)])
def test_neighbourhoods_and_back(shape):
    x = drawn(2, 3, *shape)
    mode = "valid" if shape == (4, 6) else "ignore_borders"
    a = sc.tensor4("a")
    back = sc.neibs2images(sc.images2neibs(a, (2, 3), mode=mode), (2, 3), a.shape, mode)
    expected = x.copy()
    expected[:, :, 4:] = 0
    expected[:, :, :, 6:] = 0
    np.testing.assert_array_equal(checked([a], back, x), expected)
    sc.verify_grad(lambda x: sc.neibs2images(x, (2, 2), (1, 1, 4, 2)) ** 2, [drawn(2, 4)])


@settings(max_examples=20)
@given(
    rows=st.integers(1, 5), columns=st.integers(1, 5), p=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    q=st.tuples(st.integers(1, 4), st.integers(1, 4)), static=st.booleans(),
)  # fmt: skip
def test_upsampling(rows, columns, p, q, static):
    x = drawn(2, 1, rows, columns)
    (a,) = symbolic(static, x)
    found = checked([a], sc.frac_bilinear_upsampling(a, ((p[0], q[0]), (p[1], q[1]))), x)
    places = []
    for size, up, down in zip(x.shape[2:], p, q, strict=True):
        up, down = up // np.gcd(up, down), down // np.gcd(up, down)
        places.append((np.arange(-(-size * up // down)) * down - (up - 1) // 2) / up)
    grid = np.meshgrid(*places, indexing="ij")
    for n in range(2):
        expected = map_coordinates(x[n, 0], grid, order=1, mode="nearest")
        np.testing.assert_allclose(found[n, 0], expected, atol=1e-12)


def test_upsampling_with_a_symbolic_ratio_and_its_gradients():
    n, x = sc.lscalar("n"), sc.ftensor4("x")
    f = sc.function([x, n], sc.bilinear_upsampling(x, n))
    assert f(np.ones((1, 2, 3, 4), "float32"), 3).shape == (1, 2, 9, 12)
    sc.verify_grad(lambda x: sc.bilinear_upsampling(x, 2) ** 2, [drawn(1, 1, 2, 3)])
    np.testing.assert_array_equal(sc.bilinear_kernel_1D(3, normalize=False), [1, 2, 3, 2, 1])
    assert sc.bilinear_kernel_2D((2, 3)).shape == (3, 5)


@pytest.mark.parametrize("border", ["valid", "half", "full", 1, ((1, 0), (2, 1))])
@pytest.mark.parametrize("stride", [1, 2])
def test_sizes_agree_with_arrays(border, stride):
    x, w = (2, 3, 9, 8), (4, 3, 3, 2)
    y = sc.conv2d(np.zeros(x), np.zeros(w), border_mode=border, subsample=stride).type.shape
    steps = (stride, stride)
    assert sc.get_conv_output_shape(x, w, border, steps) == y
    n = sc.lscalar("n")
    symbolic = sc.get_conv_output_shape((2, 3, n, None), w, border, steps)
    assert symbolic[2].eval({n: 9}) == y[2]
    assert symbolic[3] is None
    assert sc.check_conv_gradinputs_shape(x, w, y, border, steps)
    assert not sc.check_conv_gradinputs_shape(x, w, (2, 4, 99, y[3]), border, steps)
    expected = x if stride == 1 else (2, 3, None, None)
    assert sc.get_conv_gradinputs_shape(w, y, border, steps) == expected
    known = stride == 1 and border != "half"
    assert sc.get_conv_gradweights_shape(x, y, border, steps) == (w if known else (4, 3, None, None))


def test_response_normalisation():
    x = drawn(2, 7, 4, 5)
    across, within = np.zeros_like(x), np.zeros_like(x)
    squares = np.pad(x**2, [(0, 0), (1, 1), (1, 1), (1, 1)])
    for d in range(3):
        across += squares[:, d : d + 7, 1:-1, 1:-1]
        for e in range(3):
            within += squares[:, 1:-1, d : d + 4, e : e + 5]
    a = sc.tensor4("a")
    for total, where in ((across, True), (within, False)):
        y = sc.local_response_normalization(a, 3, 2.0, 0.5, 0.75, across=where)
        np.testing.assert_allclose(checked([a], y, x), x / (2 + 0.5 * total) ** 0.75)
    sc.verify_grad(lambda x: sc.lrn(x, 3, 1.0, 0.5), [drawn(1, 4, 2)])
