"""Linear algebra on matrices and stacks of them, with gradients; imports dot, reduce and shape."""

__all__: list[str] = []
