"""What is asked of Theano 1.0.5 and of the compatibility layer alike: pieces of Python 3.8, section by section.

An expression is computed for the values of ``VALUES``; a longer piece leaves what it is about in ``result``.
They see ``theano``, ``T``, ``np`` and the inputs, which are made anew for each piece.
"""

import cases_family
from keywords import KEYWORDS
from printing_cases import PRINTING, RUNNING, SHOW

INPUTS = {
    "f": "T.fmatrix('f')",
    "f2": "T.fmatrix('f2')",
    "d": "T.dmatrix('d')",
    "e": "T.dmatrix('e')",
    "b": "T.bmatrix('b')",
    "w": "T.wmatrix('w')",
    "i": "T.imatrix('i')",
    "l": "T.lmatrix('l')",
    "bo": "T.TensorType('bool', (False, False))('bo')",
    "v": "T.dvector('v')",
    "fv": "T.fvector('fv')",
    "iv": "T.lvector('iv')",
    "s": "T.dscalar('s')",
    "n": "T.lscalar('n')",
    "row": "T.drow('row')",
    "col": "T.dcol('col')",
    "t3": "T.dtensor3('t3')",
}
M = [[0.5, -1.25, 2.0], [1.0, 0.0, -3.5]]
VALUES = {
    "f": ("float32", M),
    "f2": ("float32", [[0.5, 1.5, -2.0], [1.0, 0.25, 4.0]]),
    "d": ("float64", M),
    "e": ("float64", [[0.5, 1.5, -2.0], [1.0, 0.25, 4.0]]),
    "b": ("int8", [[1, -2, 3], [0, 5, -6]]),
    "w": ("int16", [[1, -2, 3], [0, 5, -6]]),
    "i": ("int32", [[1, -2, 3], [0, 5, -6]]),
    "l": ("int64", [[1, -2, 3], [0, 5, -6]]),
    "bo": ("bool", [[True, False, True], [False, False, True]]),
    "v": ("float64", [3.0, -1.0, 2.0]),
    "fv": ("float32", [3.0, -1.0, 2.0]),
    "iv": ("int64", [2, 0, 2]),
    "s": ("float64", 0.75),
    "n": ("int64", 2),
    "row": ("float64", [[1.0, 2.0, 3.0]]),
    "col": ("float64", [[10.0], [20.0]]),
    "t3": ("float64", [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[-1.0, 0.5], [2.5, 7.0], [0.0, 1.0]]]),
}

_LITERALS = ["1", "200", "100000", "2**40", "0.5", "0.1", "np.float64(.1)", "np.float32(.1)", "np.int64(3)", "-1"]
DTYPES = [
    *(f"{x} {sign} {y}" for x in ("f", "b", "i", "bo") for sign in "+*" for y in _LITERALS),
    *(f"{y} + {x}" for x in ("f", "w", "d") for y in ("1", "0.1", "100000")),
    *(f"{x} + {y}" for x in ("f", "b", "w", "i", "l", "bo") for y in ("f2", "i", "w", "bo", "e")),
    *(f"{x} / {y}" for x in ("f", "b", "i", "l", "bo") for y in ("f2", "i", "b", "2", "0.5")),
    "i // i", "b // 2", "f // 2", "i % 4", "d % 2", "b ** 2", "f ** 2", "i ** 2", "i ** 0.5", "f ** 0.5", "2 ** f",
    "bo * f", "bo + bo", "1 - bo", "-bo", "bo - bo", "~bo", "bo & bo", "i & 3", "-b", "abs(b)", "abs(f)",
    *(f"T.{name}({x})" for name in ("exp", "sqrt", "tanh", "log1p") for x in ("abs(b)", "abs(w)", "abs(i)", "abs(l)", "abs(f)", "bo")),
    *(f"T.{name}({x})" for name in ("floor", "ceil", "round", "sgn", "sqr", "neg", "abs_", "inv") for x in ("b", "i", "f")),
    *(f"T.{name}({x})" for name in ("sum", "prod", "mean", "var", "std", "max", "min", "argmax", "argmin", "any", "all", "cumsum")
      for x in ("b", "i", "f", "d", "bo")),
    "T.sum(f, dtype='float64')", "T.mean(i, dtype='float32')", "f.sum(axis=0)", "d.mean(axis=1, keepdims=True)",
    "d.sum(axis=(0, 1))", "d.max(axis=-1)", "d.var(axis=0, ddof=1)", "f.std()", "d.argmax(axis=0)", "d.argmax()",
    "d.argmin(axis=1, keepdims=True)", "d.prod(axis=1)", "T.max_and_argmax(d, axis=1)[1]",
    "T.eq(f, 1)", "f > 0", "T.neq(i, i)", "T.le(b, 2.5)", "T.isnan(f)", "T.and_(i, 1)", "T.xor(bo, bo)", "T.invert(b)",
    "T.switch(bo, 1, 0.)", "T.switch(bo, f, 0.1)", "T.switch(bo, i, f)", "T.switch(f > 0, b, 0)", "T.where(bo, i, 0.5)",
    "T.maximum(f, 0.1)", "T.maximum(f, 0)", "T.minimum(b, 300)", "T.clip(f, 0, 1)", "T.clip(f, -0.1, 0.1)", "T.clip(i, 0, 2)",
    "T.dot(i, i.T)", "T.dot(f, e.T)", "T.dot(b, f.T)", "T.dot(f, fv)", "T.dot(v, v)", "T.outer(v, fv)",
    "T.constant(1)", "T.constant(1.)", "T.constant(.1)", "T.constant([1., .2])", "T.constant([1, 2])", "T.constant(200)",
    "T.constant(np.float32(2))", "T.constant(np.zeros((1, 3)))", "T.as_tensor_variable(5)", "T.as_tensor_variable([v[0], s])",
    "T.alloc(0, 2, 3)", "T.alloc(0., 2, 1)", "T.alloc(v, 2, 3)", "T.zeros((2, 3))", "T.ones((1, 2), dtype='int8')", "T.eye(3)",
    "T.eye(2, 3, 1)", "T.zeros_like(f)", "T.ones_like(b)", "T.ones_like(f, dtype='int64')", "T.arange(5)", "T.arange(1., 2., .5)",
    "T.arange(1, 7, 2)", "T.arange(n)", "T.arange(3, dtype='float32')", "T.cast(f, 'int32')", "T.cast(i, 'floatX')", "i.astype('float32')",
    "T.real(d)", "T.shape(f)", "f.shape[0]", "f.size", "T.nnet.sigmoid(i)", "T.nnet.sigmoid(f)", "T.nnet.relu(f)", "T.nnet.relu(i)",
    "T.nnet.softmax(f)", "T.nnet.softplus(b)", "T.constant(True)", "T.constant('a')", "f + None", "f + 'a'",
]  # fmt: skip

BROADCASTING = [
    "v.dimshuffle('x', 0)", "v.dimshuffle(0, 'x', 'x')", "d.T", "d.dimshuffle(1, 0)", "d.dimshuffle(0)", "d.dimshuffle(0, 0)",
    "v[None, :]", "d[0:1]", "d[:, 0]", "row[:, ::2]", "d[0]", "d[-1, -1]", "d[::-1, 1:]", "row[0]", "row + col", "row * d", "col + d",
    "d + v", "d + s", "T.dot(row, e.T)", "T.dot(d, col)", "d.sum(axis=0, keepdims=True)", "d.reshape((1, 6))", "d.reshape((3, -1))",
    "d.reshape((n, 3))", "d.flatten()", "t3.flatten(2)", "T.flatten(t3, outdim=2)", "T.addbroadcast(d[0:1], 0) + e",
    "T.patternbroadcast(d[0:1], (True, False))", "T.unbroadcast(row, 0)", "T.shape_padleft(v)", "T.shape_padright(v, 2)",
    "T.shape_padaxis(v, 0)", "T.concatenate([d, e], axis=0)", "T.concatenate([row, d], axis=0)", "T.stack([v, v])",
    "T.stack(v, v)", "T.stack([v, v], axis=1)", "T.stack([s, s])", "T.join(1, d, e)", "T.tile(v, (2,))", "T.tile(v, 2)", "T.tile(d, (2, 1))",
    "T.tile(v, (2, 2), ndim=2)", "T.repeat(v, 2)", "T.repeat(d, 2, axis=1)", "T.extra_ops.repeat(d, iv[:2] + 1, axis=0)", "T.squeeze(row)",
    "T.extra_ops.squeeze(col)", "row.sum(axis=1)", "d.swapaxes(0, 1)", "T.transpose(t3, (2, 0, 1))", "T.transpose(d)",
    "T.specify_shape(d, (2, 3))", "T.specify_shape(d, (3, 3))", "T.set_subtensor(d[0], 1)", "T.set_subtensor(d[:, 1], v[:2])",
    "T.set_subtensor(f[0], e[0])", "T.inc_subtensor(d[iv[:1]], 1.)", "T.inc_subtensor(v[iv], 1.)", "T.set_subtensor(v[1:], 0)",
    "d[iv[:1]]", "v[iv]", "d[:, iv]", "d[T.arange(2), iv[:2]]", "v[(v > 0).nonzero()]", "d[T.gt(d, 0).nonzero()]", "d.nonzero()[1]",
    "T.extra_ops.to_one_hot(iv, 3)", "T.extra_ops.to_one_hot(iv, nb_class=4, dtype='int32')", "T.extra_ops.cumsum(d, axis=1)",
    "T.extra_ops.cumprod(d, axis=0)", "T.sort(v)", "T.argsort(v)", "T.argsort(d, axis=0)", "T.diag(v)", "T.diag(e)", "d.diagonal()",
    "T.tensordot(d, e, axes=[[1], [1]])", "T.tensordot(t3, d, axes=[[0], [0]])", "T.tensordot(d, e.T, axes=1)", "T.batched_dot(t3, t3.dimshuffle(0, 2, 1))",
    "T.batched_tensordot(t3, t3, axes=[[1], [1]])", "T.tri(3)", "T.tril(e)", "T.triu(e)", "T.roll(v, 1)", "T.nlinalg.trace(T.dot(e, e.T))",
    "T.nlinalg.det(T.dot(d, e.T))", "T.nlinalg.matrix_inverse(T.dot(d, e.T))", "T.slinalg.cholesky(T.dot(e, e.T))",
    "T.slinalg.solve(T.dot(d, e.T), v[:2])", "T.nnet.softmax(v)", "T.nnet.softmax(d)", "T.nnet.softmax(t3)", "T.nnet.logsoftmax(d)",
    "T.nnet.categorical_crossentropy(T.nnet.softmax(d), iv[:2])", "T.nnet.categorical_crossentropy(T.nnet.softmax(d), abs(e))",
    "T.nnet.binary_crossentropy(T.nnet.sigmoid(d), abs(e) / 4)", "T.nnet.elu(d)", "T.nnet.hard_sigmoid(d)", "T.nnet.ultra_fast_sigmoid(d)",
    "T.nnet.softsign(d)", "T.nnet.selu(d)", "T.nnet.bn.batch_normalization(d, v, v, d.mean(0), d.std(0))", "T.xlogx.xlogy0(abs(d), abs(e))",
    "T.xlogx.xlogx(abs(d))", "T.mgrid[0:2, 0:3][1]", "T.minimum(row, col)", "T.ge(row, col)", "T.erf(d)", "T.gammaln(abs(e))", "T.round(d * 5)",
    "T.round(d * 2, mode='half_away_from_zero')", "T.sgn(d)", "T.int_div(l, 2)", "T.smallest(d, e)", "T.largest(d, e)", "T.sum(t3, axis=[0, 2])",
    "d.norm(2)", "d.ptp()", "d.clip(0, 1)", "d.repeat(2)", "d.take([0, 1], axis=1)", "d.trace()", "d.ravel()", "d.zeros_like()", "v.fill(2.)",
    "d.cumsum(axis=0)", "T.allclose(d, d)", "T.isclose(d, e)", "T.identity_like(e)", "T.bincount(iv)", "T.logical_not(bo)" , "T.fill(d, 3.)", "T.second(d, 3.)",
]  # fmt: skip

_COSTS = [
    "abs(d).sum()", "T.nnet.relu(d).sum()", "T.nnet.relu(d, 0.1).sum()", "T.maximum(d, e).sum()", "T.minimum(d, e).sum()",
    "T.maximum(d, 0).sum()", "d.max()", "(d * 0).max(axis=1).sum()", "(d * 0).min(axis=0).sum()", "T.clip(d, -1.25, 1).sum()", "T.round(d).sum()",
    "T.floor(d).sum()", "T.sgn(d).sum()", "T.sqrt(abs(d)).sum()", "d.prod()", "T.prod(e, axis=1).sum()", "(d ** 2).sum()", "(d ** 3).mean()",
    "d.var()", "d.std(axis=0).sum()", "T.dot(d, e.T).sum()", "d[0].sum()", "d[iv[:2]].sum()", "d[:, iv].sum()", "T.set_subtensor(d[0], 0.).sum()",
    "(T.inc_subtensor(d[iv[:1] - 1], e[:1]) ** 2).sum()", "T.nnet.softmax(d)[0, 0]", "T.log(T.nnet.softmax(d))[T.arange(2), iv[:2]].mean()",
    "T.nnet.categorical_crossentropy(T.nnet.softmax(d), iv[:2]).mean()", "T.nnet.binary_crossentropy(T.nnet.sigmoid(d), abs(e) / 4).mean()",
    "T.nnet.softplus(d).sum()", "T.nnet.elu(d).sum()", "T.nnet.hard_sigmoid(d).sum()", "T.concatenate([d, d * 2]).sum()", "T.switch(d > 0, d, 2 * d).sum()",
    "(d + row).sum() * 2", "T.sort(d).sum()", "T.extra_ops.cumsum(d, axis=1).sum()", "(d % 2).sum()", "T.arctan2(d, e).sum()",
    "T.tanh(d.T).sum()", "T.log1p(T.exp(d)).sum()", "(d / e).sum()", "theano.gradient.grad_clip(d, -0.5, 0.5).sum() * 2",
    "theano.gradient.grad_scale(d, 3.).sum()", "theano.gradient.zero_grad(d).sum() + d.sum() * 0",
]  # fmt: skip
GRADIENTS = [
    *(f"T.grad({cost}, d)" for cost in _COSTS),
    "T.grad(d.sum(), [d])[0]", "T.grad(d.sum(), e)", "T.grad(d.sum(), e, disconnected_inputs='ignore')",
    "T.grad(d.sum(), e, disconnected_inputs='other')", "T.grad(d, d)", "T.grad(d.sum(), set([d]))", "T.grad(d.sum(), 3)",
    "T.grad((d * e).sum(), d, consider_constant=[e])", "T.grad(None, d, known_grads={d * 1: e})", "T.grad((f * e).sum(), f)",
    "T.grad((i * e).sum(), e)", "T.grad((d * theano.gradient.disconnected_grad(d)).sum(), d)", "T.grad(i.sum(), i)",
    "T.grad((row + d).sum(), row)", "T.jacobian(v ** 2, v)", "T.hessian((v ** 3).sum(), v)", "T.Rop(v ** 2, v, v)", "T.Lop(v ** 2, v, v)",
    "T.grad(T.grad((v ** 3).sum(), v).sum(), v)", "T.grad((v ** 2).sum(), v).name",
    "y = v ** 2\nresult = theano.function([v], T.grad(None, v, known_grads={y: 2 * y}))(np.ones(3))",
    "c = (v ** 2).sum(); c.name = 'c'\nresult = T.grad(c, v).name",
    "result = type(T.grad(v.sum(), (v,))).__name__", "result = type(T.grad(v.sum(), [v])).__name__",
    "T.grad(T.cast(i, 'float64').sum(), i)",
    "z = v * 3\nresult = theano.function([v], T.grad((z ** 2).sum(), z))(np.ones(3))",
]  # fmt: skip

SHARED = [
    "S = theano.shared(0.1)\nresult = [S.dtype, S.ndim, S.get_value()]",
    "result = theano.shared(1).dtype", "result = theano.shared(np.zeros((1, 3))).broadcastable",
    "result = theano.shared(np.zeros((1, 3)), broadcastable=(True, False)).broadcastable",
    "a = np.zeros(3); S = theano.shared(a); a[0] = 1; result = S.get_value()",
    "a = np.zeros(3); S = theano.shared(a, borrow=True); a[0] = 1; result = S.get_value()",
    "S = theano.shared(np.zeros(3)); S.get_value()[0] = 1; result = S.get_value()",
    "S = theano.shared(np.zeros(3)); S.get_value(borrow=True)[0] = 1; result = S.get_value()",
    "S = theano.shared(np.zeros(3)); S.set_value([1., 2.]); result = S.get_value()",
    "S = theano.shared(np.zeros(3)); S.set_value(np.zeros((2, 2))); result = S.get_value()",
    "S = theano.shared(np.zeros(3, 'float32')); S.set_value(np.zeros(3)); result = S.get_value()",
    "S = theano.shared(np.zeros(3, 'float32')); S.set_value([.5]); result = S.get_value()",
    "S = theano.shared(np.zeros(3)); result = S.value", "result = theano.shared(np.zeros(3), dtype='float32')",
    "S = theano.shared(np.ones(3)); theano.function([S], S * 2)",
    "S = theano.shared(np.ones(3)); C = S.clone(); C.set_value(np.zeros(2)); result = S.get_value()",
    "A, B = theano.shared(1.), theano.shared(2.); theano.function([], updates=[(A, B), (B, A)])(); result = [A.get_value(), B.get_value()]",
    "A = theano.shared(1.); theano.function([], updates=[(A, A + 1), (A, A + 2)])",
    "A = theano.shared(np.ones(2, 'float32')); theano.function([], updates=[(A, A * np.float64(2))])",
    "A = theano.shared(np.ones((2, 2))); theano.function([], updates=[(A, A.sum())])",
    "A = theano.shared(np.ones((2, 2))); theano.function([row], updates=[(A, row)])",
    "theano.function([v], updates=[(v, v + 1)])", "A = theano.shared(1.); theano.function([], updates=(A, A + 1))",
    "A = theano.shared(np.ones(2)); f_ = theano.function([], A); f_()[0] = 5; result = A.get_value()",
    "A = theano.shared(np.ones(2)); f_ = theano.function([], A * 2); A.set_value([3., 4.]); result = f_()",
    "A = theano.shared(np.ones(2)); A.zero(); result = A.get_value()", "m = T.dmatrix()\nresult = theano.function([m], m + theano.shared(np.ones((1, 3))))(np.ones((2, 3)))",
    "A = theano.shared(3.); A.default_update = A + 1; f_ = theano.function([], A * 1); result = [f_(), f_(), A.get_value()]",
    "A = theano.shared(3.); A.default_update = A + 1; f_ = theano.function([], A * 1, no_default_updates=True); result = [f_(), f_()]",
]  # fmt: skip

FUNCTIONS = [
    *(f"result = theano.function([T.{x}], T.{x} * 1)({value})".replace(f"T.{x}], T.{x} * 1", "x], x * 1").replace("result = ", f"x = T.{x}('x'); result = ", 1)
      for x, value in [
          ("fscalar", "0.5"), ("fscalar", "0.1"), ("fscalar", "np.float64(.1)"), ("fscalar", "np.float32(.1)"), ("fscalar", "3"), ("dscalar", "0.1"),
          ("dscalar", "'a'"), ("lscalar", "3"), ("lscalar", "3.0"), ("lscalar", "3.5"), ("bscalar", "3"), ("bscalar", "300"), ("iscalar", "np.int64(3)"),
          ("fmatrix", "[[.5]]"), ("fmatrix", "[[.1]]"), ("fmatrix", "np.zeros((1, 1))"), ("fmatrix", "np.zeros((1, 1), 'int16')"),
          ("fmatrix", "np.zeros((1, 1), 'int32')"), ("dmatrix", "np.zeros((2, 2), 'float32')"), ("dmatrix", "np.zeros(2)"), ("drow", "np.zeros((2, 2))"),
          ("dvector", "[1, 2]"), ("ivector", "[1, 2]"), ("ivector", "[1., 2.]"), ("dvector", "T.dvector()"), ("dvector", "theano.shared(np.zeros(2))")]),
    "x = T.fscalar('x'); result = theano.function([x], x, allow_input_downcast=True)(np.float64(.1))",
    "x = T.fscalar('x'); result = theano.function([x], x, allow_input_downcast=False)(0.1)",
    "x = T.fvector('x'); result = theano.function([theano.In(x, allow_downcast=True)], x * 2)([.1])",
    "x = T.dvector('x'); result = theano.function([theano.In(x, strict=True)], x * 2)([1.])",
    "x = T.dscalar('x'); result = theano.function([theano.In(x, value=3.)], x * 2)()",
    "x = T.dscalar('x'); f_ = theano.function([theano.In(x, value=3.)], x * 2); f_(5.); result = f_()",
    "x, y = T.dscalars('x', 'y'); result = theano.function([x, theano.In(y, value=1., name='w')], x - y)(5., w=2.)",
    "x = T.dscalar('x'); result = theano.function([x], x)(x=2.)", "x = T.dscalar('x'); theano.function([x], x)(y=2.)",
    "x = T.dscalar('x'); theano.function([x], x)(1., 2.)", "x = T.dscalar('x'); theano.function([x], x)()",
    "x = T.dscalar('x'); theano.function([x], x)(1., x=2.)",
    "x = T.dscalar('x'); result = theano.function([x], [x])(2.)", "x = T.dscalar('x'); result = theano.function([x], (x, x + 1))(2.)",
    "x = T.dscalar('x'); result = theano.function([x], {'b': x, 'a': x + 1})(2.)", "x = T.dscalar('x'); theano.function([x], {1: x})",
    "x = T.dscalar('x'); result = theano.function([x], None, on_unused_input='ignore')(2.)", "result = theano.function([], [])()",
    "x = T.dscalar('x'); result = type(theano.function([x], x * 2)(2.)).__name__",
    "x = T.dscalar('x'); theano.function(x, x)", "x = T.dscalar('x'); theano.function([x, T.constant(2.)], x)", "x = T.dscalar('x'); theano.function([x, 2], x)",
    "x = T.dscalar('x'); theano.function([x, x], x)", "x, y = T.dscalars('x', 'y'); theano.function([x, y], x)",
    "x, y = T.dscalars('x', 'y'); result = theano.function([x, y], x, on_unused_input='ignore')(1., 2.)",
    "x, y = T.dscalars('x', 'y'); theano.function([x], x + y)", "x, y = T.dscalars('x', 'y'); theano.function([x, y], x, on_unused_input='other')",
    "x, y = T.dscalars('x', 'y'); result = theano.function([x], x * y, givens={y: x + 1})(3.)",
    "x, y = T.dscalars('x', 'y'); result = theano.function([x], x * y, givens=[(y, np.asarray(4.))])(3.)",
    "x, y = T.dscalars('x', 'y'); z = x * 2; result = theano.function([y], z + 1, givens={z: y})(3.)",
    "x, y = T.fscalars('x', 'y'); theano.function([x], x * y, givens={y: np.asarray(4.)})",
    "x = T.dscalar('x'); theano.function([x], x * 2, givens={x: T.constant(2.)})", "x = T.dscalar('x'); theano.function([], x * 2, givens={'x': x})",
    "x = T.dscalar('x'); theano.function([x], x, mode='NO_SUCH_MODE')",
    "x = T.dscalar('x'); result = theano.function([x], x * 2, mode='FAST_COMPILE')(3.)",
    "x = T.dscalar('x'); result = theano.function([x], x * 2, name='double').name",
    "x = T.dscalar('x'); A = theano.shared(1.); f_ = theano.function([x], A * 1, updates={A: A + x}); result = [f_(2.), f_(2.)]",
    "x = T.dscalar('x'); A = theano.shared(1.); f_ = theano.function([x], A * 1, updates=[(A, A + x)]); g_ = f_.copy(share_memory=False); f_(2.); result = g_(1.)",
    "x = T.dscalar('x'); result = (x * 2).eval({x: 3.})", "x = T.dscalar('x'); (x * 2).eval({'x': 3.})", "x = T.dscalar('x'); (x * 2).eval()",
    "x = T.dscalar('x'); y = T.dscalar('y'); (x * 2).eval({x: 1., y: 2.})", "x = T.dscalar('x'); theano.function([theano.In(x, update=x + 1, value=1.)], x)",
    "x, y = T.dmatrices('x', 'y'); theano.function([x, y], x + y)(np.ones((2, 3)), np.ones((3, 3)))",
    "x, y = T.dmatrices('x', 'y'); theano.function([x, y], x + y)(np.ones((1, 3)), np.ones((3, 3)))",
    "x, y = T.dmatrices('x', 'y'); theano.function([x, y], T.dot(x, y))(np.ones((2, 3)), np.ones((2, 3)))",
    "x = T.dmatrix('x'); theano.function([x], x.reshape((4, 4)))(np.ones((2, 3)))", "x = T.dvector('x'); theano.function([x], x[5])(np.ones(2))",
    "x = T.dvector('x'); k = T.lvector('k'); theano.function([x, k], x[k])(np.ones(2), [5])",
    "x, y = T.dmatrices('x', 'y'); theano.function([x, y], T.concatenate([x, y], axis=0))(np.ones((2, 3)), np.ones((2, 2)))",
    "x = T.dmatrix('x'); x.sum(axis=2)", "x = T.dmatrix('x'); T.concatenate([x, T.dvector()])", "x = T.dmatrix('x'); x[0, 0, 0]", "x = T.dmatrix('x'); x[0.5]",
    "x = T.dmatrix('x'); x.reshape(T.lvector())", "x = T.dmatrix('x'); bool(x > 0)", "x = T.dmatrix('x'); result = bool(x)", "x = T.dmatrix('x'); len(x)",
    "x = T.dmatrix('x'); float(x)", "x = T.dmatrix('x'); x[0] = 1", "x = T.dmatrix('x'); iter(x)", "x = T.dmatrix('x'); result = len(list(x.shape))",
    "x = T.dmatrix('x'); result = x == T.dmatrix('x')", "x = T.dmatrix('x'); result = str(x.type)", "result = repr(T.TensorType('float32', (True, False)))",
    "result = T.TensorType('float32', (True, False)) == T.frow().type", "result = T.matrix(dtype='floatX').dtype", "result = [a.name for a in T.dscalars('x', 'y')]",
    "x = T.dscalar('x'); y = theano.clone(x * 2, replace={x: T.constant(3.)}); result = theano.function([], y)()",
    "x = T.dscalar('x'); op = theano.OpFromGraph([x], [x ** 2]); y = T.dscalar('y'); result = theano.function([y], op(y) + 1)(3.)",
    "from theano.ifelse import ifelse\nx = T.dscalar('x'); f_ = theano.function([x], ifelse(T.gt(x, 0), x * 2, x * 3)); result = [f_(1.), f_(-1.)]",
    "x, y = T.dscalars('x', 'y'); result = theano.gof.graph.is_same_graph(x + y * 2, x + y * 2)", "x, y = T.dscalars('x', 'y'); result = theano.gof.graph.is_same_graph(x + y, x - y)",
    "x, y = T.dscalars('x', 'y'); result = [a.name for a in theano.gof.graph.inputs([x * y + 2]) if a.name]",
    "result = theano.scalar.upcast('int8', 'float32', 'int32')",
]  # fmt: skip

RANDOM = [
    "from theano.tensor.shared_randomstreams import RandomStreams\nresult = []\nr = RandomStreams(7)\n"
    "for draw in [r.uniform((2, 3)), r.normal((3,), 1., 2.), r.binomial((5,), 10, .3), r.random_integers((4,), 1, 6), r.choice((3,), 5), r.poisson((3,), 4.),\n"
    "             r.permutation(n=5), r.multinomial((2,), 10, [.2, .3, .5]), r.shuffle_row_elements(T.constant(np.arange(6.).reshape(2, 3)))]:\n"
    "    f_ = theano.function([], draw); result.append([f_(), f_()])",
    *(f"from theano.sandbox.rng_mrg import MRG_RandomStreams\nf_ = theano.function([], MRG_RandomStreams({seed}).{draw}); result = [f_(), f_()]"
      for seed, draw in [
          (42, "uniform((2,))"), (42, "uniform((3, 5))"), (42, "uniform((4,), -1, 2, dtype='float32')"), (42, "uniform((1, 3))"), (42, "uniform((100,))"),
          (1, "binomial((3, 4), p=.3)"), (1, "binomial((3,), p=.7, dtype='float32')"), (7, "normal((3,))"), (7, "normal((2, 2), 1., .5)"),
          (7, "normal((3, 3), dtype='float32')"), (7, "normal((40,), truncate=True)"), (7, "truncated_normal((30,), 1., 2.)"),
          (9, "multinomial(pvals=np.array([[.98, .01, .01], [.01, .49, .5]]))"), (9, "multinomial(n=5, pvals=np.array([[.2, .3, .5], [.01, .49, .5]]))"),
          (9, "choice(size=2, replace=False, p=np.array([[.2, .3, .5], [.01, .49, .5]]))"), ("[1, 2, 3, 4, 5, 6]", "uniform((2,))"),
          (5, "uniform((n.owner is None and 2, 3), nstreams=4)"), (0, "uniform((2,))"), (2147462579, "uniform((2,))"), (3, "uniform([2])"), (3, "uniform(2)"),
          (3, "binomial([2])"), (3, "uniform((0,))"), (3, "binomial((2,), n=2)"), (3, "normal([2])"), (3, "normal(2)"), (3, "multinomial(pvals=np.ones(2))"),
          (3, "multinomial((2,), pvals=np.ones((2, 2)))"), (3, "choice()")]),
    "from theano.sandbox.rng_mrg import MRG_RandomStreams\nr = MRG_RandomStreams(3); a, c = r.uniform((2,)), r.uniform((2,)); result = theano.function([], [a, c])()",
    "from theano.sandbox.rng_mrg import MRG_RandomStreams\nr = MRG_RandomStreams(3); a = r.uniform((2,)); f_ = theano.function([], a, no_default_updates=True); result = [f_(), f_()]",
    "from theano.sandbox.rng_mrg import MRG_RandomStreams\nr = MRG_RandomStreams(3); f_ = theano.function([n], r.uniform((n,))); result = [f_(2), f_(3)]",
]  # fmt: skip

SCAN = [
    "r, u = theano.scan(lambda x: x * 2, sequences=v); result = [theano.function([v], r)([1., 2.]), len(u)]",
    "r, _ = theano.scan(lambda x, a: a + x, sequences=[v], outputs_info=[T.constant(np.float64(0.))]); result = theano.function([v], r)([1., 2., 3.])",
    "r, _ = theano.scan(lambda a, k: a * k, outputs_info=s, non_sequences=[s], n_steps=4); result = theano.function([s], r)(2.)",
    "r, _ = theano.scan(lambda a: a * 2, outputs_info=s, n_steps=n); result = theano.function([s, n], r)(1., 3)",
    "r, _ = theano.scan(lambda x, y: (x + y, x * y), sequences=[v, fv]); result = theano.function([v, fv], r)([1., 2.], np.array([3., 4., 5.], 'float32'))",
    "r, _ = theano.scan(lambda x: x, sequences=v, go_backwards=True); result = theano.function([v], r)([1., 2., 3.])",
    "r, _ = theano.scan(lambda a, c: a + c, outputs_info=[dict(initial=v[:2], taps=[-2, -1])], n_steps=3); result = theano.function([v], r)([1., 1.])",
    "r, _ = theano.scan(lambda x, y, z: x + y + z, sequences=[dict(input=v, taps=[-1, 0, 1])]); result = theano.function([v], r)([1., 2., 3., 4.])",
    "r, _ = theano.scan(lambda a: (a * 2, theano.scan_module.until(a > 5)), outputs_info=s, n_steps=20); result = theano.function([s], r)(1.)",
    "r, _ = theano.scan(lambda x, a: a + x, sequences=v, outputs_info=s); result = theano.function([v, s], T.grad(r[-1] ** 2, v))([1., 2.], 0.)",
    "r, _ = theano.scan(lambda a: a ** 2, outputs_info=s, n_steps=3); result = theano.function([s], T.grad(r[-1], s))(1.5)",
    "r, _ = theano.scan(lambda a, k: T.tanh(a * k), outputs_info=s, non_sequences=s, n_steps=4, truncate_gradient=2)\nresult = theano.function([s], T.grad(r[-1], s))(.5)",
    "A = theano.shared(1.); r, u = theano.scan(lambda x: (x * A, {A: A + 1}), sequences=v); f_ = theano.function([v], r, updates=u); result = [f_([1., 1., 1.]), A.get_value()]",
    "r, _ = theano.map(lambda x: x + 1, v); result = theano.function([v], r)([1., 2.])",
    "r, _ = theano.reduce(lambda x, a: x + a, v, s); result = theano.function([v, s], r)([1., 2.], 10.)",
    "r, _ = theano.foldl(lambda x, a: a * 2 + x, v, s); result = theano.function([v, s], r)([1., 2.], 10.)",
    "r, _ = theano.foldr(lambda x, a: a * 2 + x, v, s); result = theano.function([v, s], r)([1., 2.], 10.)",
    "theano.scan(lambda a: a, outputs_info=s)", "theano.scan(lambda a: a * np.float64(2), outputs_info=T.constant(0.), n_steps=2)",
    "r, _ = theano.scan(lambda x: x, sequences=v, n_steps=5); theano.function([v], r)([1., 2.])",
    "r, _ = theano.scan(lambda x: x * 2, sequences=v); result = theano.function([v], r)([])",
    "A = theano.shared(2.); r, _ = theano.scan(lambda x: x * A, sequences=v, strict=True)",
    "r, _ = theano.scan(lambda x: x * 2, sequences=v, return_list=True); result = type(r).__name__",
    "r, _ = theano.scan(lambda: None, n_steps=2); result = r",
    "r, _ = theano.scan(lambda a: a + 1, outputs_info=s, n_steps=1); result = theano.function([s], r)(1.)",
    "r, _ = theano.scan(lambda q: theano.scan(lambda x: x * 2, sequences=q)[0].sum(), sequences=d); result = theano.function([d], r)([[1., 2.], [3., 4.]])",
    "r, _ = theano.scan(lambda x: T.grad(x ** 3, x), sequences=v); result = theano.function([v], r)([1., 2.])",
]  # fmt: skip

_S, _P = "T.dot(d, e.T)", "T.dot(d, d.T)"
_GRADS = [
    f"T.nlinalg.det({_S})", f"T.nlinalg.matrix_inverse({_S}).sum()", "T.nlinalg.pinv(d)[0, 1]", f"T.nlinalg.eigh({_P})[0][0]",
    f"abs(T.nlinalg.eigh({_P})[1]).sum()", f"T.slinalg.cholesky({_P}).sum()", f"T.slinalg.solve({_S}, v[:2]).sum()",
    f"T.slinalg.expm({_S} / 9).sum()", f"T.nlinalg.trace({_S})", f"T.slinalg.Solve('lower_triangular')({_S}, d)[1, 0]",
    f"T.slinalg.solve_upper_triangular({_S}, e).sum()", f"T.slinalg.eigvalsh({_P}, {_P} + T.eye(2))[0]", "T.nlinalg.norm(d, None)",
    f"T.slinalg.Cholesky(lower=False)({_P})[0, 1]",
]  # fmt: skip
LINALG = [
    *_GRADS, *(f"T.grad({cost}, d)" for cost in _GRADS if "pinv" not in cost), "T.nlinalg.pinv(d)", "T.nlinalg.pinv(f)",
    f"T.nlinalg.MatrixInverse()({_S})", f"T.nlinalg.Det()({_S})", f"T.nlinalg.Eigh('U')({_P})[0]", f"T.nlinalg.eigh({_P}, 'L')[0]",
    f"T.nlinalg.eig({_P} + e[:, :2])[0].sum()", "abs(T.nlinalg.qr(d)[0])", "abs(T.nlinalg.qr(d.T, 'r'))", "abs(T.nlinalg.QRFull('complete')(d.T)[1])",
    "T.nlinalg.svd(d)[1]", "T.nlinalg.svd(d, 0, 0)", "abs(T.nlinalg.SVD(full_matrices=False, compute_uv=True)(d)[2])", "T.nlinalg.matrix_power(T.dot(d, e.T), 3)",
    "T.nlinalg.matrix_dot(d, e.T, f)", "T.nlinalg.alloc_diag(v)", "T.nlinalg.AllocDiag()(fv)", "T.nlinalg.extract_diag(d)", "T.nlinalg.ExtractDiag()(f)", "T.nlinalg.diag(v)",
    "T.nlinalg.trace(f)", "T.nlinalg.norm(v, 3)", "T.nlinalg.norm(v, 'inf')", "T.nlinalg.norm(v, '-inf')", "T.nlinalg.norm(d, 'fro')", "T.nlinalg.norm(d, 1)",
    "T.nlinalg.norm(d, -1)", "T.nlinalg.norm(d, 'inf')", "T.nlinalg.norm(d, 7)", "T.nlinalg.norm(v, 0)", "T.nlinalg.norm(s, None)", "T.nlinalg.norm(t3, None)",
    "T.nlinalg.lstsq()(d.T, v.dimshuffle(0, 'x'), -1)[0]", "T.nlinalg.lstsq()(d.T, v.dimshuffle(0, 'x'), -1)[2]",
    "T.nlinalg.tensorinv(T.dot(d, e.T), 1)", "T.nlinalg.tensorsolve(T.dot(d, e.T).reshape((2, 2, 1)), v[:2])",
    "T.slinalg.kron(d, e)", "T.slinalg.kron(v, d)", "T.slinalg.kron(v, v)", "T.slinalg.kron(s, v)", f"T.slinalg.expm({_S})", f"T.slinalg.Expm()({_P})",
    f"T.slinalg.solve({_S}, d)", "T.slinalg.solve(T.dot(f, f2.T), f)", "T.slinalg.Solve('nothing')", f"T.slinalg.solve_symmetric({_P}, d)", f"T.slinalg.Solve('upper_triangular')({_S}, e)",
    f"T.slinalg.cholesky(-{_P})", f"T.slinalg.Cholesky(on_error='nan')(-{_P})", f"T.slinalg.Cholesky(lower=False)({_P})", f"T.slinalg.Eigvalsh(lower=False)({_P}, {_P} + T.eye(2))",
    f"T.slinalg.CholeskyGrad()({_P}, T.slinalg.cholesky({_P}), T.ones((2, 2)))", f"T.slinalg.ExpmGrad()({_S} / 9, T.ones((2, 2)))",
    f"T.slinalg.EigvalshGrad()({_P}, {_P} + T.eye(2), v[:2])[0]", "T.nlinalg.matrix_inverse(T.zeros((2, 2)))", "T.nlinalg.det(T.zeros((2, 2)))",
    "import theano.sandbox.linalg as L; result = str(type(L.psd(d).ndim))", f"theano.sandbox.linalg.spectral_radius_bound({_P}, 3)",
]  # fmt: skip

IMAGES = (
    "X = T.constant(np.sin(np.arange(2 * 4 * 7 * 6)).reshape(2, 4, 7, 6)); W = T.constant(np.cos(np.arange(6 * 4 * 3 * 2)).reshape(6, 4, 3, 2)); "
    "G = T.constant(np.cos(np.arange(2 * 6 * 5 * 5) * .7).reshape(2, 6, 5, 5)); A = T.nnet.abstract_conv\n"
)
VOLUMES = (
    "X = T.constant(np.sin(np.arange(2 * 2 * 5 * 4 * 4)).reshape(2, 2, 5, 4, 4)); W = T.constant(np.cos(np.arange(3 * 2 * 2 * 3 * 2)).reshape(3, 2, 2, 3, 2)); "
    "A = T.nnet.abstract_conv\n"
)
NNET = [
    *(IMAGES + "result = " + code + ".eval()" for code in (
        "T.nnet.conv2d(X, W)", "T.nnet.conv2d(X, W, border_mode='half', subsample=(2, 1))", "T.nnet.conv2d(X, W, border_mode=(1, 2), filter_flip=False)",
        "T.nnet.conv2d(X, W, filter_dilation=(2, 2))", "T.nnet.conv2d(X, W[:, :2], num_groups=2)", "A.conv2d(X, W, border_mode='full')",
        "T.nnet.conv2d_transpose(G, W, (2, 4, 7, 6))", "A.conv2d_grad_wrt_inputs(G, W, (2, 4, 7, 6))", "A.conv2d_grad_wrt_inputs(G[:, :, ::2, :3], W, (None, None, 7, 6), subsample=(2, 2))",
        "A.conv2d_grad_wrt_weights(X, G, (6, 4, 3, 2))", "A.conv2d_grad_wrt_weights(X, G, (6, 4, 3, 2), filter_flip=False)",
        "A.AbstractConv2d()(X, W)", "A.AbstractConv2d_gradInputs(kshp=(6, 4, 3, 2))(W, G, (7, 6))", "A.AbstractConv2d_gradWeights(filter_flip=False)(X, G, (3, 2))",
        "A.AbstractConv2d_gradInputs()(W, G, T.as_tensor_variable([7, 6]))", "A.AbstractConv2d_gradInputs()(W, G, X.shape[2:])",
        "A.separable_conv2d(X, T.constant(np.cos(np.arange(8 * 9.)).reshape(8, 1, 3, 3)), T.constant(np.sin(np.arange(24.)).reshape(3, 8, 1, 1)), 4)",
        "A.bilinear_upsampling(X, 2, batch_size=2, num_input_channels=4)", "A.bilinear_upsampling(X, 3, use_1D_kernel=False)",
        "A.bilinear_kernel_1D(3)", "A.bilinear_kernel_2D(2, normalize=False)",
        "A.causal_conv1d(X[:, :, 0], W[:, :, :, 0], (6, 4, 3))", "A.causal_conv1d(X[:, :, 0], W[:, :, :, 0], (6, 4, 3), filter_dilation=2)",
        "T.nnet.neighbours.images2neibs(X, (7, 3))", "T.nnet.neighbours.images2neibs(X, (3, 2), (2, 2))", "T.nnet.neighbours.images2neibs(X[:, :, :5, :5], (3, 3), (1, 1), mode='wrap_centered')",
        "T.nnet.neighbours.images2neibs(X, (2, 4), mode='ignore_borders')", "T.nnet.neighbours.neibs2images(T.nnet.neighbours.images2neibs(X, (7, 3)), (7, 3), X.shape)",
        "theano.tensor.signal.conv.conv2d(X[0], W[0])", "theano.tensor.signal.conv.conv2d(X[0], W[0, 0], border_mode='full')",
        "T.signal.pool.pool_2d(X, (2, 2), ignore_border=True)", "T.signal.pool.pool_2d(X, (3, 2), ignore_border=False, stride=(2, 1))",
        "T.signal.pool.pool_2d(X, ds=(2, 2), ignore_border=True, st=(1, 1), mode='average_inc_pad')", "T.signal.pool.pool_2d(X, (3, 3), True, (2, 2), (1, 1), mode='average_exc_pad')",
        "T.signal.pool.max_pool_2d_same_size(X, (2, 2))",
    )),
    *(IMAGES + "result = " + code for code in (
        "[int(n) for n in A.get_conv_output_shape((2, 4, 7, 6), (6, 4, 3, 2), 'half', (2, 1))]", "A.get_conv_output_shape((2, 4, None, 6), (6, 4, 3, 2), (1, 2), (1, 1), (2, 2))",
        "A.get_conv_shape_1axis(7, 3, 'full', 2)", "A.get_conv_gradweights_shape((2, 4, 7, 6), (2, 6, 5, 5), 'valid', (1, 1))",
        "[int(n) for n in A.get_conv_gradinputs_shape((6, 4, 3, 2), (2, 6, 5, 5), 'valid', (1, 1))]", "A.check_conv_gradinputs_shape((2, 4, 7, 6), (6, 4, 3, 2), (2, 6, 5, 5), 'valid', (1, 1))",
        "A.check_conv_gradinputs_shape((2, 4, 7, 6), (6, 4, 3, 2), (2, 6, 4, 5), 'valid', (1, 1))", "A.border_mode_to_pad('half', 2, (3, 5))", "A.border_mode_to_pad((1, 2), 2, (3, 5))",
        "T.nnet.conv2d(X, W, border_mode='same')", "T.nnet.conv2d(X[0], W)", "A.AbstractConv(4)", "A.AbstractConv3d(unshared=True)",
    )),
    *(VOLUMES + "result = " + code + ".eval()" for code in (
        "T.nnet.conv3d(X, W)", "T.nnet.conv3d(X, W, border_mode='half', subsample=(1, 2, 1))", "A.conv3d_grad_wrt_inputs(T.nnet.conv3d(X, W), W, (2, 2, 5, 4, 4))",
        "A.conv3d_grad_wrt_weights(X, T.nnet.conv3d(X, W), (3, 2, 2, 3, 2))", "A.AbstractConv3d_gradInputs()(W, T.nnet.conv3d(X, W), (5, 4, 4))",
        "T.nnet.conv3d2d.conv3d(X, T.constant(np.cos(np.arange(3 * 2 * 5 * 2 * 3.)).reshape(3, 2, 5, 2, 3)))",
        "T.nnet.conv3d2d.conv3d(X, T.constant(np.cos(np.arange(3 * 2 * 5 * 2 * 3.)).reshape(3, 2, 5, 2, 3)), (2, 2, 5, 4, 4), (3, 2, 5, 2, 3), border_mode='full')",
        "T.signal.pool.pool_3d(X, (2, 2, 2), ignore_border=True)",
    )),
    "T.nnet.softmax_graph(d)", "T.nnet.softmax_with_bias(d, T.constant([1., 2., 3.]))",
    "T.nnet.crossentropy_softmax_1hot(d, T.constant([0, 2]))[0]", "T.nnet.crossentropy_softmax_1hot_with_bias(d, T.constant([1., 2., 3.]), T.constant([0, 2]))[0]",
    "T.nnet.crossentropy_softmax_argmax_1hot_with_bias(d, T.constant([1., 2., 3.]), T.constant([0, 2]))[2]",
    "T.nnet.crossentropy_softmax_max_and_argmax_1hot(d, T.constant([0, 2]))[2]", "T.nnet.crossentropy_categorical_1hot(T.nnet.softmax(d), T.constant([0, 2]))",
    "T.nnet.prepend_1_to_each_row(d)", "T.nnet.prepend_0_to_each_row(d)", "T.nnet.prepend_scalar_to_each_row(T.constant(5.), d)",
    "T.nnet.confusion_matrix(T.constant([2, 0, 2, 2, 0, 1]), T.constant([0, 0, 2, 2, 0, 2]))[0]", "T.nnet.confusion_matrix(T.constant([2, 0, 2]), T.constant([0, 5, 2]))[1]",
    "T.nnet.h_softmax(d, 2, 5, 2, 3, T.constant(np.cos(np.arange(6.)).reshape(3, 2)), T.constant([.1, .2]), T.constant(np.sin(np.arange(18.)).reshape(2, 3, 3)), T.constant(np.arange(6.).reshape(2, 3)))",
    "T.nnet.h_softmax(d, 2, 5, 2, 3, T.constant(np.cos(np.arange(6.)).reshape(3, 2)), T.constant([.1, .2]), T.constant(np.sin(np.arange(18.)).reshape(2, 3, 3)), T.constant(np.arange(6.).reshape(2, 3)), T.constant([4, 1]))",
]  # fmt: skip

FAMILY = """
import theano.tensor.nnet.abstract_conv as A, theano.tensor.nnet.neighbours as N, theano.tensor.nnet.conv3d2d as V
import theano.tensor.nnet.corr as C, theano.tensor.signal.pool as P, theano.tensor.signal.conv as S
r = np.random.RandomState(5)
def data(*shape): return r.randint(-8, 9, shape) / 4.
def var(ndim): return T.TensorType('float64', (False,) * ndim)()
x4, w4, x5, w5, w6 = var(4), var(4), var(5), var(5), var(6)
x, w, x3, w3 = data(2, 4, 7, 6), data(6, 4, 3, 2), data(1, 2, 5, 4, 6), data(3, 2, 2, 3, 2)
w2, w1, wu = data(6, 2, 3, 2), data(8, 1, 3, 2), data(6, 5, 5, 4, 3, 2)
i4, i5 = [x4, w4], [x5, w5]
def do(inputs, out, *values): return theano.function(inputs, out, on_unused_input='ignore')(*values)
def both(out, *values): return do(i4, [out, T.grad((out ** 2).sum(), x4), T.grad((out ** 2).sum(), w4)], *values)
"""
_GIN, _GW = "T.nnet.conv2d_grad_wrt_inputs", "A.conv2d_grad_wrt_weights"
CONVOLUTION = ["exec(FAMILY); result = " + code for code in [
    *(f"both(T.nnet.conv2d(x4, w4, {how}), x, w)" for how in (
        "", "border_mode='full'", "border_mode='half'", "border_mode=1", "border_mode=(2, 1)", "border_mode=((1, 2), 0)",
        "subsample=(2, 3)", "filter_flip=False", "filter_dilation=(2, 3), border_mode='half'", "(2, 4, 7, 6), (6, 4, 3, 2), (1, 1), (2, 1)",
        "input_shape=(None, 4, None, 6), filter_shape=(6, 4, None, None), subsample=(2, 2), border_mode='full', filter_flip=False")),
    "both(T.nnet.conv2d(x4, w4, num_groups=2, border_mode=1), x, w2)",
    "do([x4, w6], T.nnet.conv2d(x4, w6, unshared=True), x, wu)",
    f"do([x4, w6], {_GIN}(x4, w6, (2, 4, 7, 6), unshared=True), data(2, 6, 5, 5), wu)",
    f"do(i4, {_GW}(x4, w4, (6, 5, 5, 4, 3, 2), unshared=True), x, data(2, 6, 5, 5))",
    f"do(i4, {_GIN}(x4, w4, (None, None, 7, 6), filter_shape=(6, 4, 3, 2)), data(2, 6, 5, 5), w)",
    f"do(i4, {_GIN}(x4, w4, (2, 4, 8, 7), subsample=(2, 2), border_mode='half', filter_flip=False), data(2, 6, 4, 4), w)",
    f"do([x4, w4, n], {_GIN}(x4, w4, (2, 4, n, n), subsample=(2, 2)), data(2, 6, 3, 3), w, 7)",
    f"do(i4, {_GW}(x4, w4, (6, 4, 3, 2)), x, data(2, 6, 5, 5))",
    f"do([x4, w4, n], {_GW}(x4, w4, (None, None, n, 2), subsample=(2, 2), border_mode=1), x, data(2, 6, 4, 4), 3)",
    "do(i4, T.nnet.conv2d_transpose(x4, w4, (None, None, 8, 7), input_dilation=(2, 2)), data(2, 6, 3, 3), w)",
    "do(i4, T.nnet.conv2d_transpose(x4, w4, (2, 4, 6, 6), border_mode='half'), data(2, 6, 6, 7), w)",
    "do([x4, w4, iv], A.AbstractConv2d_gradInputs(subsample=(2, 2), filter_flip=False)(w4, x4, iv), data(2, 6, 3, 3), w, [8, 7])",
    "do([x4, w4, n], A.AbstractConv2d_gradInputs((None, 4, None, None), (6, 4, 3, 2), 'half', (1, 1))(w4, x4, (n, 6)), data(2, 6, 6, 7), w, 6)",
    "do(i4, A.AbstractConv2d_gradWeights(subsample=(2, 2))(x4, w4, [3, 2]), x, data(2, 6, 3, 3))",
    "str(A.AbstractConv2d_gradInputs(imshp=(None, 4, None, None), kshp=(6, 4, 3, 2), border_mode=(1, (2, 2)), filter_flip=False))",
    "[A.AbstractConv2d() == A.AbstractConv2d(border_mode=0), A.AbstractConv2d() == A.AbstractConv2d(subsample=(2, 1))]",
    *(f"do(i5, T.nnet.conv3d(x5, w5, {how}), x3, w3)" for how in ("", "border_mode='half', subsample=(2, 1, 2)", "filter_flip=False, border_mode=(1, 0, 2)", "filter_dilation=(2, 1, 3)")),
    "do(i5, A.conv3d_grad_wrt_inputs(x5, w5, (1, 2, 5, 4, 6)), data(1, 3, 4, 2, 5), w3)",
    "do(i5, A.conv3d_grad_wrt_weights(x5, w5, (3, 2, 2, 3, 2)), x3, data(1, 3, 4, 2, 5))",
    "do(i5, A.AbstractConv3d_gradInputs(subsample=(2, 2, 2))(w5, x5, (5, 5, 6)), data(1, 3, 2, 2, 3), w3)",
    "do([x4, w4, d], T.nnet.separable_conv2d(x4, w4, d.reshape((3, 8, 1, 1)), 4, border_mode='half', subsample=(2, 1)), x, w1, data(3, 8))",
    "do([t3], A.causal_conv1d(t3, T.constant(data(2, 2, 3)), (2, 2, 3), subsample=2, filter_dilation=2), data(1, 2, 7))",
    "do([x4], A.bilinear_upsampling(x4, 3), data(1, 2, 3, 2))", "do([x4], A.bilinear_upsampling(x4, frac_ratio=(3, 2), use_1D_kernel=False), data(1, 2, 4, 2))",
    "do([], [A.bilinear_kernel_1D(3), A.bilinear_kernel_1D(3, False), A.bilinear_kernel_2D((2, 3))])",
    "do(i5, V.conv3d(x5, w5), data(2, 4, 3, 5, 6), data(2, 2, 3, 3, 2))", "do(i5, V.conv3d(x5, w5, border_mode='full'), data(1, 3, 2, 4, 3), data(2, 2, 2, 3, 2))",
    "do(i4, C.CorrMM(border_mode=(1, 2), subsample=(2, 1))(x4, w4), x, w)", "do(i4, C.CorrMM_gradWeights()(x4, w4), x, data(2, 6, 5, 5))", "do(i4, C.CorrMM_gradInputs('half')(x4, w4), w, data(2, 4, 6, 7)[:, [0, 1, 2, 3, 0, 1]])",
    *(f"do([x4], N.images2neibs(x4, {how}), data(1, 2, 6, 5))" for how in ("(3, 5)", "(2, 3), (1, 2)", "(2, 2), mode='ignore_borders'", "(3, 3), (2, 1), 'wrap_centered'", "(3, 3), (1, 1), 'half'", "(3, 3), (1, 1), 'full'")),
    "do([d], N.neibs2images(d, (2, 3), (1, 2, 4, 6)), data(8, 6))",
    *(f"do([{a}, e], S.conv2d({a}, e), {value}, data(3, 2))" for a, value in (("d", "data(6, 5)"), ("t3", "data(2, 6, 5)"))),
    "do([d, t3], S.conv2d(d, t3, border_mode='full'), data(6, 5), data(3, 3, 2))",
    *(f"do([x4], P.pool_2d(x4, (3, 2), {how}), x)" for how in ("True", "False", "True, (2, 1)", "False, (2, 1)", "True, (1, 1), (1, 1)", "True, (2, 2), (1, 1), 'average_inc_pad'", "True, (2, 2), (1, 1), 'average_exc_pad'",
      "False, mode='sum'", "True, mode='max_deterministic'", "False, mode='average_exc_pad'", "False, (2, 3), mode='average_inc_pad'")),
    "do([x4], P.pool_2d(x4, ds=(2, 2), st=(1, 1), padding=(1, 0), ignore_border=True), x)", "do([x5], P.pool_3d(x5, (2, 2, 3), True), x3)", "do([x4, iv], P.pool_2d(x4, iv, True), x, [2, 3])",
    "do([x4], T.grad((P.pool_2d(x4, (2, 2), True) ** 2).sum(), x4), x)", "do([x4], T.grad((P.pool_2d(x4, (3, 3), False, (2, 1), mode='average_inc_pad') ** 2).sum(), x4), x)", "do([d], P.max_pool_2d_same_size(d, (2, 2)), data(5, 4))",
    "do([x4], P.Pool(True, 'sum')(x4, (2, 2), (1, 2)), x)", "do([x4, w4], P.MaxPoolGrad(True)(x4, P.pool_2d(x4, (2, 2), True), w4, (2, 2)), x, data(2, 4, 3, 3))",
    "do([x4, w4], P.AveragePoolGrad(True, 'sum')(x4, w4, (2, 2)), x, data(2, 4, 3, 3))", "do([x4, w4], P.DownsampleFactorMaxGradGrad(True)(x4, P.pool_2d(x4, (2, 2), True), w4, (2, 2)), x, x[::-1])",
    "[[int(k) for k in P.Pool.out_shape((1, 2, i, 8), (3, 2), how, s, None)] for i in (2, 5, 8) for how in (True, False) for s in (None, (2, 1), (4, 3))]",
    "do([d, v], T.nnet.softmax_with_bias(d, v), data(4, 3), data(3))", "do([t3], T.nnet.softmax_graph(t3), data(2, 2, 3))",
    "do([d, v, iv], T.nnet.crossentropy_softmax_argmax_1hot_with_bias(d, v, iv), data(3, 4), data(4), [0, 3, 1])", "do([d, iv], list(T.nnet.crossentropy_softmax_1hot(d, iv)), data(3, 4), [0, 3, 1])",
    "do([d, iv], list(T.nnet.crossentropy_softmax_max_and_argmax_1hot(d, iv)), data(3, 4), [0, 3, 1])", "do([d, iv], T.nnet.crossentropy_categorical_1hot(d, iv), abs(data(3, 4)) + 1, [0, 3, 1])",
    "do([v, d, iv], T.nnet.crossentropy_softmax_1hot_with_bias_dx(v, d, iv), data(3), data(3, 4), [0, 3, 1])", "do([d, e], T.nnet.softmax_grad(d, e), data(3, 4), data(3, 4))",
    "do([v, d, iv], T.nnet.crossentropy_categorical_1hot_grad(v, d, iv), data(3), abs(data(3, 4)) + 1, [0, 3, 1])",
    "do([d], [T.nnet.prepend_0_to_each_row(d), T.nnet.prepend_1_to_each_row(d)], data(2, 3))", "do([s, d], T.nnet.prepend_scalar_to_each_row(s, d), 2.5, data(2, 3))",
    "do([v, iv], T.nnet.confusion_matrix(v, T.cast(iv, 'float64')), [2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2])", "do([v], [T.nnet.sigmoid(v), T.nnet.selu(v), T.nnet.softsign(v)], data(4))",
    "do([d], T.nnet.h_softmax(d, 3, 6, 2, 3, data(4, 2), data(2), data(2, 4, 3), data(2, 3)), data(3, 4))", "do([d, iv], T.nnet.h_softmax(d, 3, 5, 2, 3, *map(T.constant, (data(4, 2), data(2), data(2, 4, 3), data(2, 3))), target=iv), data(3, 4), [0, 4, 2])",
    "do([x4], list(T.nnet.bn.batch_normalization_train(x4, T.ones((1, 4, 1, 1)), T.zeros((1, 4, 1, 1)), 'spatial', running_mean=T.zeros((1, 4, 1, 1)), running_var=T.ones((1, 4, 1, 1)))), x)",
    "do([d, v], T.nnet.bn.batch_normalization_test(d, v, v, v, v ** 2), data(2, 3), [1., 2., 3.])",
    "[A.get_conv_output_shape((2, 3, 9, None), (4, 3, 3, 2), b, (2, 1), (1, 2)) for b in ('valid', 'full', 'half', (1, 2), ((1, 2), 0))]", "A.get_conv_shape_1axis(10, 3, (2, 0), 2)",
    "[[k and int(k) for k in A.get_conv_gradinputs_shape((4, 3, 3, 2), (2, 4, 7, None), b, (1, 1))] for b in ('valid', 'full', 'half', (1, 2))]", "[A.get_conv_gradweights_shape((2, 3, 9, 8), (2, 4, 9, 7), b, (1, 2)) for b in ('valid', 'full', 'half', (1, 2))]",
    "[A.check_conv_gradinputs_shape((1, 1, k, 9), (1, 1, 3, 3), (1, 1, 4, 7), 'valid', (2, 1)) for k in (8, 9, 10, 11)]", "[A.border_mode_to_pad(b, 2, (5, 4)) for b in ('valid', 'full', 'half', (1, (2, 3)))]",
    "A.assert_conv_shape((0, 3, 4, 5))",
    "do([x4], N.images2neibs(x4, (2, 2)), data(1, 1, 3, 4))", "do([x4], N.images2neibs(x4, (5, 2)), data(1, 1, 3, 4))",
    *(f"[str(k.replace(annotation=k.empty)) for k in __import__('inspect').signature({name}).parameters.values()]" for name in (
      *(f"T.nnet.{name}" for name in ["conv2d", "abstract_conv2d", "conv3d", "conv2d_transpose", "conv2d_grad_wrt_inputs", "separable_conv2d", "h_softmax", "softmax_graph", "confusion_matrix", "crossentropy_softmax_1hot", "crossentropy_softmax_1hot_with_bias"]),
      *(f"A.{name}" for name in ["conv2d", "conv3d", "conv2d_grad_wrt_inputs", "conv2d_grad_wrt_weights", "conv3d_grad_wrt_inputs", "conv3d_grad_wrt_weights", "separable_conv2d", "separable_conv3d", "causal_conv1d", "bilinear_upsampling", "frac_bilinear_upsampling", "bilinear_kernel_1D", "bilinear_kernel_2D", "get_conv_output_shape", "get_conv_shape_1axis", "get_conv_gradweights_shape", "get_conv_gradinputs_shape", "get_conv_gradinputs_shape_1axis", "check_conv_gradinputs_shape", "assert_conv_shape", "assert_shape", "border_mode_to_pad", "AbstractConv.__init__", "AbstractConv2d.__init__", "AbstractConv2d_gradInputs.__init__", "AbstractConv2d_gradWeights.__init__", "AbstractConv3d.__init__", "AbstractConv3d_gradInputs.__init__", "AbstractConv3d_gradWeights.__init__"]),
      *(f"T.nnet.bn.{name}" for name in ("batch_normalization", "batch_normalization_train", "batch_normalization_test")), "N.images2neibs", "N.neibs2images", "V.conv3d", "C.CorrMM.__init__", "S.conv2d",
      *(f"P.{name}" for name in ("pool_2d", "pool_3d", "max_pool_2d_same_size", "Pool.__init__", "Pool.out_shape", "MaxPoolGrad.__init__", "AveragePoolGrad.__init__", "DownsampleFactorMaxGradGrad.__init__")))),
    # Errors
    *(f"T.nnet.conv2d(x4, w4, {how})" for how in ("border_mode='same'", "border_mode=[1, 1]", "border_mode=1.5", "border_mode=-1", "border_mode=(1,)", "border_mode=((1, 2, 3), 0)", "border_mode=(np.int64(1), 1)", "subsample=(1,)", "subsample=2",
      "filter_dilation=(1, 1, 1)", "num_groups=0", "(n, 4, 7, 6)", "filter_shape=(n, 4, 3, 2)", "imshp_logical=3", "input_shape=(1, 4, 5, 5), image_shape=(1, 4, 5, 5)")),
    "T.nnet.conv2d(t3, w4)", "T.nnet.conv2d(x4, t3)", "T.nnet.conv2d(x4, w4, unshared=True)", "T.nnet.conv3d(x5, w5, border_mode=((1, 2), 0, 0))", "T.nnet.conv3d(x4, w5)", "A.AbstractConv(3, unshared=True)", "A.AbstractConv(4)",
    "do(i4, T.nnet.conv2d(x4, w4), x, data(6, 3, 3, 2))", "do(i4, T.nnet.conv2d(x4, w4), x, data(6, 4, 8, 2))", "do(i4, T.nnet.conv2d(x4, w4, num_groups=4), x, data(6, 1, 3, 2))",
    f"{_GIN}(x4, w4, (2, 4, None, 6))", f"{_GIN}(x4, w4, (n, 4, 7, 6))", f"{_GIN}(x4, w4, (2, 4, 7, 6), filter_shape=(6, 4, 3))", f"{_GIN}(x4, w4, (2, 4, 7, 6), filter_shape=(6, 4, n, 3))", f"{_GW}(x4, w4, (n, 4, 3, 2))", f"{_GW}(x4, w4, (6, 4, None, 2))",
    f"do(i4, {_GIN}(x4, w4, (2, 4, 9, 6)), data(2, 6, 5, 5), w)", "A.conv3d_grad_wrt_inputs(x5, w5, (1, 2, None, 4, 6))", "A.causal_conv1d(d, t3, (1, 2, 3))", "A.causal_conv1d(t3, t3, (1, 2))",
    "A.bilinear_upsampling(x4)", "A.bilinear_upsampling(x4, 2, (3, 2))", "A.bilinear_upsampling(x4, frac_ratio=(3, 2))", "A.assert_conv_shape((1, 1, 0, 2))", "A.border_mode_to_pad(1, 2, (3, 3))", "A.get_conv_shape_1axis(10, 3, -1, 1)",
    "do([n], A.assert_conv_shape((1, 1, n, 2))[2], 0)", "C.CorrMM_gradWeights(subsample=(2, 2))(x4, w4)", "N.images2neibs(x4, (2, 2), mode='all')", "S.conv2d(x4, d)",
    *(f"P.pool_2d(x4, {how})" for how in ("ignore_border=True", "(2, 2), True, ds=(2, 2)", "(2, 2), True, (1, 1), st=(1, 1)", "(2, 2), True, pad=(1, 1), padding=(1, 1)", "(2, 2), False, pad=(1, 1)", "(2, 2), True, pad=(2, 1)", "(2, 2), True, mode='min'", "2, True", "(2., 2.), True")),
    "P.pool_2d(v, (2, 2), True)", "P.pool_3d(d, (2, 2, 2), True)", "T.nnet.softmax_with_bias(t3, v)", "T.nnet.crossentropy_softmax_1hot(d, v)", "T.nnet.crossentropy_categorical_1hot(d, v)", "T.nnet.confusion_matrix(d, v)",
    "T.nnet.prepend_0_to_each_row(v)", "T.nnet.bn.batch_normalization_train(d, v, v, epsilon=1e-6)", "T.nnet.bn.batch_normalization_train(d, v, v, running_mean=v)",
]]  # fmt: skip

SECTIONS = {
    "nnet": NNET,
    "convolution": CONVOLUTION,
    "family": cases_family.PIECES,
    "dtypes": DTYPES,
    "broadcasting": BROADCASTING,
    "gradients": GRADIENTS,
    "shared": SHARED,
    "functions": FUNCTIONS,
    "random": RANDOM,
    "scan": SCAN,
    "linalg": LINALG,
    "keywords": KEYWORDS,
    "printing": PRINTING,
    "running": RUNNING,
}
SINGLE = ("dtypes", "functions")  # sections that are also asked with floatX = float32


def described(value):
    """A result as JSON can hold it."""
    import numpy as np

    if isinstance(value, (list, tuple)):
        return [described(item) for item in value]
    if isinstance(value, dict):
        return {key: described(item) for key, item in sorted(value.items())}
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        return {"dtype": array.dtype.name, "shape": list(array.shape), "values": array.ravel().tolist()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return {"kind": type(value).__name__}


def outcome(theano, code, float_x):
    """What a piece of code gives: its result, or the names of the classes of what it raises."""
    import numpy as np

    T = theano.tensor
    scope = {"theano": theano, "T": T, "np": np, "FAMILY": FAMILY, "SHOW": SHOW}
    theano.config.floatX = float_x
    try:
        for name, text in INPUTS.items():
            scope[name] = eval(text, scope)
        inputs = {name: scope[name] for name in INPUTS}
        if "\n" in code or "result = " in code or "; " in code or code.startswith("theano.function"):
            scope["result"] = None
            exec(code, scope)
            return {"result": described(scope["result"])}
        variable = eval(code, scope)
        if not hasattr(variable, "broadcastable"):
            return {"result": described(variable)}
        answer = {"dtype": variable.dtype, "broadcastable": [bool(one) for one in variable.broadcastable]}
        used = [name for name in inputs if name in names_in(code)]
        function = theano.function([inputs[name] for name in used], variable, on_unused_input="ignore")
        answer["value"] = described(function(*(np.array(VALUES[name][1], VALUES[name][0]) for name in used)))
        return answer
    except Exception as error:  # what is raised is what is asked
        return {"raises": [kind.__name__ for kind in type(error).__mro__ if kind is not object]}
    finally:
        theano.config.floatX = "float64"


def names_in(code):
    """The names in an expression."""
    import ast

    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
