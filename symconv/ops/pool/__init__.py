"""Pooling: its geometry, the ops closed under differentiation, and the functions; imports its modules."""

from symconv.ops.pool.functions import max_pool_2d_same_size, pool, pool_1d, pool_2d, pool_3d

__all__ = ["max_pool_2d_same_size", "pool", "pool_1d", "pool_2d", "pool_3d"]
