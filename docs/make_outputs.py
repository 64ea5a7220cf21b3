"""Runs the Python blocks of pages, and keeps the output that pages show true; imports symconv.

    page  = text { block }
    block = a fenced block marked ``python``, and directly below it perhaps one marked ``text``: its output

The blocks of a page run in order, in one namespace, with two threads, so that generated source is the same on
every machine. Without ``--check`` the ``text`` blocks are written anew.

    python docs/make_outputs.py [--check] [PAGE...]
"""

import argparse
import contextlib
import io
import linecache
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import symconv as sc

BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<output>.*?)^```\n)?", re.S | re.M)
ROOT = Path(__file__).resolve().parent.parent


def pages() -> list[Path]:
    """The README and every page of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def outputs(text: str, name: str) -> Iterator[tuple[re.Match[str], str]]:
    """Each Python block of a page, run, with what it printed."""
    namespace = {"__name__": "__main__"}
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start("code"))
        source = "\n" * line + block["code"]  # so that errors and origins name the page's own line
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), sc.settings(threads=2):
            exec(compile(source, name, "exec"), namespace)
        yield block, printed.getvalue()


def stale(page: Path) -> list[str]:
    """What a page shows that its blocks do not print."""
    text = page.read_text(encoding="utf-8")
    return [
        f"{page.name}:{text.count(chr(10), 0, block.start('output')) + 1}: the page shows\n{block['output']}"
        f"but the block prints\n{printed}"
        for block, printed in outputs(text, page.name)
        if block["output"] is not None and block["output"] != printed
    ]


def refreshed(page: Path) -> str:
    """A page's text with the output of today."""
    text = page.read_text(encoding="utf-8")
    parts, end = [], 0
    for block, printed in outputs(text, page.name):
        if block["output"] is not None:
            parts += [text[end : block.start("output")], printed]
            end = block.end("output")
    return "".join(parts) + text[end:]


def main() -> int:
    """Check or refresh the pages named, or all."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="change nothing; fail where a page is stale")
    options.add_argument("page", nargs="*", type=Path)
    chosen = options.parse_args()
    found = [page.resolve() for page in chosen.page] or pages()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # what blocks write goes here
        for page in found:
            if chosen.check:
                wrong += stale(page)
            else:
                page.write_text(refreshed(page), encoding="utf-8")
            print(f"{page.name}: run")
        os.chdir(ROOT)
    print("\n".join(wrong), end="", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
