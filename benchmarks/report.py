"""The results as JSON and as Markdown. Imports the measures' shared parts and the standard library.

The document is one dictionary; docs/reference/benchmarks.md states its grammar.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.crew import Crew, cores
from benchmarks.measures import SUBJECT, Options, best_of_each

SCHEMA = 1
Document = dict[str, Any]


def document(
    command: str, crew: Crew, options: Options, results: list[dict[str, Any]], load: float
) -> Document:
    """Everything that is known of a run; `load` is the machine's load average before it began."""
    peers: dict[str, Any] = {}
    for spec in crew.specs:
        if spec.name in crew.available:
            peers[spec.name] = {
                "available": True,
                "version": crew.available[spec.name]["version"],
                "why": None,
            }
        else:
            peers[spec.name] = {"available": False, "version": None, "why": crew.missing[spec.name]}
    return {
        "schema": SCHEMA,
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(load),
        "method": {"rounds": options.rounds, "seconds": options.seconds, "threads": sorted({1, cores()})},
        "peers": peers,
        "results": results,
        "summary": summary(results),
    }


def machine(load: float) -> dict[str, Any]:
    """What absolute numbers depend on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": cores(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_before": load,
        "load_after": os.getloadavg()[0],
    }


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Geometric means of the steady ratios by dtype, and every case by how symconv stands in it."""
    ratios: dict[str, list[float]] = defaultdict(list)
    slower, met, missed, wrong = [], [], [], []
    for one in results:
        name, verdict = f"{one['case']} {one['dtype']}", one["verdict"]
        ratio = verdict.get("ratio")
        if ratio is not None and one["measure"] == "steady":
            ratios[one["dtype"]].append(ratio)
        if ratio is not None and ratio < 1:
            slower.append(f"{name}: {verdict['best_peer']} is ahead by {1 / ratio:.2f} x")
        if verdict["met"] is not None:
            (met if verdict["met"] else missed).append(name)
        wrong += [
            f"{name}: {left['peer']} {left['variant']} ({left['why']})"
            for left in one["excluded"]
            if left["wrong"]
        ]
    means = {dtype: math.exp(sum(map(math.log, values)) / len(values)) for dtype, values in ratios.items()}
    return {
        "geometric_means": means,
        "peer_ahead": slower,
        "goals_met": met,
        "goals_missed": missed,
        "wrong": wrong,
    }


def markdown(found: Document) -> str:
    """The tables, then what is missing, wrong, or better done by a peer."""
    where = found["machine"]
    parts = [
        "# Benchmarks\n",
        f"`{found['command']}`, {found['date']}; {where['processor']}, {where['cores']} cores, Python "
        f"{where['python']}; load {where['load_before']:.1f} before, {where['load_after']:.1f} after.\n",
        "Versions: "
        + (
            ", ".join(
                f"{name} {peer['version']}" for name, peer in found["peers"].items() if peer["available"]
            )
            or "none"
        )
        + ".\n",
    ]
    results = found["results"]
    for measure in dict.fromkeys(one["measure"] for one in results):
        for dtype in dict.fromkeys(one["dtype"] for one in results if one["measure"] == measure):
            chosen = [one for one in results if (one["measure"], one["dtype"]) == (measure, dtype)]
            parts.append(growth_table(chosen) if measure == "growth" else peers_table(chosen, measure, dtype))
    steady = [one for one in results if one["measure"] == "steady"]
    if steady:
        parts.append(variants_table(steady))
    return "\n".join([*parts, closing(found)])


def peers_table(results: list[dict[str, Any]], measure: str, dtype: str) -> str:
    """A row a case, a column a peer, each at its best variant; the least number of a row is bold."""
    best = [best_of_each(one["entries"]) for one in results]
    names = list(dict.fromkeys(name for row in best for name in row))
    rows = [["case", *names, "verdict", "goal", "met"]]
    for one, row in zip(results, best, strict=True):
        least = min((entry["median"] for entry in row.values()), default=None)
        cells = [cell(row[name], least) if name in row else "" for name in names]
        goal = "" if one["goal"] is None else f"{one['goal']:g}"
        met = {True: "yes", False: "**no**", None: ""}[one["verdict"]["met"]]
        rows.append([one["case"], *cells, one["verdict"]["text"], goal, met])
    what = "; ".join(dict.fromkeys(one["what"] for one in results if one["what"]))
    title = f"## {measure.replace('_', ' ')}, {dtype}, {results[0]['unit']}\n"
    return "\n".join([title, *([f"{what}.\n"] if what else []), table(rows), ""])


def growth_table(results: list[dict[str, Any]]) -> str:
    """A row a size."""
    parts = []
    for one in results:
        rows = [["nodes", "peer", one["unit"], "of which build", "compile"]]
        for entry in one["entries"]:
            details = entry.get("details") or {}
            parts_of_it = (details.get(key) for key in ("build_seconds", "compile_seconds"))
            split = ["" if value is None else f"{value:.3g}" for value in parts_of_it]
            rows.append([f"{entry['nodes']:,}", entry["peer"], f"{entry['median']:.3g}", *split])
        met = {True: "met", False: "**missed**", None: "not judged"}[one["verdict"]["met"]]
        goal = "" if one["goal"] is None else f" (goal: {one['goal']:g} {one['unit']} and linear; {met})"
        parts += [f"## {one['case']}\n", f"{one['what']}: {one['verdict']['text']}{goal}.\n"]
        if one["entries"]:
            parts += [table(rows), ""]
    return "\n".join(parts)


def variants_table(results: list[dict[str, Any]]) -> str:
    """Every variant that was timed: median and minimum."""
    rows = [["case", "dtype", "peer", "variant", "threads", "median", "minimum", "calls timed", "difference"]]
    for one in results:
        for entry in sorted(one["entries"], key=lambda entry: entry["median"]):
            rows.append(
                [
                    one["case"],
                    one["dtype"],
                    entry["peer"],
                    entry["variant"],
                    str(entry["threads"]),
                    number(entry["median"]),
                    number(entry["minimum"]),
                    str(entry["samples"]),
                    f"{entry['difference']:.1e}",
                ]
            )
    return "\n".join(["## Every variant of the steady cases, ms\n", table(rows), ""])


def closing(found: Document) -> str:
    """The plain words: means, where a peer is ahead, goals missed, who was wrong, who is missing."""
    short = found["summary"]
    lines = ["## In short\n"]
    for dtype, mean in short["geometric_means"].items():
        lines.append(f"- Geometric mean, best peer over {SUBJECT}, {dtype}: {mean:.2f}.")
    compared = any(one["verdict"].get("ratio") is not None for one in found["results"])
    if compared:
        lines.append(f"- A peer is ahead of {SUBJECT} in: {listed(short['peer_ahead'])}.")
    else:
        lines.append(f"- No case could be compared: {SUBJECT} or every peer is missing.")
    lines.append(f"- Goals met: {listed(short['goals_met'])}. Goals missed: {listed(short['goals_missed'])}.")
    lines.append(f"- Wrong results, not timed or not counted: {listed(short['wrong'])}.")
    missing = [f"{name} ({peer['why']})" for name, peer in found["peers"].items() if not peer["available"]]
    lines.append(f"- Peers that are missing: {listed(missing)}.")
    lines += [f"- Not run: {sentence}." for sentence in not_run(found["results"])]
    return "\n".join([*lines, ""])


def cell(entry: dict[str, Any], least: float | None) -> str:
    """An entry's median, and in brackets what of it is not the bare library, where that is known."""
    over = f" ({number(entry['over_baseline'])})" if "over_baseline" in entry else ""
    return number(entry["median"], least) + over


def not_run(results: list[dict[str, Any]]) -> list[str]:
    """A sentence for each peer and reason: which variants, in which cases; wrong results stand elsewhere."""
    cases: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    variants: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for one in results:
        for left in one["excluded"]:
            if not left["wrong"]:
                key = left["peer"], left["why"]
                cases[key][f"{one['case']} {one['dtype']}"] = None
                if left["variant"] is not None:
                    variants[key][f"{left['variant']}/{left['threads']}"] = None
    return [
        f"{' '.join([peer, ', '.join(variants[peer, why])]).strip()} in {', '.join(names)} ({why})"
        for (peer, why), names in cases.items()
    ]


def listed(names: list[str]) -> str:
    return "; ".join(names) if names else "none"


def number(value: float, least: float | None = None) -> str:
    """Three digits that count, bold when it is the least."""
    text = f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    return f"**{text}**" if value == least else text


def table(rows: list[list[str]]) -> str:
    """A Markdown table, padded so that it also reads as plain text."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in padded]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def write(found: Document, folder: Path) -> list[Path]:
    """results.json and results.md, each written aside and then put in place."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "results.json": json.dumps(found, indent=1, ensure_ascii=False) + "\n",
        "results.md": markdown(found),
    }
    for name, text in texts.items():
        aside = folder / f".{name}.{os.getpid()}"
        aside.write_text(text, encoding="utf-8")
        aside.replace(folder / name)
    return [folder / name for name in texts]
