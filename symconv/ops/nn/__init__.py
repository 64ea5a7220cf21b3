"""What neural networks use, composed of other functions, by theme; imports ops.

    activations    relu, elu, gelu, sigmoid and their kin
    softmaxes      softmax, log_softmax, logsumexp, h_softmax
    losses         cross-entropies, hinge, squared and Huber errors
    normalisation  batch normalisation, dropout

The compiler fuses these like anything else, and its rules know their stable forms.
"""

from symconv.ops.nn import activations, losses, normalisation, softmaxes
from symconv.ops.nn.activations import *  # noqa: F403
from symconv.ops.nn.losses import *  # noqa: F403
from symconv.ops.nn.normalisation import *  # noqa: F403
from symconv.ops.nn.softmaxes import *  # noqa: F403

__all__: list[str] = []
__all__ += activations.__all__
__all__ += losses.__all__
__all__ += normalisation.__all__
__all__ += softmaxes.__all__
