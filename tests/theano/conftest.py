"""Lets each test have ``theano``, and takes it away again."""

import sys

import pytest

from symconv.theano import install

collect_ignore = ["golden", "scripts"]  # programs of their own, not tests


@pytest.fixture
def theano():
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "theano"}
    install()
    yield sys.modules["theano"]
    for name in [name for name in sys.modules if name.split(".")[0] == "theano"]:
        del sys.modules[name]
    sys.modules.update(before)
