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


def seconds(control, values: Iterable) -> list[float]:
    """The time from setting each value to the end of the redraw; a round to warm up is left out."""
    taken = []
    values = list(values)
    for number in range(ROUNDS + 1):
        start = time.perf_counter()
        control.value = values[number % len(values)]
        taken.append(time.perf_counter() - start)
    return taken[1:]


def panels() -> list[tuple[str, object, Iterable]]:
    """Each panel with a control and the values to walk through."""
    data = datasets.fashion_mnist(train=False)
    model, _ = checkpoints.trained_conv_net(data.source, "cpu")
    convolution, pooling = explorers.Convolution(predict=False), explorers.Pooling()
    layers, maps = explorers.Layers(model), explorers.FeatureMaps(model, data)
    why, mistakes = explorers.Why(model, data), explorers.Mistakes(model, data)
    own, training = explorers.OwnPicture(model, data.classes), explorers.Training(3)
    with contextlib.redirect_stdout(io.StringIO()), training.run("a") as run:
        for epoch in run.epochs():
            run.log(2.3 / epoch, 2.4 / epoch, 0.3 * epoch)
    options = layers.layer.options
    return [
        ("Convolution, output value", convolution.place, range(1, 17)),
        ("Convolution, stride", convolution.stride, (2, 1)),
        ("Pooling, output value", pooling.place, range(1, 10)),
        ("Layers, layer", layers.layer, [value for _, value in options]),
        ("FeatureMaps, layer", maps.layer, maps.layer.options),
        ("FeatureMaps, image", maps.index, range(1, 100)),
        ("Why, image", why.index, range(1, 100)),
        ("Mistakes, open picture", mistakes.rank, range(1, 4)),
        ("OwnPicture, rotate", own.rotate, (90, 180, 270, 0)),
        ("Training, show", training.show, training.show.options),
    ]


def main() -> int:
    """The command; returns its exit status."""
    slow = False
    walks = panels()
    print(f"{'panel and control':<28} median      most   (ms, {ROUNDS} redraws)")
    for name, control, values in walks:
        taken = seconds(control, values)
        median = statistics.median(taken)
        slow = slow or median > ALLOWED
        print(f"{name:<28} {1000 * median:6.1f}  {1000 * max(taken):8.1f}")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
