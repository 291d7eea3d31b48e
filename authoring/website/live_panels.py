"""The panels of a lesson on its pages: two of them live, the stills of the others with a link.

What the panels of convolution and pooling compute is little, so ``looks.js`` and ``panels.js`` do
it in the page, in place of the still, with the view of the notebook's panels: ``pointable.js``.
"""

import copy
import html
import re

from nbformat import NotebookNode

from authoring.facts import ROOT

VIEW = ROOT / "helpers" / "explorers" / "pointable.js"
SHOWN = re.compile(
    r"^(?:explorers\.(\w+)\(|display\(panel\)|(?:panel|experiment)\s*(?:#|$))", re.MULTILINE
)
LIVE = {"Convolution": "convolution", "Pooling": "pooling"}  # by their classes; as panels.js says
NOTES = {
    "Convolution": "In the notebook, it asks for a prediction first, and calls your function.",
    "Pooling": "In the notebook, it takes any small image.",
}
PLACES = {  # where a notebook of a repository on GitHub can be opened with a kernel
    "Binder": "https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/notebooks/{name}.ipynb",
    "Colab": "https://colab.research.google.com/github/{repository}/blob/main/notebooks/{name}.ipynb",
}


def view_script() -> str:
    """The view of the notebook's panels as a script that needs no module: ``pointable.render``."""
    text = VIEW.read_text(encoding="utf-8")
    return f"const pointable = (() => {{\n{text.replace('export default', 'return')}}})();\n"


def with_panels(shown: NotebookNode, name: str, repository: str = "") -> NotebookNode:
    """A copy of the lesson ``name``, of figures, in which panels are live or lead to live ones.

    ``repository``: its name on GitHub, such as "ada/course", if there is one.
    """
    notebook = copy.deepcopy(shown)
    for cell in notebook.cells:
        if found := cell.cell_type == "code" and SHOWN.search(cell.source):
            for output in cell.outputs:
                data = output.get("data", {})
                if "<figure" in data.get("text/html", ""):
                    data["text/html"] = panel(data["text/html"], found[1], name, repository)
    return notebook


def panel(figure: str, kind: str | None, name: str, repository: str) -> str:
    """The panel of class ``kind`` whose still is ``figure``."""
    if kind in LIVE:
        note = f'<p class="note">{NOTES[kind]}</p>'
        return f'<div class="panel" data-panel="{LIVE[kind]}">{figure}{note}</div>'
    links = ['<a href="../docs/install.html">JupyterLab</a>']
    if repository:
        links += [
            f'<a href="{html.escape(address.format(repository=repository, name=name))}">{place}</a>'
            for place, address in PLACES.items()
        ]
    return (
        f'{figure}<p class="note">A picture of the panel; it is live in {" or ".join(links)}.</p>'
    )


def is_live(output: NotebookNode) -> bool:
    """Whether an output is a panel that is live on a page."""
    return "data-panel=" in output.get("data", {}).get("text/html", "")


def has_live(notebook: NotebookNode) -> bool:
    """Whether a notebook of a page has a live panel."""
    return any(is_live(output) for cell in notebook.cells for output in cell.get("outputs", []))
