"""Modes, profiles and reports of the layer: what each stops at, by its own name, and what it tells."""

import io
import pickle

import numpy as np
import pytest

import symconv as sc
from symconv.compile import pipeline, rules
from symconv.compile.rewrite import pattern


@pytest.fixture
def T(theano):
    return theano.tensor


@pytest.fixture
def debugmode(theano):
    return theano.compile.debugmode


def user_op(theano, perform, view_map=None, destroy_map=None):
    """An op of a program's own: one input, one output of its type."""

    class UserOp(theano.Op):
        __props__ = ()

        def make_node(self, x):
            x = theano.tensor.as_tensor_variable(x)
            return theano.Apply(self, [x], [x.type()])

        def perform(self, node, inputs, storage):
            perform(inputs[0], storage[0])

    UserOp.view_map, UserOp.destroy_map = view_map or {}, destroy_map or {}
    return UserOp()


def overwrites(x, cell):
    x[...] = 0
    cell[0] = x.copy()


def looks(x, cell):
    cell[0] = x


def of_another_shape(x, cell):
    cell[0] = x[:, None].copy()


def adds_to_the_old(x, cell):
    cell[0] = x if cell[0] is None else x + cell[0]
    cell[0] = cell[0].copy()


# DebugMode


@pytest.mark.parametrize(
    ("perform", "error", "text"),
    [
        (overwrites, "BadDestroyMap", "input 0 was changed"),
        (looks, "BadViewMap", "output 0 is a view of input 0"),
        (of_another_shape, "InvalidValueError", r"output 0 is float64\[2, 1\]"),
        (adds_to_the_old, "BadThunkOutput", "an older result"),
    ],
)
def test_debugmode_names_the_promise_that_an_op_breaks(theano, T, debugmode, perform, error, text):
    x = T.dvector("x")
    f = theano.function([x], user_op(theano, perform)(x + 1) * 2, mode="DebugMode")
    with pytest.raises(getattr(debugmode, error), match=text) as caught:
        f([1.0, 2.0])
    assert isinstance(caught.value, debugmode.DebugModeError)
    assert "UserOp [id A]" in str(caught.value)


@pytest.mark.parametrize(
    ("perform", "promises"),
    [(overwrites, {"destroy_map": {0: [0]}}), (looks, {"view_map": {0: [0]}}), (lambda x, c: looks(x * 2, c), {})],
)
def test_debugmode_lets_what_was_promised_pass(theano, T, perform, promises):
    x = T.dvector("x")
    f = theano.function([x], user_op(theano, perform, **promises)(x + 1), mode=theano.compile.DebugMode())
    assert f([1.0, 2.0]).shape == (2,)


def test_debugmode_holds_kernels_against_definitions(theano, T, debugmode):
    class Wrong(sc.Op):
        def out_types(self, x):
            return x

        def perform(self, x):
            return x + 1

        def lower(self, k, inputs, outputs):
            k.copy(inputs[0], outputs[0])

    x = T.dvector("x")
    f = theano.function([x], Wrong()(x), mode="DebugMode")
    with pytest.raises(debugmode.BadThunkOutput, match="compiled and interpreted results differ"):
        f([1.0])
    assert theano.function([x], Wrong()(x))([1.0]) == [1.0]


def test_debugmode_finds_a_rule_that_changes_a_value(theano, T, debugmode, monkeypatch):
    x = T.dvector("x")
    a, _ = pattern("a", "b")
    wrong = sc.Rule("exp(a) = a + 1", sc.exp(a), a + 1)
    passes = tuple(
        step._replace(run=pipeline.rewriting("stable", (*rules.all_rules("stable"), wrong))) if step.name == "stable" else step
        for step in pipeline.PASSES
    )
    monkeypatch.setattr(pipeline.compile_graph, "__defaults__", (passes,))
    f = theano.function([x], T.exp(x), mode="DebugMode")
    with pytest.raises(debugmode.BadOptimization, match="differ"):
        f([3.0])


def test_debugmode_wants_finite_values_if_told(theano, T, debugmode):
    x = T.dvector("x")
    with pytest.raises(debugmode.InvalidValueError, match="1 of 2 values that are NaN or infinite"):
        theano.function([x], T.log(x), mode="DebugMode")([0.0, 1.0])
    f = theano.function([x], T.log(x), mode=theano.compile.DebugMode(check_isfinite=False))
    assert f([0.0, 1.0])[0] == -np.inf


# NanGuardMode and MonitorMode


def test_nanguardmode_names_the_variable_and_the_line(theano, T):
    x, W = T.dvector("x"), theano.shared(np.array([1.0, np.nan]), name="W")
    f = theano.function([x], T.log(x) * 2 + 1, mode="NanGuardMode")
    with pytest.raises(AssertionError) as caught:
        f([-1.0, 2.0])
    text = str(caught.value)
    assert text.startswith("NaN detected\nNanGuardMode found an error in the output of a node in this variable:\n"
                           "Elemwise{log,no_inplace} [id A] ''   \n |x [id B]")  # fmt: skip
    assert "test_theano_modes.py" in text
    assert "1 of 2" in text
    with pytest.raises(AssertionError, match="an error in a shared variable of the graph: W"):
        theano.function([x], x * W, mode="NanGuardMode")([1.0, 2.0])
    np.testing.assert_array_equal(f([1.0, np.e]), [1.0, 3.0])
    x.tag.nan_guard_mode_check = False
    assert np.isnan(theano.function([x], x.T, mode="NanGuardMode")([np.nan])[0])


def test_nanguardmode_does_what_it_is_told(theano, T, caplog):
    x = T.dvector("x")
    with theano.change_flags([("NanGuardMode.action", "warn")]):
        result = theano.function([x], T.log(x), mode="NanGuardMode")([0.0])
    assert result == [-np.inf]
    assert "Inf detected" in caplog.text


def test_nanguardmode_sees_what_is_computed_not_what_was_written(theano, T):
    x, y = T.dmatrix("x"), T.lvector("y")
    cost = -T.mean(T.log(T.nnet.softmax(x))[T.arange(y.shape[0]), y])
    f = theano.function([x, y], cost, mode="NanGuardMode")
    assert np.isfinite(f([[-2000.0, 0.0]], [0]))


def test_monitormode_calls_around_every_op(theano, T):
    x = T.dvector("x")
    seen = []
    mode = theano.compile.MonitorMode(
        pre_func=lambda i, node, fn: seen.append(("pre", i, node.op.label, fn.outputs[0][0])),
        post_func=lambda i, node, fn: seen.append(("post", i, node.op.label, fn.outputs[0][0].tolist())),
    )
    f = theano.function([x], T.exp(x).sum(), mode=mode)
    assert f([0.0, 0.0]) == 2.0
    assert seen == [("pre", 0, "exp", None), ("post", 0, "exp", [1.0, 1.0]), ("pre", 1, "sum", None), ("post", 1, "sum", 2.0)]


def test_modes_make_updates_too(theano, T):
    total, x = theano.shared(0.0), T.dscalar("x")
    for mode in ("DebugMode", "NanGuardMode", theano.compile.MonitorMode()):
        f = theano.function([x], total * 1, updates=[(total, total + x)], mode=mode)
        f(2.0)
    assert total.get_value() == 6.0
    with pytest.raises(AssertionError):
        theano.function([x], [], updates=[(total, total + T.log(x))], mode="NanGuardMode")(0.0)
    assert total.get_value() == 6.0  # nothing is half done


# Which mode


def test_modes_by_name(theano, T):
    x = T.dscalar("x")
    mode = theano.compile.mode
    for name in ("FAST_RUN", "FAST_COMPILE", "Mode", "DebugMode", "DEBUG_MODE", "NanGuardMode"):
        assert theano.function([x], x * 2, mode=name)(3.0) == 6.0
        with theano.change_flags(mode=name):
            assert theano.function([x], x * 2).maker.mode.name == name
            assert mode.get_default_mode().name == name
    with pytest.raises(Exception, match="there is no mode 'SLOW'"):
        mode.get_mode("SLOW")
    for wrong in ({"linker": "slow"}, {"optimizer": "slow"}):
        with pytest.raises(Exception, match="slow"):
            mode.Mode(**wrong)


def test_a_mode_with_other_tags_is_another_mode(theano):
    mode = theano.compile.Mode("cvm", "fast_run")
    other = mode.excluding("fusion").including("gpu").requiring("x")
    assert str(other.optimizer) == "fast_run, +gpu, -fusion, &x"
    assert str(mode.optimizer) == "fast_run"
    assert str(other) == "Mode(linker = cvm, optimizer = fast_run)"
    guard = theano.compile.NanGuardMode(True, False, False).excluding("fusion")
    assert (guard.nan_is_error, guard.inf_is_error) == (True, False)


def test_a_registered_mode_is_found(theano, T, monkeypatch):
    monkeypatch.setattr(theano.compile.mode, "predefined_modes", dict(theano.compile.mode.predefined_modes))
    theano.compile.mode.register_mode("MINE", theano.compile.NanGuardMode(True, True, True))
    assert isinstance(theano.compile.mode.get_mode("MINE"), theano.compile.NanGuardMode)
    with pytest.raises(ValueError, match="already"):
        theano.compile.mode.register_mode("FAST_RUN", theano.compile.Mode())


# Profiles


def measured(theano, T, **options):
    x, W = T.dmatrix("x"), theano.shared(np.ones((3, 2)), name="W")
    profile = theano.compile.ProfileStats(atexit_print=False, **options)
    f = theano.function([x], [T.tanh(T.dot(x, W)), x.sum()], profile=profile, name="layer")
    for _ in range(3):
        f(np.ones((4, 3)))
    return f


def test_a_profile_measures_calls_and_kernels(theano, T):
    f = measured(theano, T)
    profile = f.profile
    assert profile.fct_callcount == 3
    nodes = f.maker.fgraph.toposort()
    assert set(profile.apply_time) == set(nodes)
    assert set(profile.apply_callcount.values()) == {3}
    assert 0 < sum(profile.apply_time.values()) <= profile.vm_call_time <= profile.fct_call_time
    assert sum(profile.class_time().values()) == pytest.approx(sum(profile.op_time().values()))
    assert profile.class_nodes() == {type(node.op): 1 for node in nodes}
    assert profile.compute_total_times()[nodes[0]] == profile.apply_time[nodes[0]]
    assert profile.linker_time > 0
    assert profile.optimizer_time > 0
    assert "3 applies became 2 kernels" in f.profile()  # symconv's own report


def test_a_summary_has_its_tables(theano, T):
    f = measured(theano, T, message="mine")
    out = io.StringIO()
    f.profile.summary(file=out, n_apply_to_print=1)
    text = out.getvalue()
    for line in ("  Message: mine", "  Time in 3 calls to Function.__call__: ", "    Number of Apply nodes: 2",
                 "Class\n---\n<% time>", "   ... (remaining 1 Apply instances account for "):  # fmt: skip
        assert line in text
    assert text.count("symconv.ops.reduce.Reduce") == 1
    printed = theano.printing.debugprint(f, file="str")
    assert printed.startswith("Timing Info\n-----------\n")
    assert printed.count("s  ") + printed.count("%") >= 4


def test_what_is_not_profiled_says_symconvs_own(theano, T):
    x = T.dscalar("x")
    f = theano.function([x], x + 1)
    assert not f.profile
    assert "1 applies became" in f.profile()
    with theano.change_flags(profile=True):
        g = theano.function([x], x + 1, profile=theano.compile.ProfileStats(atexit_print=False))
    g(1.0)
    assert g.profile.fct_callcount == 1
    assert f.copy().profile() != ""


def test_a_profile_can_leave_the_kernels_alone(theano, T):
    f = measured(theano, T, flag_time_thunks=False)
    assert f.profile.fct_callcount == 3
    assert f.profile.apply_time == {}
    out = io.StringIO()
    f.profile.summary(file=out)
    assert "No kernel was measured" in out.getvalue()


# Reports


def test_an_error_of_a_call_says_what_went_in(theano, T):
    x, y = T.dmatrix("x"), T.dvector("y")
    f = theano.function([x, y], T.exp(x) + y, name="f")
    with pytest.raises(ValueError, match="Apply node that caused the error") as caught:
        f(np.ones((2, 3)), np.ones(4))
    text = str(caught.value)
    assert "Apply node that caused the error: Elemwise{add,no_inplace}(Elemwise{exp,no_inplace}.0, y)\n" in text
    assert "Inputs shapes: [(2, 3), (4,)]" in text
    assert "Inputs values: ['not shown', array([1., 1., 1., 1.])]" in text
    assert "Outputs clients: [['output']]" in text
    assert "test_theano_modes.py" in text
    assert isinstance(caught.value, sc.ShapeError)
    assert "Debugprint" not in text
    with theano.change_flags(exception_verbosity="high"), pytest.raises(ValueError, match="Storage map footprint") as caught:
        f(np.ones((2, 3)), np.ones(4))
    assert "Debugprint of the apply node:\nElemwise{add,no_inplace} [id A] <TensorType(float64, matrix)> ''" in str(caught.value)


def test_an_error_of_a_programs_own_op_keeps_its_cause(theano, T):
    def fails(x, cell):
        raise KeyError("gone")

    x = T.dvector("x")
    f = theano.function([x], user_op(theano, fails)(x + 1))
    with pytest.raises(KeyError, match="gone") as caught:
        f([1.0])
    assert "Toposort index: 1" in caught.value.args[0]
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_wrong_argument_gets_no_report(theano, T):
    x = T.dvector("x")
    f = theano.function([x], x + 1)
    for wrong in ("a", [[1.0]], None):
        with pytest.raises((TypeError, ValueError)) as caught:
            f(wrong)
        assert "Apply node" not in str(caught.value)


# What a function tells of itself


def test_members_of_a_function(theano, T):
    x, y = T.dscalars("x", "y")
    a = theano.shared(1.0, name="a")
    f = theano.function([x, theano.In(y, value=2.0)], {"r": x + y}, updates=[(a, a + x)], name="f")
    assert [type(one).__name__ for one in (f.maker, f.fn)] == ["Maker", "Runner"]
    assert f.maker.fgraph.outputs == f.stages["fused"].outputs
    assert f.maker.fgraph.apply_nodes == set(f.maker.fgraph.toposort())
    assert {x, y, a} <= f.maker.fgraph.variables
    assert [str(one) for one in f.maker.inputs] == ["In(x)", "In(y)", "In(a -> Elemwise{add,no_inplace}.0)"]
    assert [cell.data for cell in f.input_storage] == [None, 2.0, 1.0]
    f.input_storage[2].data = 5.0
    assert a.get_value() == 5.0
    assert f.finder["a"].storage[0] == 5.0
    assert f.output_keys == ["r"]
    assert not f.unpack_single
    g = theano.function([], a * 2)
    assert g.fn() == [10.0]
    assert pickle.loads(pickle.dumps(g)).maker.mode.name == "FAST_RUN"
    guarded = pickle.loads(pickle.dumps(theano.function([x], T.log(x), mode="NanGuardMode")))
    with pytest.raises(AssertionError, match="NaN detected"):
        guarded(-1.0)
    made = theano.compile.FunctionMaker([x], [x + 1]).create()
    assert made(1.0) == [2.0]


def test_an_error_is_not_kept_waiting_for_its_report(theano, T, monkeypatch):
    from symconv.theano.compile import _report

    x, i = T.dvector("x"), T.lscalar("i")
    f = theano.function([x, i], T.exp(x)[i])
    monkeypatch.setattr(_report, "LONGEST", -1.0)
    with pytest.raises(IndexError) as caught:
        f([1.0], 3)
    assert "Apply node" not in str(caught.value)
    monkeypatch.undo()
    with pytest.raises(IndexError, match=r"Apply node that caused the error: Subtensor\{int64\}"):
        f([1.0], 3)
