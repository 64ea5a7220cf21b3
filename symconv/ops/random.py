"""Random draws from explicit, counter-based streams; imports create and shape."""

__all__: list[str] = []
