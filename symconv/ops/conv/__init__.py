"""Convolution: where filters go (geometry), three ops closed under differentiation, and their functions."""

from symconv.ops.conv.functions import conv1d, conv2d, conv3d
from symconv.ops.conv.geometry import ConvGeometry
from symconv.ops.conv.ops import Conv, ConvGradFilters, ConvGradInput

__all__ = ["Conv", "ConvGeometry", "ConvGradFilters", "ConvGradInput", "conv1d", "conv2d", "conv3d"]
