"""symconv and its peers, measured side by side: `python -m benchmarks`. Imports NumPy, to plot matplotlib.

cases.py (what is measured) -> kinds/ (what is computed) and measures/ (how it is measured)
-> crew.py, worker.py (the peers' processes), peers/ (one file each) -> report.py (JSON, table, plot)
"""
