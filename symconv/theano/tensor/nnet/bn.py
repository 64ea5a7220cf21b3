"""``theano.tensor.nnet.bn``: batch normalisation; imports symconv."""

from typing import Any

import symconv as sc
from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.theano._names import refuses
from symconv.theano._variables import adopted, theirs

batch_normalization_train = theirs(sc.batch_normalization_train)
batch_normalization_test = theirs(sc.batch_normalization_test)


def batch_normalization(
    inputs: Any, gamma: Any, beta: Any, mean: Any, std: Any, mode: str = "low_mem"
) -> Variable:
    """(x - mean) / std * gamma + beta; ``mode`` chose between two ways to compute it."""
    if mode not in ("low_mem", "high_mem"):
        raise OptionError(f"batch_normalization has no mode {mode!r}", hint="choose low_mem or high_mem")
    result: Variable = adopted(sc.batch_normalization(inputs, gamma, beta, mean, std))
    return result


__getattr__ = refuses("theano.tensor.nnet.bn", globals())

__all__ = ["batch_normalization", "batch_normalization_test", "batch_normalization_train"]
