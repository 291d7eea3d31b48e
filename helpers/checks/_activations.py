"""Networks on which task 4.4 is tried, and what a hook should record of them."""

import torch
from torch import nn
from torch.nn import functional

from helpers.checks._feedback import Incorrect
from helpers.checks._reading import close, describe, show_shape


class _Winding(nn.Module):
    """A network whose parts cannot simply be called one after the other."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(18, 5)
        self.features = nn.ModuleDict({"wide": nn.Conv2d(1, 2, 3), "deep": nn.Conv2d(2, 2, 3)})

    def forward(self, x):
        x = functional.max_pool2d(torch.tanh(self.features["wide"](2 * x - 1)), 2)
        return self.head(self.features["deep"](x.abs() + 0.5)[:, :, 1:, 1:].flatten(1))


def cases() -> list[tuple[nn.Module, nn.Module, tuple[int, ...], str]]:
    """A network, one of its layers, the shape of its images, and words for the three."""
    straight = nn.Sequential(
        nn.Conv2d(1, 1, 3), nn.Tanh(), nn.Conv2d(1, 4, 3), nn.Sigmoid(), nn.Flatten()
    )
    winding = _Winding()
    return [
        (straight, straight[2], (4, 1, 10, 10), "the third layer of a Sequential"),
        (winding, winding.features["deep"], (3, 1, 14, 14), "a layer inside a part of a network"),
        (straight, straight[1], (2, 1, 10, 10), "the first network again, with another layer"),
        (straight, straight[2], (4, 1, 10, 10), "the first network again, with other images"),
    ]


def watch(model: nn.Module, layer: nn.Module, images: torch.Tensor) -> dict:
    """The output of ``layer`` during ``model(images)``, and lists of what may be mixed up."""
    seen = {"images": [images]}
    handle = layer.register_forward_hook(
        lambda _layer, inputs, output: seen.update(input=[inputs[0]], output=output)
    )
    with torch.no_grad():
        seen["scores"] = [model(images)]
        handle.remove()
        try:
            seen["direct"] = [layer(images)]
        except RuntimeError:
            seen["direct"] = []
    return seen


def judge_activations(recorded, seen: dict, on: str) -> None:
    """Raise unless ``recorded`` is the output in ``seen``, which ``watch`` has made."""
    right = seen["output"]
    if isinstance(recorded, (list, tuple, dict)):
        raise Incorrect(
            f"get_activations returned a {type(recorded).__name__} on {on}; expected is one "
            "tensor, the layer's output. (The inputs that a hook gets are a tuple; the output "
            "is not. What you put into a list or dict must be taken out again.)"
        )
    if not isinstance(recorded, torch.Tensor):
        raise Incorrect(
            f"get_activations returned {describe(recorded)} on {on}; expected is the tensor that "
            "the hook saw as the layer's output."
        )
    if close(recorded, right):
        return
    mixed_up = {
        "input": "the layer's input. A forward hook gets the layer, its inputs and its output: "
        "keep the last of the three (and use a forward hook, not a pre-hook).",
        "scores": "the output of the whole network. Return what the hook has kept.",
        "direct": "what the layer makes of the images directly. It must see what the layers "
        "before it made of them: call model(images) and let a hook keep the output.",
        "images": "the images. Return what the hook has kept.",
        "earlier": "what an earlier call had recorded. Start each call with nothing kept.",
    }
    for name, text in mixed_up.items():
        if any(close(recorded, other) for other in seen[name]):
            raise Incorrect(f"get_activations returned {text}")
    if any(close(recorded, one) for one in (right[:1], right[0])):
        raise Incorrect(
            "get_activations returned the output for the first image only; expected is the "
            f"output for all {len(right)} images. Leave out the index."
        )
    raise Incorrect(
        f"get_activations returned {describe(recorded)} on {on}; expected is the layer's output "
        f"during model(images), of shape {show_shape(right.shape)}"
        + (", with other numbers. " if recorded.shape == right.shape else ". ")
        + "Let model(images) run as a whole and have a hook keep the output as it is."
    )
