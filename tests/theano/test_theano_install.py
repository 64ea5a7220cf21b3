"""``install()`` and the names that a script then finds."""

import importlib
import pkgutil
import sys
import types

import pytest

import symconv.theano


def test_import_finds_the_layer(theano):
    import theano as imported
    from theano import tensor as T
    from theano.tensor.nnet import conv, conv2d

    assert imported is symconv.theano
    assert T is symconv.theano.tensor
    assert conv2d is T.nnet.conv2d
    assert conv.conv2d is T.nnet.conv.conv2d


def test_every_module_can_be_imported(theano):
    found = {
        module.name.removeprefix("symconv.theano.")
        for module in pkgutil.walk_packages(symconv.theano.__path__, "symconv.theano.")
    }
    private = {name for name in found if "._" in f".{name}"} | {"configuration"}
    assert found - private == set(symconv.theano.MODULES)
    for name in symconv.theano.MODULES:
        assert importlib.import_module(f"theano.{name}") is importlib.import_module(f"symconv.theano.{name}")


def test_twice_is_once(theano):
    symconv.theano.install()
    assert sys.modules["theano"] is symconv.theano


def test_another_theano_is_not_replaced(monkeypatch):
    other = types.ModuleType("theano")
    monkeypatch.setitem(sys.modules, "theano", other)
    with pytest.raises(symconv.theano.ArgumentError, match="another theano is already imported"):
        symconv.theano.install()
    assert sys.modules["theano"] is other


@pytest.mark.parametrize(
    ("module", "name", "nearest"),
    [
        ("theano", "functio", "theano.function"),
        ("theano.tensor", "tanhh", "theano.tensor.tanh"),
        ("theano.tensor.nnet", "conv22d", "theano.tensor.nnet.conv2d"),
        ("theano.tensor.nnet.conv", "ConvOp", None),
        ("theano.compile", "shard", "theano.compile.shared"),
        ("theano.printing", "debugprnt", "theano.printing.debugprint"),
    ],
)
def test_a_missing_name_is_named(theano, module, name, nearest):
    with pytest.raises(AttributeError) as raised:
        getattr(importlib.import_module(module), name)
    text = str(raised.value)
    assert text.startswith(f"symconv does not support {module}.{name} yet")
    assert nearest is None or text.endswith(f"the nearest name that it has is {nearest}")


def test_a_missing_name_is_not_there(theano):
    assert not hasattr(theano.tensor.nnet, "ConvOp")
    with pytest.raises(ImportError, match="ConvOp"):
        exec("from theano.tensor.nnet import ConvOp")
    with pytest.raises(ModuleNotFoundError, match=r"theano\.sandbox\.cuda"):
        importlib.import_module("theano.sandbox.cuda")


def test_all_names_that_are_promised_exist(theano):
    for name in ("", *(f".{module}" for module in symconv.theano.MODULES)):
        module = importlib.import_module(f"theano{name}")
        for public in getattr(module, "__all__", ()):
            getattr(module, public)
