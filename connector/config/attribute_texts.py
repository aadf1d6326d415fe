"""The texts that stand below the attributes of a class in its source."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from textwrap import dedent


@cache
def texts_of(class_: type) -> Mapping[str, str]:
    """Return {attribute: text} of a class and those it builds on, as far as there is source."""
    found: dict[str, str] = {}
    for each in reversed(class_.__mro__):
        found.update(_own(each))
    return found


def _own(class_: type) -> Iterator[tuple[str, str]]:
    try:
        source = inspect.getsource(class_)
    except (OSError, TypeError):  # made by a program, or built in
        return
    (tree,) = ast.parse(dedent(source)).body
    if not isinstance(tree, ast.ClassDef):
        return
    for above, below in pairwise(tree.body):
        match above, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, inspect.cleandoc(text)
