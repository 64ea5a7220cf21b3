"""What is printed of expressions, by Theano 1.0.5 and by the compatibility layer; see ``cases.py``."""

SHOW = """
from theano.printing import debugprint, min_informative_str, pp, var_descriptor
import theano.ifelse, theano.tensor.signal.pool
x4, w4 = T.dtensor4('x4'), T.dtensor4('w4')
W, B = theano.shared(np.zeros((3, 2)), name='W'), theano.shared(np.zeros(2), name='B')
F, B4 = theano.shared(np.zeros((4, 1, 5, 5)), name='F'), theano.shared(np.zeros(4), name='B4')
W576, b10 = theano.shared(np.zeros((576, 10)), name='W576'), theano.shared(np.zeros(10), name='b10')
import contextlib, io
def printed(call):
    with contextlib.redirect_stdout(io.StringIO()) as stream:
        call()
    return stream.getvalue()
def told(call):
    try:
        call()
    except Exception as error:
        lines = str(error.args[0] if isinstance(error, KeyError) else error).splitlines()
        starts = ('Apply node that', 'Toposort index', 'Inputs types', 'Inputs shapes', 'Inputs strides', 'Inputs values', 'Outputs clients', 'HINT')
        return [sorted(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == 'builtins')[-1:], [line.split(':')[0] for line in lines if line.startswith(starts)],
                [line for line in lines if line.startswith('Inputs types') or line.startswith('Inputs shapes')]]
def show(e):
    return {'debugprint': debugprint(e, file='str'), 'pp': pp(e), 'brief': min_informative_str(e), 'descriptor': var_descriptor(e),
            'str': str(e), 'repr': repr(e), 'type': str(e.type), 'name': e.name}
"""

EXPRESSIONS = [
    # Elementwise functions and what they are of
    "d + e", "d + 1", "d + v", "(d + v) * s", "-d", "d - e", "d / e", "d / 2", "d ** 2", "d // e", "d % e", "1 - d", "2 * d", "d + d", "row + d",
    "d * np.float32(2)", "T.add(d, e, d)", "T.constant(3.5) * d", "T.dmatrix() * 2", "abs(d)", "T.tensor4('beta') + 1", "s ** 2 + s", "d > e",
    *(f"T.{name}(d)" for name in ("exp", "log", "tanh", "sqr", "sqrt", "sgn", "erf", "inv", "isnan", "log1p", "round", "floor")),
    "T.eq(d, e)", "T.neq(d, e)", "T.switch(d > 0, d, 0)", "T.maximum(d, 0)", "T.minimum(d, e)", "T.clip(d, 0, 1)", "T.arctan2(d, e)",
    "T.and_(n, 1)", "T.invert(n)", "T.cast(d, 'int32')", "T.cast(f, 'float64')", "T.nnet.sigmoid(d)", "T.nnet.softplus(d)", "T.nnet.relu(d)",
    "T.nnet.elu(d)", "T.exp(d) / (1 + T.exp(d))", "T.nnet.hard_sigmoid(d)", "d.norm(2)",
    # Products and layers
    "T.dot(d, e)", "T.dot(d, W) + B", "T.tanh(T.dot(d, W) + B)", "T.batched_dot(t3, t3)", "T.outer(v, v)", "T.tensordot(d, e, axes=1)",
    # Reductions
    "d.sum()", "d.sum(axis=0)", "d.sum(axis=(0, 1))", "d.sum(axis=1, keepdims=True)", "f.sum(axis=0)", "i.sum()", "T.sum(t3, axis=(0, 2))", "v.sum(axis=0)",
    "d.mean()", "d.mean(axis=0)", "T.mean(f, axis=1)", "d.var(axis=0)", "d.std()", "T.std(d, axis=0)", "d.prod()", "d.prod(axis=0)",
    "d.max()", "d.max(axis=1)", "d.min()", "d.argmax(axis=1)", "d.argmax()", "T.argmin(d, axis=0)", "T.max(d, axis=0, keepdims=True)", "T.any(d > 0)", "T.all(d > 0)",
    "T.any(d > 0, axis=0)", "T.max(d, axis=1) + 1",
    # Shapes and indexing
    "d.T", "d.dimshuffle(0, 'x', 1)", "v.dimshuffle('x', 0)", "d.reshape((2, 3))", "d.reshape((n, 3))", "T.reshape(d, (n, -1))", "d.flatten()", "d.flatten(2)",
    "x4.flatten(2)", "d.ravel()", "d.shape", "d.shape[0]", "d.size", "T.shape_padleft(v)", "T.swapaxes(d, 0, 1)", "T.addbroadcast(d, 1)",
    "T.unbroadcast(row, 0)", "T.specify_shape(d, (2, 3))", "d[0]", "d[0, 1]", "d[:, 0]", "d[1:3]", "d[::-1]", "d[0:]", "d[1:, ::2]", "d[n]", "d[n:n + 2]", "d[:n]", "t3[1, :, n]",
    "d[..., 0]", "v[:, None]", "v[None, :] * 2", "d[iv]", "v[iv]", "d[:, iv]", "d[T.arange(2), iv]", "d[iv, 1:]", "d[(d > 0).nonzero()]",
    "T.set_subtensor(d[0], 1.)", "T.inc_subtensor(d[:2], v)", "T.set_subtensor(d[iv], 0.)", "T.set_subtensor(d[:, iv], 1.)", "T.inc_subtensor(d[iv, iv], v)",
    # Making and joining
    "T.join(0, d, e)", "T.concatenate([d, e], axis=1)", "T.stack([v, v])", "T.stack([s, s])", "T.zeros((2, 3))", "T.ones_like(d)", "T.zeros_like(d)", "T.alloc(s, 2, 3)",
    "T.arange(n)", "T.arange(5)", "T.eye(3)", "T.tile(v, 2)", "T.repeat(v, 2)", "T.diag(v)", "T.split(d, [1, 2], 2, axis=0)[1]",
    "T.sort(v)", "T.argsort(d, axis=0)", "T.extra_ops.cumsum(v)", "T.cumsum(d, axis=1)", "T.nonzero(v)[0]",
    # Networks
    "T.nnet.softmax(d)", "T.nnet.softmax(v)", "T.nnet.logsoftmax(d)", "T.nnet.categorical_crossentropy(T.nnet.softmax(d), iv)",
    "T.nnet.binary_crossentropy(T.nnet.sigmoid(d), e)", "-T.mean(T.log(T.nnet.softmax(T.dot(d, W) + B))[T.arange(iv.shape[0]), iv])",
    "T.mean(T.neq(T.argmax(T.nnet.softmax(d), axis=1), iv))", "T.mean(T.sqr(T.dot(d, v) - v))",
    "T.nnet.conv2d(x4, w4)", "T.nnet.conv2d(x4, w4, border_mode='half', subsample=(2, 2))", "T.nnet.conv2d(x4, w4, border_mode=(1, 2))",
    "T.nnet.conv2d(x4, w4, input_shape=(2, 3, 8, 8), filter_shape=(4, 3, 3, 3), filter_flip=False)", "T.tanh(T.nnet.conv2d(x4, w4) + B.dimshuffle('x', 0, 'x', 'x'))",
    "T.signal.pool.pool_2d(x4, (2, 2), ignore_border=True)", "T.signal.pool.pool_2d(x4, (2, 2), ignore_border=True, mode='average_exc_pad', stride=(1, 1), pad=(1, 1))",
    # Loops and branches
    "theano.ifelse.ifelse(s > 0, d, e)", "theano.scan(lambda t: t * 2, sequences=v)[0]", "theano.scan(lambda a, b: a + b, sequences=v, outputs_info=s)[0]",
    "theano.scan(lambda h: h * 2, outputs_info=s, n_steps=5)[0]", "theano.scan(lambda a, b: a * b, sequences=[v, v[1:]])[0]",
    "theano.scan(lambda t, h, u: t + h * u, sequences=d, outputs_info=v, non_sequences=s)[0][-1]",
    "theano.scan(lambda t, h: T.tanh(T.dot(t, W) + h), sequences=t3, outputs_info=T.zeros((2, 2)))[0]", "theano.scan(lambda i: d[i].sum(), sequences=T.arange(n))[0]",
    "theano.scan(lambda a, b: (a + b, a * b), sequences=v, outputs_info=[s, None])[0][1]", "theano.scan(lambda a, b: a + b, sequences=v, outputs_info=s, go_backwards=True)[0]",
    "theano.map(lambda a: a ** 2, v)[0]", "theano.reduce(lambda a, b: a + b, v, s)[0]",
    # Whole networks
    "-T.mean(T.log(T.nnet.softmax(T.dot(T.tanh(T.signal.pool.pool_2d(T.nnet.conv2d(d.reshape((20, 1, 28, 28)), F, input_shape=(20, 1, 28, 28), filter_shape=(4, 1, 5, 5)), (2, 2), ignore_border=True)"
    " + B4.dimshuffle('x', 0, 'x', 'x')).flatten(2), W576) + b10))[T.arange(iv.shape[0]), iv])",
    "(T.nnet.categorical_crossentropy(T.nnet.softmax(T.dot(T.nnet.relu(T.dot(d, W) + B), W.T)), iv).mean() + 0.01 * (W ** 2).sum())",
    "T.nnet.binary_crossentropy(T.nnet.sigmoid(T.dot(T.nnet.sigmoid(T.dot(d, W) + B), W.T)), d).sum(axis=1).mean()",
    # Gradients
    "T.grad(d.sum(), d)", "T.grad((d ** 2).sum(), d)", "T.grad(T.dot(d, W).sum(), W)", "T.grad(s ** 2, s)",
    "theano.gradient.disconnected_grad(d)", "theano.gradient.zero_grad(d)",
    # Leaves
    "s", "W", "theano.shared(3.)", "T.constant(2)", "T.constant(np.arange(3.))", "T.constant(np.arange(30.))", "T.constant(np.ones((2, 3)))", "T.row()", "T.fscalar('g')",
]  # fmt: skip

FORMATS = [
    "result = debugprint(T.tanh(d + v), file='str', print_type=True)", "result = debugprint(T.tanh(d + v), file='str', depth=2)",
    "result = debugprint([d + e, e + 1, d + e], file='str', ids='int')", "result = debugprint(d.mean() + d.max(), file='str', stop_on_name=True)",
    "a = d + e; result = debugprint([a * 2, a], file='str')", "result = debugprint((d + 1).owner, file='str', ids='')", "result = debugprint(d + e, file='str', depth=0)",
    "result = debugprint(theano.In(d), file='str')", "result = debugprint([3, d], file='str')", "done = {}; result = [debugprint(d + e, file='str', done=done), len(done)]",
    "a = d + e; ids = {}; result = [debugprint(a, file='str', used_ids=ids), debugprint(a * e, file='str', used_ids=ids)]",
    "result = debugprint('a', file='str')", "result = debugprint(d, depth='a', file='str')",
    "import io; stream = io.StringIO(); result = debugprint(d + e, file=stream) is stream; result = [result, stream.getvalue()]", "result = debugprint(d + e, file=None) is None",
    "result = debugprint(theano.scan(lambda a: a * np.float64(2), sequences=v)[0], file='str', print_type=True)",
    "from theano.printing import pprint, FunctionPrinter, OperatorPrinter, PatternPrinter, IgnorePrinter; p = pprint.clone_assign(lambda pstate, r: r.name == 'd', PatternPrinter('never') if 0 else type('P', (), {'process': lambda self, r, state: 'D'})()); result = [p(d + e), pprint(d + e)]",
    "from theano.printing import pprint, FunctionPrinter; p = pprint.clone(); result = p is not pprint and p(T.dot(d, e))", "result = theano.pp(T.dot(d, e))", "from theano.printing import pprint; result = pprint(d, e)",
    "from theano.printing import hex_digest; result = hex_digest(np.arange(3))", "cost = d.sum(); cost.name = 'cost'; result = T.grad(cost, d).name", "W.name = 'w'; result = [str(W), repr(W), str(W + 1), W.T.name, str(W.get_value().shape)]",
    "result = [str(T.TensorType('int8', p)) for p in [(), (True,), (False,), (True, True), (False,) * 5, (False,) * 6, (True, False, False)]]",
    "result = [repr(t) for t in (d.type, row.type, t3.type)]", "result = '%s %r' % (d.type, d.type)",
    "x = T.scalar(); result = [str(x), repr([x, x + 1])]",
]  # fmt: skip

PROGRAMS = [
    # What is printed while a function runs
    *(f"x = T.dvector('x'); f_ = theano.function([x], theano.printing.Print({arguments})(x) * 2); result = printed(lambda: f_([1., 2.]))"
      for arguments in ("'a message'", "'m', attrs=['shape', '__str__']", "'m', ['min', 'max', 'dtype']", "'m', global_fn=lambda op, xin: print('mine', op.message, xin.sum())")),
    "x = T.dvector('x'); f_ = theano.function([x], T.log(x) * x, mode=theano.compile.MonitorMode(post_func=theano.compile.monitormode.detect_nan)); "
    "text = printed(lambda: f_([0.])); result = [text.splitlines()[0], text.splitlines()[-1]]",
    "x = T.dvector('x'); seen = []; mode = theano.compile.MonitorMode(pre_func=lambda i, node, fn: seen.append([i, len(fn.inputs), fn.inputs[0][0].shape]), "
    "post_func=lambda i, node, fn: seen.append([i, len(fn.outputs), fn.outputs[0][0].shape])); theano.function([x], T.exp(x), mode=mode)([1., 2.]); result = seen",
    # Modes
    *(f"result = str(theano.compile.mode.get_mode({name}).__class__.__name__)" for name in ("'FAST_RUN'", "'FAST_COMPILE'", "'DebugMode'", "'DEBUG_MODE'", "'NanGuardMode'", "'nothing'", "theano.Mode('py', 'merge')")),
    "result = theano.Mode('nothing')", "result = theano.Mode('py', 'nothing')", "result = theano.Mode('py', None).linker is not None",
    "result = sorted(theano.compile.mode.predefined_modes)[:2]", "result = 'FAST_RUN' in theano.compile.mode.predefined_modes",
    "m = theano.Mode('py', 'fast_run'); result = [type(m.including('a')).__name__, type(m.excluding('b')).__name__, type(m.requiring('c')).__name__]",
    "theano.compile.mode.register_mode('FAST_RUN', theano.Mode('py'))",
    *(f"x = T.dvector('x'); f_ = theano.function([x], {code}, mode=theano.compile.nanguardmode.NanGuardMode({flags})); result = f_([{values}])"
      for code in ("T.log(x) * 2", "x * 1e9") for flags in ("True, True, True", "True, False, False", "False, False, False") for values in ("1., 2.", "0., 1.", "-1., 1.", "100., 1.")),
    "x = T.dvector('x'); theano.config.NanGuardMode.nan_is_error = True; f_ = theano.function([x], T.log(x), mode='NanGuardMode'); result = f_([-1.])",
    "x = T.dvector('x'); f_ = theano.function([x], T.exp(x), mode='DebugMode'); result = f_([1., 2.])",
    "x = T.dvector('x'); f_ = theano.function([x], T.log(x), mode='DebugMode'); result = f_([-1.])",
    *(f"class Wrong(theano.Op):\n    __props__ = ()\n    view_map, destroy_map = {views}, {{}}\n    def make_node(self, x):\n        return theano.Apply(self, [x], [x.type()])\n    def perform(self, node, inputs, out):\n        {body}\n"
      "x = T.dvector('x')\nresult = theano.function([x], Wrong()(x + 1), mode=theano.compile.DebugMode(optimizer='fast_compile'))([1., 2.])"
      for views, body in (("{}", "inputs[0][...] = 0; out[0][0] = inputs[0].copy()"), ("{}", "out[0][0] = inputs[0]"), ("{0: [0]}", "out[0][0] = inputs[0]"),
                          ("{}", "out[0][0] = inputs[0] + 1"), ("{}", "out[0][0] = [1]"), ("{}", "out[0][0] = inputs[0].reshape((2, 1)) + 0"))),
    # What a function tells of itself
    *(f"x, y = T.dscalars('x', 'y'); a = theano.shared(1., name='a'); f_ = theano.function([x, theano.In(y, value=2.)], {outputs}, updates=[(a, a + x)]); result = {what}"
      for outputs in ("x + y", "[x + y, x]", "dict(r=x, q=y + x)")
      for what in ("[f_.unpack_single, f_.return_none, f_.output_keys, f_.n_returned_outputs if not f_.output_keys else 0]", "[str(one) for one in f_.maker.inputs[:2]]",
                   "[one.name for one in f_.input_storage[:2]]", "f_.finder['y'].data", "f_.input_storage[1].data", "[len(f_.output_storage) >= 1, f_.trust_input, len(f_.get_shared()), f_.name is not None]",
                   "[f_.maker.mode is not None, len(f_.maker.fgraph.inputs) >= 2, len(f_.maker.fgraph.toposort()) >= 1, len(f_.maker.fgraph.outputs) >= 1]", "[bool(f_.profile), f_.profile is f_.profile]",
                   "[one[0] for one in f_.defaults[:2]]", "f_.sync_shared()")),
    "f_ = theano.function([], []); result = [f_(), f_.unpack_single]",
    # Errors of calls
    *(f"x, y = T.dmatrices('x', 'y'); f_ = theano.function([x, y], {code}); result = told(lambda: f_(np.ones((2, 3)), np.ones((2, 4))))" for code in ("x + y", "T.dot(x, y)", "x[5]", "x.reshape((7, 7))")),
    "x = T.dvector('x')\nclass Fails(theano.Op):\n    __props__ = ()\n    def make_node(self, x):\n        return theano.Apply(self, [x], [x.type()])\n    def perform(self, node, inputs, out):\n        raise KeyError('gone')\n"
    "result = told(lambda: theano.function([x], Fails()(x) * 2)([1., 2.]))",
    "x = T.dvector('x'); f_ = theano.function([x], x * 2, profile=theano.compile.ProfileStats(atexit_print=False)); f_([1.]); f_([1.]); p = f_.profile; "
    "result = [p.fct_callcount, p.fct_call_time > 0, p.vm_call_time > 0, sorted(set(p.apply_callcount.values())), len(p.apply_time) >= 1, sum(p.apply_time.values()) <= p.fct_call_time, p.compile_time > 0, "
    "sum(p.class_callcount().values()) >= 2, sum(p.op_nodes().values()) >= 1, len(p.compute_total_times()) >= 1]",
    "import io; x = T.dvector('x'); f_ = theano.function([x], x * 2, profile=theano.compile.ProfileStats(atexit_print=False, message='said')); f_([1.]); s_ = io.StringIO(); f_.profile.summary(file=s_); text = s_.getvalue(); "
    "result = [line.split(':')[0].split('(')[0].strip() for line in text.splitlines() if line[:1].isalpha() and not line.startswith(('Here', 'Time since')) or line.startswith('=') or line.startswith('  Message') or line.startswith('<') or line.startswith('    Number')]",
    # Updates
    "from theano.updates import OrderedUpdates; a, b = theano.shared(1.), theano.shared(2.); u_ = OrderedUpdates([(a, a + 1)]) + OrderedUpdates([(b, b + 1)]); result = [len(u_), isinstance(u_, dict)]",
    "from theano.updates import OrderedUpdates; OrderedUpdates([(3, 4)])", "from theano.updates import OrderedUpdates; a = theano.shared(1.); OrderedUpdates([(a, a + 1)]) + OrderedUpdates([(a, a + 2)])",
    "from theano.tests.breakpoint import PdbBreakpoint; x = T.dvector('x'); result = PdbBreakpoint('b')(x.sum() > 10, x).eval({x: [1., 2.]})",
    "result = [theano.theano_logger.name, type(theano.version).__name__, theano.dot(np.ones((2, 2)), T.dmatrix()).ndim]",
]  # fmt: skip

PRINTING = [f"exec(SHOW, globals()); result = show({one})" for one in EXPRESSIONS]
PRINTING += [f"exec(SHOW, globals()); {one}" for one in FORMATS]
RUNNING = [f"exec(SHOW, globals())\n{one}" for one in PROGRAMS]
