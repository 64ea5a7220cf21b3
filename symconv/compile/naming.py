"""What things are called in generated source, and what its comments say; imports graph.

A user's name is data: it enters the source only where it is an identifier that means nothing else.
"""

import builtins
import keyword
import re
from collections.abc import Sequence
from typing import Any

from symconv.compile.fuse import Fused
from symconv.compile.rewrite import short
from symconv.graph.nodes import Apply

RESERVED = (
    "np", "parallel", "serial", "allocate", "select", "memory", "scratch", "run", "settle", "make_memory",
    "make_scratch",
)  # fmt: skip
MOST_TEXTS = 5  # lines of a comment that say what a kernel computes


def identifier(name: str | None, otherwise: str) -> str:
    """A user's name where it is a plain ASCII identifier that means nothing else, another one where not.

    A name is data: it enters the source only in this form. It does not end with an underscore, so that
    what is made of it (``x_part``) never holds two in a row.
    """
    if name is None or len(name) > 60 or "__" in name:
        return otherwise
    if re.fullmatch(r"[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?", name) is None:
        return otherwise
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name):
        return f"{name}_{otherwise}"
    return name


def noun_of(op: Any, position: int) -> str:
    """What to call a nameless result of an op."""
    if isinstance(op, Fused) and len(op.inner.outputs) > 1:
        maker = op.inner.outputs[position].owner
        op = op if maker is None else maker.op
    return identifier(re.sub(r"\W+", "_", op.label.lower()).strip("_") + "_result", "result")


def kernel_name(members: Sequence[Apply]) -> str:
    """What a kernel does first, in at most four words."""
    words = [re.sub(r"\W.*", "", member.op.label.lower()) for member in members[:4]]
    wanted = re.sub("_+", "_", "_".join(filter(None, words)))
    return wanted if identifier(wanted, "") == wanted else f"{wanted.strip('_')}_kernel"


def places_of(nodes: Sequence[Apply]) -> tuple[str, ...]:
    """Where the user wrote them, as a line of a comment; nothing where that is not known."""
    places = dict.fromkeys(node.origin.short for node in nodes if node.origin)
    return (f"from {', '.join(list(places)[:4])}",) if places else ()


def comment_of(node: Apply, members: Sequence[Apply]) -> tuple[str, ...]:
    """What a kernel computes, and where that was written."""
    if not isinstance(node.op, Fused):
        return (short(node.outputs[0], depth=2), *places_of(members))
    names = {
        inner: outer.name or short(outer, depth=2)
        for inner, outer in zip(node.op.inner.inputs, node.inputs, strict=True)
    }
    texts = list(dict.fromkeys(short(output, depth=8, names=names) for output in node.op.inner.outputs))
    texts = texts[:MOST_TEXTS]  # several results of one apply have one text
    room = max(60, 300 // len(texts))
    texts = [text if len(text) <= room else f"{text[: room - 3]}..." for text in texts]
    return (*texts, *places_of(members))
