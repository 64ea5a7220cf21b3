"""``theano.configparser``: flags for as long as a block runs; imports the configuration."""

from symconv.theano._names import refuses
from symconv.theano.configuration import change_flags, config

__getattr__ = refuses("theano.configparser", globals())

__all__ = ["change_flags", "config"]
