"""How long it takes from the pointer to the new picture, in JupyterLab in Chromium.

    python -m tests.browser.pointing_times

Prints a line for each panel that answers to the pointer: the median and the 95th percentile over
some moves, clicks or strokes, from the event in the page to the frame that shows all that came of
it. Then 200 moves are made within two seconds: how long after the last of them the panel stands
still, and whether it shows that last place. The exit status is 1 if a median is above 60 ms, a 95th
percentile above 120 ms, or another place is shown. Run it while nothing else runs, on two cores at
least; it needs what ``make test`` installs, and Chromium.
"""

import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from authoring.chromium import CHROMIUM, FLAGS, MISSING
from authoring.kernels import prepare_images
from tests.browser.lab import Notebook, jupyterlab, write_notebook
from tests.browser.panels import SETUP

MEDIAN, MOST = 60, 120  # milliseconds: the median, and what 95 of 100 take at most
MOVES = 40
MOVE, CLICK, DRAW = "move", "click", "draw"
VIEWPORT = {"width": 1366, "height": 1000}


@dataclass(frozen=True)
class Way:
    """What is pointed at in a panel that ``source`` shows.

    ``parts`` selects cells, one after the other; or one picture, of which a grid of places within
    ``box`` (left, top, right, bottom, in shares of its size) is walked through.
    """

    source: str
    parts: str
    kind: str = MOVE
    box: tuple[float, float, float, float] = (0.1, 0.1, 0.9, 0.9)


CURVES = (0.1, 0.3, 0.45, 0.8)  # within the axes on the left
WAYS = {
    "Convolution": Way("explorers.Convolution(predict=False)", "[data-point=output] [data-at]"),
    "Pooling": Way("explorers.Pooling()", "[data-point=output] [data-at]"),
    "Layers": Way("explorers.Layers(model)", ".cnn-scene image[data-at]"),
    "FeatureMaps": Way(  # within one map
        "explorers.FeatureMaps(model, few)", "[data-point=maps] rect.whole",
        box=(0.49, 0.14, 0.65, 0.46),
    ),
    "Why": Way(
        "panel = explorers.Why(model, few)\npanel.paint.value = True\npanel", "canvas", DRAW
    ),
    "Mistakes": Way("explorers.Mistakes(model, few)", "[data-point=matrix] [data-at]", CLICK),
    "OwnPicture": Way("explorers.OwnPicture(model, test_data.classes)", "canvas", DRAW),
    "Experiment": Way(
        "experiment = explorers.Experiment(few, few)\nexperiment.train.click()\nexperiment",
        "[data-point] image",
        box=CURVES,
    ),
    "Training": Way(
        "panel = explorers.Training(30)\ndisplay(panel)\nwith panel.run() as run:\n"
        "    for epoch in run.epochs():\n        run.log(2.3 / epoch, 2.4 / epoch, 0.03 * epoch)",
        "[data-point] image", box=CURVES,
    ),
}  # fmt: skip

# The place number ``number`` of a walk, in pixels of the page: neighbours are not next.
PLACE = """(panel, [parts, box, number]) => {
  const found = [...panel.querySelectorAll(parts)].filter(part => part.checkVisibility());
  const step = 7 * number;
  const [left, top, right, bottom] = found.length > 1 ? [0.5, 0.5, 0.5, 0.5] : box;
  const [x, y] = [(step % 5) / 4, (Math.floor(number / 5) % 11) / 10];
  const one = found[step % found.length].getBoundingClientRect();
  return [one.x + one.width * (left + x * (right - left)),
    one.y + one.height * (top + y * (bottom - top))];
}"""

# From the next event on: when the last frame was shown that differs from the one before, until
# there was none for a while; null if the panel does not change at all.
WATCH = """(panel, [kind, still, most]) => {
  let from = null, last = null, timer;
  window.shown = new Promise(resolve => {
    const end = () => {
      observer.disconnect();
      resolve(last === null ? null : last - from);
    };
    const observer = new MutationObserver(async () => {
      if (from === null) return;
      clearTimeout(timer);
      const images = [...panel.querySelectorAll('img')];
      await Promise.all(images.map(image => image.decode().catch(() => 0)));
      await new Promise(requestAnimationFrame);
      last = performance.now();
      clearTimeout(timer);
      timer = setTimeout(end, still);
    });
    observer.observe(panel, {
      subtree: true, childList: true, characterData: true,
      attributeFilter: ['src', 'href', 'class', 'style', 'x', 'y', 'points'],
    });
    window.addEventListener(kind, event => {
      from = event.timeStamp;
      timer = setTimeout(end, most);
    }, { capture: true, once: true });
  });
}"""

# 200 moves within two seconds, to places from ``PLACE``; then ``watch`` from the last of them.
MANY = """async (panel, [place, watch, parts, box, still, most]) => {
  for (let number = 0; number < 200; number++) {
    const [clientX, clientY] = place(panel, [parts, box, number]);
    if (number === 199) watch(panel, ['pointermove', still, most]);
    document.elementFromPoint(clientX, clientY)
      ?.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX, clientY }));
    await new Promise(resolve => setTimeout(resolve, 9));
  }
}"""
MANY = MANY.replace("place(panel", f"({PLACE})(panel").replace("watch(panel", f"({WATCH})(panel")
MANY = MANY.replace("[place, watch, parts", "[parts")
STILL, WAIT = 100, 1500  # milliseconds without a change, and that a change may take
LONG = 500  # without a change, after many moves


@dataclass(frozen=True)
class Measured:
    """Milliseconds: of each move, and from the last of 200 to the end, if there were so many.

    ``right``: whether the place shown in the end was the last one.
    """

    moves: list[float]
    after: float | None = None
    right: bool = True

    @property
    def median(self) -> float:
        """The median of the moves."""
        return statistics.median(self.moves)

    @property
    def most(self) -> float:
        """The 95th percentile."""
        return statistics.quantiles(self.moves, n=20, method="inclusive")[-1]

    @property
    def quick(self) -> bool:
        """Whether all of it is as it should be."""
        return self.median <= MEDIAN and self.most <= MOST and self.right

    def line(self, name: str) -> str:
        """Its line of the table."""
        after = "" if self.after is None else f"{self.after:.0f}"
        words = "" if self.right else "  another place than the last"
        return f"{name:<14} {self.median:6.1f} {self.most:6.1f} {after:>10}{words}"


HEAD = f"{'panel':<14} median    95% {'200 moves':>10}   (ms)"


def measured(page: Page, panel: Locator, way: Way, moves: int = MOVES) -> Measured:
    """Point at so many places of ``panel``. Raises ``ValueError`` if it follows too seldom."""
    part = panel.locator(way.parts).first
    expect(part).to_be_visible()
    part.evaluate(
        "part => (part.closest('table, svg') ?? part).scrollIntoView({ block: 'center' })"
    )
    if way.kind == DRAW:
        page.mouse.move(*_place(panel, way, 0))
        page.mouse.down()
    kind = "pointerdown" if way.kind == CLICK else "pointermove"
    taken = []
    for number in range(1, moves + 4):
        place = _place(panel, way, number)
        if way.kind == CLICK:
            page.mouse.move(*place)
        panel.evaluate(WATCH, [kind, STILL, WAIT])
        if way.kind == CLICK:
            page.mouse.click(*place)
        else:
            page.mouse.move(*place)
        taken.append(page.evaluate("() => window.shown"))
    if way.kind == DRAW:
        page.mouse.up()
    told = [time for time in taken[3:] if time is not None]  # some lie between two maps
    if len(told) < moves / 2:
        raise ValueError(f"the panel followed the pointer to {len(told)} of {moves} places only")
    if way.kind != MOVE:
        return Measured(told)
    panel.evaluate(MANY, [way.parts, way.box, LONG, 2 * WAIT])
    after = page.evaluate("() => window.shown") or 0.0  # it was there already
    shown = _words(panel)
    page.mouse.move(0, 0)
    for number in (198, 199):
        panel.evaluate(WATCH, [kind, LONG, WAIT])
        page.mouse.move(*_place(panel, way, number))
        page.evaluate("() => window.shown")
    return Measured(told, after, shown == _words(panel))


def _place(panel: Locator, way: Way, number: int) -> list[float]:
    return panel.evaluate(PLACE, [way.parts, way.box, number])


def _words(panel: Locator) -> str:
    return panel.locator(".cnn-caption").first.inner_text()


def main() -> int:
    """The command; returns its exit status."""
    if CHROMIUM is None:
        sys.exit(f"Pointing is not timed: {MISSING}.")
    prepare_images()
    good = True
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place)
        write_notebook(folder / "pointing.ipynb", [SETUP, *(way.source for way in WAYS.values())])
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport=VIEWPORT)
        with jupyterlab(folder) as address:
            notebook = Notebook(page, address, "pointing.ipynb")
            notebook.run_all()
            print(HEAD)
            for number, (name, way) in enumerate(WAYS.items(), start=1):
                panel = page.locator(".jp-CodeCell").nth(number).locator(".cnn-explorer").first
                expect(panel).to_be_visible(timeout=120_000)
                found = measured(page, panel, way)
                good = good and found.quick
                print(found.line(name), flush=True)
            if wrong := notebook.errors + notebook.failures():
                print(*wrong, sep="\n")
                good = False
        browser.close()
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
