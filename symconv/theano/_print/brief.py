"""Graphs as short texts that compare: ``min_informative_str``, ``var_descriptor``; imports the writer."""

import hashlib
from typing import Any

from symconv.graph.nodes import Variable
from symconv.theano._print.spellings import written
from symconv.theano._print.words import letters
from symconv.theano._print.written import Term


def hex_digest(x: Any) -> str:
    """A digest of an array: its bytes, strides and shape."""
    strides, shape = (",".join(map(str, numbers)) for numbers in (x.strides, x.shape))
    return f"{hashlib.sha256(x.tobytes()).hexdigest()}|strides=[{strides}]|shape=[{shape}]"


def min_informative_str(obj: Any, indent_level: int = 0) -> str:
    """A tree with letters, which ends where a variable has a name.

    Examples
    --------
    >>> import symconv.theano.tensor as T
    >>> print(min_informative_str(T.tanh(T.dvector("x"))))
    A. Elemwise{tanh,no_inplace}
     B. x
    """
    names: dict[Any, str] = {}
    lines: list[str] = []
    stack = [(_term(obj), indent_level)]
    while stack:
        term, level = stack.pop()
        indent = " " * level
        if term in names:
            lines.append(f"{indent}<{names[term]}>")
            continue
        names[term] = letters(len(names))
        owner = getattr(term, "owner", None)
        named = getattr(term, "name", None) is not None
        text = term.name if named else str(term) if owner is None else str(owner.op)
        lines.append(f"{indent}{names[term]}. {text}")
        if owner is not None and not named:
            stack += [(argument, level + 1) for argument in reversed(owner.inputs)]
    return "\n".join(lines)


def var_descriptor(obj: Any) -> str:
    """An expression in one line, with letters for what is there again, equal for equal expressions."""
    names: dict[Any, str] = {}
    parts: list[str] = []
    stack: list[Any] = [_term(obj)]
    while stack:
        term = stack.pop()
        if isinstance(term, str):
            parts.append(term)
            continue
        if isinstance(term, Term | Variable) and term in names:
            parts.append(f"<{names[term]}>")
            continue
        if hasattr(term, "__array__") and not isinstance(term, Term | Variable):
            parts.append(f"{letters(len(names))}={hex_digest(term)}")
            continue
        names[term] = letters(len(names))
        owner = getattr(term, "owner", None)
        if owner is None:
            parts.append(f"{names[term]}={term}")
            continue
        parts.append(f"{names[term]}={owner.op}(")
        arguments: list[Any] = []
        for argument in owner.inputs:
            arguments += [argument, ","]
        stack += [")", *reversed(arguments[:-1])]
    return "".join(parts)


position_independent_str = min_informative_str


def _term(obj: Any) -> Any:
    return written([obj])[0] if isinstance(obj, Variable) else obj
