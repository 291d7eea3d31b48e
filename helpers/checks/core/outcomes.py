"""The three outcomes of a check, and how they look: in a browser, in a terminal, read aloud.

A check shows a block with a sign, the task and words; colour only repeats what they say. A wrong
or missing answer also ends the cell, without a traceback, so that "Run all" stops there.
"""

import html

# The ground of a label, and its letters: each pair has a contrast above 7 to 1 (WCAG 2.2, AAA),
# whatever the colours of the page around it.
GREEN, AMBER = ("#175c2b", "#ffffff"), ("#ffc107", "#1a1a1a")
RED, BLUE = ("#9c1c1c", "#ffffff"), ("#17417a", "#ffffff")


def badge(label: str, colours: tuple[str, str]) -> str:
    """A label in letters on a coloured ground, as HTML."""
    ground, letters = colours
    return (
        f'<span style="background: {ground}; color: {letters}; border-radius: 0.25em; '
        f'padding: 0.1em 0.5em; font-weight: 600; white-space: nowrap">{html.escape(label)}</span>'
    )


# JupyterLab and Notebook mark a cell that was changed and has not run since. An outcome below such
# a cell of its task is of before, and says so for as long as the mark is there. The words stand in
# the style alone, so that nobody reads them where there are no such marks.
_CHANGED = (
    "A cell above was changed and has not run since: this is about the answer before your last "
    "change. Run that cell, then this check."
)
_BELOW = ", ".join(
    f".jp-mod-dirty{' + .jp-CodeCell' * cells} .cnn-outcome::before" for cells in range(1, 5)
)
_STYLE = f'<style>{_BELOW} {{ content: "{_CHANGED}"; display: block; font-weight: 600 }}</style>'
# A blank is no mistake, though it ends the cell: without the colour of an error.
_CALM = (
    '<style>.jp-OutputArea:has(.cnn-open) [data-mime-type="application/vnd.jupyter.stderr"] '
    "{ background: none }</style>"
)


class Block:
    """A sentence under a label: HTML where there is a browser, one plain paragraph elsewhere.

    ``role`` tells a screen reader whether to speak at once ("alert") or in passing ("status").
    Sizes are relative, so that a front end's zoom and its presentation mode reach them.
    """

    names, style = "", ""  # classes of CSS, and what is said about them

    def __init__(self, label: str, sentence: str, colours: tuple[str, str], role: str = "status"):
        self.label, self.sentence, self.colours, self.role = label, sentence, colours, role

    def __repr__(self) -> str:
        return f"{self.label}: {self.sentence}"

    def _repr_html_(self) -> str:
        sentence = html.escape(self.sentence).replace("\n", "<br>")
        named = f'class="{self.names}" ' if self.names else ""
        return (
            f'<div {named}role="{self.role}" style="border-left: 0.5em solid {self.colours[0]}; '
            "margin: 0.3em 0; padding: 0.3em 0.8em; max-width: 52em; font-size: 1.1em; "
            f'line-height: 1.5">{badge(self.label, self.colours)} {sentence}</div>{self.style}'
        )


class Listing:
    """A piece of code, as it stands."""

    def __init__(self, code: str):
        self.code = code

    def __repr__(self) -> str:
        return self.code

    def _repr_html_(self) -> str:
        return f'<pre style="margin-left: 1.3em">{html.escape(self.code)}</pre>'


class _Outcome(Block):
    """The block of a check's outcome."""

    names, style = "cnn-outcome", _STYLE


class _Open(_Outcome):
    names, style = "cnn-outcome cnn-open", _STYLE + _CALM


class Passed:
    """A right answer, with a fact worth knowing."""

    sign, word, colours = "✓", "right", GREEN

    def __init__(self, fact: str):
        self.fact = fact
        self.task = ""

    def __repr__(self) -> str:
        return f"{self.sign} {self.task}  {self.fact}"

    def _repr_html_(self) -> str:
        label = f"{self.sign} {self.task} {self.word}"
        return _Outcome(label, self.fact, self.colours)._repr_html_()


class CheckError(Exception):
    """An answer that is not right, with a sentence for the student."""

    sign, word, colours, kind = "✗", "not right yet", RED, _Outcome

    def __init__(self, message: str):
        super().__init__(message)
        self.message = message
        self.task = ""

    def __str__(self) -> str:
        return repr(self.block())

    def block(self) -> Block:
        """What is shown."""
        label = f"{self.sign} {self.task} {self.word}"
        return self.kind(label, self.message, self.colours, role="alert")

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in place of a traceback, under the block."""
        return [f'Stopped at task {self.task}. More help: checks.hint("{self.task}")']


class NotAnswered(CheckError):
    """The blank of the task still stands."""

    sign, word, colours, kind = "○", "not answered yet", AMBER, _Open


class Incorrect(CheckError):
    """There is an answer, and it is not right: the message says why and what to try."""
