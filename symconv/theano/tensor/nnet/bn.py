"""``theano.tensor.nnet.bn``: batch normalisation; imports symconv."""

from typing import Any

import symconv as sc
from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.graph.origin import here
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano._variables import adopted, one_adopted


def batch_normalization_train(
    inputs: Any,
    gamma: Any,
    beta: Any,
    axes: Any = "per-activation",
    epsilon: float = 1e-4,
    running_average_factor: float = 0.1,
    running_mean: Any = None,
    running_var: Any = None,
) -> tuple[Variable, ...]:
    """``symconv.batch_normalization_train``, with at least 1e-5 for ``epsilon``, as in Theano."""
    _check(epsilon)
    if (running_mean is None) != (running_var is None):
        raise OptionError("running_mean and running_var are needed together, got one", where=here())
    x, gamma, beta = map(as_tensor_variable, (inputs, gamma, beta))
    running = (one if one is None else as_tensor_variable(one) for one in (running_mean, running_var))
    results: tuple[Variable, ...] = adopted(
        sc.batch_normalization_train(x, gamma, beta, axes, epsilon, running_average_factor, *running)
    )
    return results


def batch_normalization_test(
    inputs: Any,
    gamma: Any,
    beta: Any,
    mean: Any,
    var: Any,
    axes: Any = "per-activation",
    epsilon: float = 1e-4,
) -> Variable:
    """``symconv.batch_normalization_test``, with at least 1e-5 for ``epsilon``, as in Theano."""
    _check(epsilon)
    x, *parameters = map(as_tensor_variable, (inputs, gamma, beta, mean, var))
    return one_adopted(sc.batch_normalization_test(x, *parameters, axes, epsilon))


def _check(epsilon: Any) -> None:
    if isinstance(epsilon, int | float) and epsilon < 1e-5:
        raise OptionError(f"epsilon must be at least 1e-5, got {epsilon}", where=here())


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
