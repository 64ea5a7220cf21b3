"""Pictures of a training: curves and a confusion matrix as SVG, without a plotting library."""

from pathlib import Path

import numpy as np

from symconv.files import write_atomically

WIDTH, HEIGHT, MARGIN = 480, 300, 48
COLOURS = ("#1b6ca8", "#c2571a", "#4c8c2b")


def write_curves(path: Path, curves: dict[str, list[float]]) -> Path:
    """A line for each list of numbers over the epochs, each scaled from 0 to its own maximum."""
    axes = f"M{MARGIN},{MARGIN / 2} V{HEIGHT - MARGIN} H{WIDTH - MARGIN / 2}"
    longest = max(map(len, curves.values()))
    parts = [
        _text(WIDTH / 2, HEIGHT - 10, f"epochs 1 to {longest}"),
        f'<path d="{axes}" fill="none" stroke="#888"/>',
    ]
    for number, (name, values) in enumerate(curves.items()):
        most = max([*values, 1e-12])
        spots = [_spot(place, value / most, len(values)) for place, value in enumerate(values)]
        colour = COLOURS[number % len(COLOURS)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(_text(WIDTH - 110, MARGIN + 18 * number, f"{name}: 0 to {most:.3g}", colour))
    return _write(path, WIDTH, HEIGHT, parts)


def _spot(place: int, share: float, count: int) -> tuple[float, float]:
    across, down = WIDTH - 1.5 * MARGIN, HEIGHT - 1.5 * MARGIN
    return MARGIN + across * (place + 0.5) / count, MARGIN / 2 + down * (1 - share)


def write_confusion(path: Path, matrix: np.ndarray) -> Path:
    """How often each class (row) was taken for each (column); the darker, the larger its share of the row."""
    count, cell = len(matrix), 32
    parts = [_text(cell * (count + 2) / 2, 18, "taken for")]
    for row in range(count):
        parts += [
            _text(cell * (row + 1.5), 40, str(row)),
            _text(cell * 0.6, cell * (row + 2) + 5, str(row)),
        ]
        for column in range(count):
            share = matrix[row, column] / max(matrix[row].sum(), 1)
            shade = int(255 - 205 * share)
            x, y = cell * (column + 1), cell * (row + 1.5)
            parts.append(
                f'<rect x="{x}" y="{y}" width="{cell}" height="{cell}" '
                f'fill="rgb({shade},{shade},255)" stroke="#ddd"/>'
            )
            if matrix[row, column]:
                colour = "#fff" if share > 0.6 else "#000"
                parts.append(_text(x + cell / 2, y + cell / 2 + 5, str(matrix[row, column]), colour))
    return _write(path, cell * (count + 2), cell * (count + 2), parts)


def _text(x: float, y: float, text: str, colour: str = "#444") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="middle" fill="{colour}">{text}</text>'


def _write(path: Path, width: float, height: float, parts: list[str]) -> Path:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="sans-serif" font-size="13">'
        '<rect width="100%" height="100%" fill="#fff"/>'
    )
    return write_atomically(path, "\n".join([head, *parts, "</svg>\n"]).encode())
