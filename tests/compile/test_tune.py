"""Measured algorithms: the fastest is kept, nothing else changes; what is measured is decided by the tests."""

import pickle

import numpy as np
import pytest

import symconv as sc
from symconv.compile import tune

IMAGE = np.arange(2 * 3 * 12 * 11).reshape(2, 3, 12, 11) % 7 - 3.0
FILTERS = np.arange(2 * 3 * 3 * 4).reshape(2, 3, 3, 4) % 5 - 2.0


def layer(**options):
    """A convolution and both of its gradients, with something elementwise around."""
    image, filters = sc.tensor4("image"), sc.tensor4("filters")
    output = sc.maximum(sc.conv2d(image, filters), 0)
    return sc.function([image, filters], [output, *sc.grad((output**2).sum(), [image, filters])], **options)


@pytest.fixture
def measured(monkeypatch):
    """How many plans were measured each time; of these the last is said to be the fastest."""
    counts = []

    def measure(plans, arrays):
        counts.append(len(plans))
        results = [plan(arrays) for plan in plans]
        for others in results[1:]:
            for one, other in zip(results[0], others, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
        return [float(len(plans) - place) for place in range(len(plans))]

    monkeypatch.setattr(tune, "measure", measure)
    return counts


def choices(function):
    return [choice for kernel in function.stages["program"].kernels for choice in kernel.choices]


def test_really_measured():
    function, plain = layer(autotune=True), layer()
    for result, expected in zip(function(IMAGE, FILTERS), plain(IMAGE, FILTERS), strict=True):
        np.testing.assert_array_equal(result, expected)
    assert len(choices(function)) == 3
    for choice in choices(function):
        assert choice.why.startswith("measured: ")
        assert {"columns", "rows only"} <= {one.name for one in choice.candidates if one.cost is not None}
    assert not any("measured" in choice.why for choice in choices(plain))


def test_the_fastest_is_taken_and_kept(measured):
    function, plain = layer(autotune=True), layer()
    expected = plain(IMAGE, FILTERS)
    for _ in range(2):
        for result, value in zip(function(IMAGE, FILTERS), expected, strict=True):
            np.testing.assert_array_equal(result, value)
        function.free()
    function(IMAGE, FILTERS)
    assert measured == [3, 3, 2]  # the gradient by the filters has an algorithm less
    for tuned, estimated in zip(choices(function), choices(plain), strict=True):
        assert tuned.candidates[0].name != estimated.candidates[0].name
        assert tuned.why.startswith(f"measured: {tuned.candidates[0].name} 1e+03 ms, ")
        assert all(one.name in tuned.why for one in tuned.candidates if one.cost is not None)


def test_other_shapes_and_settings_are_measured_anew(measured):
    function = layer(autotune=True)
    function(IMAGE, FILTERS)
    function(IMAGE[:1], FILTERS)
    function(IMAGE, FILTERS)
    assert len(measured) == 6
    with sc.settings(threads=1, tile_bytes=4096):
        function(IMAGE, FILTERS)
    assert len(measured) == 9


def test_an_algorithm_that_was_asked_for_is_not_measured(measured):
    function = layer(autotune=True)
    with sc.settings(conv_algorithm="columns"):
        function(IMAGE, FILTERS)
    assert not measured
    assert {choice.why for choice in choices(function)} == {"asked for"}


def test_little_gain_is_no_gain(monkeypatch):
    monkeypatch.setattr(tune, "measure", lambda plans, arrays: [1.0, *[0.96] * (len(plans) - 1)])
    function, plain = layer(autotune=True), layer()
    function(IMAGE, FILTERS)
    plain(IMAGE, FILTERS)
    first = [[choice.candidates[0].name for choice in choices(one)] for one in (function, plain)]
    assert first[0] == first[1]


def test_updates_are_made_once(measured):
    image, filters = sc.tensor4("image"), sc.shared(FILTERS)
    output = sc.conv2d(image, filters)
    new = filters - sc.grad(output.sum(), filters)
    function = sc.function([image], output, updates={filters: new}, autotune=True)
    first = function(IMAGE)
    filters_after = filters.get_value()
    filters.set_value(FILTERS)
    plain = sc.function([image], output, updates={filters: new})
    np.testing.assert_array_equal(plain(IMAGE), first)
    np.testing.assert_array_equal(filters.get_value(), filters_after)
    assert len(measured) == 2


def test_phases_are_measured_together(measured):
    image, filters = sc.tensor4("image"), sc.tensor4("filters")
    output = sc.conv2d(image, filters, subsample=(2, 2))
    function = sc.function([image, filters], sc.grad(output.sum(), image), autotune=True)
    expected = sc.function([image, filters], sc.grad(output.sum(), image))(IMAGE, FILTERS)
    np.testing.assert_array_equal(function(IMAGE, FILTERS), expected)
    assert [len(kernel.choices) for kernel in function.stages["program"].kernels] == [1, 4]
    assert measured == [3, 3]


def test_nothing_to_measure(measured):
    x = sc.matrix("x")
    function = sc.function([x], sc.tanh(x @ x).sum(0), autotune=True)
    function(np.eye(3))
    assert not measured


def test_inside_a_loop(measured):
    image, filters = sc.tensor4("image"), sc.shared(FILTERS[:1, :1])

    def step(picture):
        return sc.conv2d(picture, filters, border_mode="half")[:, :, :, :11]

    results, _ = sc.scan(step, outputs_info=[image], n_steps=3)
    function = sc.function([image], results[-1], autotune=True)
    given = IMAGE[:, :1]
    np.testing.assert_array_equal(function(given), sc.function([image], results[-1])(given))
    assert measured


@pytest.mark.parametrize("change", [lambda f: pickle.loads(pickle.dumps(f)), lambda f: f.copy()])
def test_a_copy_measures_too(change, measured):
    change(layer(autotune=True))(IMAGE, FILTERS)
    assert len(measured) == 3


def test_turns_are_taken_and_the_slow_one_is_left(monkeypatch):
    """The clock is the tests': the first plan takes 1 s at first and 0.2 later, the second always 0.9."""
    durations = {"first": [1.0] + [0.2] * 50, "second": [0.9] * 50}
    made, now = [], [0.0]

    def runs(name):
        def plan(arrays):
            made.append(name)
            now[0] += durations[name].pop(0)

        return plan

    monkeypatch.setattr(tune, "perf_counter", lambda: now[0])
    best = tune.measure([runs("first"), runs("second")], [])
    assert best == pytest.approx([0.2, 0.9])
    assert made == ["first", "second", "first", "second", "first", "first"]


def test_what_takes_long_is_run_once(monkeypatch):
    now = [0.0]

    def plan(arrays):
        now[0] += 5

    monkeypatch.setattr(tune, "perf_counter", lambda: now[0])
    assert tune.measure([plan, plan], []) == [5, 5]
    assert now == [10.0]
