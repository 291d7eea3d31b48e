"""The check of task 5.1: networks of any depth from one function, and a table of results."""

import math

from torch import nn

from helpers.checks.core.checking import check
from helpers.checks.core.conv_nets import conv_net
from helpers.checks.core.describing import counted, describe, listed
from helpers.checks.core.known_mistakes import Advice
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered, real_number, whole_number
from helpers.checks.going_further import student_networks as networks
from helpers.checks.going_further.shares import read_share

# Parts of error messages of make_conv_net, and what to try then.
ADVICE: Advice = (
    ("index out of range", "Any number of layers should work: make them in a loop over channels."),
    ("values to unpack", "Any number of layers should work: make them in a loop over channels."),
    ("positional argument", "Leave the first line of the function as the notebook has it."),
)  # fmt: skip


@check("5.1", "Other shapes", hints=(
    "Write down the layers for channels=(6, 16) and for channels=(8,). What repeats for each "
    "number? And which two things does each round have to hand to the next?",
    "Before the loop: layers = [], in_channels = 1, width = 28. In each round: append a "
    "convolution from in_channels to this number, a ReLU, a pooling; compute the new width "
    "(twice get_output_width); this number is the next in_channels. After the loop, "
    "nn.Sequential(*layers, nn.Flatten(), ...) with the three linear layers, the first of which "
    "takes in_channels * width**2 numbers.",
))  # fmt: skip
def variants(make_conv_net, results) -> str:
    """Right: the network of notebook 3 with one convolution per entry of ``channels``, and a table
    of results.

    Tried with combinations whose kernels fit when each convolution is followed by 2×2 pooling.
    """
    answered(make_conv_net=make_conv_net, results=results)
    if not callable(make_conv_net) or isinstance(make_conv_net, nn.Module):
        raise Incorrect(
            f"make_conv_net is {describe(make_conv_net)}; expected is a function that builds a "
            "new network for the channels and kernel size it is given."
        )
    for channels, kernel_size in (((6, 16), 5), ((8,), 5), ((5, 7), 3), ((4, 6, 8), 3)):
        on = f"channels={channels}, kernel_size={kernel_size}"
        model, other = (
            networks.uncompiled(
                networks.call_network(make_conv_net, channels, kernel_size, on=on, advice=ADVICE)
            )
            for _ in range(2)
        )
        if not isinstance(model, nn.Module):
            raise Incorrect(
                f"make_conv_net returned {describe(model)} for {on}; expected is a network. "
                "End the function with return and the network."
            )
        _judge_new(model, other)
        _judge_variant(model, channels, kernel_size, on)
    model = networks.uncompiled(
        networks.call_network(make_conv_net, on="a call without arguments", advice=ADVICE)
    )
    _judge_variant(model, (6, 16), 5, "no arguments, which means channels=(6, 16), kernel_size=5")
    judge_results(results)
    return "channels and kernel_size set every size; one function makes networks of any depth"


def _judge_new(model: nn.Module, other) -> None:
    """Raise if ``model`` and the ``other``, of a second call, have layers in common."""
    parts = other.modules() if isinstance(other, nn.Module) else ()
    if not {id(part) for part in model.modules()}.isdisjoint(map(id, parts)):
        raise Incorrect(
            "two calls of make_conv_net give networks with the same layers in them. Make all "
            "layers, and the list that holds them, anew inside the function: a default such as "
            "layers=[] is one list for all calls."
        )


def _judge_variant(model: nn.Module, channels: tuple, kernel_size: int, on: str) -> None:
    layers = conv_net(channels, kernel_size)
    networks.judge_lists(model)
    scores = networks.scores_of(
        model, networks.images_for(model, 4), f"4 images, made with {on}", layers
    )
    networks.judge_scores(model, scores)
    networks.judge_layers(model, layers, (4, 1, 28, 28), f"made with {on}: ")


def judge_results(results) -> None:
    """Raise unless ``results`` are rows of at least three variants, each measured by itself."""
    if isinstance(results, dict) or not isinstance(results, (list, tuple)):
        raise Incorrect(
            f"results is {describe(results)}; expected is a list with one dictionary per variant."
        )
    if not results:
        raise NotAnswered("results is still empty. Add one dictionary per variant that you train.")
    rows = [_row(number, result) for number, result in enumerate(results)]
    if len(rows) < 3:
        raise Incorrect(
            f"results has {len(rows)} row{'s' * (len(rows) > 1)}; expected are at least 3, so "
            "that there is something to compare. Train another variant."
        )
    counts = {row[1] for row in rows}
    if len(counts) < 3:
        raise Incorrect(
            f"the {len(rows)} rows of results have only {counted(len(counts), 'number')} of "
            f"parameters: {listed(f'{count:,}' for count in sorted(counts))}. Asked for are at "
            "least 3 variants that differ in it: count those of each network by itself."
        )
    for number, row in enumerate(rows):
        for earlier in range(number):
            if row[1:] == rows[earlier][1:]:
                raise Incorrect(
                    f"rows {earlier} and {number} of results have the same numbers. Make a new "
                    "network for each variant, train it, and write down what you measured then."
                )
            if row[0] == rows[earlier][0]:
                raise Incorrect(
                    f"rows {earlier} and {number} of results have the same variant, "
                    f"{' '.join(row[0].split())[:40]}. Give each a name that tells them apart."
                )


def _row(number: int, result) -> tuple[str, int, float, float]:
    """One row of results as variant, parameters, seconds, accuracy; or what is wrong with it."""
    answered(**{f"row {number} of results": result})
    keys = ("variant", "parameters", "seconds", "accuracy")
    if not isinstance(result, dict):
        raise Incorrect(
            f"row {number} of results is {describe(result)}; expected is a dictionary with the "
            f"keys {listed(keys)}."
        )
    missing = [key for key in keys if key not in result]
    if len(missing) == len(keys):
        raise Incorrect(
            f"row {number} of results has other keys than expected: each row needs {listed(keys)}, "
            "in just these words."
        )
    if missing:
        raise Incorrect(
            f"row {number} of results lacks {listed(missing)}; each row needs {listed(keys)}."
        )
    names = [f'"{key}" in row {number} of results' for key in keys]
    answered(**{name: result[key] for name, key in zip(names, keys, strict=True)})
    parameters = whole_number(result["parameters"], names[1])
    seconds = real_number(result["seconds"], names[2])
    if parameters <= 0:
        raise Incorrect(
            f"{names[1]} is {parameters:,}; a network with convolutions has more. Add up p.numel() "
            "over model.parameters()."
        )
    if 0 < parameters < 100:
        raise Incorrect(
            f"{names[1]} is {parameters}: so many tensors, perhaps, but there are many numbers in "
            "each. Add up p.numel() over model.parameters(), as count_parameters does."
        )
    if 1e6 < seconds < math.inf:
        raise Incorrect(
            f"{names[2]} is {seconds:.3g}: the clock itself, it seems. Subtract the clock before "
            "training from the clock after it."
        )
    if not 0 < seconds < math.inf:
        raise Incorrect(
            f"{names[2]} is {seconds:g}; expected is a time above 0. "
            "Subtract the clock before training from the clock after it."
        )
    return str(result["variant"]), parameters, seconds, read_share(result["accuracy"], names[3])
