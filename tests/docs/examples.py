"""What is wrong with an example on a page: does it parse, and does the course have these names?

The sources are read: no torch is needed.
"""

import ast
import re
import tomllib
from functools import cache
from importlib import import_module

from tests.docs.pages import ROOT, Page

HELPERS = (
    "checkpoints",
    "checks",
    "datasets",
    "explorers",
    "layers",
    "models",
    "plots",
    "training",
)
DOTTED = re.compile(rf"(?<![\w.])({'|'.join(HELPERS)})\.([A-Za-z]\w*)")


def faults(page: Page) -> list[str]:
    """What is wrong with the Python and TOML of a page, and with the helpers that it names."""
    found, names = [], set()
    for block in page.blocks:
        try:
            if block.language == "toml":
                tomllib.loads(block.text)
            elif block.language == "python":
                tree = ast.parse(block.text)
                names |= made_by(tree)
                found += import_faults(tree)
        except (SyntaxError, tomllib.TOMLDecodeError) as error:
            found.append(f"{block.text.splitlines()[0]}: {error}")
    code = [block.text for block in page.blocks if block.language == "python"] + page.codes
    for module, name in DOTTED.findall("\n".join(code)):
        if name not in names and name != "py" and name not in names_of("helpers." + module):
            found.append(f"helpers.{module} has no {name}")
    return found


def made_by(tree: ast.Module) -> set[str]:
    """The names that an example makes: a function, a class, or an entry's loading function."""
    made = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    keywords = [n for n in ast.walk(tree) if isinstance(n, ast.keyword) and n.arg == "name"]
    return made | {n.value.value for n in keywords if isinstance(n.value, ast.Constant)}


def import_faults(tree: ast.Module) -> list[str]:
    """The imports from this repository that would fail."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in (
            "helpers",
            "tests",
        ):
            known = names_of(node.module)
            found += [f"{node.module} has no {n.name}" for n in node.names if n.name not in known]
    return found


@cache
def names_of(module: str) -> set[str]:
    """What can be imported from a module of the repository; nothing if there is none."""
    path = ROOT.joinpath(*module.split("."))
    names = {child.stem for child in path.glob("*") if child.suffix == ".py" or child.is_dir()}
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not source.is_file():
        return set()
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    if module == "helpers.checks":
        names |= declared_checks()
    if module == "helpers.datasets":  # made from the catalogue; needs no torch
        names |= set(import_module(module).__all__)
    return names


@cache
def declared_checks() -> set[str]:
    """The functions that are declared as the check of a task."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for path in (ROOT / "helpers/checks").rglob("*.py")
    ]
    return {
        node.name
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(d).startswith("check(") for d in node.decorator_list)
    }
