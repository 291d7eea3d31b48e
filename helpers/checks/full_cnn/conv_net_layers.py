"""How the check of task 3.1 looks at the layers of the student's network."""

import operator

from torch import nn

from helpers.checks.core.describing import counted
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import whole_number
from helpers.checks.full_cnn.conv_net_run import Run

CONVOLUTIONS = ((1, 6), (6, 16))
LINEARS = ((256, 120), (120, 84), (84, 10))
ORDINALS = ("first", "second", "third")
PARAMETERS = 44_426

# What linear_entry_dim is when the sum stops at the wrong place.
OTHER_WIDTHS = {
    28: "that is the width of the image itself, before any layer",
    24: "that is the width after the first convolution only",
    12: "that is the width after the first convolution and its pooling",
    8: "that is the width after the second convolution, with one pooling only",
    20: "that is the width after two convolutions without any pooling",
    10: "that is the width with both convolutions but only one pooling",
    14: "that is the image after one pooling alone; each step starts from the last result",
    18: "that is what comes out if the poolings move by 1; a 2×2 pooling has a stride of 2",
    16: "that looks like the number of channels, or like all pixels of one map; asked for is the "
    "width of one map, in pixels",
    256: "that is how many numbers enter the first fully-connected layer; asked for is the width "
    "of one map, in pixels",
}

# What the first fully-connected layer takes when something is left out of the product.
OTHER_ENTRIES = {
    64: "It is one row of each of the 16 maps; but a map is as high as it is wide.",
    16: "It is one map, or one pixel of each; but all 16 maps come in whole.",
    4: "It is one row of one map; but all 16 maps come in whole.",
    784: "It is the number of pixels of the image; but what comes in here has left conv_stack.",
}


def judge_layers(net: nn.Module, run: Run) -> None:
    """Convolutions, the width that enters the fully-connected layers, and these layers."""
    for module in net.modules():
        kind = type(module).__name__
        if kind.startswith(("Conv", "MaxPool")) and kind.endswith(("1d", "3d")):
            raise Incorrect(
                f"there is a {kind} in your network; images have a height and a width, so take "
                f"{kind[:-2]}2d."
            )
    convs = [m for m in net.conv_stack.modules() if isinstance(m, nn.Conv2d)]
    linears = [m for m in net.linear_stack.modules() if isinstance(m, nn.Linear)]
    if len(convs) != 2:
        raise Incorrect(
            f"conv_stack holds {counted(len(convs), 'convolution layer')} (nn.Conv2d); "
            "asked for are 2."
        )
    for ordinal, conv, sizes in zip(ORDINALS, convs, CONVOLUTIONS, strict=False):
        _judge_convolution(f"the {ordinal} convolution", conv, *sizes)
    width = whole_number(net.linear_entry_dim, "linear_entry_dim")
    if width != 4:
        what = sentence_on(width, OTHER_WIDTHS.items(), operator.eq)
        what = what or "that is not the width of one map when it leaves your conv_stack"
        raise Incorrect(
            f"linear_entry_dim is {width}: {what}. Start at 28 and call get_output_width once "
            "for each convolution and each pooling; pooling moves by its kernel size."
        )
    if len(linears) != 3:
        raise Incorrect(
            f"linear_stack holds {counted(len(linears), 'fully-connected layer')} (nn.Linear); "
            "asked for are 3."
        )
    for ordinal, linear, sizes in zip(ORDINALS, linears, LINEARS, strict=False):
        came = run.arrived(linear)
        if came and came[-1] == linear.in_features != sizes[0] and (said := run.difference()):
            raise Incorrect(said)  # it takes what comes in, as lazy layers do: look before it
        _judge_linear(f"the {ordinal} fully-connected layer", linear, *sizes)


def _judge_convolution(which: str, conv: nn.Conv2d, channels_in: int, channels_out: int) -> None:
    if (conv.in_channels, conv.out_channels) == (channels_out, channels_in):
        raise Incorrect(
            f"{which} takes {channels_out} channels in and gives {channels_in} out; it should be "
            "the other way round. The channels that come in are the first argument."
        )
    if conv.in_channels != channels_in:
        why = "the images are grey" if channels_in == 1 else "that is what the first one gives out"
        found = counted(conv.in_channels, "channel")
        raise Incorrect(f"{which} takes {found} in; it should take {channels_in}: {why}.")
    if conv.out_channels != channels_out:
        raise Incorrect(
            f"{which} gives {counted(conv.out_channels, 'channel')} out; "
            f"asked for are {channels_out}."
        )
    if tuple(conv.kernel_size) != (5, 5):
        raise Incorrect(
            f"{which} has a kernel of {'×'.join(map(str, conv.kernel_size))} pixels; "
            "asked for is 5×5."
        )
    if conv.padding not in ((0, 0), "valid"):
        raise Incorrect(f"{which} pads the image (padding={conv.padding}); leave padding out here.")
    for name, usual in (("stride", (1, 1)), ("dilation", (1, 1)), ("groups", 1)):
        if getattr(conv, name) != usual:
            raise Incorrect(f"{which} has {name}={getattr(conv, name)}; leave {name} out here.")
    if conv.bias is None:
        raise Incorrect(f"{which} has no bias; leave bias=False out here.")


def _judge_linear(which: str, linear: nn.Linear, numbers_in: int, numbers_out: int) -> None:
    found = (linear.in_features, linear.out_features)
    if found == (numbers_out, numbers_in):
        raise Incorrect(
            f"{which} takes {numbers_out} numbers and gives {numbers_in}; it should be the other "
            "way round. The numbers that come in are the first argument."
        )
    if linear.in_features != numbers_in:
        why = "It should take as many as the layer before gives."
        if numbers_in == 256:
            why = sentence_on(linear.in_features, OTHER_ENTRIES.items(), operator.eq)
            why = why or "Count what leaves conv_stack for one image: channels × height × width."
        found = counted(linear.in_features, "number")
        raise Incorrect(f"{which} takes {found}; that is not what comes in. {why}")
    if linear.bias is None:
        raise Incorrect(f"{which} has no bias; leave bias=False out here.")


def judge_extras(net: nn.Module) -> None:
    """Nothing that was not asked for: layers of later notebooks, further parameters."""
    for module in net.modules():
        kind = type(module).__name__
        if kind.startswith(("Dropout", "BatchNorm")):
            raise Incorrect(
                f"there is a {kind} in your network. A good idea that comes in notebook 5; "
                "here, leave it out."
            )
    owned = [p for part in (net.conv_stack, net.linear_stack) for p in part.parameters()]
    known = {id(p) for p in owned}
    extra = [name for name, p in net.named_parameters() if id(p) not in known]
    total = sum(p.numel() for p in net.parameters())
    if extra or total != PARAMETERS:
        where = f" Besides the two stacks there are: {', '.join(extra[:4])}." if extra else ""
        raise Incorrect(
            f"your network has {total:,} parameters; the layers asked for have {PARAMETERS:,}."
            f"{where} Take out what is not in the list of layers."
        )
