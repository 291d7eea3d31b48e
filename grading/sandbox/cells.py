"""A cell as a student typed it becomes plain Python, and runs under its own name."""

import ast
import linecache

# Magics that time or hide a program: they are left out, and the program runs.
_RUN_THEIR_CELL = {"time", "timeit", "capture", "prun", "memit", "mprun", "lprun"}


def parse(source: str) -> ast.Module:
    """The answer as plain Python; magics, shell lines and questions are left out."""
    from IPython.core.inputtransformer2 import TransformerManager

    tree = ast.parse(TransformerManager().transform_cell(source))
    return ast.fix_missing_locations(_WithoutMagics().visit(tree))


class _WithoutMagics(ast.NodeTransformer):
    """Leaves out the calls of IPython that its own reader makes of ``%``, ``!`` and ``?``."""

    def visit_Expr(self, node: ast.Expr):
        """A statement of its own: what it only times is kept."""
        if not _is_magic(node.value):
            return self.generic_visit(node)
        return parse(_timed(node.value)).body or ast.Pass()

    def visit_Call(self, node: ast.Call):
        """One whose result is used: there is none."""
        if _is_magic(node):
            return ast.List([], ast.Load())
        return self.generic_visit(node)


def _is_magic(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")))):
            return True
    return False


def _timed(call: ast.Call) -> str:
    """What stands behind ``%time`` or below ``%%time``; of other magics nothing."""
    words = [word.value for word in call.args if isinstance(word, ast.Constant)]
    if not words or words[0] not in _RUN_THEIR_CELL:
        return ""
    if call.func.attr == "run_cell_magic":
        return str(words[-1])
    rest = str(words[-1]).split() if len(words) > 1 else []
    while rest and rest[0].startswith("-"):
        rest = rest[1 if len(rest[0]) > 2 else 2 :]
    return str(words[-1])[str(words[-1]).find(rest[0]) :] if rest else ""


def execute(code: str | ast.Module, id: str, names: dict, source: str = "") -> None:
    """Run a cell, with its text where tracebacks and ``inspect.getsource`` look for it."""
    text = source or (code if isinstance(code, str) else "")
    filename = f"<cell {id}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    exec(compile(code, filename, "exec"), names)


def bound_names(source: str) -> set[str]:
    """What a cell gives a name to at its top level."""
    found = set()
    for statement in ast.parse(source).body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            found.add(statement.name)
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
    return found
