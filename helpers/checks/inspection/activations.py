"""Networks on which task 4.4 is tried, and what a hook should record of them."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.hooks import RemovableHandle

from helpers.checks.core.calling import call_student, judge_function, on_cpu
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.known_mistakes import Advice, sentence_on
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import close
from helpers.checks.inspection.network_as_it_was import AsItWas, fill

# Parts of error messages, and what to try then.
ADVICE: Advice = (
    ("index out of range", "Nothing was kept: the hook must be on the layer while model(images) "
     "runs. Register it before, and remove it afterwards."),
    ("KeyError", "Nothing was kept: the hook must be on the layer while model(images) runs. "
     "Register it before, and remove it afterwards."),
    ("but 3 were given", "A forward hook gets three arguments: the layer, its inputs and its "
     "output."),
    ("'NoneType' object is not callable", "Hand over the hook by its name alone: with "
     "parentheses, it would be called at once."),
)  # fmt: skip


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


def record(function, model: nn.Module, layer: nn.Module, images: torch.Tensor, **words):
    """What the student's function returns; after a run of the network, None is no blank."""
    runs = []
    handle = model.register_forward_hook(lambda *_: runs.append(True))
    try:
        return call_student(function, model, layer, images, advice=ADVICE, **words)
    except NotAnswered:
        if not runs:
            raise
        raise Incorrect(
            "get_activations runs the network, but returns nothing. Return what the hook has kept. "
            "(A name that the hook sets is gone when the hook ends: let it append to a list.)"
        ) from None
    finally:
        handle.remove()


def judge_activations(recorded, seen: dict, on: str) -> None:
    """Raise unless ``recorded`` is the output in ``seen``, which ``watch`` has made."""
    right = seen["output"]
    if isinstance(recorded, (list, dict)) and not recorded:
        raise Incorrect(
            f"get_activations returned an empty {type(recorded).__name__} on {on}. The hook must "
            "be on the layer while model(images) runs: register it before, remove it afterwards."
        )
    if isinstance(recorded, RemovableHandle):
        raise Incorrect(
            f"get_activations returned the handle on {on}, which is there to remove the hook. "
            "Return what the hook has kept."
        )
    if isinstance(recorded, np.ndarray):
        raise Incorrect(
            f"get_activations returned {describe(recorded)} on {on}; expected is a tensor, as the "
            "cells below need one. Leave out .numpy()."
        )
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
    others = ((other, text) for name, text in mixed_up.items() for other in seen[name])
    named = sentence_on(recorded, others)
    if named:
        raise Incorrect(f"get_activations returned {named}")
    if any(close(recorded, one) for one in (right[:1], right[0])):
        raise Incorrect(
            "get_activations returned the output for the first image only; expected is the "
            f"output for all {len(right)} images. Leave out the index."
        )
    if recorded.numel() == right.numel() and close(recorded.reshape(right.shape), right):
        raise Incorrect(
            f"get_activations returned the right numbers on {on}, but in the shape "
            f"{show_shape(recorded.shape)}; expected is {show_shape(right.shape)}. Return the "
            "output as the hook got it: from a list, take it out with [0]."
        )
    if close(recorded, right.relu()):
        raise Incorrect(
            f"get_activations returned the output on {on} without its negative numbers. Return it "
            "as the hook got it, without a ReLU."
        )
    raise Incorrect(
        f"get_activations returned {describe(recorded)} on {on}; expected is the layer's output "
        f"during model(images), of shape {show_shape(right.shape)}"
        + (", with other numbers. " if recorded.shape == right.shape else ". ")
        + "Let model(images) run as a whole and have a forward hook keep the output as it is."
    )


@check("4.4", "Catch the output of a layer", hints=(
    "Write the hook first, as a small function of its own: it gets layer, inputs and output, and "
    "appends the output to a list that you made before.",
    "Five steps: an empty list; handle = layer.register_forward_hook(your hook); model(images), "
    "whose result you need not keep; handle.remove(); return the one thing that is in the list.",
))  # fmt: skip
@on_cpu
def activations(get_activations) -> str:
    """Right: what ``layer`` gives while ``model(images)`` runs; no hook stays behind."""
    judge_function(get_activations, "get_activations")
    generator = seeded(44)
    earlier: list[torch.Tensor] = []
    for number, (model, layer, shape, on) in enumerate(cases()):
        fill(model.eval(), generator)
        images = torch.rand(shape, generator=generator)
        as_it_was, seen = AsItWas(model), watch(model, layer, images)
        given = images.clone()
        with torch.enable_grad():
            recorded = record(get_activations, model, layer, given, on=on, again=number > 0)
        if not torch.equal(given.detach(), images):
            raise Incorrect(
                "get_activations changed the images that it was given. Hand them to model as they "
                "are."
            )
        judge_activations(recorded, seen | {"earlier": earlier}, on)
        as_it_was.judge("get_activations")
        earlier.append(seen["output"])
    return "the hook noted the layer's output during the forward pass, and is gone again"
