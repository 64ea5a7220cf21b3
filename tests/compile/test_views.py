"""What a view says of its memory is true: the trailing axes that it calls dense lie row by row without gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symconv as sc
from symconv.compile.values import Buffer, Slice
from symconv.graph.nodes import Variable
from symconv.graph.types import type_of
from symconv.ops.conv import ConvGeometry
from symconv.ops.conv.ops import Conv, ConvGradInput


@st.composite
def indexed(draw):
    """A shape, and indices that are applied one after the other."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    indices, sizes = [], list(shape)
    for _ in range(draw(st.integers(1, 2))):
        index, kept = [], []
        for size in sizes:
            kind = draw(st.sampled_from(["all", "one", "part", "number", "new"]))
            if kind == "new":
                index.append(None)
                kept.append(1)
                kind = "all"
            if kind == "number" and len(sizes) > 1:
                index.append(draw(st.integers(0, size - 1)))
                continue
            start = 0 if kind == "all" else draw(st.integers(0, size - 1))
            step = draw(st.integers(1, 3)) if kind in ("one", "part") else 1
            most = size if kind == "all" else (size - 1 - start) // step + 1
            count = {"all": most, "one": 1}.get(kind) or draw(st.integers(1, most))
            index.append(Slice(start, count, step))
            kept.append(count)
        indices.append(tuple(index))
        sizes = kept
    return shape, indices


@settings(max_examples=150)
@given(indexed())
def test_dense_axes_have_no_gaps(case):
    shape, indices = case
    array = np.arange(np.prod(shape)).reshape(shape)
    value = Buffer(shape, "int64", len(shape), "x", "memory")
    for index in indices:
        value = value[index]
        plain = tuple(
            slice(one.start, one.start + (one.size - 1) * one.step + 1, one.step) if isinstance(one, Slice) else one
            for one in index
        )
        array = array[(*plain, ...)]
        assert value.shape == array.shape
        part = array[(*(0,) * (array.ndim - value.dense), ...)]
        assert np.shares_memory(part.reshape(-1), array), (value.dense, array.strides, array.shape)
        flat = part.reshape(-1)
        assert flat.strides == (8,) or flat.size == 1


@pytest.mark.parametrize("name", ["pointwise", "columns"])
def test_a_phase_of_one_row_is_not_taken_for_rows_without_gaps(name):
    """The result of such a phase was written to a copy: wrong numbers, said by nobody."""
    geometry = ConvGeometry((1, 2, 1), "half", flip=False)
    image, filters = np.arange(1.0, 9).reshape(1, 1, 2, 2, 2), np.full((1, 1, 1, 1, 1), 3.0)
    op, arrays = ConvGradInput(geometry), (Conv(geometry).perform(image, filters), filters, image)
    inputs = [Variable(type_of(array)) for array in arrays]
    with sc.settings(conv_algorithm=name):
        result = sc.function(inputs, op(*inputs), on_unused_input="ignore")(*arrays)
    np.testing.assert_array_equal(result, op.perform(*arrays))


def test_nothing_of_an_inserted_axis_has_no_elements():
    x = sc.vector("x")
    top = sc.argmax(x, axis=0, keepdims=True)
    f = sc.function([x], [sc.diff(top, axis=0), top[:0] + top[1:], top[:1] - top])
    for result, expected in zip(f(np.ones(3)), ([], [], [0]), strict=True):
        np.testing.assert_array_equal(result, np.array(expected, "int64"), strict=True)
