"""Making, calling and watching the networks that a student has built in notebook 05."""

from collections.abc import Sequence
from contextlib import contextmanager

import torch
from torch import nn

from helpers.checks.core.calling import attempt
from helpers.checks.core.conv_nets import Layer, difference
from helpers.checks.core.describing import counted, describe, show_shape, show_size
from helpers.checks.core.known_mistakes import Advice, advice_on
from helpers.checks.core.network_runs import draw_images, draw_weights, run_difference
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import answered, are_probabilities
from helpers.layers import INPUT, Operation, recorded


def build_network(network, name: str) -> nn.Module:
    """An instance of the student's class."""
    answered(**{name: network})
    if isinstance(network, nn.Module):
        raise Incorrect(
            f"{name} is an instance of your class; expected is the class itself. "
            "Leave out the parentheses."
        )
    if not callable(network):
        raise Incorrect(f"{name} is {describe(network)}; expected is a class of nn.Module.")
    model = uncompiled(call_network(network, on="a call without arguments"))
    if not isinstance(model, nn.Module):
        raise Incorrect(
            f"{name} makes an object of type {type(model).__name__}; expected is a network. "
            f"Let the class inherit from nn.Module: class {name}(nn.Module)."
        )
    if "_modules" not in vars(model):  # nn.Module.__init__ never ran
        raise Incorrect(
            f"{name} sets its own numbers only. Begin __init__ with super().__init__()."
        )
    judge_lists(model)
    return model


def uncompiled(model):
    """The network inside ``torch.compile(model)``; anything else as it is."""
    return getattr(model, "_orig_mod", model)


@contextmanager
def without_compiling(model: nn.Module):
    """Let a network on which ``model.compile()`` was called run as it was written."""
    compiled = [m for m in model.modules() if getattr(m, "_compiled_call_impl", None) is not None]
    calls = [module._compiled_call_impl for module in compiled]
    for module in compiled:
        module._compiled_call_impl = None
    try:
        yield
    finally:
        for module, call in zip(compiled, calls, strict=True):
            module._compiled_call_impl = call


def judge_lists(model: nn.Module) -> None:
    """Raise if layers are kept in a list or dictionary of Python's, where the model is blind."""
    known = set(model.modules())
    for module in known:
        for name, value in vars(module).items():
            if name.startswith("_") or not isinstance(value, (list, tuple, dict)):
                continue
            items = value.values() if isinstance(value, dict) else value
            if any(isinstance(item, nn.Module) and item not in known for item in items):
                raise Incorrect(
                    f"{name} is a {type(value).__name__} with layers in it, which the network does "
                    "not find there: they are neither counted nor trained. Put them into "
                    "nn.Sequential, or nn.ModuleList."
                )


def call_network(function, *args, on: str, advice: Advice = ()):
    """``attempt``, with the usual errors of networks in a student's words."""
    try:
        return attempt(function, *args, on=on)
    except Incorrect as error:
        if "'NoneType' object is not callable" in error.message:
            name = error.message.split(" ", 1)[0]
            raise NotAnswered(
                f"{name} calls something that is None. Give that a value first."
            ) from None
        hint = advice_on(error.message, _ADVICE, advice)
        raise Incorrect(f"{error.message.rstrip('.')}. {hint}".rstrip()) from None


# Parts of error messages, and what to try then.
_ADVICE = (
    ("before Module.__init__() call", "Begin __init__ with super().__init__()."),
    ("list is not a Module", "Write a star in front of a list of layers: nn.Sequential(*layers)."),
    ("is not a Module subclass", "A layer is made by calling its class, with parentheses."),
    ("Module [ModuleList]", "A list of layers is no network yet: nn.Sequential(*layers) calls "
     "one after the other."),
    ('required "forward" function', "Write def forward(self, x) in the class, on the level of "
     "__init__."),
    ("dropout probability", "0.5, for example, drops half of the numbers."),
    ("but got float", "A size must be a whole number: divide with // in place of /."),
    ("missing 1 required positional argument: 'num_features'",
     "A BatchNorm wants to know how many channels or numbers come in."),
)  # fmt: skip


def images_for(model: nn.Module, count: int, shape: tuple = (1, 28, 28)) -> torch.Tensor:
    """Random images with values from 0 to 1, where and of the type that ``model`` works with."""
    generator = seeded(count)
    images = torch.rand(count, *shape, generator=generator, device="cpu")
    first = next(model.parameters(), images)
    return images.to(first.device, first.dtype)


def run(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What ``model`` returns for ``images``, without gradients."""
    with torch.no_grad():
        return model(images)


def scores_of(
    model: nn.Module, images: torch.Tensor, on: str, layers: Sequence[Layer] = ()
) -> torch.Tensor:
    """The scores of ``images``, which must be [N, 10]; ``layers`` are those that are asked for."""
    name = type(model).__name__
    with torch.no_grad(), recorded(model) as recording:
        try:
            scores = call_network(model, images, on=on)
        except Incorrect as error:
            path = recording.path()
            if said := difference(path, layers, images) if layers else "":
                said = f"{name} fails on {on}. What differs from what is asked for: {said}"
            elif said := _why_not_run(path, images, error.message):
                said = f"{name} fails on {on}: {said}"
            raise Incorrect(said or error.message) from None
    if not isinstance(scores, torch.Tensor):
        raise Incorrect(
            f"{name} returned {describe(scores)} on {on}; expected is a tensor of scores. "
            "Return the result of the last layer."
        )
    if scores.shape == (len(images), 10):
        return scores
    found = (
        f"{name} returned the shape {show_shape(scores.shape)} on {on}; expected is "
        f"{show_shape((len(images), 10))}"
    )
    if scores.shape == (3 * len(images), 10) and images.shape[1] == 3:
        raise Incorrect(
            f"{found}. The 3 colours are treated as 3 images; they are channels of one image."
        )
    if scores.dim() > 2 and len(scores) == len(images):
        raise Incorrect(f"{found}. Put nn.Flatten() in front of the first linear layer.")
    said = difference(recording.path(), layers, images, scores) if layers else ""
    raise Incorrect(
        f"{found}: {said or 'for each image one score per class, of which there are 10.'}"
    )


def _why_not_run(path: Sequence[Operation], images: torch.Tensor, message: str) -> str:
    """What to say of the operation that raised an error, if one did."""
    if not path or path[-1].output is not None:
        return ""
    last, shape = path[-1], tuple(path[-1].inputs[0].shape)
    size = show_size(shape[2:])
    if last.kind == "linear" and len(shape) > 2:
        return (
            f"a linear layer gets the shape {show_shape(shape)}, not one row of numbers for each "
            "image. Put nn.Flatten() in front of the first linear layer."
        )
    if last.kind == "linear" and (len(shape) != 2 or len(images) != shape[0]):
        return (
            f"a linear layer gets the shape {show_shape(shape)} for {len(images)} images; it takes "
            "one row of numbers for each image. Flatten all but the first dimension, with "
            "nn.Flatten() or flatten(1)."
        )
    if last.kind == "linear":
        takes = next(x for x in last.constants if x.dim() > 1).shape[-1]
        return (
            f"a linear layer is made for {takes} numbers, but gets "
            f"{shape[1]}. Compute its size from that of the image, with get_output_width."
        )
    if last.kind == "convolution" and len(shape) != 4:
        return (
            f"a convolution gets the shape {show_shape(shape)}; it takes images or maps, with four "
            "dimensions: [images, channels, height, width]."
        )
    if last.kind == "convolution" and "channels" in message:
        takes = last.constants[0].shape[1] * last.settings.get("groups", 1)
        if last.sources == (INPUT,):
            colours = "grey" if shape[1] == 1 else "colour"
            return (
                f"the first convolution takes {counted(takes, 'channel')} in; {colours} images "
                f"have {shape[1]}. Change its first argument."
            )
        return (
            f"a convolution is made for {counted(takes, 'channel')}, but gets {shape[1]}. It takes "
            "in what the layer before it gives out."
        )
    if "Kernel size can't be greater" in message or "Output size is too small" in message:
        return (
            f"there is less image left than a kernel needs, {size} pixels. Pool less often, or "
            "take smaller kernels."
        )
    return ""


def judge_layers(
    model: nn.Module, layers: Sequence[Layer], shape: Sequence[int], prefix: str = ""
) -> None:
    """Raise unless ``model``, in its mode, computes what ``layers`` do; its weights are drawn anew.

    ``shape`` is that of a batch, ``[N, C, H, W]``.
    """
    draw_weights(model, 50)
    images = draw_images(model, 51, shape)
    if said := run_difference(model, layers, images):
        raise Incorrect(prefix + said)


def judge_scores(model: nn.Module, scores: torch.Tensor) -> None:
    """Raise unless ``scores`` of a new network are finite, and not probabilities already."""
    name = type(model).__name__
    if not scores.is_floating_point():
        raise Incorrect(
            f"{name} returned numbers of type {scores.dtype}; scores are of type torch.float32. "
            "Return the result of the last layer as it is."
        )
    if not scores.isfinite().all():
        raise Incorrect(
            f"{name} returned scores that are not finite (nan or inf). Look in forward for a "
            "division by zero, or a logarithm of 0."
        )
    if are_probabilities(scores, 1, 1e-3):
        raise Incorrect(
            f"the scores of {name} are probabilities already, as after softmax. Leave the softmax "
            "out: the loss function applies it."
        )
