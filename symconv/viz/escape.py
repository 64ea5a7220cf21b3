"""Makes hostile text harmless in drawings, pages and listings; imports nothing of symconv.

Names and values of users are data. Every renderer sends every text through `clean` and then through the
escape of its own language; the order matters, because a control character may hide inside an entity.
"""

import json
import re

# Control characters, line and paragraph separators, marks that turn the direction of writing around,
# zero-width characters, half surrogates (no UTF-8), and what XML forbids.
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff"
    "\U000e0000-\U000e0fff]+"
)
_XML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_XML_SIGNS = re.compile("[&<>\"']")


def clean(text: str) -> str:
    """One line without control characters: each run of them becomes one space.

    Examples
    --------
    >>> clean("a\\nb\\x00c")
    'a b c'
    """
    return _FORBIDDEN.sub(" ", str(text))


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters; the middle gives way, because names differ at both ends.

    Examples
    --------
    >>> shorten("a_very_long_name_indeed", 11)
    'a_ver…ndeed'
    """
    if len(text) <= limit:
        return text
    head = limit // 2
    return text[:head] + "…" + text[len(text) - (limit - head - 1) :]


def escape_xml(text: str) -> str:
    """Text for SVG and HTML, inside an element or inside a quoted attribute.

    Examples
    --------
    >>> escape_xml("<b a='1'>")
    '&lt;b a=&#39;1&#39;&gt;'
    """
    return _XML_SIGNS.sub(lambda sign: _XML[sign.group()], clean(text))


def quote_dot(text: str) -> str:
    """A quoted string of the DOT language that shows ``text`` literally.

    Graphviz reads backslash escapes (``\\N`` is the node's name) and HTML entities in every label.

    Examples
    --------
    >>> print(quote_dot('say "x"'))
    "say \\"x\\""
    """
    return '"' + _dot_body(text) + '"'


def quote_dot_lines(lines: "tuple[str, ...] | list[str]") -> str:
    """As `quote_dot`, several centred lines."""
    return '"' + "\\n".join(_dot_body(line) for line in lines) + '"'


def _dot_body(text: str) -> str:
    return clean(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


def json_for_html(value: object) -> str:
    """JSON that may stand inside a ``<script>`` element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
