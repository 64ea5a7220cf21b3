"""How an expression becomes a callable: rewriting, fusion, planning per shape, kernels as source."""
