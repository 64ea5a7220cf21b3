"""``theano.printing``: expressions as text; imports symconv."""

from symconv import debugprint, pp
from symconv.theano._names import refuses

pprint = pp

__getattr__ = refuses("theano.printing", globals())

__all__ = ["debugprint", "pp", "pprint"]
