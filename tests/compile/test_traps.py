"""Each trap of the design that cost a day somewhere: fusion, registers, aliasing, layout, stale memory."""

from unittest import mock

import numpy as np
import pytest

import symconv as sc
from symconv.compile.builder import Machine


def whole_numbers(*shape, dtype="float64", seed=1):
    """Small integers: sums and products of them are exact."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(dtype)


def check(inputs, output, *values, tolerance=0.0):
    """Compiled equals interpreted, in one piece and in tiny blocks on several threads; gives the function."""
    outputs = output if isinstance(output, list) else [output]
    meant = sc.function(inputs, outputs, mode="interpreted")(*values)
    f = sc.function(inputs, outputs)
    for threads, tile_bytes, parallel_bytes in ((1, 1 << 19, 1 << 18), (1, 256, 64), (3, 256, 64)):
        with (
            mock.patch.multiple(
            Machine, PARALLEL_BYTES=parallel_bytes, CALL=0.01, START=0.0, RUN=0.0, SPILL=5.0
        ),
            sc.settings(threads=threads, tile_bytes=tile_bytes),
        ):
            for result, expected in zip(f(*values), meant, strict=True):
                np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance, strict=True)
    return f


def kernels(f):
    """The labels of the kernels of a function, views left out."""
    return [node.op.label for node in f.stages["fused"].nodes if node.op.role != "view"]


# Fusion


def test_what_an_anchor_reads_does_not_join_its_region():
    x, w, v = sc.tensor4("x"), sc.tensor4("w"), sc.tensor4("v")
    hidden = sc.maximum(sc.conv2d(x, w), 0)
    y = sc.maximum(sc.conv2d(hidden, v) + 1, 0)
    values = whole_numbers(2, 3, 11, 7), whole_numbers(5, 3, 3, 2), whole_numbers(4, 5, 2, 3)
    f = check([x, w, v], y, *values)
    assert len(kernels(f)) == 2


@pytest.mark.parametrize("anchor", ["dot", "sum", "conv"])
def test_elementwise_work_on_both_sides_of_an_anchor(anchor):
    if anchor == "conv":
        x, value = sc.tensor4("x"), whole_numbers(2, 1, 7, 5)
        inner = sc.sqr(x) - 1
        outer = sc.conv2d(inner, np.ones((1, 1, 1, 1)))
    else:
        x, value = sc.matrix("x"), whole_numbers(7, 7)
        inner = sc.sqr(x) - 1
        outer = sc.dot(inner, inner) if anchor == "dot" else inner.sum(axis=1).dimshuffle(0, "x")
    check([x], outer * 2 + inner, value)
    check([x], sc.abs(outer) * 2, value)
