"""A sheet of SVG to draw grids of numbers on: what the drawings of algorithms are made with; imports nothing.

Coordinates are pixels, to the right and down. Numbers in cells say which pixel or weight lies there, so that
one can be followed through a drawing; what one output sees is orange in all of them.
"""

from collections.abc import Callable, Sequence
from html import escape

CELL = 24
INK, FAINT = "#1b1b1b", "#8a8a8a"
WHITE, GREY, STRIPES = "#ffffff", "#e4e4e4", "url(#stripes)"
BLUE, GREEN, ORANGE, PURPLE, YELLOW = (
    "#cfe3f5",
    "#cdebd9",
    "#f7b26a",
    "#e3d5ee",
    "#fbf0b2",
)  # fills: ink reads on them

Choice = Callable[[int, int], str]


class Sheet:
    """An SVG that is drawn on, piece by piece; so it changes."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.size = (width, height)
        self.title = title
        self.parts: list[str] = []

    def text(
        self, x: float, y: float, words: str, size: int = 13, anchor: str = "start", weight: str = "normal",
        colour: str = INK,
    ) -> None:  # fmt: skip
        """Words whose baseline begins, lies centred or ends at a point."""
        style = "" if weight == "normal" else f' font-weight="{weight}"'
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"{style}>'
            f"{escape(words)}</text>"
        )

    def head(self, words: str, below: str = "") -> None:
        """What the drawing shows, and a line below."""
        self.text(20, 30, words, 17, weight="bold")
        if below:
            self.text(20, 51, below, 13, colour="#444444")

    def box(
        self, x: float, y: float, width: float, height: float, fill: str = "none", line: str = INK,
        thick: float = 1, round: float = 0, dashed: bool = False,
    ) -> None:  # fmt: skip
        """A rectangle."""
        dash = ' stroke-dasharray="5 3"' if dashed else ""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round:g}" fill="{fill}" '
            f'stroke="{line}" stroke-width="{thick:g}"{dash}/>'
        )

    def grid(
        self, x: float, y: float, cells: Sequence[Sequence[object]], fill: Choice | str = WHITE,
        label: str = "", cell: int = CELL, size: int = 12,
    ) -> tuple[float, float]:  # fmt: skip
        """A table of cells with what is in them and a label above; gives its width and height."""
        if label:
            self.text(x, y - 7, label, 12, colour="#333333")
        rows, columns = len(cells), len(cells[0])
        for row in range(rows):
            for column in range(columns):
                colour = fill if isinstance(fill, str) else fill(row, column)
                left, top = x + column * cell, y + row * cell
                if colour == STRIPES:
                    self.box(left, top, cell, cell, WHITE, "none")
                self.box(left, top, cell, cell, colour, "#777777", 0.8)
                shade = FAINT if colour == STRIPES else INK
                self.text(left + cell / 2, top + cell / 2 + size * 0.36, str(cells[row][column]), size,
                          "middle", colour=shade)  # fmt: skip
        self.box(x, y, columns * cell, rows * cell, "none", INK, 1.4)
        return columns * cell, rows * cell

    def frame(
        self, x: float, y: float, columns: float, rows: float, colour: str = "#c25e00", cell: int = CELL
    ) -> None:
        """A thick outline around some cells."""
        self.box(x, y, columns * cell, rows * cell, "none", colour, 3)

    def arrow(self, x1: float, y1: float, x2: float, y2: float, words: str = "", above: float = 7) -> None:
        """A straight arrow, with words over its middle."""
        self.parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{INK}" stroke-width="1.5" '
            'marker-end="url(#tip)"/>'
        )
        if words:
            self.text((x1 + x2) / 2, (y1 + y2) / 2 - above, words, 12, "middle")

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str = FAINT, thick: float = 1) -> None:
        """A plain line."""
        self.parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{colour}" '
            f'stroke-width="{thick:g}"/>'
        )

    def sign(self, x: float, y: float, words: str) -> None:
        """A sign of arithmetic between two tables, centred."""
        self.text(x, y + 7, words, 20, "middle")

    def side(self, x: float, y: float, height: float, words: str) -> None:
        """A label written upwards at the left of a table."""
        self.parts.append(
            f'<text transform="translate({x:g} {y + height / 2:g}) rotate(-90)" font-size="12" '
            f'text-anchor="middle" fill="#333333">{escape(words)}</text>'
        )

    def svg(self) -> str:
        """The file."""
        width, height = self.size
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
                f'height="{height}" font-family="Helvetica, Arial, sans-serif" role="img">',
                f"<title>{escape(self.title)}</title>",
                '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
                f'markerHeight="7" orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="{INK}"/></marker>'
                '<pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" '
                'patternTransform="rotate(45)"><rect width="2" height="6" fill="#d0d0d0"/></pattern></defs>',
                f'<rect width="{width}" height="{height}" fill="{WHITE}"/>',
                *self.parts,
                "</svg>",
                "",
            ]
        )
