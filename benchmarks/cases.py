"""The table of cases: what is measured, as data. Imports nothing of the benchmarks.

A case names a *kind* (what is computed: a module of `kinds/`) with its parameters, and a *measure* (how it is
measured: a module of `measures/`). Adding a case of a known kind is adding a row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FLOATS = ("float32", "float64")


@dataclass(frozen=True)
class Case:
    """One row: `goal` is what symconv is to reach, in the unit that the measure states, for each dtype."""

    name: str
    kind: str
    parameters: Mapping[str, Any]
    measure: str = "steady"
    dtypes: tuple[str, ...] = FLOATS
    goal: Mapping[str, float] = field(default_factory=dict)
    what: str = ""


def layer(image: tuple[int, int, int, int], filters: tuple[int, int, int]) -> dict[str, Any]:
    """The parameters of `conv_layer`: image (N, C, H, W) and filters (K, rows, columns); C is the image's."""
    number, rows, columns = filters
    return {"image": list(image), "filters": [number, image[1], rows, columns]}


def layer_case(
    name: str, image: tuple[int, int, int, int], filters: tuple[int, int, int], *goal: float
) -> Case:
    """A layer whose goal is a ratio, best peer over symconv, in float32 and in float64."""
    return Case(name, "conv_layer", layer(image, filters), goal=dict(zip(FLOATS, goal, strict=True)))


def convolution(
    image: tuple[int, ...],
    filters: tuple[int, ...],
    pads: int = 0,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    pool: int = 0,
    act: str = "tanh",
    part: str = "forward",
) -> dict[str, Any]:
    """The parameters of `convolution`: image (N, C, sizes...) and filters (K, sizes...), all axes alike."""
    axes = len(image) - 2
    return {
        "image": list(image),
        "filters": [filters[0], image[1] // groups, *filters[1:]],
        "stride": [stride] * axes,
        "dilation": [dilation] * axes,
        "pads": [[pads, pads]] * axes,
        "groups": groups,
        "pool": pool,
        "act": act,
        "part": part,
    }


def three_cases(name: str, image: tuple[int, ...], filters: tuple[int, ...], **more: Any) -> list[Case]:
    """A layer forward, and its convolution backward by the image and by the filters."""
    goals = {"forward": LEVEL, "by_image": BACKWARD, "by_filters": BACKWARD}
    return [
        Case(
            name if part == "forward" else f"{name}-{part}",
            "convolution",
            convolution(image, filters, part=part, **more),
            goal=goals[part],
        )
        for part in goals
    ]


def network(batch: int, image: tuple[int, int, int], layers: list[list[Any]], train: bool) -> dict[str, Any]:
    """The parameters of `network`."""
    return {"batch": batch, "image": list(image), "layers": layers, "train": train}


def network_cases(name: str, image: tuple[int, int, int], layers: list[list[Any]]) -> list[Case]:
    """Scores and a training step, for three batches."""
    return [
        Case(
            f"{name}-{'step' if train else 'scores'}-{batch}",
            "network",
            network(batch, image, layers, train),
            goal=STEP if train else LEVEL,
        )
        for train in (False, True)
        for batch in (1, 20, 500)
    ]


def chain_case(ops: int, size: int) -> Case:
    """A chain of elementwise ops; the goal is a ratio, best peer over symconv."""
    name = f"chain{ops}-1e{len(str(size)) - 1}"
    return Case(name, "elementwise_chain", {"ops": ops, "size": size}, goal=AT_PEERS)


def reduction_case(what: str, axis: int | None, shape: tuple[int, int, int] = (96, 200, 220)) -> Case:
    """A reduction of a 3-d tensor over one axis, or over all of them."""
    name = f"{what}-{'all' if axis is None else f'axis{axis}'}"
    return Case(name, "reduction", {"what": what, "axis": axis, "shape": list(shape)}, goal=AT_PEERS)


AT_PEERS = {"float32": 1 / 1.3, "float64": 1 / 1.3}  # within 1.3 of the fastest compiled peer
LEVEL = {"float32": 1.0, "float64": 1.0}
BACKWARD = {"float32": 1.5, "float64": 3.0}
STEP = {"float32": 1.0, "float64": 3.0}
WHAT = ("sum", "max", "squares", "product")
LAYERS = [784, 500, 10]
PHOTO = layer((1, 3, 639, 516), (2, 9, 9))
SEED = layer((1, 3, 120, 160), (2, 9, 9))

NINE: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "seed1": ((1, 3, 120, 160), (2, 9, 9)),
    "seed32": ((32, 3, 120, 160), (2, 9, 9)),
    "photo": ((1, 3, 639, 516), (2, 9, 9)),
    "lenet0": ((500, 1, 28, 28), (20, 5, 5)),
    "lenet1": ((500, 20, 12, 12), (50, 5, 5)),
    "res3x3": ((1, 64, 56, 56), (64, 3, 3)),
    "res1x1": ((1, 256, 56, 56), (64, 1, 1)),
    "vgg1": ((1, 3, 224, 224), (64, 3, 3)),
    "deep": ((8, 256, 14, 14), (256, 3, 3)),
}
TWELVE: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "strided": ((1, 3, 224, 224), (64, 7, 7), {"pads": 3, "stride": 2}),
    "dilated": ((1, 32, 64, 64), (32, 3, 3), {"pads": 2, "dilation": 2}),
    "grouped": ((4, 64, 28, 28), (64, 3, 3), {"pads": 1, "groups": 8}),
    "depthwise": ((1, 128, 56, 56), (128, 3, 3), {"pads": 1, "groups": 128, "act": "relu"}),
    "half": ((16, 64, 32, 32), (64, 3, 3), {"pads": 1, "act": "relu"}),
    "full": ((8, 16, 32, 32), (32, 5, 5), {"pads": 4}),
    "audio": ((4, 16, 16_000), (32, 25), {"pads": 12, "stride": 4}),
    "video": ((1, 8, 16, 56, 56), (16, 3, 3, 3), {"pads": 1}),
    "large": ((1, 4, 256, 256), (8, 31, 31), {}),
    "tiny": ((2000, 8, 8, 8), (16, 3, 3), {}),
    "huge": ((1, 1, 4096, 4096), (4, 5, 5), {}),
    "pointwise": ((32, 128, 14, 14), (256, 1, 1), {"act": "relu"}),
}
LENET = [
    ["conv", 20, 5, 0, True], ["pool", 2], ["tanh"], ["conv", 50, 5, 0, True], ["pool", 2], ["tanh"],
    ["dense", 500], ["tanh"], ["dense", 10],
]  # fmt: skip
VGG = [
    ["conv", 16, 3, 1, True], ["relu"], ["conv", 16, 3, 1, True], ["relu"], ["pool", 2],
    ["conv", 32, 3, 1, True], ["relu"], ["conv", 32, 3, 1, True], ["relu"], ["pool", 2],
    ["dense", 64], ["relu"], ["dense", 10],
]  # fmt: skip
BLOCK = [
    ["push"], ["conv", 16, 3, 1, False], ["norm"], ["relu"], ["conv", 16, 3, 1, False], ["norm"], ["add"],
    ["relu"],
]  # fmt: skip
RESNET = [["conv", 16, 3, 1, False], ["norm"], ["relu"], *BLOCK, *BLOCK, ["mean"], ["dense", 10]]
MNIST, CIFAR = (1, 28, 28), (3, 32, 32)

CASES: tuple[Case, ...] = (
    layer_case("seed1", (1, 3, 120, 160), (2, 9, 9), 1.5, 3.0),
    layer_case("seed32", (32, 3, 120, 160), (2, 9, 9), 1.5, 3.0),
    layer_case("photo", (1, 3, 639, 516), (2, 9, 9), 1.5, 3.0),
    layer_case("lenet0", (500, 1, 28, 28), (20, 5, 5), 1.0, 1.0),
    layer_case("lenet1", (500, 20, 12, 12), (50, 5, 5), 1.0, 1.0),
    layer_case("res3x3", (1, 64, 56, 56), (64, 3, 3), 1.0, 1.0),
    layer_case("res1x1", (1, 256, 56, 56), (64, 1, 1), 1.0, 1.0),
    layer_case("vgg1", (1, 3, 224, 224), (64, 3, 3), 1.0, 1.0),
    layer_case("deep", (8, 256, 14, 14), (256, 3, 3), 1.0, 1.0),
    *(
        Case(f"{name}-{part}", "convolution", convolution(*sizes, part=part), goal=BACKWARD)
        for name, sizes in NINE.items()
        for part in ("by_image", "by_filters")
    ),
    *(
        Case(f"{name}-pool", "convolution", convolution(*NINE[name], pool=2), goal=LEVEL)
        for name in ("seed32", "photo", "lenet0", "lenet1", "vgg1")
    ),
    *(
        case
        for name, (image, filters, more) in TWELVE.items()
        for case in three_cases(name, image, filters, **more)
    ),
    *network_cases("lenet", MNIST, LENET),
    *network_cases("vgg", CIFAR, VGG),
    *network_cases("resnet", CIFAR, RESNET),
    *(chain_case(ops, 10**power) for ops in (1, 4, 16) for power in range(3, 8)),
    *(reduction_case(what, axis) for what in WHAT for axis in (0, 1, 2, None)),
    Case("softmax-128", "softmax_cross_entropy", {"rows": 128, "classes": 1000}, goal=LEVEL),
    Case("mlp-20", "mlp_step", {"batch": 20, "layers": LAYERS}, goal=LEVEL),
    Case("mlp-600", "mlp_step", {"batch": 600, "layers": LAYERS}, goal=LEVEL),
    Case(
        "rnn-1000",
        "recurrent",
        {"steps": 1000, "batch": 32, "features": 128, "hidden": 128},
        goal=LEVEL,
    ),
    Case("slices-600", "batch_slices", {"data": [60_000, 784], "batch": 600}, goal=LEVEL),
    Case(
        "tiny-call",
        "tiny_call",
        {"size": 3},
        measure="overhead",
        dtypes=("float64",),
        goal={"float64": 2.0},
        what="tanh(x + 1) on 3 numbers: µs a call, over NumPy's own two calls",
    ),
    Case(
        "first-call",
        "conv_layer",
        SEED,
        measure="first_call",
        goal={"float32": 30.0, "float64": 30.0},
        what="seed1: compiling plus the first call, in a fresh process",
    ),
    Case(
        "photo-memory",
        "conv_layer",
        PHOTO,
        measure="memory",
        goal={"float32": 1.0, "float64": 1.0},
        what="photo: peak memory of a fresh process (in brackets: over the bare import)",
    ),
    Case(
        "mlp-memory",
        "mlp_step",
        {"batch": 600, "layers": LAYERS},
        measure="memory",
        goal=LEVEL,
        what="a training step of mlp-600: peak memory of a fresh process (in brackets: over the bare import)",
    ),
    Case(
        "lenet-digits",
        "nothing",
        {"program": "lenet.py", "seed": 0, "seconds": 120},
        measure="learning",
        dtypes=("float32",),
        goal={"float32": 1.5},
        what="examples/lenet.py: mistakes on 250 held-out digits, and the seconds of training",
    ),
    Case(
        "lenet-memory",
        "network",
        network(500, MNIST, LENET, True),
        measure="memory",
        goal=LEVEL,
        what="a training step of lenet-step-500: peak memory of a fresh process",
    ),
    Case(
        "resnet-memory",
        "network",
        network(500, CIFAR, RESNET, True),
        measure="memory",
        goal=LEVEL,
        what="a training step of resnet-step-500: peak memory of a fresh process",
    ),
    Case(
        "lenet-first-call",
        "network",
        network(500, MNIST, LENET, True),
        measure="first_call",
        goal={"float32": 150.0, "float64": 150.0},
        what="lenet-step-500: compiling plus the first step, in a fresh process",
    ),
    *(
        Case(
            f"{name}-crowded",
            kind,
            parameters,
            measure="crowded",
            goal={"float32": 2.2, "float64": 2.2},
            what=f"{name} while another process occupies a core, against its time alone",
        )
        for name, kind, parameters in (
            ("seed32", "conv_layer", layer((32, 3, 120, 160), (2, 9, 9))),
            ("lenet1", "conv_layer", layer((500, 20, 12, 12), (50, 5, 5))),
            ("lenet-step", "network", network(500, MNIST, LENET, True)),
        )
    ),
    Case(
        "import",
        "nothing",
        {},
        measure="import_time",
        dtypes=("float64",),
        goal={"float64": 1.5},
        what="importing each peer, against importing NumPy, in fresh processes",
    ),
    Case(
        "graph-nodes",
        "elementwise_graph",
        {"nodes": [12_500, 25_000, 50_000, 100_000], "size": 16},
        measure="growth",
        dtypes=("float64",),
        goal={"float64": 20.0},
        what="compiling a graph of N elementwise nodes: seconds at the largest N, and how it grows",
    ),
)

BY_NAME = {case.name: case for case in CASES}
