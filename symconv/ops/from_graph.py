"""Ops made of a graph or of a plain function: OpFromGraph, as_op; imports the graph."""

__all__: list[str] = []
