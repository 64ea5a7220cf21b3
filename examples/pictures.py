"""Pictures of a training: curves and a confusion matrix as SVG, without a plotting library."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from symconv.files import write_atomically

WIDTH, PANEL = 560, 210  # of a panel, its labels included
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 34, 34
COLOURS = ("#1b6ca8", "#c2571a", "#4c8c2b")
GREY = "#666"


def write_curves(path: Path, curves: Mapping[str, Sequence[float]]) -> Path:
    """A panel for each list of numbers, one after each epoch; the least is marked."""
    parts = []
    for number, (name, values) in enumerate(curves.items()):
        parts += _panel(name, values, number * PANEL, COLOURS[number % len(COLOURS)])
    return _write(path, WIDTH, PANEL * len(curves) + 18, [*parts, _epochs(PANEL * len(curves) + 8)])


def _panel(name: str, values: Sequence[float], above: float, colour: str) -> list[str]:
    """Axes from 0 with round numbers, the line, and a mark with the number at its least value."""
    levels = _round_steps(max([*values, 1e-9]))
    most, right, floor = levels[-1], WIDTH - RIGHT, above + PANEL - BOTTOM

    def spot(place: int, value: float) -> tuple[float, float]:
        across = (place + 0.5) / len(values)
        return LEFT + across * (right - LEFT), floor - value / most * (PANEL - TOP - BOTTOM)

    parts = [_text(LEFT, above + TOP - 14, name, colour, "start", weight="bold")]
    for level in levels:
        y = spot(0, level)[1]
        parts.append(f'<path d="M{LEFT},{y:.1f} H{right}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{level:g}", GREY, "end"))
    for place in range(0, len(values), max(1, -(-len(values) // 12))):
        parts.append(_text(spot(place, 0)[0], floor + 18, str(place + 1), GREY))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(spot, range(len(values)), values))
    parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
    if values:
        least = int(np.argmin(values))
        x, y = spot(least, values[least])
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
        parts.append(_text(x, y - 10, f"{values[least]:.3g}", colour))
    return parts


def _epochs(y: float) -> str:
    return _text((LEFT + WIDTH - RIGHT) / 2, y, "epoch", GREY)


def _round_steps(most: float) -> list[float]:
    """From 0 to at least ``most`` in three to six equal steps of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(most / 5))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor * 6 >= most)
    return [step * count for count in range(int(np.ceil(most / step)) + 1)]


def write_confusion(path: Path, matrix: np.ndarray) -> Path:
    """How often each class (row) was taken for each (column); the darker, the larger its share of the row."""
    count, cell, left, top = len(matrix), 36, 76, 64
    middle = count * cell / 2
    parts = [
        _text(left + middle, 22, "taken for", weight="bold"),
        f'<g transform="rotate(-90 22 {top + middle:g})">{_text(22, top + middle, "is", weight="bold")}</g>',
    ]
    for row in range(count):
        parts.append(_text(left + cell * (row + 0.5), top - 12, str(row), GREY))
        parts.append(_text(left - 16, top + cell * (row + 0.5) + 5, str(row), GREY))
        for column in range(count):
            share = matrix[row, column] / max(matrix[row].sum(), 1)
            kind = ("rgb(27,108,168)" if row == column else "rgb(194,87,26)") if share else "#fff"
            x, y = left + cell * column, top + cell * row
            opacity = 0.25 + 0.75 * share
            parts.append(
                f'<rect x="{x}" y="{y}" width="{cell}" height="{cell}" fill="{kind}" '
                f'fill-opacity="{opacity:.2f}" stroke="#ddd"/>'
            )
            if matrix[row, column]:
                colour = "#fff" if share > 0.5 else "#000"
                parts.append(_text(x + cell / 2, y + cell / 2 + 5, str(matrix[row, column]), colour))
    return _write(path, left + cell * count + 16, top + cell * count + 16, parts)


def _text(
    x: float, y: float, text: str, colour: str = "#222", anchor: str = "middle", weight: str = "normal"
) -> str:
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" font-weight="{weight}">{text}</text>'


def _write(path: Path, width: float, height: float, parts: list[str]) -> Path:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="sans-serif" font-size="14">'
        '<rect width="100%" height="100%" fill="#fff"/>'
    )
    return write_atomically(path, "\n".join([head, *parts, "</svg>\n"]).encode())
