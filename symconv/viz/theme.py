"""The colours of every drawing, light and dark, as style sheet rules; imports the errors of symconv."""

from symconv.errors import OptionError

THEMES = ("auto", "light", "dark")
SANS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
MONO = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"

# kind: (fill, border, text)
LIGHT = {
    "input": ("#dbeafe", "#2563eb", "#10294f"),
    "shared": ("#d5f5df", "#15803d", "#0b3a1e"),
    "constant": ("#eceff3", "#64748b", "#27313f"),
    "op": ("#fff6dc", "#c77f0a", "#40290a"),
    "output": ("#f1e4ff", "#8b35d6", "#3a1060"),
    "group": ("#f5f6fa", "#8a94a8", "#3b465a"),
    "page": ("#ffffff", "#d4d9e2", "#1b2330"),
    "edge": ("#5b6678", "#5b6678", "#48536a"),
}
DARK = {
    "input": ("#16305c", "#7db0ff", "#e4eeff"),
    "shared": ("#123f26", "#5fd48b", "#dcf8e6"),
    "constant": ("#2b3340", "#97a4b8", "#e3e8f0"),
    "op": ("#46330f", "#f0b445", "#fff1d2"),
    "output": ("#3d1d5e", "#c792ff", "#f3e7ff"),
    "group": ("#1b212c", "#64718a", "#c3cddd"),
    "page": ("#12161d", "#333c4b", "#e6eaf1"),
    "edge": ("#9aa6ba", "#9aa6ba", "#b4bfd1"),
}


DARK_NAMES = ("black", "blue", "brown", "green", "magenta", "navy", "purple", "red")
"""Colours by name on which white is read more easily than black."""


def ink_on(fill: str) -> str:
    """The colour of a text on a colour: white on a dark one."""
    if not fill.startswith("#"):
        return "#ffffff" if fill.lower() in DARK_NAMES else "#111111"
    digits = fill[1:] if len(fill) == 7 else "".join(2 * digit for digit in fill[1:4])
    red, green, blue = (int(digits[place : place + 2], 16) for place in (0, 2, 4))
    return "#111111" if 0.299 * red + 0.587 * green + 0.114 * blue > 120 else "#ffffff"


def check_theme(theme: str) -> str:
    """``theme``, if there is one of this name.

    Raises
    ------
    OptionError
        For any other name.
    """
    if theme not in THEMES:
        raise OptionError(f"there is no theme {theme!r}", hint='themes are "auto", "light" and "dark"')
    return theme


def style_rules(scope: str, theme: str) -> str:
    """The style sheet of drawings inside elements that the selector ``scope`` selects.

    With "auto" the reader's own preference decides.
    """
    shapes = (
        f"{scope} text{{font-family:{SANS};text-anchor:middle}}"
        f"{scope} .label{{font-size:15px;font-weight:bold}}"
        f"{scope} .detail{{font-size:11px}}"
        f"{scope} .type{{font-size:11.5px;font-family:{MONO}}}"
        f"{scope} .title{{font-size:12px;font-weight:bold;paint-order:stroke;stroke-width:5px}}"
        f"{scope} .value{{font-size:10.5px;font-family:{MONO}}}"
        f"{scope} .port{{font-size:10px;font-weight:bold}}"
        f"{scope} .node .shape{{stroke-width:1.6}}"
        f"{scope} .node .inner{{fill:none;stroke-width:1.2}}"
        f"{scope} .group .shape{{stroke-width:1.4;stroke-dasharray:6 4}}"
        f"{scope} .edge path{{fill:none;stroke-width:1.4}}"
        f"{scope} .edge polygon{{stroke:none}}"
    )
    if theme == "auto":
        dark = f"@media (prefers-color-scheme:dark){{{colour_rules(scope, DARK)}}}"
        return shapes + colour_rules(scope, LIGHT) + dark
    return shapes + colour_rules(scope, DARK if theme == "dark" else LIGHT)


def colour_rules(scope: str, palette: dict[str, tuple[str, str, str]]) -> str:
    """The rules that differ between light and dark."""
    rules: list[str] = []
    for kind in ("input", "shared", "constant", "op", "output", "group"):
        fill, border, text = palette[kind]
        rules.append(f"{scope} .{kind} .shape{{fill:{fill};stroke:{border}}}")
        rules.append(f"{scope} .{kind} .inner{{stroke:{border}}}")
        rules.append(f"{scope} .{kind} text{{fill:{text}}}")
    rules.append(f"{scope} .group .title{{stroke:{palette['group'][0]}}}")
    line, _, text = palette["edge"]
    page = palette["page"][0]
    rules.append(f"{scope} .edge path{{stroke:{line}}}{scope} .edge polygon{{fill:{line}}}")
    rules.append(f"{scope} .page{{fill:{page}}}{scope} .value-back{{fill:{page}}}")
    rules.append(f"{scope} .value-back.in-group{{fill:{palette['group'][0]}}}")
    rules.append(f"{scope} .value,{scope} .port,{scope} .legend text{{fill:{text}}}")
    return "".join(rules)
