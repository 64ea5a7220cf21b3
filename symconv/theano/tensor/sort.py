"""``theano.tensor.sort``: order by name; imports ``basic`` and the classes of ops."""

from symconv.theano._names import refuses
from symconv.theano.tensor._classes import ArgSortOp, SortOp
from symconv.theano.tensor.basic import SAME, argsort, argtopk, sort, topk_and_argtopk

topk = SAME["topk"]

__getattr__ = refuses("theano.tensor.sort", globals())

__all__ = ["ArgSortOp", "SortOp", "argsort", "argtopk", "sort", "topk", "topk_and_argtopk"]
