"""Tensors put together, taken apart, repeated, padded and rolled; imports shape and fill."""

__all__: list[str] = []
