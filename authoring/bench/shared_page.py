"""How long the page of a network takes on a slow machine: Chromium, its processor throttled.

    python -m authoring.bench.shared_page

Prints how long it takes from opening to the first probabilities, from a stroke to the new ones, and
until it is found out which pixels the decision hangs on. The exit status is 1 if one of them takes
longer than it may, or if the last one shows no progress. Run it while nothing else runs.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from authoring import reference_page
from authoring.chromium import CHROMIUM, FLAGS, MISSING

RATE = 4  # times slower than this machine
ROUNDS = 5
STROKES = 20
ALLOWED = {"opening": 1.0, "a stroke": 0.1, "covering, piece by piece": 3.0}  # seconds
FEWEST_STEPS = 5  # of the progress

# When the first probabilities stand there, counted from the beginning of the navigation.
OPENED = """new MutationObserver((_, observer) => {
    if (!document.querySelector('#probabilities caption')?.textContent) return;
    window.opened = performance.now();
    observer.disconnect();
}).observe(document, { childList: true, subtree: true });"""

# Notes the time from each movement of the pointer to the end of the frame that answers it.
STROKED = """() => {
    const taken = [];
    window.addEventListener('pointermove', event => requestAnimationFrame(
        () => taken.push(performance.now() - event.timeStamp)));
    window.addEventListener('pointerup', () => requestAnimationFrame(
        () => { window.strokes = taken; }));
}"""

# A value that the page will have, once it has it. (Its policy forbids to ask in text.)
WHEN = """async name => {
    while (!window[name]) await new Promise(requestAnimationFrame);
    return window[name];
}"""

# The time until the drops are drawn, and how many states of the progress were seen until then.
COVERED = """async () => {
    const start = performance.now(), states = new Set(), heat = document.querySelector('.heat');
    document.getElementById('why').click();
    while (heat.hidden) {
        states.add(document.getElementById('progress').value);
        await new Promise(done => setTimeout(done, 5));
    }
    return [performance.now() - start, states.size];
}"""


def measure(browser, uri: str, rate: float = RATE) -> tuple[dict[str, float], int]:
    """Seconds by what was done on the page at ``uri``, and how many states its progress had.

    The processor is throttled ``rate`` times.
    """
    context = browser.new_context(viewport={"width": 390, "height": 844})
    try:
        tab = context.new_page()
        context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": rate})
        tab.add_init_script(OPENED)
        tab.goto(uri)
        taken = {"opening": tab.evaluate(WHEN, "opened")}
        box = tab.locator("#pad").bounding_box()
        tab.evaluate(STROKED)
        tab.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
        tab.mouse.down()
        for number in range(1, STROKES + 1):
            tab.mouse.move(box["x"] + 20 + 5 * number, box["y"] + box["height"] / 2)
        tab.mouse.up()
        taken["a stroke"] = statistics.median(tab.evaluate(WHEN, "strokes"))
        taken["covering, piece by piece"], states = tab.evaluate(COVERED)
        return {what: milliseconds / 1000 for what, milliseconds in taken.items()}, states
    finally:
        context.close()


def report(rounds: list[tuple[dict[str, float], int]]) -> bool:
    """Print the medians of ``rounds``; return whether all is as quick as it should be."""
    good = True
    print(f"{f'the processor throttled {RATE} times':<32} median      most   allowed   (ms)")
    for what, allowed in ALLOWED.items():
        taken = [seconds[what] for seconds, _ in rounds]
        median = statistics.median(taken)
        good = good and median <= allowed
        print(f"{what:<32} {1000 * median:6.0f}  {1000 * max(taken):8.0f}  {1000 * allowed:8.0f}")
    states = min(states for _, states in rounds)
    print(f"states of the progress: {states} or more; expected are {FEWEST_STEPS}")
    return good and states >= FEWEST_STEPS


def main() -> int:
    """The command; returns its exit status."""
    if CHROMIUM is None:
        print(f"The page of a network is not timed: {MISSING}.")
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "network.html"
        reference_page.main([str(path)])
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        rounds = [measure(browser, path.as_uri()) for _ in range(ROUNDS)]
        browser.close()
    return int(not report(rounds))


if __name__ == "__main__":
    sys.exit(main())
