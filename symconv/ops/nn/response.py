"""Local response normalisation, across channels and within them; imports pooling."""

from symconv.errors import OptionError, RankError
from symconv.graph.nodes import Operand, Variable
from symconv.graph.op import as_variable
from symconv.graph.origin import here
from symconv.ops.pool.functions import pool


def local_response_normalization(
    x: Operand, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75, across: bool = True
) -> Variable:
    """Divide each element by the activity around it.

        y = x / (k + alpha s) ^ beta,   s = the sum of x^2 over the n channels around (across channels), or
                                        over the n x .. x n pixels around in the same channel (within)

    Parameters
    ----------
    x : tensor_like, [N, C, *spatial]
    n : odd int
        How many neighbours, the element itself among them.
    k, alpha, beta : float
        Of the formula. ``alpha`` multiplies the sum, not the mean.
    across : bool
        Across channels, or within each.

    Returns
    -------
    Variable
        Of the shape and dtype of ``x``.

    Raises
    ------
    OptionError
        For an even ``n``, or one below 1.
    RankError
        For fewer than three axes.

    Notes
    -----
    A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep convolutional neural networks,
    2012, section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1)
    >>> local_response_normalization(x, n=3, k=0.0, alpha=1.0, beta=0.5).eval().ravel().round(3)
    array([0.447, 0.535, 0.832])
    """
    x = as_variable(x)
    if not isinstance(n, int) or n < 1 or n % 2 == 0:
        raise OptionError(f"the number of neighbours must be odd and at least 1, got {n!r}", where=here(),
                          arguments=[("x", x.type)], hint="n=5 is two on each side")  # fmt: skip
    if x.ndim < 3:
        raise RankError(
            f"local response normalisation needs [batch, channels, spatial axes], got {x.ndim}-d",
            arguments=[("x", x.type)],
            where=here(),
            hint="one image of one channel needs two ones: image[None, None]",
        )
    spatial = x.ndim - 2
    window = (n, *(1,) * spatial) if across else (n,) * spatial
    pad = tuple(size // 2 for size in window)
    around = pool(x * x, window, (1,) * len(window), pad, mode="sum")
    result: Variable = x / (k + alpha * around) ** beta
    return result


lrn = local_response_normalization

__all__ = ["local_response_normalization", "lrn"]
