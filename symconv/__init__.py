"""symconv: symbolic graphs, compiled to readable NumPy kernels."""

__version__ = "0.1.0"
