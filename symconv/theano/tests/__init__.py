"""``theano.tests``: what tests of programs for Theano import; imports ``unittest_tools``."""

from symconv.theano._names import refuses
from symconv.theano.tests import unittest_tools

__getattr__ = refuses("theano.tests", globals())

__all__ = ["unittest_tools"]
