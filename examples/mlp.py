"""A perceptron with one hidden layer, weight decay, and the digits.

    hidden = tanh(x W1 + b1);  p = softmax(hidden W2 + b2)
    cost = mean of -log p(right class) + decay (sum of W1² + sum of W2²)

    python examples/mlp.py --hidden 500
"""

import argparse

import numpy as np
import training

import symconv.theano as theano
from symconv.theano import tensor as T


def build(options: argparse.Namespace) -> training.Training:
    """The model, with its compiled step."""
    random = np.random.RandomState(options.seed)
    x, y, rate = T.fmatrix("x"), T.ivector("y"), T.fscalar("rate")
    sizes = (28 * 28, options.hidden, 10)
    W1 = theano.shared(training.glorot(random, sizes[:2], sizes[:2]), name="W1")
    b1 = theano.shared(np.zeros(sizes[1], "float32"), name="b1")
    W2 = theano.shared(np.zeros(sizes[1:], "float32"), name="W2")
    b2 = theano.shared(np.zeros(sizes[2], "float32"), name="b2")
    hidden = T.tanh(T.dot(x, W1) + b1)
    p = T.nnet.softmax(T.dot(hidden, W2) + b2)
    likelihood = -T.mean(T.log(p)[T.arange(y.shape[0]), y])
    cost = likelihood + np.float32(options.decay) * ((W1**2).sum() + (W2**2).sum())
    parameters = [W1, b1, W2, b2]
    updates = [(v, v - rate * g) for v, g in zip(parameters, T.grad(cost, parameters), strict=True)]
    learn = theano.function([x, y, rate], cost, updates=updates)
    count = theano.function([x, y], T.neq(T.argmax(p, axis=1), y).sum())
    return training.Training(
        {str(v.name): v for v in parameters},
        lambda images, labels, rate: learn(training.rows(images), labels, np.float32(rate)),
        lambda images, labels: count(training.rows(images), labels),
    )


def main(arguments: list[str] | None = None) -> float:
    """Train and report; the share of mistakes in the test."""
    parser = training.parser(__doc__.splitlines()[0], epochs=60, rate=0.2, batch=20)
    parser.add_argument("--hidden", type=int, default=500, help="hidden units (default: 500)")
    parser.add_argument("--decay", type=float, default=1e-4, help="weight decay (default: 1e-4)")
    options = parser.parse_args(arguments)
    return build(options).run(training.load(options), options)


if __name__ == "__main__":
    main()
