"""Random programs: what is compiled equals what is interpreted, whatever the blocks, threads and layout."""

import numpy as np
import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st
from strategies import programs, tiny_blocks

import symconv as sc


def examples(count):
    """So many examples in the fast profile, and more in proportion in the thorough one."""
    return settings(max_examples=count * settings.default.max_examples // 15)


def compiled(program, outputs=None, **options):
    outputs = program.results if outputs is None else outputs
    options = {"on_unused_input": "ignore", "no_default_updates": True, **options}  # draws repeat
    return sc.function(program.variables, outputs, **options)


def run(program, **options):
    """The results of one call and the values that shared variables have afterwards; then they are put back."""
    f = sc.function(
        program.variables, program.results, updates=program.replacements, on_unused_input="ignore", **options
    )
    shared = program.states
    before = [variable.get_value() for variable in shared]
    try:
        results = f(*program.arguments)
        return [*results, *(variable.get_value() for variable in shared)]
    finally:
        for variable, value in zip(shared, before, strict=True):
            variable.set_value(value)


def blocks_of(function):
    """How many loops over blocks the newest plan has."""
    program = function.stages.get("program")
    return sum(not kernel.straight for kernel in program.kernels) if program else 0


def assert_same(results, meant):
    for result, expected in zip(results, meant, strict=True):
        np.testing.assert_array_equal(result, expected, strict=True)


def assert_close(results, meant, program):
    single = any(np.dtype(node.dtype) == np.float32 for node in program.nodes)
    tolerance = 1e-4 if single else 1e-10
    for result, expected in zip(results, meant, strict=True):
        assert result.dtype == expected.dtype
        assert result.shape == expected.shape
        scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
        np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance * scale)


@examples(300)
@given(programs(exact=True), st.sampled_from([1, 2, 5]), st.sampled_from([64, 512, 4096]))
def test_exact_programs_agree_bit_for_bit(program, threads, tile_bytes):
    note(repr(program))
    meant = run(program, mode="interpreted")
    assert_same(run(program), meant)
    with tiny_blocks(threads, tile_bytes):
        assert_same(run(program), meant)


@examples(30)
@given(programs(exact=False), st.sampled_from([1, 2, 5]))
def test_smooth_programs_agree_up_to_rounding(program, threads):
    note(repr(program))
    meant = compiled(program, mode="interpreted")(*program.arguments)
    with tiny_blocks(threads):
        assert_close(compiled(program)(*program.arguments), meant, program)


@examples(60)
@given(programs(exact=True, steps=6))
def test_the_checking_mode_is_content(program):
    note(repr(program))
    meant = run(program, mode="interpreted")
    with tiny_blocks():
        assert_same(run(program, mode="checked"), meant)


@examples(60)
@given(programs(exact=False, steps=6, dtypes=("float64",)), st.sampled_from([1, 2]))
def test_gradients_of_programs_agree(program, threads):
    note(repr(program))
    floats = [variable for variable in program.variables if variable.type.is_float]
    assume(floats)
    cost = sum((output * 0.5).sum() for output in program.results)
    gradients = sc.grad(cost, floats, disconnected_inputs="ignore")
    meant = compiled(program, gradients, mode="interpreted")(*program.arguments)
    with tiny_blocks(threads):
        assert_close(compiled(program, gradients)(*program.arguments), meant, program)
    for gradient, variable in zip(gradients, floats, strict=True):
        assert gradient.dtype == variable.dtype
        # It broadcasts where its variable does; it may know more: the one channel of filters from the image.
        pairs = zip(gradient.broadcastable, variable.broadcastable, strict=True)
        assert all(mine or not theirs for mine, theirs in pairs)


@examples(30)
@given(programs(exact=False, steps=5, dtypes=("float64",)))
def test_gradients_are_derivatives(program):
    """The derivative along a random direction equals a central difference."""
    note(repr(program))
    floats = [variable for variable in program.variables if variable.type.is_float]
    assume(floats)
    rng = np.random.default_rng(0)
    cost = sum((output * 0.5).sum() for output in program.results)
    gradients = sc.grad(cost, floats, disconnected_inputs="ignore")
    f, slopes = compiled(program, cost), compiled(program, gradients)(*program.arguments)
    # Integers, which say where a tensor is indexed, stay.
    ways = [rng.choice([-1.0, 1.0], a.shape) if a.dtype.kind == "f" else None for a in program.arguments]
    moved = [way for way in ways if way is not None]
    along = sum(float(np.sum(slope * way)) for slope, way in zip(slopes, moved, strict=True))
    step = 1e-5
    values = [
        float(f(*[a if way is None else a + sign * step * way
                  for a, way in zip(program.arguments, ways, strict=True)]))
        for sign in (1, -1, 2, -2)
    ]
    fine, coarse = (values[0] - values[1]) / (2 * step), (values[2] - values[3]) / (4 * step)
    scale = max(1.0, abs(fine), *map(abs, values), sum(float(np.sum(np.abs(slope))) for slope in slopes))
    assume(abs(fine - coarse) < 1e-6 * scale)  # a kink of abs lies within the step
    assert along == pytest.approx(fine, abs=1e-5 * scale)


@examples(30)
@given(programs(exact=True, steps=6), st.randoms(use_true_random=False))
def test_the_memory_layout_changes_nothing(program, random):
    note(repr(program))
    f = compiled(program)
    meant = compiled(program, mode="interpreted")(*program.arguments)

    def laid_out(array):
        kind = random.choice(["fortran", "reversed", "strided", "readonly", "swapped"])
        if kind == "fortran":
            return np.asarray(array, order="F")
        if kind == "reversed":
            backwards = (slice(None, None, -1),) * array.ndim
            return np.array(array[backwards])[backwards]
        if kind == "strided":
            wide = np.zeros(tuple(2 * size for size in array.shape), array.dtype)
            wide[(slice(None, None, 2),) * array.ndim] = array
            return wide[(slice(None, None, 2),) * array.ndim]
        if kind == "swapped":
            return array.astype(array.dtype.newbyteorder())
        array = array.copy()
        array.flags.writeable = False
        return array

    with tiny_blocks():
        for _ in range(3):
            assert_same(f(*map(laid_out, program.arguments)), meant)


@examples(60)
@given(programs(exact=True, steps=6))
def test_results_are_never_aliased(program):
    note(repr(program))
    f = compiled(program)
    results = f(*program.arguments)
    again = f(*program.arguments)
    shared = [v.get_value(borrow=True) for v in f.graph.shared]
    for position, result in enumerate(results):
        others = [*results[:position], *again, *program.arguments, *shared]
        assert not any(np.shares_memory(result, other) for other in others)


def test_the_blocks_are_really_cut():
    """The settings of these tests do what they are for: small arrays go in blocks, on threads."""
    x = sc.matrix("x")
    f = sc.function([x], sc.tanh(x + 1) * x)
    value = np.arange(13.0 * 11).reshape(13, 11)
    with tiny_blocks(threads=5):
        result = f(value)
        assert blocks_of(f) == 1
        assert "parallel(" in f.source
        assert len(f.stages["program"].kernels[0].body[0].ranges) >= 1
    np.testing.assert_allclose(result, np.tanh(value + 1) * value, rtol=1e-15)
