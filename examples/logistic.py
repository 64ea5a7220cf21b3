"""Logistic regression: which digit an image shows, from a weighted sum of its pixels for each class.

    p(class | x) = softmax(x W + b);  cost = mean of -log p(right class | x)

    python examples/logistic.py --epochs 30
"""

import numpy as np
import training

import symconv.theano as theano
from symconv.theano import tensor as T


def build() -> training.Training:
    """The model, with its compiled step."""
    x, y, rate = T.fmatrix("x"), T.ivector("y"), T.fscalar("rate")
    W = theano.shared(np.zeros((28 * 28, 10), "float32"), name="W")
    b = theano.shared(np.zeros(10, "float32"), name="b")
    p = T.nnet.softmax(T.dot(x, W) + b)
    cost = -T.mean(T.log(p)[T.arange(y.shape[0]), y])
    wrong = T.neq(T.argmax(p, axis=1), y).sum()
    updates = [(v, v - rate * T.grad(cost, v)) for v in (W, b)]
    learn = theano.function([x, y, rate], cost, updates=updates)
    count = theano.function([x, y], wrong)
    return training.Training(
        {"W": W, "b": b},
        lambda images, labels, rate: learn(training.rows(images), labels, np.float32(rate)),
        lambda images, labels: count(training.rows(images), labels),
    )


def main(arguments: list[str] | None = None) -> float:
    """Train and report; the share of mistakes in the test."""
    options = training.parser(__doc__.splitlines()[0], epochs=60, rate=0.3, batch=50).parse_args(arguments)
    return build().run(training.load(options), options)


if __name__ == "__main__":
    main()
