"""Linear algebra on matrices and stacks of them, ``sc.linalg``; its modules import dot and ops of shapes.

    matrices        what all of them need
    inverses        inv, pinv, det, slogdet
    equations       the op behind solve
    eigenvalues     eig, eigh
    decompositions  svd, qr
    solving         cholesky, solve, lstsq
    norms           norms, condition numbers, ranks
    functions       traces, powers, exponentials, products
"""

from symconv.errors import LinAlgError
from symconv.ops.linalg import decompositions, eigenvalues, functions, inverses, norms, solving
from symconv.ops.linalg.decompositions import *  # noqa: F403
from symconv.ops.linalg.eigenvalues import *  # noqa: F403
from symconv.ops.linalg.functions import *  # noqa: F403
from symconv.ops.linalg.inverses import *  # noqa: F403
from symconv.ops.linalg.norms import *  # noqa: F403
from symconv.ops.linalg.solving import *  # noqa: F403

__all__ = [
    "LinAlgError", *decompositions.__all__, *eigenvalues.__all__, *functions.__all__, *inverses.__all__,
    *norms.__all__, *solving.__all__,
]  # fmt: skip
