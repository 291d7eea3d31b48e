"""Task 4.4: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch
from torch import nn

from helpers import checks, inspection
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


def in_a_dict_by_name(model, layer, images):
    kept = {}

    def keep(name):
        return lambda part, inputs, output: kept.update({name: output.detach()})

    handles = [p.register_forward_hook(keep(name)) for name, p in model.named_modules()]
    with torch.no_grad():
        model.forward(images)
        model(images)
    for handle in handles:
        handle.remove()
    return kept[next(name for name, part in model.named_modules() if part is layer)]


def with_keywords(model, layer, images):
    kept = []
    handle = layer.register_forward_hook(
        lambda part, args, kwargs, output: kept.append(output), with_kwargs=True
    )
    model.eval()(images)
    handle.remove()
    return kept.pop()


def by_default(model, layer, images, kept=[]):  # noqa: B006 - a mistake that students make
    """It grows, but the last thing in it is right."""
    with layer.register_forward_hook(lambda *seen: kept.append(seen[-1])):
        model(images)
    return kept[-1]


def by_wrapping(model, layer, images):
    kept, forward = [], layer.forward
    layer.forward = lambda *given: kept.append(forward(*given)) or kept[-1]
    model(images)
    del layer.forward
    return kept[0].cpu()


def by_exception(model, layer, images):
    """What comes behind the layer is not computed at all."""

    class Enough(Exception):
        pass

    def hook(part, inputs, output):
        raise Enough(output)

    handle = layer.register_forward_hook(hook)
    try:
        model(images)
    except Enough as enough:
        return enough.args[0]
    finally:
        handle.remove()


@pytest.mark.parametrize(
    "answer",
    [
        get_activations,
        by_list,
        by_with,
        by_class,
        of_all_layers,
        by_images,
        in_a_dict_by_name,
        with_keywords,
        by_default,
        by_wrapping,
        by_exception,
        inspection.activations,
    ],
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


def with_default(model, layer, images, kept=[]):  # noqa: B006 - a mistake that students make
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


def on_part(choose, keep=lambda output: output):
    """A function whose hook is on the part that ``choose(model, layer)`` gives."""

    def get_activations(model, layer, images):
        kept = []
        handle = choose(model, layer).register_forward_hook(lambda *seen: kept.append(seen[2]))
        model(images)
        handle.remove()
        return keep(kept[0])

    return get_activations


def image_by_image(model, layer, images):
    kept = []
    with layer.register_forward_hook(lambda *seen: kept.append(seen[2])):
        for image in images:
            model(image[None])
    return kept[0]


class AllCalls:
    def __init__(self, join):
        self.kept, self.join = [], join

    def __call__(self, model, layer, images):
        self.kept.append(get_activations(model, layer, images))
        return self.join(self.kept)[0 if len(self.kept) == 1 and self.join is torch.stack else ...]


def cut_off(model, images):
    del model[3:]


NETWORK = nn.Sequential(nn.Conv2d(1, 4, 5))  # stands for that of the notebook

ACTIVATION_MISTAKES = {
    "scores": (lambda model, layer, images: model(images), "the output of the whole network"),
    "input": (hooked(lambda m, inputs, o: inputs[0]), "the layer's input"),
    "inputs": (hooked(lambda m, inputs, o: inputs), "a tuple"),
    "pre-hook": (hooked(lambda m, inputs: inputs[0], pre=True), "not a pre-hook"),
    "hook left": (
        hooked(output_of, remove=False),
        "leaves a hook on layer 2 (Conv2d) of the network",
    ),
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
    "too late": (hook_too_late, "While the network ran, no forward hook was on the layer"),
    "key too early": (key_too_early, "has not been called"),
    "hook of two": (hook_of_two, "A forward hook gets three arguments"),
    "hook called": (hook_called, "hand it over by its name alone"),
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
    "first image": (
        hooked(lambda m, i, output: output[0]),
        "output for image 0 only; expected is the output for all 4",
    ),
    "first image, batch": (hooked(lambda m, i, output: output[:1]), "output for image 0 only"),
    "after relu": (
        hooked(lambda m, i, output: output.relu()),
        "with 0 in place of its negative numbers",
    ),
    "last image": (hooked(lambda m, i, output: output[-1]), "output for image 3 only"),
    "first run of several": (image_by_image, "output for image 0 only"),
    "on the network": (on_part(lambda model, layer: model), "the output of the whole network"),
    "on the first layer": (
        on_part(lambda model, layer: next(model.children())),
        "the output of layer 0 (Conv2d) of the network, not of the layer that was handed over",
    ),
    "on the layer behind": (
        on_part(lambda model, layer: model[3]),
        "the output of layer 3 (Sigmoid) of the network, not of the layer",
    ),
    "on the last": (
        on_part(lambda model, layer: list(model.modules())[-1]),
        "the output of the whole network",
    ),
    "on the network, kept": (
        on_part(lambda model, layer: model, keep=lambda output: output * 2),
        "the hook was on the network itself, not on the layer",
    ),
    "on a layer of its own": (
        lambda model, layer, images: hooked(output_of)(model, nn.ReLU(), images),
        "raised IndexError on the third layer of a Sequential: list index out of range. While the "
        "network ran, no forward hook was on the layer",
    ),
    "global network": (
        lambda model, layer, images: hooked(output_of)(NETWORK, layer, images),
        "list index out of range. The network that was handed over has not been called.",
    ),
    "global layer": (
        lambda model, layer, images: hooked(output_of)(NETWORK, NETWORK[0], images),
        "The network that was handed over has not been called.",
    ),
    "global images": (
        lambda model, layer, images: hooked(output_of)(model, layer, torch.rand(1, 1, 10, 10)),
        "The network was not run on the batch of images as it was handed over",
    ),
    "images in bytes": (
        lambda model, layer, images: hooked(output_of)(model, layer, (images * 255).round()),
        "The network was not run on the batch of images as it was handed over",
    ),
    "part of the images": (
        lambda model, layer, images: hooked(output_of)(model, layer, images[:2]),
        "The network was not run on the batch of images as it was handed over",
    ),
    "layer after layer": (
        lambda model, layer, images: model[:3](images).relu() + 1,
        "The network that was handed over has not been called.",
    ),
    "all calls, one after the other": (AllCalls(torch.cat), "which is only the last part of it"),
    "all calls in a stack": (AllCalls(torch.stack), "which is only the last part of it"),
    "all runs": (
        lambda model, layer, images: torch.cat([get_activations(model, layer, images)] * 2),
        "which is only the last part of it",
    ),
    "other layers, too": (
        lambda model, layer, images: [get_activations(model, part, images) for part in model],
        "a list",
    ),
    "by name": (
        lambda model, layer, images: get_activations(model, model.layer, images),
        "has no attribute 'layer'. The network that was handed over has not been called.",
    ),
    "hook left on the network": (
        spoiled(lambda model, images: model.register_forward_hook(print)),
        "leaves a hook on the network itself",
    ),
    "pre-hook left": (
        spoiled(lambda model, images: model[0].register_forward_pre_hook(print)),
        "leaves a hook on layer 0 (Conv2d) of the network",
    ),
    "cut off": (spoiled(cut_off), "with other layers or weights than it had"),
    "frozen": (spoiled(lambda m, images: m.requires_grad_(False)), "switched off requires_grad"),
    "images that record": (
        spoiled(lambda model, images: images.requires_grad_()),
        "switched on requires_grad for the images",
    ),
    "turned": (hooked(lambda m, i, output: output.mT), "with other numbers"),
    "shape": (hooked(lambda m, i, output: output.shape), "returned a Size"),
    "handles": (
        lambda model, layer, images: [layer.register_forward_hook(print)],
        "returned a list",
    ),
    "empty dict": (lambda model, layer, images: {}, "an empty dict"),
    "number": (hooked(lambda m, i, output: output.mean().item()), "expected is the tensor"),
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
