"""The algebra and the stabilisations, written as equations; the one module of the compiler that imports ops."""

from symconv.compile.rewrite import AnyRule

CANONICAL: tuple[AnyRule, ...] = ()
STABLE: tuple[AnyRule, ...] = ()
SPECIALISED: tuple[AnyRule, ...] = ()
