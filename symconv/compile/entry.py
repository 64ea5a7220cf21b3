"""The way into a function that has a plan: its checks and its call, written out for its number of inputs.

Small functions live by it: a loop over the arguments, and a call more, would take as long as NumPy does for
a thousand numbers. ``written`` shows the source.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from numpy import ndarray

from symconv.compile.plan import Plan

Enter = Callable[..., Any]


def entry(
    plan: Plan,
    run: Callable[[Sequence[Any]], Sequence[Any]],
    dtypes: Sequence[Any],
    other: Callable[[Sequence[Any]], Any],
    structured: Callable[[Sequence[Any]], Any] | None,
) -> Enter:
    """What takes one argument for each input, and gives what the user is given.

    Parameters
    ----------
    plan : Plan
        For arrays of its shapes only.
    run : callable
        What gives the results for a tuple of arguments: the plan itself, or something around it.
    dtypes : sequence of dtype
        One for each input.
    other : callable
        Takes arguments that are no arrays of these dtypes and shapes, and gives what the user is given.
    structured : callable or None
        Makes of the results what the user is given; None where that is the first of them.
    """
    make = _maker(len(dtypes), run is plan and plan.plain, structured is None)
    expected = [part for pair in zip(dtypes, plan.shapes, strict=False) for part in pair]
    made: Enter = make(ndarray, plan, run, other, structured, *expected)
    return made


@lru_cache(maxsize=64)
def _maker(count: int, plain: bool, single: bool) -> Callable[..., Enter]:
    """What makes the entries of functions with so many inputs."""
    namespace: dict[str, Any] = {}
    exec(compile(written(count, plain, single), "<symconv entry>", "exec"), namespace)
    maker: Callable[..., Enter] = namespace["make"]
    return maker


def written(count: int, plain: bool, single: bool) -> str:
    """The source of what makes entries.

    Parameters
    ----------
    count : int
        Number of inputs.
    plain : bool
        Whether the plan needs nothing but a workspace: see ``Plan.plain``.
    single : bool
        Whether the user is given the first result.
    """
    names = [f"x{place}" for place in range(count)]
    given = "".join(f"{name}, " for name in names)
    together = f"({names[0]},)" if count == 1 else f"({', '.join(names)})"
    expected = "".join(f", {name}_dtype, {name}_shape" for name in names)
    differs = [
        f"        if type({x}) is not ndarray or {x}.dtype is not {x}_dtype or {x}.shape != {x}_shape:\n"
        f"            return other({together})\n"
        for x in names
    ]
    open, close = ("", "[0]") if single else ("structured(", ")")
    body = f"        return {open}run({together}){close}\n"
    if plain:
        body = (
            "        try:\n"
            "            workspace = pop()\n"
            "        except IndexError:\n"
            "            workspace = new()\n"
            "        enter, memory, scratch = workspace.parts\n"
            "        try:\n"
            f"            return {open}enter(kernels, {given}memory, scratch){close}\n"
            "        except Exception as error:\n"
            "            plan.refuse(error)\n"
            "        finally:\n"
            "            push(workspace)\n"
        )
    return (
        f"def make(ndarray, plan, run, other, structured{expected}):\n"
        "    kernels, new, pop, push = plan.run, plan.workspace, plan.idle.pop, plan.idle.append\n"
        "\n"
        f"    def call({given[:-2]}):\n" + "".join(differs) + body + "\n    return call\n"
    )
