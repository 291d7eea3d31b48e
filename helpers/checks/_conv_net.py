"""How the check of task 3.1 looks at the student's network: its parts, layers and forward."""

import copy
import inspect
import math

import torch
from torch import nn

from helpers.checks._bench import call
from helpers.checks._feedback import Incorrect, NotAnswered
from helpers.checks._reading import describe, is_blank, show_shape, whole_number

PARTS = ("conv_stack", "flatten", "linear_stack", "linear_entry_dim")
CONVOLUTIONS = ((1, 6), (6, 16))
LINEARS = ((256, 120), (120, 84), (84, 10))
ORDINALS = ("first", "second", "third")
PARAMETERS = 44_426
BATCH = 3

# What linear_entry_dim is when the sum stops at the wrong place.
OTHER_WIDTHS = {
    28: "that is the width of the image itself, before any layer",
    24: "that is the width after the first convolution only",
    12: "that is the width after the first convolution and its pooling",
    8: "that is the width after the second convolution, with one pooling only",
    20: "that is the width after two convolutions without any pooling",
    10: "that is the width with both convolutions but only one pooling",
    16: "that looks like the number of channels, or like all pixels of one map; asked for is the "
    "width of one map, in pixels",
    256: "that is how many numbers enter the first fully-connected layer; asked for is the width "
    "of one map, in pixels",
}

# What the first fully-connected layer takes when something is left out of the product.
OTHER_ENTRIES = {
    64: "That is one row of each of the 16 maps; but a map is as high as it is wide.",
    16: "That is one map, or one pixel of each; but all 16 maps come in whole.",
    4: "That is one row of one map; but all 16 maps come in whole.",
    784: "Those are the pixels of the image; but what comes in here has left conv_stack.",
}


def build(network_class) -> nn.Module:
    """A copy of an instance of the student's class, so that nothing of theirs is changed."""
    for name, value in vars(network_class).items():
        if isinstance(value, nn.Module):
            raise Incorrect(
                f"{name} stands in the class, outside of __init__, so all instances would share "
                f"it and PyTorch does not see its weights. Set self.{name} inside __init__."
            )
    try:
        inspect.signature(network_class).bind()
    except TypeError:
        raise Incorrect(
            "your __init__ asks for further arguments; ConvNet() should work without any. "
            "Leave only self, or give the others default values."
        ) from None
    except ValueError:
        pass  # a class without a readable signature: the call below will tell
    try:
        net = call(network_class)
    except Incorrect as error:
        raise Incorrect(_why_not_built(error.message)) from None
    parts = {name: vars(net)[name] for name in PARTS if name in vars(net)}
    if "_modules" not in vars(net):  # nn.Module.__init__ never ran
        if any(not is_blank(value) for value in parts.values()):
            raise Incorrect(_SUPER)
        raise NotAnswered("fill in __init__ of ConvNet: its parts are still missing.")
    return copy.deepcopy(net).cpu()


_SUPER = (
    "__init__ does not start with super().__init__(), which makes the network ready to take "
    "layers in. Put it into the first line of __init__."
)


def _why_not_built(message: str) -> str:
    if "Module.__init__() call" in message:
        return _SUPER
    if "list is not a Module" in message or "tuple is not a Module" in message:
        return (
            "nn.Sequential got its layers in brackets of their own. Give it the layers one after "
            "the other, separated by commas."
        )
    if "is not a Module subclass" in message:
        return (
            "one of the things in nn.Sequential is not a layer. A layer is made by calling its "
            "class, with parentheses also where there is nothing to say: nn.Flatten()."
        )
    if "object has no attribute" in message:
        return f"{message} Inside __init__, set it as self.… before the line that uses it."
    return message


def look_at_parts(net: nn.Module) -> None:
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
        if name not in missing and is_blank(getattr(net, name)):
            raise NotAnswered(f"put your answer in place of the dots for self.{name}.")
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


def trace(net: nn.Module, images: torch.Tensor) -> tuple[object, Incorrect | NotAnswered | None]:
    """The network's answer to ``images`` and what went wrong, explained if it can be."""
    entered: list[tuple[nn.Module, torch.Size]] = []
    layers = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]

    def note(module, inputs):
        if inputs and isinstance(inputs[0], torch.Tensor):
            entered.append((module, inputs[0].shape))

    handles = [module.register_forward_pre_hook(note) for module in layers]
    try:
        with torch.no_grad():
            scores = call(net, images, on=f"a batch of {BATCH} images")
    except Incorrect as error:
        return None, _why_not_run(error.message, entered)
    except NotAnswered as error:
        return None, error
    finally:
        for handle in handles:
            handle.remove()
    if scores is Ellipsis or (scores is None and not entered):
        return None, NotAnswered("fill in forward of ConvNet: it returns nothing yet.")
    if scores is None:
        return None, Incorrect(
            "forward passes the images through layers, but returns nothing. "
            "End it with return and the scores."
        )
    return scores, None


def _why_not_run(message: str, entered: list[tuple[nn.Module, torch.Size]]) -> Incorrect:
    if "Module [ModuleList]" in message:
        return Incorrect(
            "an nn.ModuleList is a list and cannot be called. Go through it layer by layer in "
            "forward, or put the layers into nn.Sequential(...)."
        )
    if 'missing the required "forward"' in message:
        return Incorrect(
            "the class has no forward. Define forward(self, x) inside the class, "
            "at the same depth as __init__."
        )
    if ".forward() " in message and "positional argument" in message and not entered:
        return Incorrect(
            "forward should take self and the images, nothing else: def forward(self, x)."
        )
    if any(f"name '{part}' is not defined" in message for part in PARTS):
        return Incorrect(f"{message} In forward, the parts need self. in front.")
    layer, shape = entered[-1] if entered else (None, ())
    if not isinstance(layer, nn.Linear):
        return Incorrect(message)
    found = f"the fully-connected layers got a tensor of shape {show_shape(shape)}"
    if len(shape) == 4:
        return Incorrect(
            f"{found}: these are still maps with height and width. "
            "In forward, pass them through self.flatten in between."
        )
    if len(shape) != 2 or shape[0] != BATCH:
        return Incorrect(
            f"{found} for a batch of {BATCH} images, so images were mixed up or maps kept apart. "
            "Flatten all but the first dimension, which counts the images (nn.Flatten as it comes "
            "does so)."
        )
    width = math.isqrt(shape[1] // 16)
    maps = f" (16 maps of {width}×{width})" if width and 16 * width**2 == shape[1] else ""
    return Incorrect(
        f"{shape[1]} numbers per image{maps} come to a fully-connected layer that takes "
        f"{layer.in_features}. Is there a 2×2 max pooling after each of the two convolutions, and "
        "does each layer give as many numbers as the next one takes?"
    )


def look_at_layers(net: nn.Module) -> None:
    """Convolutions, the width that enters the fully-connected layers, and these layers."""
    convs = [m for m in net.conv_stack.modules() if isinstance(m, nn.Conv2d)]
    linears = [m for m in net.linear_stack.modules() if isinstance(m, nn.Linear)]
    if len(convs) != 2:
        raise Incorrect(
            f"conv_stack holds {_count(len(convs), 'convolution layer')} (nn.Conv2d); "
            "asked for are 2."
        )
    for ordinal, conv, sizes in zip(ORDINALS, convs, CONVOLUTIONS, strict=False):
        _look_at_convolution(f"the {ordinal} convolution", conv, *sizes)
    width = whole_number(net.linear_entry_dim, "linear_entry_dim")
    if width != 4:
        what = OTHER_WIDTHS.get(
            width, "that is not the width of one map when it leaves your conv_stack"
        )
        raise Incorrect(
            f"linear_entry_dim is {width}: {what}. Start at 28 and apply the size function once "
            "for each convolution and each pooling; pooling moves by its kernel size."
        )
    if len(linears) != 3:
        raise Incorrect(
            f"linear_stack holds {_count(len(linears), 'fully-connected layer')} (nn.Linear); "
            "asked for are 3."
        )
    for ordinal, linear, sizes in zip(ORDINALS, linears, LINEARS, strict=False):
        _look_at_linear(f"the {ordinal} fully-connected layer", linear, *sizes)


def _look_at_convolution(which: str, conv: nn.Conv2d, channels_in: int, channels_out: int) -> None:
    if (conv.in_channels, conv.out_channels) == (channels_out, channels_in):
        raise Incorrect(
            f"{which} takes {channels_out} channels in and gives {channels_in} out; it should be "
            "the other way round. The channels that come in are the first argument."
        )
    if conv.in_channels != channels_in:
        why = "the images are grey" if channels_in == 1 else "that is what the first one gives out"
        found = _count(conv.in_channels, "channel")
        raise Incorrect(f"{which} takes {found} in; it should take {channels_in}: {why}.")
    if conv.out_channels != channels_out:
        raise Incorrect(
            f"{which} gives {_count(conv.out_channels, 'channel')} out; "
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


def _look_at_linear(which: str, linear: nn.Linear, numbers_in: int, numbers_out: int) -> None:
    found = (linear.in_features, linear.out_features)
    if found == (numbers_out, numbers_in):
        raise Incorrect(
            f"{which} takes {numbers_out} numbers and gives {numbers_in}; it should be the other "
            "way round. The numbers that come in are the first argument."
        )
    if linear.in_features != numbers_in:
        why = "It should take as many as the layer before gives."
        if numbers_in == 256:
            why = OTHER_ENTRIES.get(
                linear.in_features,
                "Count what leaves conv_stack for one image: channels × height × width.",
            )
        raise Incorrect(f"{which} takes {linear.in_features} numbers. {why}")
    if linear.out_features != numbers_out:
        raise Incorrect(
            f"{which} gives {linear.out_features} numbers; asked for are {numbers_out}."
        )
    if linear.bias is None:
        raise Incorrect(f"{which} has no bias; leave bias=False out here.")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def look_at_the_rest(net: nn.Module) -> None:
    """Nothing that was not asked for: layers of later notebooks, further parameters."""
    for module in net.modules():
        kind = type(module).__name__
        if kind.startswith(("Dropout", "BatchNorm")):
            raise Incorrect(
                f"there is a {kind} in your network. A good idea that comes in notebook 05; "
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
