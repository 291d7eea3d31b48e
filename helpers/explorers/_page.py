"""What every panel brings to the page that it is shown on: its style, its keys, and its still.

The still is for the page that is opened when the kernel is gone: a picture of the panel, with its
words. While the panel lives it is hidden.
"""

import html

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

STYLE = """
.cnn-explorer { max-width: 1200px; padding: 4px;
  --cnn-cell: #ffffff; --cnn-number: #000000; --cnn-head: #f0f0f0; --cnn-share: #08519c;
  --cnn-dropped: #c9c9c9; --cnn-dropped-number: #404040; --cnn-marked: #ffe08a; --cnn-mark: #8a4b00;
  --cnn-seeing: #bfe3ff; --cnn-see: #0a5c99; }
[data-jp-theme-light=false] .cnn-explorer {
  --cnn-cell: #1d2125; --cnn-number: #eceff2; --cnn-head: #2d333a; --cnn-share: #2a72b5;
  --cnn-dropped: #4a5058; --cnn-dropped-number: #d5dae0; --cnn-marked: #5f4600; --cnn-mark: #ffc14d;
  --cnn-seeing: #0f4166; --cnn-see: #7cc0f2; }
.cnn-explorer .widget-html-content { line-height: 1.5; }
.cnn-explorer .widget-box { column-gap: 0.8em; row-gap: 0.2em; }
.cnn-explorer input[type="number"] { width: 4.5em; }
.cnn-explorer .widget-button { padding: 0 1em; }
.cnn-explorer img { max-width: 100%; height: auto; background: white; }
.cnn-explorer .cnn-caption { font-size: 1.1em; }
.cnn-tall > .widget-html > .widget-html-content > .cnn-caption { min-height: 6em; }
.cnn-explorer .cnn-former { opacity: 0.35; filter: grayscale(1); }
.cnn-explorer .cnn-grids { display: flex; flex-wrap: wrap; align-items: center; gap: 0.8em; }
.cnn-explorer table.cnn-grid { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.cnn-explorer table.cnn-grid caption { caption-side: top; text-align: left; font-weight: 600; }
.cnn-explorer table.cnn-grid td { border: 1px solid #767676; min-width: 2.4em; height: 2em;
  text-align: center; padding: 0 0.2em; background: var(--cnn-cell); color: var(--cnn-number); }
.cnn-explorer table.cnn-grid td.padded { font-style: italic; border-style: dashed; }
.cnn-explorer table.cnn-grid td.dropped { background: var(--cnn-dropped);
  color: var(--cnn-dropped-number); }
.cnn-explorer table.cnn-grid td.marked { background: var(--cnn-marked);
  box-shadow: inset 0 0 0 2px var(--cnn-mark); font-weight: 700; }
.cnn-explorer table.cnn-grid td.seeing { background: var(--cnn-seeing);
  box-shadow: inset 0 0 0 2px var(--cnn-see); font-weight: 700; }
.cnn-explorer [data-point] { cursor: pointer; touch-action: pinch-zoom; }
.cnn-explorer [data-point]:focus-visible { outline: 3px solid var(--cnn-see); outline-offset: 2px; }
.cnn-explorer svg.cnn-scene { display: block; max-width: 100%; height: auto; margin: 0.3em 0; }
.cnn-scene text { font: 12px var(--jp-ui-font-family, sans-serif); pointer-events: none;
  fill: var(--jp-ui-font-color1, currentColor); font-variant-numeric: tabular-nums; }
.cnn-scene text.bold { font-weight: 700; }
.cnn-scene image { image-rendering: pixelated; }
.cnn-scene rect { fill: none; pointer-events: none; }
.cnn-scene rect.whole { pointer-events: all; }
.cnn-scene .halo { stroke: #ffffff; stroke-width: 4; }
.cnn-scene .frame { stroke: #d95f02; stroke-width: 2; }
.cnn-scene polygon.slot, .cnn-scene polygon.chosen { fill: transparent; stroke: none; }
.cnn-scene polygon.chosen { stroke: #d95f02; stroke-width: 2; }
.cnn-scene polygon.face, .cnn-scene polygon.marked { stroke: var(--jp-ui-font-color2, #616161);
  fill: var(--jp-layout-color3, #e0e0e0); }
.cnn-scene polygon.marked { fill: var(--cnn-marked); }
.cnn-scene polygon.epoch { fill: #d95f02; mix-blend-mode: darken; pointer-events: none; }
[data-jp-theme-light=false] .cnn-scene image.ink { filter: invert(0.933) hue-rotate(180deg); }
[data-jp-theme-light=false] .cnn-scene polygon.epoch { mix-blend-mode: lighten; }
.cnn-explorer input.cnn-number { width: 3.2em; border: 0; background: none; color: inherit;
  font: inherit; text-align: center; padding: 0.3em 0; cursor: text; }
.cnn-windows { position: relative; pointer-events: none; height: 0; }
.cnn-windows div { position: absolute; top: 0; left: 0; box-sizing: border-box;
  border: 3px solid var(--cnn-mark); }
@media (prefers-reduced-motion: no-preference) {
  .cnn-windows div { transition: translate 0.3s, width 0.3s, height 0.3s; }
  .cnn-explorer table.cnn-grid td { transition: background-color 0.15s, box-shadow 0.15s; } }
.cnn-explorer table.cnn-grid td.won { box-shadow: inset 0 0 0 3px var(--cnn-number);
  font-weight: 700; }
.cnn-explorer table.cnn-grid th { border: 1px solid #767676; padding: 0 0.4em;
  background: var(--cnn-head); color: var(--cnn-number); }
.cnn-explorer .cnn-matrix th[scope="col"] { vertical-align: bottom; padding: 0.4em 0; }
.cnn-explorer .cnn-grids svg:has(+ .cnn-matrix) { flex: 1 1 22em; min-width: 0; max-width: 480px; }
.cnn-explorer .cnn-matrix td[style] { background: color-mix(in srgb, var(--cnn-share) var(--share),
  var(--cnn-cell)); }
.cnn-explorer .cnn-matrix td.large { color: #ffffff; }
.cnn-explorer .cnn-matrix td.framed { outline: 4px solid #d95f02; outline-offset: -2px;
  font-weight: 700; }
.cnn-explorer .cnn-matrix th span { writing-mode: vertical-rl; transform: rotate(180deg); }
.cnn-field { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0.4em 1em;
  margin-top: 0.4em; color: var(--jp-ui-font-color1, inherit);
  font-size: var(--jp-widgets-font-size, 13px); }
.cnn-field canvas { height: 252px; display: block; cursor: crosshair; touch-action: none;
  margin: 3px; border: 1px solid #767676; image-rendering: pixelated; }
.cnn-field canvas:focus-visible { outline: 3px solid var(--cnn-see); outline-offset: 2px; }
.cnn-field .cnn-tools { display: grid; gap: 0.5em; width: 12em; }
.cnn-field .cnn-tools label { display: grid; grid-template-columns: 3em 1fr; align-items: center; }
.cnn-field .cnn-tools select { height: 2.2em; font: inherit; min-width: 0;
  color: var(--jp-widgets-input-color, inherit); border: 1px solid #767676;
  background: var(--jp-widgets-input-background-color, white); }
.cnn-field .cnn-tools button { width: auto; margin: 0; }
.cnn-field .cnn-name { font-weight: 600; padding-left: 3px; }
.cnn-field .cnn-place { min-height: 2.8em; }
.cnn-steps { display: flex; flex-wrap: wrap; gap: 0.4em 0.8em; }
.cnn-steps figure { margin: 0; }
.cnn-steps img { height: 150px; background: none; }
.cnn-steps [data-point] { cursor: crosshair; touch-action: none; }
.cnn-bars { border-spacing: 0; font-variant-numeric: tabular-nums; line-height: 1.6; }
.cnn-bars caption { caption-side: top; text-align: left; font-weight: 600; }
.cnn-bars th { font-weight: normal; text-align: right; padding-right: 0.6em; min-width: 6.5em; }
.cnn-bars td { text-align: right; padding-left: 0.8em; min-width: 3.5em; }
.cnn-bars td.was { min-width: 6em; }
.cnn-bars td:has(div) { padding: 0; }
.cnn-bars tr.largest > :is(th, td) { font-weight: 700; }
.cnn-bars div { position: relative; width: 13em; height: 1em; border-left: 1px solid #767676; }
.cnn-bars i, .cnn-bars b { position: absolute; top: 0; bottom: 0; left: 0; }
.cnn-bars i { background: #8c8c8c; }
.cnn-bars tr.largest i { background: #d95f02; }
.cnn-bars b { border-left: 3px solid var(--jp-ui-font-color1, currentColor); margin-left: -1px; }
.cnn-explorer .jupyter-widgets-disconnected::before { display: none; }
.cnn-explorer.jupyter-widgets-disconnected::before { display: block; position: static;
  content: "This panel has lost its kernel: run this cell again."; font: inherit;
  font-weight: 700; color: var(--jp-ui-font-color1, inherit); }
.cnn-lecture { --jp-widgets-font-size: 26px; --jp-widgets-inline-height: 46px;
  --jp-widgets-inline-width: 560px; --jp-widgets-inline-label-width: 260px;
  --jp-widgets-inline-width-short: 300px; --jp-widgets-input-padding: 8px;
  font-size: 26px; max-width: none; }
.cnn-lecture .cnn-secondary, .cnn-lecture .cnn-hint { display: none !important; }
.cnn-lecture img { width: 100%; max-height: 56vh; object-fit: contain; object-position: left; }
.cnn-lecture svg.cnn-scene { width: 100%; max-height: 56vh; }
.cnn-lecture .cnn-field canvas { height: 36vh; }
.cnn-lecture .cnn-field .cnn-tools { width: 8.5em; }
.cnn-lecture .cnn-bars { line-height: 1.4; }
.cnn-lecture.cnn-painting .cnn-field canvas { height: 27vh; }
.cnn-lecture.cnn-painting .cnn-bars { line-height: 1.15; }
.cnn-lecture.cnn-painting svg.cnn-scene { max-height: 20vh; }
.cnn-lecture.cnn-painting .cnn-caption { font-size: 1em; line-height: 1.3; }
.cnn-lecture .cnn-bars div { width: 8em; }
.cnn-lecture .cnn-steps img { width: auto; height: 14vh; }
.cnn-lecture .cnn-grids:has(.cnn-matrix) { flex-wrap: nowrap; }
.cnn-lecture .cnn-grids svg.cnn-scene { width: auto; flex: 0 1 36%; min-width: 0; }
.cnn-explorer.cnn-lecture .cnn-matrix td { height: 1.5em; }
"""

# The rest of the page, while there is a lecture: text, code, what cells print, checks and pictures.
LECTURE = """
.jp-Notebook { --jp-content-font-size0: 22px; --jp-content-font-size1: 26px;
  --jp-content-font-size2: 31px; --jp-content-font-size3: 37px; --jp-content-font-size4: 45px;
  --jp-content-font-size5: 54px; --jp-code-font-size: 24px; }
.jp-Notebook .cnn-outcome { font-size: 26px !important; max-width: none !important; }
.jp-Notebook figure.cnn-picture { max-width: min(100%, 1600px) !important; font-size: 24px; }
"""
LECTURE_PAGE = f"<style>{LECTURE}</style>"

# JupyterLab and Notebook 7 take the keys of a list or a button inside an output for commands: on a
# list, "d d" deletes its cell. That is https://github.com/jupyter-widgets/ipywidgets/issues/3912;
# once it is mended, KEYS can go. Until then, each control is marked as one whose keys are its own,
# just before they see a key of it: the page's window hears of it before the document, where they
# listen. So controls that come later need no care. Saving is left to them, as everywhere.
#
# Enter in an input is not told to Python, which hears of its value alone, as when it loses focus.
# So in a box of class cnn-entered it presses the button of class cnn-on-enter.
KEYS = """
if (!window.cnnPanelKeys) {
  window.cnnPanelKeys = true;
  window.addEventListener('keydown', event => {
    const saving = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 's';
    const panel = event.target.closest?.('.cnn-explorer');
    if (!panel) return;
    event.target.toggleAttribute('data-lm-suppress-shortcuts', !saving);
    if (event.key === 'Enter' && event.target.matches('.cnn-entered input')) {
      event.target.dispatchEvent(new Event('change', { bubbles: true }));
      panel.querySelector('.cnn-on-enter').click();
    }
  }, true);
}
"""

# ``onload``: a script in a widget's HTML would not be run.
PAGE = f'<style onload="{html.escape(KEYS)}">{STYLE}</style>'

# In place of a panel without a kernel, JupyterLab puts an error that tells a student nothing; the
# line of the still says what to do.
ERROR = (
    ".jp-OutputArea:has(.cnn-still) > * > .jp-OutputArea-output.jupyter-widgets:not(:has(*)) "
    "{ display: none; }"
)

# Also while a kernel is busy: then the panel comes back by itself, and to run its cell would be to
# begin again what is under way.
GONE = (
    "A picture of this panel. Is a cell still running, such as a training? Then the panel comes "
    "back when it has ended. If not, run this cell again to use the panel."
)


def still_html(panel: str, png: str, words: str) -> str:
    """The still of ``panel``, an id, from a PNG in base64 that holds ``words``, too."""
    return (
        f'<div class="cnn-still cnn-still-{panel}"><style>{ERROR}</style>'
        f"<p><b>{GONE}</b></p>"
        f'<img alt="{html.escape(words)}" src="data:image/png;base64,{png}"></div>'
    )


def hiding_still(panel: str) -> str:
    """What ``panel`` puts on its page, wherever that is, while it lives."""
    return f"<style>.cnn-still-{panel} {{ display: none; }}</style>"
