"""Loops over the leading axis and what is made of them: scan, map, reduce, folds; imports its modules."""

from symconv.ops.scan.build import foldl, foldr, map, reduce, scan
from symconv.ops.scan.step import until

__all__ = ["foldl", "foldr", "map", "reduce", "scan", "until"]
