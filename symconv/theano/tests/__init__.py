"""``theano.tests``: what programs use of Theano's own tests; imports symconv."""

from symconv.theano._names import refuses
from symconv.theano.tests import breakpoint, unittest_tools

__getattr__ = refuses("theano.tests", globals())

__all__ = ["breakpoint", "unittest_tools"]
