"""The chapter's layer on a photograph, with everything there is to see of it; imports symconv and its viz.

    photograph -> layer(photograph) -> the same in plain NumPy, compared -> pictures, graphs, source
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from statistics import median

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import symconv as sc
from symconv.errors import CheckError, FileError, ShapeError
from symconv.files import write_atomically
from symconv.graph.types import Array
from symconv.viz.images import read_image, tile_images, write_png

FILTER = 9  # rows and columns of a filter, as in the chapter


@dataclass(frozen=True)
class Layer:
    """The chapter's layer: two filters of 9 x 9 over three colours, a bias each, tanh.

    Attributes
    ----------
    input : Variable float64 [N, 3, H, W]
        Photographs.
    output : Variable float64 [N, 2, H - 8, W - 8]
        The feature maps.
    W, b : SharedVariable
        Filters [2, 3, 9, 9] and biases [2].
    """

    input: sc.Variable
    output: sc.Variable
    W: sc.SharedVariable
    b: sc.SharedVariable


def chapter_layer() -> Layer:
    """The layer, initialised with the chapter's seed, bounds and order of draws."""
    rng = np.random.RandomState(23455)
    input = sc.tensor4("input", dtype="float64")
    w_shp = (2, 3, FILTER, FILTER)
    w_bound = np.sqrt(3 * FILTER * FILTER)
    W = sc.shared(rng.uniform(low=-1.0 / w_bound, high=1.0 / w_bound, size=w_shp), name="W")
    b_shp = (2,)
    b = sc.shared(rng.uniform(low=-0.5, high=0.5, size=b_shp), name="b")

    y = sc.tanh(sc.conv2d(input, W) + b.dimshuffle("x", 0, "x", "x"))
    y.name = "y"
    return Layer(input, y, W, b)


def plain_layer(image: Array, W: Array, b: Array) -> Array:
    """The layer in plain NumPy: windows of the image times flipped filters, plus bias, tanh.

    Parameters
    ----------
    image : ndarray [N, 3, H, W]
    W : ndarray [2, 3, 9, 9]
    b : ndarray [2]

    Returns
    -------
    ndarray [N, 2, H - 8, W - 8]
    """
    windows = sliding_window_view(image, W.shape[2:], axis=(2, 3))  # N, C, H', W', rows, columns
    products = np.tensordot(windows, W[:, :, ::-1, ::-1], axes=((1, 4, 5), (1, 2, 3)))
    result: Array = np.tanh(products.transpose(0, 3, 1, 2) + b[:, None, None])
    return result


def as_batch(photo: Array) -> Array:
    """A picture as the layer wants it: one image, colours first, between 0 and 1.

    Parameters
    ----------
    photo : ndarray uint8 [H, W, 3]

    Returns
    -------
    ndarray float64 [1, 3, H, W]

    Raises
    ------
    ShapeError
        Where the picture is smaller than a filter.
    """
    rows, columns = photo.shape[:2]
    if min(rows, columns) < FILTER:
        raise ShapeError(
            f"the photograph has {rows} x {columns} pixels, the filters need {FILTER} x {FILTER}",
            hint="choose a larger photograph",
        )
    return np.ascontiguousarray(photo.transpose(2, 0, 1)[None] / 255.0)


def milliseconds(call: Callable[[], object], runs: int = 9) -> float:
    """Median time of a call, in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * median(times)


@dataclass(frozen=True)
class Report:
    """What the demo did.

    Attributes
    ----------
    photo : str
        Where the photograph came from.
    shape : tuple of int
        Its rows and columns.
    compile_ms, first_ms, run_ms, plain_ms : float
        Time of ``function``, of its first call (which plans and writes the source), of later calls
        (median), and of the same layer in plain NumPy (median).
    difference : float
        Largest difference between the two results.
    kernels : int
        Kernels that the graph became.
    files : tuple of (Path, str)
        What was written, and what it is.
    """

    photo: str
    shape: tuple[int, int]
    compile_ms: float
    first_ms: float
    run_ms: float
    plain_ms: float
    difference: float
    kernels: int
    files: tuple[tuple[Path, str], ...]

    def __str__(self) -> str:
        rows, columns = self.shape
        width = max((len(str(path)) for path, _ in self.files), default=0)
        kernels = "1 fused kernel" if self.kernels == 1 else f"{self.kernels} kernels"
        return "\n".join([
            f"photograph  {self.photo}, {columns} x {rows} pixels, 3 colours",
            f"layer       tanh(conv2d(input, W) + b), 2 filters of {FILTER} x {FILTER}, float64",
            f"compiled    in {self.compile_ms:.1f} ms to {kernels}; first call {self.first_ms:.1f} ms",
            f"ran         in {self.run_ms:.1f} ms (median)",
            f"plain NumPy in {self.plain_ms:.1f} ms (median): symconv is {self.speed_up:.1f} times as fast",
            f"results     equal up to {self.difference:.0e}",
            "",
            *(f"{path!s:<{width}}  {what}" for path, what in self.files),
        ])  # fmt: skip

    @property
    def speed_up(self) -> float:
        """How many times faster the compiled layer is than plain NumPy."""
        return self.plain_ms / self.run_ms


def demo(photo: str | Path | None = None, out: str | Path = "symconv-demo") -> Report:
    """Run the chapter's layer on a photograph and write what there is to see.

    Parameters
    ----------
    photo : path, optional
        A picture; without it the portrait of Grace Hopper that comes with symconv.
    out : path
        The folder to write to; made where it does not exist.

    Returns
    -------
    Report

    Raises
    ------
    FileError
        For a photograph that cannot be read, or a folder that cannot be written to.
    ShapeError
        For a photograph smaller than a filter.
    CheckError
        Where the result differs from plain NumPy's: a defect of symconv.
    """
    source = Path(photo) if photo is not None else Path(str(files("symconv") / "data" / "grace_hopper.png"))
    picture = read_image(source)
    image = as_batch(picture)
    folder = made(Path(out))

    start = time.perf_counter()
    layer = chapter_layer()
    f = sc.function([layer.input], layer.output, name="layer")
    compiled = time.perf_counter()
    maps = f(image)
    called = time.perf_counter()

    W, b = layer.W.get_value(), layer.b.get_value()
    difference = float(np.abs(maps - plain_layer(image, W, b)).max())
    if not difference <= 1e-10:
        raise CheckError(f"the layer differs from plain NumPy by {difference:.1e}, more than 1e-10")

    return Report(
        photo=str(source) if photo is not None else "Grace Hopper (comes with symconv)",
        shape=picture.shape[:2],
        compile_ms=1e3 * (compiled - start),
        first_ms=1e3 * (called - compiled),
        run_ms=milliseconds(lambda: f(image)),
        plain_ms=milliseconds(lambda: plain_layer(image, W, b), runs=3),
        difference=difference,
        kernels=len(f.stages["program"].kernels),
        files=written(folder, picture, maps, layer, f),
    )


def made(folder: Path) -> Path:
    """The folder, made where it was missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(
            f"the folder {str(folder)!r} cannot be made: {error.strerror or error}",
            hint="name another one with --out",
        ) from error
    return folder


def written(
    folder: Path, photo: Array, maps: Array, layer: Layer, f: sc.Function
) -> tuple[tuple[Path, str], ...]:
    """Write pictures, graphs and source; where each is, and what it shows."""
    results = (
        (folder / "layer.png", "the photograph and its two feature maps"),
        (folder / "graph-before.svg", "the graph as written"),
        (folder / "graph-after.svg", "the graph after compilation: what is fused stands in one group"),
        (folder / "explorer.html", "every stage of compilation, to step through in a browser"),
        (folder / "layer_kernel.py", "the generated source"),
    )
    picture, before, after, explorer, source = (path for path, _ in results)
    write_png(picture, beside(photo, maps))
    sc.draw(layer.output, before)
    sc.draw(f, after, stage="fused")
    sc.draw(f, explorer)
    write_atomically(source, f.source.encode())
    return results


def beside(photo: Array, maps: Array) -> Array:
    """The photograph and its feature maps as one picture; grey where the filters lose the border.

    Parameters
    ----------
    photo : ndarray uint8 [H, W, 3]
    maps : ndarray [1, K, H - 8, W - 8]

    Returns
    -------
    ndarray uint8 [H, ..., 3]
    """
    tiles = tile_images(maps[0], columns=maps.shape[1], padding=FILTER // 2)
    return np.concatenate([photo, np.repeat(tiles[:, :, None], 3, axis=2)], axis=1)
