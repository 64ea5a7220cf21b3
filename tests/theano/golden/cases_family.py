"""More of convolution and pooling that is asked of Theano 1.0.5: gradients twice, sizes, borders, ties.

Pieces of Python 3.8 as in ``cases``; ``FAMILY`` there says what the names are.
"""
# ruff: noqa: UP031  (with both kinds of quotes in the pieces, f-strings of Python 3.8 cannot hold them)

_SUM = "(({0}) ** 2).sum()"
_BORDERS = ("'valid'", "'full'", "'half'", "2", "(1, 2)", "((1, 2), 0)")


def _back(cost, *by):
    """Gradients of a cost by what is named."""
    return "[" + ", ".join("T.grad(%s, %s)" % (cost, one) for one in by) + "]"


def _twice(out, *by):
    """The gradients of the sum of squares of the gradients: second derivatives, mixed ones too."""
    first = " + ".join("(T.grad(%s, %s) ** 2).sum()" % (_SUM.format(out), one) for one in by)
    return _back(first, *by)


def _conv(how):
    return "T.nnet.conv2d(x4, w4, %s)" % how


def _pool(how, x="x4"):
    return "P.pool_2d(%s, %s)" % (x, how)


_GIN, _GW = "T.nnet.conv2d_grad_wrt_inputs", "A.conv2d_grad_wrt_weights"
_SMALL = "data(1, 2, 4, 3), data(2, 2, 2, 2)"
_MODES = ("max", "sum", "average_inc_pad", "average_exc_pad")

GRADIENTS = [
    *("do(i4, %s, x, w)" % _back(_SUM.format(_conv(how)), "x4", "w4") for how in (
        "border_mode='full', subsample=(2, 3)", "border_mode='half', filter_dilation=(2, 1)", "border_mode=((1, 2), 0)",
        "border_mode=((0, 3), (2, 1)), subsample=(3, 2), filter_flip=False", "subsample=(2, 2), filter_dilation=(1, 2), border_mode=2")),
    *("do(i4, %s, x, w2)" % _back(_SUM.format(_conv(how)), "x4", "w4") for how in (
        "num_groups=2", "num_groups=2, subsample=(2, 1), border_mode='half'", "num_groups=2, filter_flip=False, filter_dilation=(2, 2), border_mode='full'")),
    "do(i4, %s, x, w1)" % _back(_SUM.format(_conv("num_groups=4, border_mode=1")), "x4", "w4"),
    "do([x4, w6], %s, x, wu)" % _back(_SUM.format("T.nnet.conv2d(x4, w6, unshared=True)"), "x4", "w6"),
    "do([x4, w6], %s, x, data(6, 5, 5, 2, 3, 2))" % _back(_SUM.format("T.nnet.conv2d(x4, w6, unshared=True, num_groups=2)"), "x4", "w6"),
    "do([x4, w6], T.nnet.conv2d(x4, w6, unshared=True, subsample=(2, 2), border_mode=1, filter_flip=False), x, data(6, 4, 4, 4, 3, 2))",
    *("do(i4, %s, %s)" % (_twice(_conv(how), "x4", "w4"), _SMALL) for how in ("", "border_mode='full', subsample=(2, 1)", "filter_flip=False, filter_dilation=(2, 1)")),
    *("do(i5, %s, x3, w3)" % _back(_SUM.format("T.nnet.conv3d(x5, w5, %s)" % how), "x5", "w5") for how in (
        "", "border_mode='full', subsample=(2, 1, 2)", "border_mode=(1, 0, 2), filter_dilation=(2, 1, 1), filter_flip=False")),
    "do(i5, T.nnet.conv3d(x5, w5, num_groups=2, border_mode='half'), x3, data(4, 1, 2, 3, 2))",
    "do(i5, %s, data(1, 1, 3, 3, 2), data(1, 1, 2, 2, 2))" % _twice("T.nnet.conv3d(x5, w5)", "x5", "w5"),
    "do(i4, %s, data(2, 6, 3, 3), w)" % _back(_SUM.format("T.nnet.conv2d_transpose(x4, w4, (2, 4, 8, 7), input_dilation=(2, 2))"), "x4", "w4"),
    "do(i4, %s(x4, w4, (2, 4, 7, 6), num_groups=2), data(2, 6, 5, 5), w2)" % _GIN,
    "do(i4, %s(x4, w4, (6, 2, 3, 2), num_groups=2), x, data(2, 6, 5, 5))" % _GW,
    "do(i4, %s(x4, w4, (2, 4, 7, 6), border_mode=((1, 2), 0), filter_dilation=(2, 1)), data(2, 6, 6, 5), w)" % _GIN,
    "do(i4, %s(x4, w4, (6, 4, 3, 2), border_mode=((1, 2), 0), subsample=(2, 2)), x, data(2, 6, 4, 3))" % _GW,
    *("do(i4, %s, %s)" % (_back(_SUM.format(out), "x4", "w4"), values) for out, values in (
        ("%s(x4, w4, (1, 2, 4, 3))" % _GIN, "data(1, 2, 3, 2), data(2, 2, 2, 2)"), ("%s(x4, w4, (2, 2, 2, 2))" % _GW, "data(1, 2, 4, 3), data(1, 2, 3, 2)"))),
    "do([x4], %s, data(1, 2, 3, 2))" % _back(_SUM.format("A.bilinear_upsampling(x4, 2)"), "x4"),
    "do([d], %s, data(6, 5))" % _back(_SUM.format("S.conv2d(d, T.constant(data(3, 2)), border_mode='full')"), "d"),
    "do([x4, d, e], %s, data(1, 2, 5, 4), data(4, 6), data(3, 4))" % _back(_SUM.format(
        "T.nnet.separable_conv2d(x4, d.reshape((4, 1, 3, 2)), e.reshape((3, 4, 1, 1)), 2, subsample=(2, 1))"), "x4", "d", "e"),
    "do([t3], A.causal_conv1d(t3, T.constant(data(4, 1, 3)), (4, 1, 3), num_groups=2, filter_flip=False), data(1, 2, 7))",
    "do([x5, d, e], A.separable_conv3d(x5, d.reshape((4, 1, 2, 2, 2)), e.reshape((3, 4, 1, 1, 1)), 2), x3, data(4, 8), data(3, 4))",
    "do(i4, %s, data(1, 2, 3, 3), data(2, 2, 2, 2))" % _back(_SUM.format("C.CorrMM()(x4, w4)"), "x4", "w4"),
]  # fmt: skip

POOLING = [
    *("do([x4], [%s, %s], x)" % (_pool(how), _back(_SUM.format(_pool(how)), "x4")[1:-1]) for how in (
        *("(3, 2), %s, %s, mode='%s'" % (border, stride, mode) for mode in _MODES for border in (True, False) for stride in ("(1, 1)", "(2, 1)", "(4, 3)")),
        *("(3, 2), True, %s, (2, 1), '%s'" % (stride, mode) for mode in _MODES[:3] for stride in ("None", "(1, 2)")))),
    "do([x4], %s, T.zeros((1, 2, 6, 4)).eval())" % _back(_SUM.format(_pool("(2, 2), True") + " + 1"), "x4"),
    "do([x4], %s, np.ones((1, 1, 5, 5)))" % _back(_SUM.format(_pool("(3, 3), False, (2, 2)")), "x4"),
    "do([x4], %s, np.ones((1, 1, 4, 4)))" % _back(_SUM.format(_pool("(2, 2), True, (1, 1), (1, 1)")), "x4"),
    *("do([x4], %s, data(1, 1, 5, 4) + np.arange(20).reshape(5, 4) / 64)" % _twice(_pool(how), "x4") for how in ("(2, 2), True", "(3, 2), False, (1, 1)", "(2, 2), True, mode='average_inc_pad'", "(2, 3), True, (1, 1), mode='sum'")),
    *("do([x5], [P.pool_3d(x5, (2, 2, 3), %s), %s], x3)" % (how, _back(_SUM.format("P.pool_3d(x5, (2, 2, 3), %s)" % how), "x5")[1:-1]) for how in ("False", "True, (1, 2, 1)", "True, (1, 1, 1), (1, 0, 2)", "False, (2, 1, 1), mode='sum'")),
    "do([d], P.pool_2d(d, (2, 3), False), data(5, 7))", "do([v], P.Pool(False, ndim=1)(v, (2,)), data(5))", "do([x5], P.pool_2d(x5, (2, 3), False), x3)",
    "do([x4, iv], P.pool_2d(x4, (2, 2), True, stride=iv), x, [1, 3])", "do([x4, iv], P.pool_2d(x4, (3, 3), True, pad=iv), x, [1, 2])", "do([x4, n], P.pool_2d(x4, (n, 2), False), x, 3)",
    "do([x4, iv], %s, x, [2, 3])" % _back(_SUM.format("P.pool_2d(x4, iv, False)"), "x4"),
    "do([x4], P.pool_2d(x4, (9, 2), True), x)", "do([x4], P.pool_2d(x4, (9, 9), False), x)", "do([x4], P.pool_2d(x4, (2, 2)), x)",
    "do([x4], P.pool_2d(x4, (2, 2), True), np.zeros((0, 3, 5, 5)))",
    "do([x4], P.max_pool_2d_same_size(x4, (2, 3)), x)", "do([x4], P.max_pool_2d_same_size(x4, (2, 2)), np.ones((1, 1, 3, 4)))",
    "do([x4], %s, x)" % _back(_SUM.format("P.max_pool_2d_same_size(x4, (2, 2))"), "x4"),
    "do([x4, w4], P.MaxPoolGrad(False)(x4, P.pool_2d(x4, (3, 2), False, (2, 1)), w4, (3, 2), (2, 1)), x, data(2, 4, 3, 5))",
    "do([x4, w4], P.AveragePoolGrad(True, 'average_inc_pad')(x4, w4, (3, 2), (2, 1), (1, 0)), x, data(2, 4, 4, 5))",
    "P.pool_2d(x4, (2, 2), True, (1, 1, 1))", "P.pool_2d(x4, (2, 2), True, pad=(-1, 0))",
]  # fmt: skip

SIZES = [
    *("[A.get_conv_output_shape((2, 3, i, 12), (4, 3, 3, 5), %s, (s, 2), (d, 1)) for i in (5, 9) for s in (1, 3) for d in (1, 2)]" % b for b in _BORDERS),
    *("do([n], list(A.get_conv_output_shape((2, 3, n, 9), (4, 3, 3, 2), %s, (2, 1), (1, 2)))[2:3], 10)" % b for b in _BORDERS),
    *("A.get_conv_output_shape((None, 3, 9, None), (4, 3, None, 2), %s, (2, 1))" % b for b in _BORDERS[:3]),
    "[int(k) for k in A.get_conv_output_shape((2, 3, 9, 8, 7), (4, 3, 3, 3, 2), 'half', (2, 1, 3))]", "[int(k) for k in A.get_conv_output_shape((2, 3, 9, 8), (4, 5, 4, 3, 3, 2), 'valid', (2, 1))]",
    *("[[k and int(k) for k in A.get_conv_gradinputs_shape((4, 3, 3, 2), (2, 4, 7, 5), %s, s, d)] for s in ((1, 1), (2, 1)) for d in ((1, 1), (1, 3))]" % b for b in _BORDERS),
    *("[A.get_conv_gradweights_shape((2, 4, 9, 8), (2, 4, 7, 7), %s, s, (1, 1), 2) for s in ((1, 1), (2, 1))]" % b for b in _BORDERS[:4]),
    "[A.check_conv_gradinputs_shape((1, 1, i, j), (1, 1, 3, 2), (1, 1, 4, 4), b, (2, 3), d) for b in ('valid', 'full', (1, 0)) for i in (6, 7, 8, 9) for j in (10, 11, 12) for d in (None, (1, 2))]",
    "[A.check_conv_gradinputs_shape(i, (1, 1, 3, 2), (1, 1, 4, 4), 'valid', (1, 1)) for i in ((1, 1, None, 5), (1, 1, 6, None), (None, None, 6, 5), (1, 1, 7, 5))]",
    "do([n], [A.check_conv_gradinputs_shape((1, 1, n, 5), (1, 1, 3, 2), (1, 1, 4, 4), 'valid', (1, 1)) + 0 * n], 6)",
    "[A.border_mode_to_pad(b, 3, (5, 4, 3)) for b in ('valid', 'full', 'half', (1, 2, 3))]", "A.border_mode_to_pad(((1, 2), -1), 2, (3, 3))", "A.border_mode_to_pad('same', 2, (3, 3))",
    "[A.get_conv_shape_1axis(i, k, b, s, d) for i in (7, 8) for k in (2, 3) for b in ('valid', 'half', 'full', 1, (2, 0)) for s in (1, 2) for d in (1, 2)]",
    "A.assert_conv_shape((2, -1, 3, 3))", "A.assert_conv_shape((2, 3, -3, 3))", "[int(k) for k in A.assert_conv_shape((0, 0, 1, 1))]", "do([n], A.assert_conv_shape((n, 1, 2, 2))[0], 0)", "do([n], A.assert_conv_shape((n, 1, 2, 2))[0], -1)",
]  # fmt: skip

EDGES = [
    *("do(i4, T.nnet.conv2d(x4, w4), np.zeros(%s), np.zeros(%s))" % pair for pair in (
        ("(0, 2, 8, 8)", "(2, 2, 3, 3)"), ("(1, 0, 8, 8)", "(2, 0, 3, 3)"), ("(1, 2, 8, 8)", "(0, 2, 3, 3)"), ("(1, 2, 2, 8)", "(2, 2, 3, 3)"))),
    "do(i4, T.nnet.conv2d(x4, w4, border_mode=(4, 5)), x, w)", "do(i4, T.nnet.conv2d(x4, w4, subsample=(20, 30)), x, w)", "do(i4, T.nnet.conv2d(x4, w4, num_groups=2), x, data(5, 2, 3, 2))",
    "do([x4, w6], T.nnet.conv2d(x4, w6, unshared=True), x, data(6, 4, 5, 4, 3, 2))",
    "do(i4, %s(x4, w4, (2, 4, 8, 8), subsample=(2, 2)), data(2, 6, 5, 5), w)" % _GIN, "do(i4, %s(x4, w4, (2, 4, 2, 2)), data(2, 6, 1, 1), w)" % _GIN,
    "do(i4, %s(x4, w4, (6, 4, 4, 2)), x, data(2, 6, 5, 5))" % _GW, "do(i4, T.nnet.conv2d_transpose(x4, w4, (2, 4, 20, 20)), data(2, 6, 5, 5), w)",
    "N.images2neibs(x4, (0, 2))", "do([x4], N.images2neibs(x4, (0, 2)), x)", "do([x4], N.images2neibs(x4, (2, 2), (0, 1)), x)", "do([x4], N.images2neibs(x4, (2, 3), (1, 1), 'wrap_centered'), x)", "do([x4], N.images2neibs(x4, (9, 9), (1, 1), 'wrap_centered'), x)",
    *("do([x4], %s, data(1, 2, 6, 4))" % _back(_SUM.format("N.images2neibs(x4, %s)" % how), "x4") for how in ("(2, 2)", "(3, 2), (1, 2)", "(4, 3), mode='ignore_borders'")),
    *("do([x4], N.images2neibs(x4, %s), data(1, 2, 6, 5))" % how for how in ("(2, 2), (2, 1), 'ignore_borders'", "(3, 1), (3, 2), 'ignore_borders'", "(5, 3), (1, 1), 'wrap_centered'", "(3, 3), (4, 3), 'wrap_centered'", "(2, 2), (1, 1), 'half'", "(2, 3), (1, 1), 'full'")),
    "do([d], N.neibs2images(d, (2, 2), (1, 1, 5, 5), 'ignore_borders'), data(4, 4))",
    "do([x4], A.bilinear_upsampling(x4, 1), data(1, 2, 3, 2))", "do([x4], A.bilinear_upsampling(x4, 4), data(1, 1, 2, 3))", "do([x4], A.bilinear_upsampling(x4, frac_ratio=((3, 2), (4, 3)), use_1D_kernel=False), data(1, 1, 4, 3))",
    "do([x4], A.frac_bilinear_upsampling(x4, (2, 3)), data(1, 1, 6, 6))", "[A.bilinear_kernel_1D(r, normalize=False).eval() for r in (1, 2, 4)]",
    *("do(i4, T.nnet.conv.conv2d(x4, w4, %s), x, w)" % how for how in ("", "border_mode='full'", "(2, 4, 7, 6), (6, 4, 3, 2)", "subsample=(2, 2)", "unroll_batch=2, unroll_kern=3")),
    *("T.nnet.conv.conv2d(x4, w4, %s)" % how for how in ("border_mode='half'", "(2, 4, 2, 2), (6, 4, 3, 3)", "(2, 3, 7, 6), (6, 4, 3, 2)")),
    "do(i5, V.conv3d(x5, w5, border_mode='half'), data(1, 3, 2, 4, 3), data(2, 3, 2, 3, 3))", "do(i5, V.conv3d(x5, w5, border_mode=('valid', 'full', 'full')), data(1, 3, 2, 4, 3), data(2, 2, 2, 3, 2))",
    "x4.tag.k = 1; result = list(T.nnet.conv2d(x4, w4, (2, 4, 7, 6), (6, 4, 3, 2)).broadcastable)",
    *("result = list(T.nnet.conv2d(%s, %s).broadcastable)" % pair for pair in (("x4", "w4"), ("T.TensorType('float64', (True, False, False, False))()", "w4"), ("x4", "T.TensorType('float64', (True, False, False, False))()"))),
    "result = list(P.pool_2d(T.TensorType('float64', (True, True, True, True))(), (2, 2), True).broadcastable)",
]  # fmt: skip

NORMALISING = [
    *("do([x4, v], %s, x, [1., 2., .5, 3.])" % _back(_SUM.format("T.nnet.bn.batch_normalization_train(x4, v, v, %s)[0]" % axes), "x4", "v") for axes in ("'spatial'", "(0, 2, 3)")),
    "do([d, v], %s, data(5, 3), [1., 2., .5])" % _back(_SUM.format("T.nnet.bn.batch_normalization_train(d, v, v)[0]"), "d", "v"),
    "do([d, v], list(T.nnet.bn.batch_normalization_train(d, v, v, running_mean=v, running_var=v, epsilon=1e-3, running_average_factor=.3)), data(5, 3), [1., 2., .5])",
    "do([x4, v], T.nnet.bn.batch_normalization_test(x4, v, v, v, v ** 2, 'spatial', 1e-3), x, [1., 2., .5, 3.])", "T.nnet.bn.batch_normalization_train(d, v, v, 'channels')",
    "do([d, v], %s, data(5, 3), [1., 2., .5])" % _back(_SUM.format("T.nnet.bn.batch_normalization_test(d, v, v, v, v ** 2)"), "d", "v"),
]  # fmt: skip

PIECES = ["exec(FAMILY); " + code if "result = " in code else "exec(FAMILY); result = " + code
          for code in [*GRADIENTS, *POOLING, *SIZES, *EDGES, *NORMALISING]]  # fmt: skip
