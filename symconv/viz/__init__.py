"""Pictures of graphs and of arrays; reads graphs, and nothing imports it but lazily."""

from symconv.files import write_atomically
from symconv.viz.draw import draw, mimebundle, to_dot, to_networkx
from symconv.viz.expression import debugprint, pp
from symconv.viz.from_graph import view_of
from symconv.viz.html import to_html
from symconv.viz.images import read_image, tile_images, write_png
from symconv.viz.pngfile import ImageError
from symconv.viz.svg import to_svg
from symconv.viz.text import to_text
from symconv.viz.view import Edge, GraphView, Group, Node

__all__ = [
    "Edge", "GraphView", "Group", "ImageError", "Node", "debugprint", "draw", "mimebundle", "pp",
    "read_image", "tile_images", "to_dot", "to_html", "to_networkx", "to_svg", "to_text", "view_of",
    "write_atomically", "write_png",
]  # fmt: skip
