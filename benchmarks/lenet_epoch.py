"""An epoch of LeNet written for Theano, run by Theano itself and by symconv: compiling and calls, in turns.

    python -m benchmarks.lenet_epoch --theano PATH-OF-THE-INTERPRETER-THAT-HAS-THEANO [--out FILE]

The network, the sizes and the learning rate are those of the tutorial's chapter: 20 and 50 maps of 5 x 5, 500
hidden units, batches of 500 from a shared data set, gradient descent. The images are random numbers: that
changes no time. Both train in float32 with the threads that they find; each is a process of its own, they
take turns, and the medians are compared. This file also runs under the Python 3.8 that Theano needs.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

BATCH, BATCHES, CLASSES = 500, 10, 10


def main():
    """Measure both in turns, print the medians and their ratios."""
    command = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    command.add_argument("--theano", required=True, help="interpreter that has Theano 1.0.5 (and a g++)")
    command.add_argument("--rounds", type=int, default=3, help="processes of each (default: 3)")
    command.add_argument("--out", type=Path, help="where to write the measurements as JSON")
    options = command.parse_args()
    pythons = {"symconv": sys.executable, "theano": options.theano}
    found = {name: [] for name in pythons}
    for _ in range(options.rounds):
        for name, python in pythons.items():
            found[name].append(measured(name, python))
    medians = {
        name: {key: sorted(one[key] for one in runs)[len(runs) // 2] for key in runs[0]}
        for name, runs in found.items()
    }
    for key, unit in (("compile", "s"), ("epoch", "s"), ("cost", "")):
        ours, theirs = medians["symconv"][key], medians["theano"][key]
        ratio = "" if key == "cost" else f"   {theirs / ours:6.1f} times as fast"
        print(f"{key:8} symconv {ours:9.4f} {unit:1}   theano {theirs:9.4f} {unit:1}{ratio}")
    if options.out:
        options.out.write_text(json.dumps({"rounds": found, "medians": medians}, indent=1) + "\n")
    return 0


def measured(name, python):
    """One process: seconds to compile, seconds of an epoch, the last cost."""
    here = Path(__file__).resolve()
    flags = "device=cpu,mode=FAST_RUN,floatX=float32"
    with TemporaryDirectory() as fresh:  # what Theano has compiled before does not count
        flags += f",base_compiledir={fresh}" if name == "theano" else ""
        environment = dict(os.environ, THEANO_FLAGS=flags, PYTHONPATH=str(here.parent.parent))
        command = [python, str(here), "--run", name]
        answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
    return json.loads(answer.decode().splitlines()[-1])


def run(name):
    """Build, compile and train; prints one line of JSON."""
    if name == "symconv":
        import symconv.theano

        symconv.theano.install()
    import numpy as np
    import theano
    import theano.tensor as T
    from theano.tensor.nnet import conv2d
    from theano.tensor.signal import pool

    draw = np.random.RandomState(23455)

    def shared(values):
        return theano.shared(np.asarray(values, dtype=theano.config.floatX), borrow=True)

    def weights(*shape):
        fan = shape[0] if len(shape) == 2 else np.prod(shape[1:])
        return shared(draw.uniform(-1, 1, shape) * np.sqrt(3.0 / fan))

    images = shared(draw.random_sample((BATCH * BATCHES, 28 * 28)))
    classes = T.cast(shared(draw.randint(0, CLASSES, BATCH * BATCHES)), "int32")
    index, x, y = T.lscalar(), T.matrix("x"), T.ivector("y")
    parameters = []

    def convolved(image, maps, channels, size):
        W, b = weights(maps, channels, 5, 5), shared(np.zeros(maps))
        parameters.extend([W, b])
        y = conv2d(image, W, input_shape=(BATCH, channels, size, size), filter_shape=(maps, channels, 5, 5))
        return T.tanh(pool.pool_2d(y, (2, 2), ignore_border=True) + b.dimshuffle("x", 0, "x", "x"))

    def dense(values, size, out):
        W, b = weights(size, out), shared(np.zeros(out))
        parameters.extend([W, b])
        return T.dot(values, W) + b

    maps = convolved(convolved(x.reshape((BATCH, 1, 28, 28)), 20, 1, 28), 50, 20, 12)
    scores = T.nnet.softmax(dense(T.tanh(dense(maps.flatten(2), 50 * 4 * 4, 500)), 500, CLASSES))
    cost = -T.mean(T.log(scores)[T.arange(y.shape[0]), y])
    rate = np.float32(0.1)
    updates = [(p, p - rate * g) for p, g in zip(parameters, T.grad(cost, parameters))]  # noqa: B905  # Python 3.8
    part = slice(index * BATCH, (index + 1) * BATCH)
    begin = time.perf_counter()
    train = theano.function([index], cost, updates=updates, givens={x: images[part], y: classes[part]})
    train(0)  # symconv's plan, and Theano's first call, are part of compiling
    compiled = time.perf_counter() - begin
    begin = time.perf_counter()
    for batch in range(BATCHES):
        last = train(batch)
    epoch = time.perf_counter() - begin
    print(json.dumps({"compile": compiled, "epoch": epoch, "cost": float(last)}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(sys.argv[2])
    else:
        sys.exit(main())
