"""How wide a text is, from tables; imports nothing of symconv.

A reader's machine chooses the font, so each table holds the larger width of Helvetica's metrics (Arial,
Liberation Sans) and of DejaVu Sans: a label measured here fits its box with either.
"""

import unicodedata

# Thousandths of an em, for the characters from the space (32) to the tilde (126).
# fmt: off
_REGULAR = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 556, 1015, 684, 686, 722, 770, 667, 611, 778, 752, 295,
    500, 667, 557, 863, 748, 787, 667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838,
    556, 500, 613, 635, 556, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
    392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)
_BOLD = (
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696,
    696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 611, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372,
    556, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838,
    556, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595,
    478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
)
# fmt: on
_MONOSPACE = 605  # Courier 600, DejaVu Sans Mono and Menlo 602
_TABLES = {"regular": _REGULAR, "bold": _BOLD, "mono": (_MONOSPACE,) * 95}
_OTHER = {"regular": 900, "bold": 1000, "mono": 900}  # a letter outside ASCII: few are wider, but for CJK
_WIDE = 1100


def text_width(text: str, size: float, face: str = "regular") -> float:
    """Width in pixels of ``text`` in a font of ``size`` pixels; face: "regular", "bold" or "mono".

    Examples
    --------
    >>> text_width("tanh", 10)
    22.73
    """
    table, other = _TABLES[face], _OTHER[face]
    total = 0
    for character in text:
        code = ord(character)
        if 32 <= code < 127:
            total += table[code - 32]
        elif unicodedata.combining(character):
            continue
        elif unicodedata.east_asian_width(character) in "WF":
            total += _WIDE
        else:
            total += other
    return round(total * size / 1000, 2)


def fit(text: str, size: float, face: str, limit: float) -> str:
    """``text``, its middle replaced by an ellipsis where it is wider than ``limit`` pixels.

    Examples
    --------
    >>> fit("a_very_long_name_indeed", 10, "mono", 80)
    'a_very…ndeed'
    """
    if text_width(text, size, face) <= limit:
        return text
    room = limit - text_width("…", size, face)
    head: list[str] = []
    tail: list[str] = []
    used, left, right = 0.0, 0, len(text) - 1
    while left <= right:
        take_head = len(head) <= len(tail)
        character = text[left] if take_head else text[right]
        used += text_width(character, size, face)
        if used > room:
            break
        if take_head:
            head.append(character)
            left += 1
        else:
            tail.append(character)
            right -= 1
    return "".join(head) + "…" + "".join(reversed(tail))
