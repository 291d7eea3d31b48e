"""What no answer of this course needs, and what a cheat would begin with.

An answer and the check that judges it share one Python process, in which Python itself keeps
nothing secret. So each answer is read before it runs, and one that reaches for the machinery
(files, modules such as ``os``, frames, names with double underscores, parts of torch or of the
checks that it would overwrite) does not run at all. This is a list of known ways, not a proof: what
comes past it still meets the sandbox.
"""

import ast
import re
from collections.abc import Iterator

# Modules that an answer may import: those of the lesson, and what goes with numbers and pictures.
MODULES = {
    "abc", "collections", "contextlib", "copy", "dataclasses", "datetime", "decimal", "enum",
    "fractions", "functools", "helpers", "heapq", "IPython", "itertools", "math", "matplotlib",
    "numpy", "pandas", "PIL", "pprint", "random", "re", "scipy", "seaborn", "sklearn", "statistics",
    "string", "textwrap", "time", "torch", "torchvision", "tqdm", "types", "typing", "warnings",
}  # fmt: skip

# Names of the lesson that stand for modules, whatever the answer itself imports.
LESSON = {
    "checks", "checkpoints", "datasets", "display", "explorers", "F", "helpers", "inspection",
    "math", "matplotlib", "nn", "np", "numpy", "optim", "pictures", "plots", "plt", "random",
    "time", "torch", "torchvision", "training",
}  # fmt: skip

BUILTINS = {
    "__import__", "breakpoint", "compile", "delattr", "eval", "exec", "get_ipython", "globals",
    "input", "locals", "memoryview", "open", "vars",
}  # fmt: skip

ATTRIBUTES = {
    "_C", "_exit", "_getframe", "_os", "_python_dispatch", "_sys", "ag_frame", "ast", "attrgetter",
    "builtins", "cpp_extension", "cr_frame", "ctypes", "ctypeslib", "f_back", "f_builtins",
    "f_code", "f_globals", "f_locals", "fork", "from_file", "fromfile", "gc", "gi_code", "gi_frame",
    "hub", "importlib", "inspect", "library", "load_library", "memmap", "methodcaller",
    "multiprocessing", "os", "other_inputs", "overrides", "pathlib", "pickle", "shutil", "signal",
    "socket", "subprocess", "sys", "tb_frame", "tb_next", "tempfile", "threading", "tofile",
    "urllib",
}  # fmt: skip

USED_DUNDERS = {
    "__call__", "__doc__", "__getitem__", "__init__", "__iter__", "__len__", "__name__", "__next__",
    "__version__",
}  # fmt: skip
DEFINED_DUNDERS = {
    "__call__", "__contains__", "__enter__", "__exit__", "__getitem__", "__init__", "__iter__",
    "__len__", "__next__", "__post_init__", "__repr__", "__setitem__", "__str__",
}  # fmt: skip
OWN_TABLES = {"_modules", "_parameters", "_buffers"}  # of a network; looking into them is usual

# Magics that change nothing: they are left out, and what stands behind them runs.
MAGIC = re.compile(
    r"^[ \t]*%{1,2}(time|timeit|capture|matplotlib|prun)\b[ \t]*(?:inline\b|-\w+.*)?", re.MULTILINE
)

# A check is called by its name; what the checks are made of stands one step further in.
_INSIDE_OF_CHECKS = re.compile(r"(helpers\.)?checks\.\w+\.")


def without_magics(source: str) -> str:
    """``source`` without the usual magics of timing and plotting."""
    return MAGIC.sub("", source)


def findings(tree: ast.AST) -> list[str]:
    """What in the answer ``tree`` no answer needs, each with its line: "line 3: it opens files"."""
    imported = LESSON | set(_imported(tree))
    found = {}
    for node in ast.walk(tree):
        for what in _faults(node, imported):
            found.setdefault(what, getattr(node, "lineno", 0))
    return [f"line {line}: {what}" for what, line in found.items()]


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield (alias.asname or alias.name).split(".")[0]


def _faults(node: ast.AST, imported: set[str]) -> Iterator[str]:
    match node:
        case ast.Import():
            for alias in node.names:
                yield from _import_faults(alias.name, alias.name.split(".")[1:])
                yield from _name_faults(alias.asname)
        case ast.ImportFrom():
            yield from _import_faults(node.module or ".", (node.module or "").split(".")[1:])
            for alias in node.names:
                yield from _import_faults(node.module or ".", [alias.name])
                yield from _name_faults(alias.asname)
        case ast.Attribute():
            yield from _attribute_faults(node, imported)
        case ast.Name(id=name):
            if name in BUILTINS or (_dunder(name) and name != "__name__"):
                yield f"it uses {name}"
            if isinstance(node.ctx, (ast.Store, ast.Del)):
                yield from _name_faults(name)
            if name in ("getattr", "setattr") and not getattr(node, "called", False):
                yield f"it hands {name} on"
        case ast.Call():
            yield from _call_faults(node, imported)
        case ast.Subscript(ctx=ast.Store() | ast.Del()):
            if _root(node) in imported and not _ends_with(node.value, "rcParams"):
                yield f"it changes {ast.unparse(node.value)}"
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield from _name_faults(name)
            if _dunder(name) and name not in DEFINED_DUNDERS:
                yield f"it defines {name}"
        case ast.ClassDef(name=name):
            yield from _name_faults(name)
            if any(keyword.arg == "metaclass" for keyword in node.keywords):
                yield "it uses a metaclass"


def _import_faults(module: str, names: list[str]) -> Iterator[str]:
    top = module.split(".")[0]
    whole = ".".join([module, *(name for name in names if name not in module.split("."))])
    if top not in MODULES:
        yield f"it imports {module}"
    elif any(name in ATTRIBUTES or name.startswith("_") for name in names):
        yield f"it imports {whole}"
    elif module.startswith("helpers.checks"):
        yield f"it imports parts of {module}"


def _name_faults(name: str | None) -> Iterator[str]:
    if name == "checks":
        yield "it gives the name checks another meaning"


def _attribute_faults(node: ast.Attribute, imported: set[str]) -> Iterator[str]:
    name, root = node.attr, _root(node)
    named = f".{name}" if _dunder(name) or root is None else ast.unparse(node)[-60:]
    if _INSIDE_OF_CHECKS.match(ast.unparse(node)):
        yield f"it uses {named}"
    if isinstance(node.ctx, (ast.Store, ast.Del)):
        if root in imported and not ast.unparse(node).startswith("torch.backends."):
            yield f"it changes {named}"
    elif _dunder(name):
        class_name = name == "__class__" and getattr(node, "parent", "") == "__name__"
        if name not in USED_DUNDERS and not class_name:
            yield f"it uses {named}"
    elif (
        name in ATTRIBUTES
        or name.startswith(("register_module_", "co_"))
        or (name.startswith("_") and name not in OWN_TABLES and root in imported)
    ):
        yield f"it uses {named}"
    if isinstance(node.value, ast.Attribute):
        node.value.parent = name


def _call_faults(node: ast.Call, imported: set[str]) -> Iterator[str]:
    if not isinstance(node.func, ast.Name):
        return
    name = node.func.id
    if name == "type" and len(node.args) > 1:
        yield "it makes a class with type()"
    if name not in ("getattr", "setattr", "hasattr") or len(node.args) < 2:
        return
    node.func.called = True
    target, attribute = node.args[:2]
    if name == "setattr" and _root(target) in imported:
        yield f"it changes {ast.unparse(target)}"
    if isinstance(attribute, ast.Constant) and isinstance(attribute.value, str):
        word = attribute.value
        if word.startswith("_") or word in ATTRIBUTES:
            yield f"it uses {word}"
    elif not (isinstance(target, ast.Name) and target.id == "self"):
        yield f"it uses {name} with a name that is put together"


def _root(node: ast.AST) -> str | None:
    """The name that a chain such as ``torch.nn.functional[0].x`` begins with."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _ends_with(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name


def _dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
