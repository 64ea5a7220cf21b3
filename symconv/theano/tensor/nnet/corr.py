"""``theano.tensor.nnet.corr``: correlation in 2-d, filters never flipped; imports abstract_conv."""

from typing import Any

from symconv.errors import OptionError
from symconv.graph.nodes import Variable
from symconv.graph.origin import here
from symconv.theano._names import refuses
from symconv.theano._operands import as_tensor_variable
from symconv.theano.tensor.nnet.abstract_conv import (
    AbstractConv2d,
    AbstractConv2d_gradInputs,
    AbstractConv2d_gradWeights,
    get_conv_gradinputs_shape,
    get_conv_gradweights_shape,
)


class BaseCorrMM:
    """The parameters of a correlation; ``openmp`` has no effect."""

    def __init__(
        self,
        border_mode: Any = "valid",
        subsample: Any = (1, 1),
        filter_dilation: Any = (1, 1),
        num_groups: int = 1,
        unshared: bool = False,
        openmp: Any = None,
    ) -> None:
        self.parameters: dict[str, Any] = {
            "border_mode": border_mode, "subsample": subsample, "filter_dilation": filter_dilation,
            "num_groups": num_groups, "filter_flip": False, "unshared": unshared,
        }  # fmt: skip
        self.op = AbstractConv2d(**self.parameters)

    def _sizes(self, sizes: Any) -> Any:
        if any(size is None for size in sizes[-2:]):
            raise OptionError("the shape of the gradient does not follow from the operands", where=here(),
                              hint="give shape: with a stride or border 'half' several fit")  # fmt: skip
        return sizes[-2:]


class CorrMM(BaseCorrMM):
    """Correlation: ``op(img, kern)``."""

    def __call__(self, img: Any, kern: Any) -> Variable:
        return self.op(img, kern)


class CorrMM_gradWeights(BaseCorrMM):
    """The gradient by the filters: ``op(img, topgrad, shape)``; ``shape`` where it does not follow."""

    def __call__(self, img: Any, topgrad: Any, shape: Any = None) -> Variable:
        image, top, op = as_tensor_variable(img), as_tensor_variable(topgrad), self.op
        if shape is None:
            shape = self._sizes(get_conv_gradweights_shape(
                tuple(image.shape), tuple(top.shape), op.border_mode, op.subsample, op.filter_dilation
            ))  # fmt: skip
        return AbstractConv2d_gradWeights(**self.parameters)(image, top, shape)


class CorrMM_gradInputs(BaseCorrMM):
    """The gradient by the images: ``op(kern, topgrad, shape)``; ``shape`` where it does not follow."""

    def __call__(self, kern: Any, topgrad: Any, shape: Any = None) -> Variable:
        filters, top, op = as_tensor_variable(kern), as_tensor_variable(topgrad), self.op
        if shape is None:
            shape = self._sizes(get_conv_gradinputs_shape(
                tuple(filters.shape), tuple(top.shape), op.border_mode, op.subsample, op.filter_dilation
            ))  # fmt: skip
        return AbstractConv2d_gradInputs(**self.parameters)(filters, top, shape)


__getattr__ = refuses("theano.tensor.nnet.corr", globals())

__all__ = ["BaseCorrMM", "CorrMM", "CorrMM_gradInputs", "CorrMM_gradWeights"]
