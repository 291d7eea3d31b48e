"""Does the network of task 3.1 hold a number typed in where it should be computed?

The source of ``__init__`` is read for this; where there is none to read, nothing is said. Only
numbers that stand there as such count as typed: every way to compute them is right.
"""

import ast
import inspect
import textwrap

from helpers.checks.core.outcomes import Incorrect

WIDTH = "self.linear_entry_dim"
TYPED_WIDTH = {4}
TYPED_ENTRY = {256, 16, 4, 2}  # as in 256, 16 * 4 * 4 or 16 * 4**2; no other layer takes a 4 or 256


def judge_typed_numbers(network_class: type) -> None:
    """Are the width of the maps, and what enters the first fully-connected layer, computed?"""
    known: dict[str, set[int] | None] = {}
    for statement in _statements(network_class):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Linear"):
                _judge_entry(node, known)
        _note(statement, known)
    if known.get(WIDTH) == TYPED_WIDTH:
        raise Incorrect(
            "linear_entry_dim is 4, typed in. That is the right number, but it stays 4 when you "
            "change a layer. Let get_output_width compute it, layer by layer, from 28."
        )


def _statements(network_class: type) -> list[ast.stmt]:
    try:
        source = textwrap.dedent(inspect.getsource(network_class.__init__))
        return ast.parse(source).body[0].body
    except (OSError, TypeError, SyntaxError, AttributeError):
        return []


def _note(statement: ast.stmt, known: dict[str, set[int] | None]) -> None:
    """Keep for each name that ``statement`` sets which numbers it was set to, if only to these."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        known[ast.unparse(statement.targets[0])] = _numbers(statement.value, known)
        return
    for node in ast.walk(statement):
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            known[ast.unparse(node)] = None


def _numbers(expression: ast.expr, known: dict[str, set[int] | None]) -> set[int] | None:
    """The numbers of which ``expression`` is made, or None if there is anything else in it."""
    if isinstance(expression, ast.Constant):
        return {expression.value} if isinstance(expression.value, int) else None
    if isinstance(expression, (ast.Name, ast.Attribute)):
        return known.get(ast.unparse(expression))
    if isinstance(expression, ast.BinOp):
        left, right = (_numbers(side, known) for side in (expression.left, expression.right))
        return None if left is None or right is None else left | right
    return None


def _judge_entry(call: ast.Call, known: dict[str, set[int] | None]) -> None:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "in_features"]
    for entry in [*call.args[:1], *named]:
        numbers = _numbers(entry, known)
        typed = numbers and numbers <= TYPED_ENTRY and numbers & {4, 256}
        # A width that was typed in is what to speak of first.
        if typed and known.get(WIDTH) != TYPED_WIDTH:
            raise Incorrect(
                f"the first fully-connected layer takes {ast.unparse(entry)}, typed in. That is "
                "right now, but not once you change a layer. Compute it from the width of the "
                "maps, which get_output_width gives."
            )
