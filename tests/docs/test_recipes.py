"""Recipes and the tree name files that are there, and examples use names that are there."""

import re
from pathlib import Path

import pytest

from tests.docs import examples
from tests.docs.pages import ROOT, Page, page, pages, written
from tests.docs.paths import ignored

CONTRIBUTING = page("docs/contributing.md")
RECIPES = {name: part for name, part in CONTRIBUTING.sections.items() if name.startswith("Recipe")}
LONGEST_README = 130  # lines
LISTED = ("helpers", "grading", "authoring")  # all of whose folders are in the tree


def recipe_faults(recipe: Page) -> list[str]:
    """What is wrong with the files that a recipe lists."""
    found = []
    for kind, path in recipe.recipe:
        parent = Path(path).parent
        if kind == "edit" and not (ROOT / path).exists():
            found.append(f"{path} cannot be edited: there is none")
        if (
            kind == "new"
            and not (ROOT / parent).is_dir()
            and f"{parent}/__init__.py" not in recipe.promised
        ):
            found.append(f"{path} would stand in a folder that nobody makes")
        if kind == "made" and ("edit", source_of(path)) not in recipe.recipe:
            found += [] if source_of(path) in recipe.promised else [f"{path} is made of nothing"]
    return found


def source_of(notebook: str) -> str:
    """The solution of a student notebook."""
    return notebook.replace("notebooks/", "solutions/")


def test_there_is_a_recipe_for_each_change():
    wanted = ("change a text", "add a task", "add a panel", "add a data set", "add a lesson")
    assert list(RECIPES) == [f"Recipe: {name}" for name in wanted]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_lists_its_files_and_its_commands(name):
    recipe = RECIPES[name]
    assert recipe.recipe
    assert recipe_faults(recipe) == []
    assert any(block.language == "console" for block in recipe.blocks)


def test_a_task_takes_few_files():
    by_hand = [path for kind, path in RECIPES["Recipe: add a task"].recipe if kind != "made"]
    assert len(by_hand) <= 5


def test_a_lesson_touches_no_test_that_is_there():
    edited = [path for kind, path in RECIPES["Recipe: add a lesson"].recipe if kind == "edit"]
    assert not [path for path in edited if path.startswith("tests/")]


@pytest.mark.parametrize(
    "row",
    [
        "| edit | `helpers/nothing.py` | |",
        "| new | `helpers/nowhere/tasks.py` | |",
        "| made | `notebooks/17_nothing.ipynb` | |",
    ],
)
def test_a_faulty_row_is_found(row):
    assert len(recipe_faults(written(f"| | file | what |\n|---|---|---|\n{row}\n"))) == 1


# ------------------------------------------------------------------------------------- examples


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.name)
def test_the_examples_of_a_page(one):
    assert examples.faults(one) == []


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx = (\n```\n",
        "```toml\nx = \n```\n",
        "```python\nfrom helpers.layers import get_height\n```\n",
        "```python\nfrom helpers.nothing import at_all\n```\n",
        "```python\ntraining.fitt(model)\n```\n",
        "Call `explorers.lectures()`.",
        "Call `checks.hints()`.",
    ],
)
def test_a_faulty_example_is_found(text):
    assert len(examples.faults(written(text))) == 1


# ------------------------------------------------------------------------------ README and tree


def test_the_readme_is_short():
    assert len(page("README.md").text.splitlines()) <= LONGEST_README


def tree() -> list[str]:
    """The paths in the tree of the repository, each whole."""
    (block,) = (block for block in CONTRIBUTING.sections["The folders"].blocks)
    found, above = [], {0: ""}
    for line in block.text.splitlines():
        indent, name = re.match(r"( *)(\S+)", line).groups()
        above[len(indent) + 2] = above[len(indent)] + name
        found.append(above[len(indent)] + name)
    return found


def test_what_is_in_the_tree_is_there():
    for path in tree():
        assert (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file(), path


def test_every_folder_is_in_the_tree():
    """But for those of a lesson, of which one stands for all."""
    lessons = {path.stem.split("_", 1)[1] for path in (ROOT / "solutions").glob("*.ipynb")}
    made = {*ignored(), ".git", "shared"}
    top = [path for path in ROOT.iterdir() if path.is_dir() and path.name not in made]
    packages = [init.parent for root in LISTED for init in (ROOT / root).rglob("__init__.py")]
    there = {path for path in [*top, *packages] if path.name not in lessons}
    names = {f"{path.relative_to(ROOT).as_posix()}/" for path in there}
    left_behind = (".egg-info/", "_cache/", "__pycache__/")  # by Python and its tools
    assert not {name for name in names if not name.endswith(left_behind)} - set(tree())
