"""The cells of a notebook as they are for the static site, which has no kernel and no network.

* Formulas become MathML, by latex2mathml. The course has one formula: for that, a local MathJax
  (3 MB) would be much to carry, and browsers draw MathML by themselves.
* Pictures become files, which a lesson and its slides share, and figures with their words. A panel
  is a picture of what it showed, too: a widget would need a kernel.
* An answer stands out by its background: its marks are for programs.
* Nothing brings styles of its own, so that the pages' policy can forbid these.
"""

import base64
import html
import re

import nbformat
from latex2mathml.converter import convert
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from authoring.lesson import BEGIN, HEADING, MARK, REPR, without_marks

IMAGE_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')  # of a figure
STYLED = re.compile(r"<style>.*?</style>| style=\"[^\"]*\"", re.DOTALL)
LINK = re.compile(r"(\]\([\w./-]+)\.ipynb(?=[)#])")  # in Markdown, to another notebook


class Renderer(IPythonRenderer):
    """Markdown as nbconvert renders it, but with MathML for formulas, tables that scroll, and the
    anchors that GitHub gives to headings; that of a task is its number, such as "task-1.4"."""

    def heading(self, text: str, level: int, **attrs) -> str:
        """A heading with its anchor."""
        return f'<h{level} id="{anchor(text)}">{text}</h{level}>\n'

    def table(self, text: str) -> str:
        """A table, which scrolls where it is too wide; an empty cell is no heading of anything."""
        text = re.sub(r"<th[^>]*>\s*</th>", "<td></td>", text)
        return f'<div class="wide"><table>\n{text}</table></div>\n'

    def block_math(self, body: str) -> str:
        """A formula on lines of its own, which scrolls, too."""
        return f'<span class="formula">{convert(body, display="block")}</span>'

    def inline_math(self, body: str) -> str:
        """A formula in a line."""
        return convert(body)


def anchor(heading: str) -> str:
    """The id of a heading, by its HTML."""
    words = html.unescape(re.sub(r"<[^>]+>", "", heading))
    if task := re.match(r"Task (\d+\.\d+)\b", words):
        return f"task-{task[1]}"
    return re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")


def markdown_to_html(source: str) -> str:
    """HTML of a Markdown cell; what links to a notebook there, links to its page here."""
    renderer = Renderer(escape=False, exclude_anchor_links=True)
    return unstyled(MarkdownWithMath(renderer=renderer).render(LINK.sub(r"\1.html", source)))


def unstyled(text: str) -> str:
    """HTML without styles of its own."""
    return STYLED.sub("", text)


def code_to_html(cell: NotebookNode) -> str:
    """HTML of a code cell. Its answers are in elements ``<span class="answer">``.

    Where the cell's metadata say ``appears``, the answer comes with the next key on a slide.
    """
    appears = cell.metadata.get("appears", False)
    before = '<span class="answer">' + '<span class="fragment" data-fragment-index="0">' * appears
    after = "</span>" * (1 + appears)
    shown = Highlight2HTML(pygments_lexer="ipython3")(without_marks(cell.source))
    head, body = shown.split("<pre>", 1)
    lines = iter(body.removesuffix("</pre></div>\n").rstrip("\n").split("\n"))
    made: list[str] = []
    for line in cell.source.rstrip("\n").split("\n"):
        if not MARK.fullmatch(line):
            made.append(next(lines, "") + "\n")
        else:
            made.append(before if BEGIN in line else after)
    return f"{head}<pre>{''.join(made)}</pre></div>"


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
            elif "text/html" in data:
                data["text/html"] = unstyled(data["text/html"])
            elif any("widget" in kind for kind in data):  # it cannot be shown, but its words can
                output.data = NotebookNode({"text/plain": words})
    return notebook, files
