"""Task 4.4: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch

from helpers import checks
from tests.checks.inspection.parts import get_activations
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


def by_list(model, layer, images):
    kept = []

    def hook(module, inputs, output):
        kept.append(output)

    handle = layer.register_forward_hook(hook)
    try:
        model(images)
    finally:
        handle.remove()
    return kept[0]


def by_with(model, layer, images):
    was_training = model.training
    model.eval()
    kept = None

    def hook(module, inputs, output):
        nonlocal kept
        kept = output.clone()

    with torch.inference_mode(), layer.register_forward_hook(hook):
        model(images)
    model.train(was_training)
    return kept


class Keeper:
    """A hook that is an object."""

    def __call__(self, module, inputs, output):
        self.output = output.detach().cpu()


def by_class(model, layer, images):
    keeper = Keeper()
    handle = layer.register_forward_hook(keeper)
    model(images)
    handle.remove()
    return keeper.output


def of_all_layers(model, layer, images):
    kept = {}
    handles = [
        part.register_forward_hook(lambda part, inputs, output: kept.update({part: output}))
        for part in model.modules()
    ]
    model(images)
    for handle in handles:
        handle.remove()
    return kept[layer]


def by_images(model, layer, images):
    kept = []
    handle = layer.register_forward_hook(lambda *seen: kept.append(seen[2]))
    for image in images:
        model(image.unsqueeze(0))
    handle.remove()
    return torch.cat(kept)


@pytest.mark.parametrize(
    "answer", [get_activations, by_list, by_with, by_class, of_all_layers, by_images]
)
def test_activations_right(answer):
    assert "hook" in assert_passes(checks.activations, answer)


def hooked(keep, remove=True, pre=False, again=1):
    """A student's function that keeps ``keep(module, inputs, output)`` and returns the first."""

    def get_activations(model, layer, images):
        kept = []
        register = layer.register_forward_pre_hook if pre else layer.register_forward_hook
        handle = register(lambda *seen: kept.append(keep(*seen)))
        for _ in range(again):
            model(images)
        if remove:
            handle.remove()
        return kept[0]

    return get_activations


def output_of(module, inputs, output):
    return output


class OnlyOnce:
    def __init__(self, stale=False):
        self.kept, self.stale = [], stale

    def __call__(self, model, layer, images):
        if self.kept and not self.stale:
            return None
        self.kept.append(get_activations(model, layer, images))
        return self.kept[0]


def spoiled(spoil):
    def get_activations_and_more(model, layer, images):
        kept = get_activations(model, layer, images)
        spoil(model, images)
        return kept

    return get_activations_and_more


def hook_too_late(model, layer, images):
    model(images)
    return hooked(output_of, again=0)(model, layer, images)


def hook_of_two(model, layer, images):
    handle = layer.register_forward_hook(lambda module, output: None)
    model(images)
    handle.remove()


def hook_called(model, layer, images):
    handle = layer.register_forward_hook(print())
    model(images)
    handle.remove()


def lost_name(model, layer, images):
    def hook(module, inputs, output):
        kept = output  # noqa: F841

    handle = layer.register_forward_hook(hook)
    model(images)
    handle.remove()


def key_too_early(model, layer, images):
    return {}["output"]


def with_default(model, layer, images, kept=[]):  # noqa: B006
    handle = layer.register_forward_hook(lambda *seen: kept.append(seen[2]))
    model(images)
    handle.remove()
    return kept[0]


def fixed_layer(model, layer, images):
    return get_activations(model, model.conv_stack[0], images)


def scale_images(model, images):
    images.div_(255)


def double_weights(model, images):
    with torch.no_grad():
        next(model.parameters()).mul_(2)


def raise_error(text):
    raise RuntimeError(text)


def unrolled(model, layer, images):
    for part in model.modules():
        if not list(part.children()):
            images = part(images)
        if part is layer:
            return images
    return images


ACTIVATION_MISTAKES = {
    "scores": (lambda model, layer, images: model(images), "the output of the whole network"),
    "input": (hooked(lambda m, inputs, o: inputs[0]), "the layer's input"),
    "inputs": (hooked(lambda m, inputs, o: inputs), "a tuple"),
    "pre-hook": (hooked(lambda m, inputs: inputs[0], pre=True), "not a pre-hook"),
    "hook left": (hooked(output_of, remove=False), "leaves a hook on its layer 2 (Conv2d)"),
    "direct": (lambda model, layer, images: layer(images), "the images directly"),
    "images": (lambda model, layer, images: images, "returned the images"),
    "list": (hooked(lambda m, i, output: [output]), "a list"),
    "dict": (hooked(lambda m, i, output: {"out": output}), "a dict"),
    "array": (hooked(lambda m, i, output: output.detach().numpy()), "Leave out .numpy()"),
    "handle": (
        lambda model, layer, images: layer.register_forward_hook(lambda *seen: None),
        "the handle",
    ),
    "nothing again": (OnlyOnce(), "has answered once, but returns nothing"),
    "stale": (OnlyOnce(stale=True), "what an earlier call had recorded"),
    "empty list": (lambda model, layer, images: [], "an empty list"),
    "too late": (hook_too_late, "Nothing was kept"),
    "key too early": (key_too_early, "Nothing was kept"),
    "hook of two": (hook_of_two, "A forward hook gets three arguments"),
    "hook called": (hook_called, "Hand over the hook by its name alone"),
    "lost name": (lost_name, "runs the network, but returns nothing"),
    "default": (with_default, "what an earlier call had recorded"),
    "fixed layer": (fixed_layer, "use only what it is handed"),
    "two arguments": (lambda model, images: images, "Leave the first line"),
    "images changed": (spoiled(scale_images), "changed the images that it was given"),
    "stacked": (
        hooked(lambda m, i, output: torch.stack([output])),
        "in the shape [1, 4, 4, 6, 6]",
    ),
    "flat": (hooked(lambda m, i, output: output.flatten(1)), "in the shape [4, 144]"),
    "other layer's shape": (
        hooked(lambda m, i, output: torch.zeros_like(output)),
        "with other numbers",
    ),
    "first image": (hooked(lambda m, i, output: output[0]), "first image only"),
    "first image, batch": (hooked(lambda m, i, output: output[:1]), "first image only"),
    "after relu": (hooked(lambda m, i, output: output.relu()), "without its negative numbers"),
    "mean": (hooked(lambda m, i, output: output.mean(1)), "of shape [4, 4, 6, 6]"),
    "weights": (spoiled(double_weights), "changed the network's weights"),
    "mode": (spoiled(lambda model, images: model.train()), "leaves it in train() mode"),
    "gradients": (
        spoiled(lambda model, images: model(images).sum().backward()),
        "leaves gradients in the network's parameters",
    ),
    "unrolled": (unrolled, "a layer inside a part of a network"),
    "raises": (lambda model, layer, images: layer(images, 1, 2), "raised TypeError on the third"),
    "elsewhere": (
        lambda model, layer, images: raise_error("Expected all tensors to be on the same device"),
        "take the device from the network",
    ),
    "not a function": (torch.zeros(3), "expected is a function"),
    "liar": (lambda model, layer, images: Liar(), "expected is the tensor"),
}


@pytest.mark.parametrize(
    ("answer", "fragment"), ACTIVATION_MISTAKES.values(), ids=ACTIVATION_MISTAKES
)
def test_activations_wrong(answer, fragment):
    assert_incorrect(checks.activations, fragment, answer)
    assert_no_trace(checks.activations, answer)


def dots_inside(model, layer, images):
    layer.register_forward_hook(...)
    model(images)


@pytest.mark.parametrize("stub", [..., None, lambda model, layer, images: ..., dots_inside])
def test_activations_blank(stub):
    assert_blank(checks.activations, stub)


def test_activations_leaves_no_trace():
    assert_no_trace(checks.activations, get_activations)
