"""Resident memory of this process and its peak, from /proc or getrusage. Imports the standard library."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def now() -> dict[str, int]:
    """`resident` and `peak` in bytes; without /proc both are the peak."""
    if STATUS.exists():
        fields = dict(line.split(":", 1) for line in STATUS.read_text().splitlines() if line.startswith("Vm"))
        if {"VmRSS", "VmHWM"} <= fields.keys():
            return {
                "resident": int(fields["VmRSS"].split()[0]) * 1024,
                "peak": int(fields["VmHWM"].split()[0]) * 1024,
            }
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"resident": peak, "peak": peak}


def reset_peak() -> bool:
    """Let the peak begin again at what is resident now; False where the system cannot."""
    try:
        CLEAR.write_text("5")
    except OSError:
        return False
    return True
