"""Networks on which task 4.4 is tried, and what a hook should record of them."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.hooks import RemovableHandle

from helpers.checks.core.calling import USUAL_ADVICE, call_student, judge_function, on_cpu
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.known_mistakes import Advice, sentence_on
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import close
from helpers.checks.inspection.network_as_it_was import AsItWas, fill, name_of

# Parts of error messages, and what to try then.
ADVICE: Advice = (
    ("but 3 were given", "A forward hook gets three arguments: the layer, its inputs and its "
     "output."),
    ("'NoneType' object is not callable", "If that is the hook: hand it over by its name alone, as "
     "with parentheses it is called at once."),
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
        (straight, straight[2], (4, 1, 10, 10), "the same network again, with other images"),
        (straight, straight[1], (2, 1, 10, 10), "the same network again, with another layer"),
        (winding, winding.features["deep"], (3, 1, 14, 14), "a layer inside a part of a network"),
    ]


def watch(model: nn.Module, layer: nn.Module, images: torch.Tensor) -> dict:
    """The output of ``layer`` during ``model(images)``, and lists of what may be mixed up."""
    outputs, inputs = {}, []
    handles = [
        part.register_forward_hook(lambda part, _, output: outputs.update({part: output}))
        for part in model.modules()
    ]
    handles.append(layer.register_forward_pre_hook(lambda _, given: inputs.append(given[0])))
    with torch.no_grad():
        model(images)
        for handle in handles:
            handle.remove()
        try:
            direct = [layer(images)]
        except RuntimeError:
            direct = []
    others = [(name_of(part, model), output) for part, output in outputs.items() if part != layer]
    return {
        "output": outputs[layer],
        "images": [images],
        "input": inputs,
        "scores": [outputs[model]],
        "direct": direct,
        "others": others,
    }


class Runs:
    """What a student's function does with a network: on what it runs, with hooks on which parts."""

    def __init__(self, model: nn.Module, images: torch.Tensor):
        self.model, self.images = model, images.clone()
        self.inputs: list[tuple] = []
        self.outputs: list = []
        self.hooked: set[nn.Module] = set()

    def __enter__(self):
        self._handles = [
            self.model.register_forward_pre_hook(self._look),
            self.model.register_forward_hook(lambda _model, _inputs, out: self.outputs.append(out)),
        ]
        return self

    def __exit__(self, *_):
        for handle in self._handles:
            handle.remove()

    def _look(self, _model, inputs: tuple) -> None:
        self.inputs.append(inputs)
        own = {self.model: 1}
        self.hooked |= {
            part for part in self.model.modules() if len(part._forward_hooks) > own.get(part, 0)
        }

    def told(self, layer: nn.Module) -> str:
        """What kept the function from seeing what ``layer`` gives, as a sentence, or ''."""
        if not self.inputs:
            return "The network that was handed over has not been called."
        if layer not in self.hooked and self.hooked:
            place = name_of(next(iter(self.hooked)), self.model)
            return f"While the network ran, the hook was on {place}, not on the layer handed over."
        if layer not in self.hooked:
            return (
                "While the network ran, no forward hook was on the layer: register it before, and "
                "remove it afterwards."
            )
        if not any(len(given) and _equal(given[0], self.images) for given in self.inputs):
            return "The network was not run on the batch of images as it was handed over."
        return ""


def _equal(a, b: torch.Tensor) -> bool:
    return isinstance(a, torch.Tensor) and a.shape == b.shape and torch.equal(a, b)


def record(function, runs: Runs, layer: nn.Module, images: torch.Tensor, **words):
    """What the student's function returns; after a run of the network, None is no blank."""
    try:
        with runs:
            return call_student(function, runs.model, layer, images, advice=ADVICE, **words)
    except NotAnswered:
        if not runs.outputs:
            raise
        raise Incorrect(
            "get_activations runs the network, but returns nothing. Return what the hook has kept. "
            "(A name that the hook sets is gone when the hook ends: let it append to a list.)"
        ) from None
    except Incorrect as error:
        advised = any(text in error.message for _, text in (*ADVICE, *USUAL_ADVICE))
        told = "" if advised else runs.told(layer)
        raise Incorrect(f"{error.message} {told}".rstrip()) from None


def judge_activations(recorded, seen: dict, on: str, told: str) -> None:
    """Raise unless ``recorded`` is the output in ``seen``, which ``watch`` has made.

    ``told`` is what ``Runs`` has to say.
    """
    right = seen["output"]
    if isinstance(recorded, (list, dict)) and not recorded:
        raise Incorrect(
            f"get_activations returned an empty {type(recorded).__name__} on {on}; expected is one "
            f"tensor, the layer's output. {told}".rstrip()
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
    named = _mixed_up(recorded, seen) or _in_another_form(recorded, right, on)
    if named:
        raise Incorrect(f"get_activations returned {named}")
    raise Incorrect(
        f"get_activations returned {describe(recorded)} on {on}; expected is the layer's output "
        f"during model(images), of shape {show_shape(right.shape)}"
        + (", with other numbers. " if recorded.shape == right.shape else ". ")
        + (told or "Let model(images) run as a whole and have the hook keep the output as it is.")
    )


def _mixed_up(recorded: torch.Tensor, seen: dict) -> str:
    """What ``recorded`` is, in place of the layer's output, and what to do; '' if not known."""
    mixed_up = {
        "images": "the images. Return what the hook has kept.",
        "input": "the layer's input. A forward hook gets the layer, its inputs and its output: "
        "keep the last of the three (and use a forward hook, not a pre-hook).",
        "scores": "the output of the whole network. Register the hook on the layer that was handed "
        "over, and return what it has kept.",
        "direct": "what the layer makes of the images directly. It must see what the layers "
        "before it made of them: call model(images) and let a hook keep the output.",
        "earlier": "what an earlier call had recorded. Start each call with nothing kept.",
    }
    known = [(other, text) for name, text in mixed_up.items() for other in seen[name]]
    known += [
        (output, f"the output of {name}, not of the layer that was handed over. Register the hook "
         "on that one.")
        for name, output in seen["others"]
    ]  # fmt: skip
    return sentence_on(recorded, known)


def _in_another_form(recorded: torch.Tensor, right: torch.Tensor, on: str) -> str:
    """What ``recorded`` is if the right output is in it, or it in the right output; else ''."""
    for number, image in enumerate(right):
        if close(recorded, image) or close(recorded, image[None]):
            return (
                f"the output for image {number} only; expected is the output for all {len(right)} "
                "images. Let the whole batch through at once, and leave out the index."
            )
    if recorded.dim() and (
        close(recorded[-len(right) :], right) or (len(recorded) > 1 and close(recorded[-1], right))
    ):
        return (
            "more than the output for these images, which is only the last part of it. Start each "
            "call with nothing kept, and run the network once."
        )
    if recorded.numel() == right.numel() and close(recorded.reshape(right.shape), right):
        return (
            f"the right numbers on {on}, but in the shape {show_shape(recorded.shape)}; expected "
            f"is {show_shape(right.shape)}. Return the output as the hook got it: from a list, "
            "take it out with [0]."
        )
    if close(recorded, right.relu()):
        return (
            f"the output on {on} with 0 in place of its negative numbers. Return it as the hook "
            "got it, without a ReLU."
        )
    return ""


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
        given, runs = images.clone(), Runs(model, images)
        with torch.enable_grad():
            recorded = record(get_activations, runs, layer, given, on=on, again=number > 0)
        if not torch.equal(given.detach(), images):
            raise Incorrect(
                "get_activations changed the images that it was given. Hand them to model as they "
                "are."
            )
        judge_activations(recorded, seen | {"earlier": earlier}, on, runs.told(layer))
        if given.requires_grad:
            raise Incorrect(
                "get_activations switched on requires_grad for the images that it was given, and "
                "it stays on. Hand them to model as they are."
            )
        as_it_was.judge("get_activations")
        earlier.append(seen["output"])
    return "the hook noted the layer's output during the forward pass, and is gone again"
