"""Flags: defaults, groups, refusals, files and the environment, blocks; test values; the GPU that is not there."""

import subprocess
import sys

import numpy as np
import pytest

import symconv as sc
import symconv.theano as theano
import symconv.theano.tensor as T
from symconv.theano import configuration
from symconv.theano.gof.op import get_test_value


def test_defaults_and_groups():
    config = theano.config
    assert (config.device, config.optimizer, config.linker, config.openmp) == ("cpu", "o4", "vm", False)
    assert config.NanGuardMode.nan_is_error is True
    assert config.traceback.limit == 8
    assert config.conv.assert_shape is False
    assert config.warn.subtensor_merge_bug is False
    assert "floatX = float64" in str(config)
    with pytest.raises(AttributeError, match=r"theano\.config\.no_such_flag"):
        config.no_such_flag  # noqa: B018
    with pytest.raises(AttributeError, match=r"theano\.config\.warn\.nothing"):
        config.warn.nothing  # noqa: B018


@pytest.mark.parametrize(("name", "value"), [
    ("optimizer", "fastest"), ("compute_test_value", "yes"), ("openmp", "perhaps"), ("traceback.limit", "many"),
    ("floatX", "float7"), ("mode", "SLOW"),
])  # fmt: skip
def test_values_that_a_flag_cannot_have(name, value):
    before = configuration.found(name)
    with pytest.raises(ValueError, match=name.split(".")[-1]):
        configuration.assign(name, value)
    assert configuration.found(name) == before


def test_what_is_fixed():
    theano.config.device = "cpu"
    with pytest.raises(Exception, match="device cannot be changed"):
        theano.config.device = "cuda"


def test_change_flags():
    with theano.change_flags(floatX="float32", traceback__limit=3):
        assert T.matrix().dtype == "float32"
        assert theano.config.traceback.limit == 3
        with theano.configparser.change_flags([("floatX", "float16"), ("warn.round", True)]):
            assert theano.config.floatX == "float16"
            assert theano.config.warn.round is True
        assert theano.config.floatX == "float32"
    assert (theano.config.floatX, theano.config.traceback.limit) == ("float64", 8)

    @theano.change_flags(floatX="float32")
    def made():
        return T.vector().dtype

    assert made() == made() == "float32"
    with pytest.raises(ZeroDivisionError), theano.change_flags(floatX="float32"):
        raise ZeroDivisionError
    assert theano.config.floatX == "float64"
    with pytest.raises(ValueError, match="optimizer"), theano.change_flags(floatX="float32", optimizer="no"):
        pass
    assert theano.config.floatX == "float64"
    with pytest.raises(AttributeError, match="unheard_of"):
        theano.change_flags(unheard_of=1)


def test_files_and_the_environment(tmp_path):
    file = tmp_path / "theanorc"
    file.write_text("[global]\nfloatX = float32\n[warn]\nround = True\n", encoding="utf-8")
    environment = {"THEANORC": str(file), "THEANO_FLAGS": "floatX=float16, traceback.limit=2,device=cuda"}
    assert configuration.from_environment(environment) == [
        ("floatX", "float32"), ("warn.round", "True"), ("floatX", "float16"), ("traceback.limit", "2"),
        ("device", "cuda"),
    ]  # fmt: skip
    assert configuration.from_environment({"THEANORC": str(tmp_path / "none")}) == []
    with pytest.raises(sc.OptionError, match="THEANO_FLAGS holds 'floatX'"):
        configuration.from_environment({"THEANORC": str(tmp_path / "none"), "THEANO_FLAGS": "floatX"})
    file.write_text("floatX = float32\n", encoding="utf-8")
    with pytest.raises(sc.OptionError, match="holds no settings"):
        configuration.from_environment({"THEANORC": str(file)})


def test_a_program_sees_the_environment(tmp_path):
    code = "import symconv.theano as t; print(t.config.floatX, t.config.device, t.tensor.matrix().dtype)"
    environment = {"THEANO_FLAGS": "floatX=float32,device=cuda0", "THEANORC": str(tmp_path / "none")}
    environment |= {name: value for name, value in __import__("os").environ.items() if name not in environment}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["float32", "cpu", "float32"]


def test_the_mode_of_functions():
    x = T.dvector("x")
    with theano.change_flags(mode="NanGuardMode"):
        f = theano.function([x], T.log(x))
    with pytest.raises(Exception, match=r"(?i)nan|infin"):
        f([-1.0])


def test_test_values():
    x, y = T.dmatrix("x"), T.dvector("y")
    x.tag.test_value = np.ones((2, 3))
    y.tag.test_value = np.arange(3.0)
    z = T.dot(x, y) + theano.shared(1.0)
    with pytest.raises(AttributeError, match="no test value"):
        z.tag.test_value  # noqa: B018
    with theano.change_flags(compute_test_value="raise"):
        np.testing.assert_array_equal(z.tag.test_value, [4.0, 4.0])
        np.testing.assert_array_equal(get_test_value(z * 2), [8.0, 8.0])
        with pytest.raises(AttributeError, match=r"(?s)has no test value.*hint: set x\.tag\.test_value"):
            get_test_value(T.dvector("w") + 1)
    assert get_test_value(3) == 3
    assert get_test_value(theano.shared(2.0)) == 2
    x.tag.anything = "else"
    assert x.tag.anything == "else"


def test_the_gpu_is_not_there():
    from symconv.theano import gpuarray

    assert gpuarray.pygpu_activated is False
    assert gpuarray.dnn.dnn_present() is False
    assert gpuarray.dnn.dnn_available(None) is False
    with pytest.raises(ValueError, match="no device 'cuda'"):
        gpuarray.use("cuda")
    gpuarray.use("cpu")
