"""Loops over the leading axis and what is made of them: scan, map, reduce, folds; imports the graph."""

__all__: list[str] = []
