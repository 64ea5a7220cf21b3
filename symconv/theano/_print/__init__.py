"""How a graph of symconv's is printed as Theano writes it; imports symconv's graph and ops."""
