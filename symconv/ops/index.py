"""Reading and writing parts of tensors: slices, advanced and boolean indices; imports shape and fill."""

__all__: list[str] = []
