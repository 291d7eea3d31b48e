"""The cells of a notebook as they are for the static site, which has no kernel and no network.

* Formulas become MathML, by latex2mathml. The course has one formula: for that, a local MathJax
  (3 MB) would be much to carry, and browsers draw MathML by themselves.
* Pictures become files, which a lesson and its slides share, and figures with their words. A panel
  is a picture of what it showed, too: a widget would need a kernel.
"""

import base64
import html
import re

import nbformat
from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from authoring.lesson import HEADING, REPR

LINK = re.compile(r"(\]\([\w./-]+)\.ipynb(?=[)#])")  # in Markdown, to another notebook


class Renderer(IPythonRenderer):
    """Markdown as nbconvert renders it, but with MathML for formulas, and tables that scroll."""

    def table(self, text: str) -> str:
        """A table, which scrolls where it is too wide."""
        return f'<div class="wide"><table>\n{text}</table></div>\n'

    def block_math(self, body: str) -> str:
        """A formula on lines of its own, which scrolls, too."""
        return f'<span class="formula">{convert(body, display="block")}</span>'

    def inline_math(self, body: str) -> str:
        """A formula in a line."""
        return convert(body)


def markdown_to_html(source: str) -> str:
    """HTML of a Markdown cell; what links to a notebook there, links to its page here."""
    renderer = Renderer(escape=False, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(LINK.sub(r"\1.html", source))


def figure(source: str, png: bytes, words: str, heading: str) -> str:
    """The picture in the file ``source``, with its words below; ``heading`` is what it is under."""
    has_words = words.strip() and not REPR.fullmatch(words.strip())
    short = re.split(r"(?<=[.?!])\s", words.strip())[0] if has_words else f"Picture: {heading}"
    width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))
    caption = html.escape(words.strip()).replace("\n", "<br>")
    return (
        f'<figure><img src="{source}" alt="{html.escape(short)}" width="{width}" height="{height}">'
        + (f"<figcaption>{caption}</figcaption>" if has_words else "")
        + "</figure>"
    )


def with_figures(notebook: NotebookNode, name: str) -> tuple[NotebookNode, dict[str, bytes]]:
    """A copy whose pictures are figures of files, and these files by their names."""
    notebook, files, heading = nbformat.from_dict(notebook), {}, name
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = (HEADING.findall(cell.source) or [heading])[-1]
        for number, output in enumerate(cell.get("outputs", [])):
            data = output.get("data", {})
            words = data.get("text/plain", "")
            if "image/png" in data:
                words = output.metadata.get("image/png", {}).get("alt", words)
                file = f"{name}-{cell.id}-{number}.png"
                files[file] = base64.b64decode(data["image/png"])
                text = figure(f"../static/images/{file}", files[file], words, heading)
                output.data = NotebookNode({"text/html": text})
            elif any("widget" in kind for kind in data):  # it cannot be shown, but its words can
                output.data = NotebookNode({"text/plain": words})
    return notebook, files
