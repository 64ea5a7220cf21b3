"""The entry point: `python -m benchmarks`. Imports everything of the benchmarks."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import measures, plot, report
from benchmarks.cases import BY_NAME, CASES, FLOATS, Case
from benchmarks.crew import Crew, PeerSpec
from benchmarks.peers import NAMES

DEFAULT_OUT = Path(__file__).resolve().parent / "results"
VARIABLE = "SYMCONV_BENCHMARK_PYTHON_"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure symconv and its peers.")
    found.add_argument("--list", action="store_true", help="list cases and peers, and measure nothing")
    found.add_argument("--cases", help="names or measures, separated by commas (default: all)")
    found.add_argument("--peers", help=f"of {','.join(NAMES)}, or a module with a PEER (default: all)")
    found.add_argument("--dtype", choices=FLOATS, help="only this dtype (default: every dtype of a case)")
    found.add_argument(
        "--repeat", type=int, default=10, help="rounds, a turn for everyone in each (default: 10)"
    )
    found.add_argument("--seconds", type=float, default=0.1, help="length of a turn (default: 0.1)")
    found.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder of the results")
    found.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="[PEER=]PATH",
        help=f"interpreter of one peer, or of all; also by the variable {VARIABLE}PEER",
    )
    found.add_argument(
        "--no-compiled", action="store_true", help="leave out torch.compile, which takes 6 to 44 s a case"
    )
    found.add_argument(
        "--profile-free", action="store_true", help="do not ask symconv how it ran each case (for the JSON)"
    )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write. Returns 0 also when a peer is ahead: that is a result, no failure."""
    command = parser()
    options = command.parse_args(arguments)
    try:
        cases = chosen_cases(options.cases)
        specs = chosen_peers(options.peers, options.python)
        if options.repeat < 1 or options.seconds < 0:
            raise ValueError("--repeat must be at least 1 and --seconds at least 0")
    except ValueError as error:
        command.error(str(error))
    if options.list:
        print(listing(specs))
        return 0
    how = measures.Options(options.repeat, options.seconds, explain=not options.profile_free)
    load, results = os.getloadavg()[0], []
    with Crew(specs, compiled=not options.no_compiled) as crew:
        for name, why in crew.missing.items():
            print(f"missing: {name} ({why})", flush=True)
        for case in cases:
            for dtype in case.dtypes:
                if options.dtype in (None, dtype):
                    found = measures.load(case.measure).measure(case, dtype, crew, how)
                    results.append(found)
                    print(progress(found), flush=True)
        line = shlex.join(["python", "-m", "benchmarks", *(sys.argv[1:] if arguments is None else arguments)])
        document = report.document(line, crew, how, results, load)
    written = report.write(document, options.out)
    if plot.available():
        written += plot.write(document, options.out)
        drawn = ""
    else:
        drawn = "\nno plot: matplotlib is not installed"
    print("\n" + report.markdown(document) + drawn)
    print("\nwritten: " + ", ".join(str(path) for path in written))
    return 0


def chosen_cases(names: str | None) -> list[Case]:
    """The cases that a list of names or measures stands for, in the order of the table."""
    if names is None:
        return list(CASES)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {*BY_NAME, *(case.measure for case in CASES)}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"unknown case {', '.join(unknown)}; known are {', '.join(BY_NAME)}")
    return [case for case in CASES if case.name in wanted or case.measure in wanted]


def chosen_peers(names: str | None, interpreters: Sequence[str]) -> tuple[PeerSpec, ...]:
    """The peers with their interpreters: the command line's, the environment's, or this one."""
    by_peer = {}
    for given in interpreters:
        peer, _, path = given.rpartition("=")
        by_peer[peer] = path
    specs = []
    for name in NAMES if names is None else [name.strip() for name in names.split(",") if name.strip()]:
        short = name.rpartition(".")[2]
        if "." not in name and name not in NAMES:
            raise ValueError(f"unknown peer {name}; known are {', '.join(NAMES)}, and any module with a PEER")
        variable = os.environ.get(VARIABLE + short.upper())
        python = by_peer.get(short) or variable or by_peer.get("") or sys.executable
        specs.append(PeerSpec(short, name if "." in name else f"benchmarks.peers.{name}", python))
    return tuple(specs)


def listing(specs: tuple[PeerSpec, ...]) -> str:
    """The cases, and the peers with their versions, or why they are missing."""
    width = max(len(case.name) for case in CASES)
    lines = ["cases"]
    for case in CASES:
        details = case.what or ", ".join(f"{key} {value}" for key, value in case.parameters.items())
        lines.append(f"  {case.name:<{width}}  {case.measure:<11}  {'/'.join(case.dtypes):<15}  {details}")
    lines.append("peers")
    with Crew(specs) as crew:
        for spec in specs:
            known = crew.available.get(spec.name)
            lines.append(f"  {spec.name:<{width}}  {known['version'] if known else crew.missing[spec.name]}")
    return "\n".join(lines)


def progress(found: dict) -> str:
    """A line for a case that was just measured."""
    what = f"{found['case']} {found['dtype']} [{found['unit']}]"
    if found["measure"] == "growth":
        times = [f"{one['peer']} {one['median']:.3g} for {one['nodes']:,}" for one in found["entries"]]
    else:
        best = sorted(measures.best_of_each(found["entries"]).values(), key=lambda one: one["median"])
        times = [f"{one['peer']} {one['median']:.3g}" for one in best]
    return f"{what}: {', '.join(times) or 'nothing measured'}; {found['verdict']['text']}"


if __name__ == "__main__":
    raise SystemExit(main())
