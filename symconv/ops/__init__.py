"""What operations mean: a file or folder per family, a class or row per op; imports graph and config."""
