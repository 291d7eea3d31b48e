"""The check of task 3.1: the network's parts, its layers, and what it computes."""

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered
from helpers.checks.full_cnn.conv_net_layers import judge_extras, judge_layers
from helpers.checks.full_cnn.conv_net_run import BATCH, PARTS, build, run, wrong_shape
from helpers.checks.full_cnn.conv_net_scores import judge_computation
from helpers.checks.full_cnn.conv_net_typed_numbers import judge_typed_numbers


@check("3.1", "Build the network", hints=(
    "Follow one image with a pencil: 28 pixels wide, after the convolution 24, after pooling 12, "
    "and so on. Each arrow in the table is one layer, and each convolution or pooling is one "
    "call of get_output_width.",
    "conv_stack is nn.Sequential of six layers: convolution, ReLU, pooling, twice. The width: "
    "width = get_output_width(width, 5) for a convolution, width = get_output_width(width, 2, 2) "
    "for a pooling, in their order. linear_stack is nn.Sequential of five layers: linear, ReLU, "
    "linear, ReLU, linear; the first takes 16 * width**2 numbers. forward passes x through the "
    "three parts and returns the result.",
))  # fmt: skip
def conv_net(ConvNet) -> str:
    """Right: a class of networks with ``conv_stack``, ``flatten``, ``linear_stack`` and a
    ``linear_entry_dim`` of 4, which computes two convolutions (6 and 16 channels, kernel 5) with
    ReLU and 2×2 max pooling, then fully-connected layers of 120, 84 and 10 with ReLU after all but
    the last: 44,426 parameters. How it is written down does not matter."""
    answered(ConvNet=ConvNet)
    if isinstance(ConvNet, nn.Module):
        raise Incorrect(
            "this is a network made from the class; the check wants the class itself. "
            "Leave out the parentheses: checks.conv_net(ConvNet)."
        )
    if not isinstance(ConvNet, type) or not issubclass(ConvNet, nn.Module):
        found = f"the class {ConvNet.__name__}" if isinstance(ConvNet, type) else describe(ConvNet)
        raise Incorrect(
            f"ConvNet is {found}; expected is a class of networks. "
            "Begin with class ConvNet(nn.Module):."
        )
    net = build(ConvNet)
    judge_parts(net)
    found = run(net)
    if found.problem and any(is_lazy(p) for p in net.parameters()):
        raise found.problem
    judge_layers(net, found)
    if found.problem:
        raise found.problem
    if not isinstance(found.scores, torch.Tensor):
        raise Incorrect(
            f"forward returns {describe(found.scores)}; expected is the tensor of scores."
        )
    if found.scores.shape != (BATCH, 10):
        raise Incorrect(wrong_shape(found))
    judge_extras(net)
    judge_computation(net)
    judge_typed_numbers(ConvNet)
    return "44,426 parameters; the first fully-connected layer takes 16·4² = 256 numbers"


def judge_parts(net: nn.Module) -> None:
    """Are the four named parts there, and of a kind that can be used?"""
    missing = [name for name in PARTS if not hasattr(net, name)]
    if len(missing) == len(PARTS):
        if any(hasattr(net, name) for name in ("_init_", "__int__", "init")):
            raise Incorrect(
                "__init__ is misspelled, so Python never runs it: two underscores on each side."
            )
        if not list(net.children()):
            raise NotAnswered("fill in __init__ of ConvNet: its parts are still missing.")
    for name in PARTS:
        if name not in missing:
            answered(**{f"self.{name}": getattr(net, name)})
    if missing:
        raise Incorrect(
            f"an instance of ConvNet has no {' and no '.join(missing)}. "
            "Set each of these in __init__ with self. in front and spelled like this."
        )
    for name in ("conv_stack", "linear_stack"):
        part = getattr(net, name)
        if isinstance(part, (list, tuple, dict)):
            raise Incorrect(
                f"{name} is a Python {type(part).__name__}, and PyTorch does not look for weights "
                "in there. Put the layers into nn.Sequential(...)."
            )
        if not isinstance(part, nn.Module):
            raise Incorrect(
                f"{name} is {describe(part)}; expected are layers in a row, in nn.Sequential(...)."
            )
    if isinstance(net.flatten, type):
        raise Incorrect("flatten is a class, not a layer: call it, with parentheses after it.")
    if not callable(net.flatten):
        raise Incorrect(f"flatten is {describe(net.flatten)}; expected is the layer nn.Flatten.")
