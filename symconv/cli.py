"""The command line: ``symconv demo | run | draw | info``; imports anything.

    symconv demo [PHOTO] [--out FOLDER]           the chapter's layer on a photograph
    symconv run SCRIPT [ARGUMENTS...]             a Theano script, unchanged
    symconv draw SCRIPT NAME FILE [--stage STAGE] a script's expression or function, drawn
    symconv info                                  versions, cores, libraries, settings

Exit codes: 0, 1 where a script failed, 2 for bad input.
"""

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import symconv as sc
import symconv.theano
from symconv.compile.callable import Function
from symconv.config import Settings, usable_cores
from symconv.demo import demo
from symconv.errors import ArgumentError, FileError, SymconvError
from symconv.graph.nodes import Variable

BROUGHT_BY_THEANO = ("six", "scipy")  # installed with Theano, so scripts use them without saying so
STAGES = ("built", "canonical", "stable", "specialised", "fused")


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(
        prog="symconv", description="Theano's define-then-compile model on today's NumPy."
    )
    top.add_argument("--version", action="version", version=f"symconv {sc.__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    command = commands.add_parser("demo", help="run the chapter's convolutional layer on a photograph")
    command.add_argument("photo", nargs="?", metavar="PHOTO", help="a picture (default: an included one)")
    command.add_argument("--out", default="symconv-demo", metavar="FOLDER", help="where to (%(default)s)")
    command.set_defaults(action=run_demo)

    command = commands.add_parser("run", help="run an unchanged Theano script")
    command.add_argument("script", metavar="SCRIPT")
    command.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENTS", help="the script's")
    command.set_defaults(action=run_script)

    command = commands.add_parser("draw", help="draw an expression or a function of a script")
    command.add_argument("script", metavar="SCRIPT", help="is run, as by symconv run")
    command.add_argument("name", metavar="NAME", help="the script's global variable to draw")
    command.add_argument("file", metavar="FILE", help="ends in .svg .png .html .dot .txt")
    command.add_argument("--stage", choices=STAGES, help="which stage of compilation")
    command.set_defaults(action=run_draw)

    command = commands.add_parser("info", help="print versions, cores, libraries and settings")
    command.set_defaults(action=run_info)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    options = parser().parse_args(arguments)
    try:
        code: int = options.action(options)
    except SymconvError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return code


def run_demo(options: argparse.Namespace) -> int:
    """``symconv demo``."""
    print(demo(options.photo, options.out))
    return 0


def run_script(options: argparse.Namespace) -> int:
    """``symconv run``: the script sees what it would see under ``python SCRIPT ARGUMENTS``."""
    _, code = execute(options.script, options.arguments)
    return code


def run_draw(options: argparse.Namespace) -> int:
    """``symconv draw``."""
    variables, code = execute(options.script, [])
    if code:
        return code
    drawable = {name: value for name, value in variables.items() if isinstance(value, Variable | Function)}
    if options.name not in drawable:
        raise ArgumentError(
            f"{options.script} has no expression or function {options.name!r}",
            hint="it has " + (", ".join(drawable) or "none"),
        )
    sc.draw(drawable[options.name], options.file, stage=options.stage)
    print(options.file)
    return 0


def execute(script: str, arguments: Sequence[str]) -> tuple[dict[str, Any], int]:
    """Run a script as ``python`` would, with ``theano`` importable; its globals and its exit code.

    An exception of the script is reported as Python reports it, from the script's first line on.
    """
    path = os.path.abspath(script)
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise FileError(
            f"the script {script!r} cannot be read: {error.strerror or error}", hint="name a Python file"
        ) from error
    symconv.theano.install()
    sys.argv = [script, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    main = sys.modules["__main__"] = ModuleType("__main__")
    main.__file__ = path
    try:
        exec(compile(text, path, "exec"), vars(main))
    except SystemExit:
        raise
    except BaseException as error:
        if isinstance(error, ModuleNotFoundError) and error.name in BROUGHT_BY_THEANO:
            error.add_note(
                f"hint: Theano brought {error.name}, symconv does not: python -m pip install {error.name}"
            )
        traceback = within(error.__traceback__, path)
        sys.excepthook(type(error), error.with_traceback(traceback), traceback)
        return {}, 130 if isinstance(error, KeyboardInterrupt) else 1
    return vars(main), 0


def within(traceback: TracebackType | None, file: str) -> TracebackType | None:
    """The part of a traceback that begins in a file."""
    while traceback is not None and traceback.tb_frame.f_code.co_filename != file:
        traceback = traceback.tb_next
    return traceback


def run_info(options: argparse.Namespace) -> int:
    """``symconv info``."""
    for name, value in facts():
        print(f"{name:<16} {value}")
    return 0


def facts() -> Iterator[tuple[str, object]]:
    """What a report of a defect should state."""
    import threadpoolctl  # takes time, and only this command needs it

    yield "symconv", sc.__version__
    yield "Python", f"{platform.python_version()} ({platform.system()} {platform.machine()})"
    for package in ("numpy", "networkx", "graphviz", "threadpoolctl", "pygraphviz"):
        try:
            yield package, metadata.version(package)
        except metadata.PackageNotFoundError:
            yield package, "not installed"
    yield "cores", f"{usable_cores()} usable of {os.cpu_count()}"
    for library in threadpoolctl.threadpool_info():
        if library["user_api"] == "blas":
            yield "BLAS", f"{library['internal_api']} {library['version']}, {library['num_threads']} threads"
    yield "Graphviz", shutil.which("dot") or "no dot program: pictures use symconv's own layout"
    for field in fields(Settings):
        yield field.name, getattr(sc.config, field.name)


if __name__ == "__main__":
    sys.exit(main())
