"""How long the panels take to redraw: the median over a walk through the values of one control.

    python -m authoring.bench.panels

Prints a line for each panel and control; the exit status is 1 if a median is above 100 ms, the time
up to which a change is felt as immediate. Run it while nothing else runs.
"""

import contextlib
import io
import statistics
import sys
import time
from collections.abc import Iterable

from helpers import checkpoints, datasets, explorers

ALLOWED = 0.1  # seconds
ROUNDS = 15

# For each panel, what is set: in words, the attribute of the control, and the values to walk
# through (None: all options that it has).
WALKS: dict[str, list[tuple[str, str, Iterable | None]]] = {
    "Convolution": [("output value", "place", range(16)), ("stride", "stride", (2, 1))],
    "Pooling": [("output value", "place", range(9))],
    "Layers": [("layer", "layer", None)],
    "FeatureMaps": [("layer", "layer", None), ("image", "index", range(1, 100))],
    "Why": [("image", "index", range(1, 100))],
    "Mistakes": [("open picture", "rank", range(1, 4))],
    "OwnPicture": [("rotate", "rotate", (90, 180, 270, 0))],
    "Training": [("show", "show", None)],
    "Experiment": [("width", "width", None)],
    "Learning": [("image", "index", range(1, 100))],
}


def options_of(control) -> list:
    """The values of a control's options, which may stand beside their labels."""
    return [option[1] if isinstance(option, tuple) else option for option in control.options]


def seconds(control, values: Iterable) -> list[float]:
    """The time from setting each value to the end of the redraw; a round to warm up is left out."""
    taken = []
    values = list(values)
    for number in range(ROUNDS + 1):
        start = time.perf_counter()
        control.value = values[number % len(values)]
        taken.append(time.perf_counter() - start)
    return taken[1:]


def panels() -> dict[str, object]:
    """Each panel by its name, ready to be walked through."""
    data = datasets.fashion_mnist(train=False)
    model, _ = checkpoints.trained_conv_net(data.source, "cpu")
    training = explorers.Training(3)
    with contextlib.redirect_stdout(io.StringIO()), training.run("a") as run:
        for epoch in run.epochs():
            run.log(2.3 / epoch, 2.4 / epoch, 0.3 * epoch)
    experiment = explorers.Experiment(data, data)
    return {
        "Convolution": explorers.Convolution(predict=False),
        "Pooling": explorers.Pooling(),
        "Layers": explorers.Layers(model),
        "FeatureMaps": explorers.FeatureMaps(model, data),
        "Why": explorers.Why(model, data),
        "Mistakes": explorers.Mistakes(model, data),
        "OwnPicture": explorers.OwnPicture(model, data.classes),
        "Training": training,
        "Experiment": experiment,
        "Learning": explorers.Learning(experiment),
    }


def main() -> int:
    """The command; returns its exit status."""
    slow = False
    made = panels()
    print(f"{'panel and control':<28} median      most   (ms, {ROUNDS} redraws)")
    for name, walks in WALKS.items():
        for what, attribute, values in walks:
            control = getattr(made[name], attribute)
            taken = seconds(control, options_of(control) if values is None else values)
            median = statistics.median(taken)
            slow = slow or median > ALLOWED
            words = f"{name}, {what}"
            print(f"{words:<28} {1000 * median:6.1f}  {1000 * max(taken):8.1f}")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
