"""README and docs are true: every Python block runs, prints what the page shows; commands and links exist."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from symconv import cli

ROOT = Path(__file__).resolve().parent.parent


def program(name):
    """A program of the docs folder as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_outputs = program("make_outputs")
PAGES = make_outputs.pages()
ALL_PAGES = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def named(pages):
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


@named(PAGES)
def test_python_blocks_run_and_print_what_the_page_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert make_outputs.stale(page) == []


@named(PAGES)
def test_every_python_block_is_seen(page):
    text = page.read_text(encoding="utf-8")
    assert text.count("```python") == len(make_outputs.BLOCK.findall(text))


def test_a_stale_output_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n```\n\ntext\n\n```python\nprint(x + 1)\n```\n\n```text\n3\n```\n")
    assert make_outputs.stale(page) == ["page.md:12: the page shows\n3\nbut the block prints\n2\n"]
    assert make_outputs.refreshed(page).endswith("```text\n2\n```\n")


@named(ALL_PAGES)
def test_commands_are_spelt_right(page):
    for command in re.findall(r"^\$ symconv (.*)$", page.read_text(encoding="utf-8"), re.M):
        cli.parser().parse_args(shlex.split(command))


@named(ALL_PAGES)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_pictures_are_those_that_the_program_draws():
    make_pictures = program("make_pictures")
    for name, text in make_pictures.pictures().items():
        kept = (make_pictures.IMAGES / name).read_text(encoding="utf-8")
        assert kept == text, f"{name} is stale: run docs/make_pictures.py"


def test_the_table_of_ops_is_what_the_definitions_say():
    make_ops = program("make_ops")
    assert make_ops.PAGE.read_text(encoding="utf-8") == make_ops.page(), "stale: run docs/make_ops.py"


def test_the_readme_has_one_line_to_run_and_one_to_test():
    lines = re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert [("pytest" in line, "symconv demo" in line) for line in lines] == [(False, True), (True, False)]


def test_the_page_of_theanos_names_is_what_the_modules_say():
    make_theano_names = program("make_theano_names")
    kept = make_theano_names.PAGE.read_text(encoding="utf-8")
    assert kept == make_theano_names.page(), "stale: run docs/make_theano_names.py"
