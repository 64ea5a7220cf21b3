"""Tensors made from sizes and numbers: filled, ranges, identities, triangles, grids; imports shape."""

__all__: list[str] = []
