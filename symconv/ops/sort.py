"""Order and counting: sort, topk, search, unique, bincount, cumulative sums; imports shape and index."""

__all__: list[str] = []
