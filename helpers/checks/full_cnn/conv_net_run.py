"""Making the student's network of task 3.1, and passing images through it, without a crash."""

import copy
import inspect
import math
from dataclasses import dataclass

import torch
from torch import nn

from helpers.checks.core.calling import call
from helpers.checks.core.conv_nets import conv_net, difference
from helpers.checks.core.describing import sentence, show_shape
from helpers.checks.core.known_mistakes import Advice, advice_on
from helpers.checks.core.network_runs import draw_images
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import close, is_blank
from helpers.layers import Recording, recorded

PARTS = ("conv_stack", "flatten", "linear_stack", "linear_entry_dim")
LAYERS = conv_net((6, 16), 5)
BATCH = 3


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
    try:
        return copy.deepcopy(net).cpu()
    except ValueError:  # as of nn.LazyBatchNorm2d; other lazy layers can be copied
        raise Incorrect(
            "an instance of ConvNet has a layer that does not know its sizes yet and cannot be "
            "copied. Take a layer that is told its sizes, without Lazy in its name."
        ) from None


_SUPER = (
    "__init__ does not start with super().__init__(), which makes the network ready to take "
    "layers in. Put it into the first line of __init__."
)


# What the network could not be built for, and what to say in place of Python's words.
_NOT_BUILT: Advice = (
    ("Module.__init__() call", _SUPER),
    *((f"{kind} is not a Module", "nn.Sequential got its layers in brackets of their own. Give it "
       "the layers one after the other, separated by commas.") for kind in ("list", "tuple")),
    ("is not a Module subclass", "one of the things in nn.Sequential is not a layer. A layer is "
     "made by calling its class, with parentheses also where there is nothing to say: nn.ReLU()."),
    ("the kernel reaches over", "get_output_width was told that the kernel is larger than its "
     "image. It takes the width that comes in, the kernel size and the stride, in this order."),
)  # fmt: skip


def _why_not_built(message: str) -> str:
    said = advice_on(message, _NOT_BUILT)
    if not said and "object has no attribute" in message:
        return f"{message} Inside __init__, set it as self.… before the line that uses it."
    return said or message


@dataclass
class Run:
    """One call of a network: what it was given and gave, what happened, and what went wrong."""

    images: torch.Tensor
    scores: object
    recording: Recording
    problem: Incorrect | NotAnswered | None = None

    def difference(self) -> str:
        """In which way it is not a run of the layers asked for, in sentences; else empty."""
        return difference(self.recording.path(), LAYERS, self.images, self.scores)

    def arrived(self, layer: nn.Module) -> torch.Size | None:
        """The shape of what came to ``layer``, or None if nothing did."""
        calls = (
            op for op in self.recording.operations if any(x is layer.weight for x in op.constants)
        )
        return next((op.inputs[0].shape for op in calls), None)


def run(net: nn.Module) -> Run:
    """The network's answer to a batch, with what went wrong explained if it can be."""
    images = draw_images(net, 32, (BATCH, 1, 28, 28))
    with torch.no_grad(), recorded(net) as recording:
        try:
            scores, problem = call(net, images, on=f"a batch of {BATCH} images"), None
        except (Incorrect, NotAnswered) as error:
            scores, problem = None, error
    found = Run(images, scores, recording, problem)
    happened = recording.operations
    if isinstance(problem, Incorrect):
        found.problem = Incorrect(_why_not_run(problem.message, found))
    elif scores is Ellipsis:
        found.problem = NotAnswered("forward of ConvNet returns dots (...). Return the scores.")
    elif scores is None and not problem and not happened:
        found.problem = NotAnswered("fill in forward of ConvNet: it returns nothing yet.")
    elif scores is None and not problem:
        found.problem = Incorrect(
            "forward passes the images through layers, but returns nothing. "
            "End it with return and the scores."
        )
    return found


def _why_not_run(message: str, run: Run) -> str:
    happened = [op for op in run.recording.operations if op.kind in ("convolution", "linear")]
    if "Module [ModuleList]" in message:
        return (
            "an nn.ModuleList is a list and cannot be called. Go through it layer by layer in "
            "forward, or put the layers into nn.Sequential(...)."
        )
    if 'missing the required "forward"' in message:
        return (
            "the class has no forward. Define forward(self, x) inside the class, "
            "at the same depth as __init__."
        )
    if ".forward() " in message and "positional argument" in message and not happened:
        return "forward should take self and the images, nothing else: def forward(self, x)."
    if any(f"name '{part}' is not defined" in message for part in PARTS):
        return f"{message} In forward, the parts need self. in front."
    if "object has no attribute" in message and not happened:
        return f"{message} In forward, use the names that you set in __init__."
    if not run.recording.operations or run.recording.operations[-1].output is not None:
        return message  # no operation of PyTorch's raised this
    last = run.recording.operations[-1]
    shape = tuple(last.inputs[0].shape)
    if last.kind == "convolution" and len(shape) != 4:
        return (
            f"a convolution got a tensor of shape {show_shape(shape)}; it takes a batch of images, "
            f"such as [{BATCH}, 1, 28, 28]. In forward, x is a batch already: pass it through "
            "conv_stack first, as it is, and flatten after that."
        )
    if last.kind != "linear":
        return run.difference() or message
    found = f"the fully-connected layers got a tensor of shape {show_shape(shape)}"
    if len(shape) > 1 and close(last.inputs[0].flatten(1), run.images.flatten(1)):
        return (
            f"{found}: these are the images, as if conv_stack had not seen them. Keep what each "
            "part returns, and give it to the next one: x = self.conv_stack(x)."
        )
    if len(shape) == 4:
        return (
            f"{found}: these are still maps with height and width. "
            "In forward, pass them through self.flatten in between."
        )
    if len(shape) != 2 or shape[0] != BATCH:
        said = f" {sentence(run.difference())}".rstrip()
        return (
            f"{found} for a batch of {BATCH} images; they take one row of numbers for each image."
            f"{said} Flatten all but the first dimension, which counts the images (nn.Flatten as "
            "it comes does so)."
        )
    width = math.isqrt(shape[1] // 16)
    maps = f" (16 maps of {width}×{width})" if width and 16 * width**2 == shape[1] else ""
    found = (
        f"{shape[1]} numbers per image{maps} come to a fully-connected layer that takes "
        f"{last.constants[0].shape[-1]}."
    )
    return f"{found} {sentence(run.difference())}".rstrip()


def wrong_shape(run: Run) -> str:
    """What to say of a result that is not ten scores per image."""
    return (
        f"for a batch of {BATCH} images forward returns a tensor of shape "
        f"{show_shape(run.scores.shape)}; expected are ten scores per image, [{BATCH}, 10]. "
        f"{sentence(run.difference()) or 'Return what linear_stack gives, as it is.'}"
    )
