"""The check of task 4.7: the page holds the student's network, and how much that computes."""

import json
import os
from typing import NamedTuple

import torch
from torch import nn

from helpers.checks.core.checking import check
from helpers.checks.core.describing import counted, describe, show_shape
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.shapes import judge_known
from helpers.checks.core.values import answered, whole_number
from helpers.sharing import Page, SharingError
from helpers.sharing.program import Program, read_program
from helpers.sharing.read_back import Held, read_page
from helpers.sharing.rules import Step

LOAD = "Run the cell again that loads model."


class Layer(NamedTuple):
    """A convolution or a linear layer: what it makes of one image, and of how many numbers."""

    name: str
    convolution: bool
    channels: int  # that come in; of a linear layer 1
    made: int  # channels that it makes; of a linear layer 1
    values: int  # that it makes
    window: int  # numbers, each times a weight, that go into one value
    weights: int
    below: int  # places in a map that comes in; of a linear layer as many as values
    pooled: int  # places in a map after pooling; of a linear layer as many as values

    @property
    def multiplications(self) -> int:
        """For one image."""
        return self.values * self.window


@check("4.7", "Your network as a page", hints=(
    "Two things have had a name since the top of the notebook: the network, and the images it was "
    "tested on. And for the number: how many weights go into one value of a feature map, and how "
    "many such values are there?",
    "nn.Conv2d(2, 3, 4) that makes [3, 10, 10] takes 3·10·10 values times 2·4·4 weights, which is "
    "9,600 multiplications; nn.Linear(50, 20) takes 20·50. Add up all such layers.",
))  # fmt: skip
def own_page(my_page, multiplications, model) -> str:
    """Right: a page with the weights of ``model``, and 281,640 if it is that of notebook 3."""
    answered(my_page=my_page, multiplications=multiplications, model=model)
    program = _program_of(model)
    _judge_network(_held(my_page), program)
    layers = _layers_of(program)
    number = whole_number(multiplications, "multiplications")
    total = sum(layer.multiplications for layer in layers)
    _judge_count(number, total, layers)
    convolutions = [layer for layer in layers if layer.convolution]
    share = sum(layer.multiplications for layer in convolutions) / total
    weights = sum(layer.weights for layer in convolutions) / sum(layer.weights for layer in layers)
    return (
        f"your page multiplies {total:,} times for each picture: {share:.0%} of that in the "
        f"convolutions, which have {weights:.0%} of the weights"
    )


def _program_of(model) -> Program:
    if not isinstance(model, nn.Module):
        raise Incorrect(f"model is {describe(model)}, not the trained network. {LOAD}")
    draws = torch.Generator().manual_seed(4)
    with torch.device("cpu"):  # whatever the notebook's default is
        images = torch.rand(4, 1, 28, 28, generator=draws, dtype=torch.float32)
        try:
            program = read_program(model, images)
        except SharingError:
            raise Incorrect(
                f"model is {describe(model)}, and no page can hold it for grey images of 28×28. "
                f"{LOAD}"
            ) from None
    if not any(step["op"] == "conv" for step in program.steps):
        raise Incorrect(f"model is {describe(model)} without a convolution. {LOAD}")
    return program


def _held(my_page) -> Held:
    """What the file holds that ``my_page`` tells of: the page itself, or the name of its file."""
    path = my_page.path if isinstance(my_page, Page) else my_page
    if not isinstance(path, (str, os.PathLike)):
        raise Incorrect(
            f"my_page is {describe(my_page)}; expected is what sharing.page returns when it is "
            "called with a network, the name of a file, and images."
        )
    try:
        return read_page(path)
    except SharingError as error:
        raise Incorrect(f"my_page: {error}") from None


def _judge_network(held: Held, program: Program) -> None:
    """Raise unless the page computes what ``program`` does, with the same numbers."""
    steps = json.loads(json.dumps(program.steps))
    if len(held.steps) != len(steps):
        raise Incorrect(
            f"my_page holds another network: {counted(len(held.steps), 'step')} from the picture "
            f"to the scores, where model takes {len(steps)}. Make the page of model."
        )
    for number, (found, step) in enumerate(zip(held.steps, steps, strict=True)):
        if _without_name(found) != _without_name(step):
            raise Incorrect(
                f"my_page holds another network: step {number} is {_words(found)}, and that of "
                f"model {_words(step)}, or its settings differ. Make the page of model."
            )
    for number, step in enumerate(steps):
        for name in (name for name in program.weights if name.startswith(f"{number}.")):
            found = held.weights.get(name)
            if found is None or not torch.equal(found, program.weights[name]):
                raise Incorrect(
                    "my_page holds a network with the layers of model, but other numbers in "
                    f"them, as in {step['part'] or step['function']}. Make the page of model, as "
                    "it is now."
                )


def _without_name(step: Step) -> Step:
    """A step, whatever the part of the network is called: also of ``nn.Sequential(model)``."""
    return {key: value for key, value in step.items() if key != "part"}


def _words(step: Step) -> str:
    return f"{step.get('function')} that makes {show_shape(step.get('shape', []))}"


def _layers_of(program: Program) -> list[Layer]:
    """The layers that multiply by weights, in their order."""
    steps, found = program.steps, []
    for number, step in enumerate(steps):
        if step["op"] not in ("conv", "linear"):
            continue
        weight, shape = program.weights[step["weight"]], step["shape"]
        values, convolution = torch.Size(shape).numel(), step["op"] == "conv"
        source = step["from"][0]
        below = (steps[source]["shape"] if source >= 0 else [1, 28, 28])[1:]
        pooled = next((s["shape"] for s in steps[number:] if s["op"] == "pool"), shape)[1:]
        sides = (below, pooled) if convolution else ([values], [values])
        found.append(
            Layer(
                step["part"] or step["function"],
                convolution,
                channels=weight.shape[1] if convolution else 1,
                made=shape[0] if convolution else 1,
                values=values,
                window=weight[0].numel(),
                weights=weight.numel(),
                below=torch.Size(sides[0]).numel(),
                pooled=torch.Size(sides[1]).numel(),
            )
        )
    return found


def _judge_count(number: int, total: int, layers: list[Layer]) -> None:
    def counting(number_of) -> int:
        return sum(map(number_of, layers))

    convolutions = counting(lambda layer: layer.convolution * layer.multiplications)
    weights = counting(lambda layer: layer.weights)
    biases = counting(lambda layer: layer.made if layer.convolution else layer.values)
    many = "a convolution uses each of its weights many times, once wherever its window stands."
    added = "a bias is added; it multiplies nothing."
    mistakes = {
        weights: f"that is the number of weights; {many}",
        weights + biases: f"that is the number of parameters; {many}",
        convolutions: "those of the convolutions alone; the linear layers multiply, too.",
        total - convolutions: "those of the linear layers alone; the convolutions multiply, too.",
        2 * total: "twice too many: the additions do not count.",
        total + biases: added,
        total + counting(lambda layer: layer.values): added,
        counting(lambda layer: layer.values): (
            "as many values do the layers make; each takes as many multiplications as there are "
            "numbers in its window."
        ),
        counting(lambda layer: layer.multiplications // layer.channels): (
            "a window reaches through all the maps that come in, not through one of them."
        ),
        counting(lambda layer: layer.multiplications // layer.made): (
            "that is for one map of each convolution; it makes several."
        ),
        counting(lambda layer: layer.made * layer.window * layer.below): (
            "a window stands only where all of it fits: take the size of the maps that come out."
        ),
        counting(lambda layer: layer.made * layer.window * layer.pooled): (
            "pooling makes the maps smaller only after the convolution has computed all of them."
        ),
    }
    for layer in layers:
        mistakes.setdefault(layer.multiplications, f"those of {layer.name} alone; add the others.")
        mistakes.setdefault(total - layer.multiplications, f"those of {layer.name} are missing.")
    otherwise = (
        "for each convolution and each linear layer, multiply the number of values that it makes "
        "by the number of weights that go into one of them. Then add up."
    )
    judge_known(number, total, "multiplications", mistakes, otherwise)
