"""Tests of the checks of notebook 04: right ways, mistakes and their messages, blanks, traces."""

import copy

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import CenteredNorm, LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional
from torch.utils.data import TensorDataset

from helpers.checks import inspection as checks
from helpers.models import ConvNet
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(4)


@pytest.fixture(autouse=True)
def _close_figures():
    with matplotlib.rc_context():
        yield
    plt.close("all")


# ----------------------------------------------------------------------------- 4.1


def test_first_layer_right():
    model = ConvNet()
    assert "6 kernels of 1×5×5" in assert_passes(checks.first_layer, model.conv_stack[0], model)
    assert_passes(checks.first_layer, model.conv_stack[-6], model)
    assert_passes(checks.first_layer, next(iter(model.conv_stack.children())), model)
    assert_passes(checks.first_layer, model.get_submodule("conv_stack.0"), model)


@pytest.mark.parametrize(
    ("answer", "fragment"),
    [
        (lambda m: m.conv_stack, "the whole conv_stack"),
        (lambda m: m, "the whole network"),
        (lambda m: m.conv_stack[1], "conv_stack.1, of type ReLU"),
        (lambda m: m.conv_stack[3], "conv_stack.3, of type Conv2d"),
        (lambda m: m.linear_stack[0], "linear_stack.0, of type Linear"),
        (lambda m: m.conv_stack[0].weight, "weights of a layer"),
        (lambda m: m.conv_stack[0].bias, "the numbers of a layer"),
        (lambda m: m.conv_stack[:1], "as a slice gives it"),
        (lambda m: nn.Conv2d(1, 6, 5), "a new Conv2d with random numbers"),
        (lambda m: copy.deepcopy(m.conv_stack[0]), "is a copy"),
        (lambda m: "conv_stack.0", "the text 'conv_stack.0'"),
        (lambda m: nn.Conv2d, "the class Conv2d itself"),
        (lambda m: 0, "one layer of model"),
        (lambda m: Liar(), "one layer of model"),
    ],
)
def test_first_layer_wrong(answer, fragment):
    model = ConvNet()
    assert_incorrect(checks.first_layer, fragment, answer(model), model)


def test_first_layer_blank_and_trace():
    model = ConvNet()
    assert_incorrect(checks.first_layer, "has no conv_stack", model.conv_stack[0], nn.Flatten())
    assert_blank(checks.first_layer, ..., model)
    assert_blank(checks.first_layer, None, model)
    assert_no_trace(checks.first_layer, model.conv_stack[0], model)


# ----------------------------------------------------------------------------- 4.2


def kernels_of(layer):
    return layer.weight.detach()[:, 0].numpy()


def draw(pictures, symmetric=True, cmap="RdBu", **options):
    """A figure with a picture in each of its axes, drawn by ``imshow``."""
    fig, axes = plt.subplots(1, len(pictures))
    if symmetric:
        limit = max(abs(np.asarray(p)).max() for p in pictures)
        options = {"vmin": -limit, "vmax": limit} | options
    for ax, picture in zip(np.atleast_1d(axes), pictures, strict=True):
        ax.imshow(np.asarray(picture), cmap=cmap, **options)
    return fig


def with_colour_bar(layer):
    fig = draw(kernels_of(layer))
    fig.colorbar(fig.axes[0].images[0], ax=fig.axes)
    return fig


def with_meshes(layer):
    fig, limit = Figure(), abs(kernels_of(layer)).max()
    for number, kernel in enumerate(kernels_of(layer)):
        ax = fig.add_subplot(2, 3, number + 1)
        ax.pcolormesh(kernel[::-1][::-1], norm=CenteredNorm(0, limit), cmap="PuOr_r")
    return fig


def with_spare_axes(layer):
    fig, axes = plt.subplots(2, 4)
    for ax, kernel in zip(axes.flat, kernels_of(layer)[::-1], strict=False):
        ax.matshow(kernel, vmin=-0.25, vmax=0.25, cmap="coolwarm")
    return fig


def with_own_map(layer):
    colours = LinearSegmentedColormap.from_list("mine", ["darkgreen", "white", "purple"])
    kernels = kernels_of(layer)
    return draw(kernels / abs(kernels).max(), cmap=colours)


@pytest.mark.parametrize(
    "answer",
    [
        lambda layer: draw(kernels_of(layer)),
        with_colour_bar,
        with_meshes,
        with_spare_axes,
        with_own_map,
    ],
)
def test_kernel_pictures_right(answer):
    layer = nn.Conv2d(1, 6, 5)
    assert_passes(checks.kernel_pictures, answer(layer), layer)


def test_kernel_pictures_of_equal_kernels_pass():
    layer = nn.Conv2d(1, 6, 5)
    with torch.no_grad():
        layer.weight[3] = layer.weight[1]
    assert_passes(checks.kernel_pictures, draw(kernels_of(layer)), layer)


def overlaid(layer):
    fig, ax = plt.subplots()
    for kernel in kernels_of(layer):
        ax.imshow(kernel)
    return fig


def stretched(layer):
    kernels = kernels_of(layer)
    return draw([(k - k.min()) / (k.max() - k.min()) for k in kernels])


def swapped_last(layer):
    kernels = kernels_of(layer).copy()
    kernels[5] = kernels[4]
    return draw(kernels)


def with_lines(layer):
    fig, ax = plt.subplots()
    ax.plot(kernels_of(layer).reshape(6, 25).T)
    return fig


KERNEL_MISTAKES = {
    "fewer": (lambda layer: draw(kernels_of(layer)[:1]), "fig has 1 picture; expected are 6"),
    "more": (lambda layer: draw([*kernels_of(layer)] * 2), "fig has 12 pictures"),
    "overlaid": (overlaid, "on top of each other"),
    "lines": (with_lines, "has no picture"),
    "own scales": (
        lambda layer: draw(kernels_of(layer), symmetric=False),
        "each picture has its own colour scale",
    ),
    "not symmetric": (
        lambda layer: draw(kernels_of(layer), vmin=-0.2, vmax=0.3),
        "0 is not in its middle",
    ),
    "clipped": (lambda layer: draw(kernels_of(layer), vmin=-0.01, vmax=0.01), "ends at ±0.01"),
    "pale": (lambda layer: draw(kernels_of(layer), vmin=-255, vmax=255), "all look pale"),
    "grey": (lambda layer: draw(kernels_of(layer), cmap="gray"), "map gray has no neutral middle"),
    "viridis": (lambda layer: draw(kernels_of(layer), cmap="viridis"), "diverging"),
    "rainbow": (lambda layer: draw(kernels_of(layer), cmap="jet_r"), "diverging"),
    "same kernel": (lambda layer: draw([kernels_of(layer)[0]] * 6), "the same kernel, number 0"),
    "one twice": (swapped_last, "kernel 5 is not shown"),
    "bias": (lambda layer: draw([layer.bias.detach().reshape(2, 3)] * 6), "first_layer.bias"),
    "bias alone": (
        lambda layer: draw([b.reshape(1, 1) for b in layer.bias.detach()]),
        "first_layer.bias",
    ),
    "signs": (lambda layer: draw(abs(kernels_of(layer))), "without its signs"),
    "swapped": (lambda layer: draw(kernels_of(layer).transpose(0, 2, 1)), "rows and columns"),
    "stretched": (stretched, "stretched or shifted by itself"),
    "others": (lambda layer: draw(np.random.default_rng(0).normal(size=(6, 5, 5))), "no kernel of"),
    "maps": (lambda layer: draw(np.ones((6, 24, 24))), "24×24 pixels; a kernel has 5×5"),
    "axes": (lambda layer: plt.subplots(1, 6)[1], "expected is the figure"),
    "both": (lambda layer: plt.subplots(1, 6), "expected is the figure"),
    "tensor": (lambda layer: layer.weight, "expected is a figure"),
    "liar": (lambda layer: Liar(), "expected is a figure"),
}


@pytest.mark.parametrize(("answer", "fragment"), KERNEL_MISTAKES.values(), ids=KERNEL_MISTAKES)
def test_kernel_pictures_wrong(answer, fragment):
    layer = nn.Conv2d(1, 6, 5)
    assert_incorrect(checks.kernel_pictures, fragment, answer(layer), layer)


def test_kernel_pictures_blank_and_trace():
    layer = nn.Conv2d(1, 6, 5)
    assert_blank(checks.kernel_pictures, ..., layer)
    assert_blank(checks.kernel_pictures, plt.subplots(1, 6)[0], layer)
    assert_blank(checks.kernel_pictures, draw(kernels_of(layer)), ...)
    assert_incorrect(
        checks.kernel_pictures, "Do task 4.1 first", draw(kernels_of(layer)), nn.Conv2d(6, 16, 5)
    )
    assert_no_trace(checks.kernel_pictures, draw(kernels_of(layer)), layer)


def test_diverging_maps_are_those_of_the_documentation():
    documented = {"PiYG", "PRGn", "BrBG", "PuOr", "RdGy", "RdBu", "RdYlBu", "RdYlGn"}
    documented |= {"Spectral", "coolwarm", "bwr", "seismic", "berlin", "managua", "vanimo"}
    names = [name for name in matplotlib.colormaps if not name.endswith("_r")]
    found = {name for name in names if checks._diverging(matplotlib.colormaps[name])}
    assert found == documented & set(names)
    assert all(checks._diverging(matplotlib.colormaps[f"{name}_r"]) for name in found)


# ----------------------------------------------------------------------------- 4.3


@pytest.fixture
def training_data():
    rough = torch.rand(12, 1, 28, 28, generator=torch.Generator().manual_seed(3))
    return TensorDataset(functional.avg_pool2d(rough, 3, 1, 1), torch.arange(12) % 10)


def maps_answer(data, layer, index=7):
    """The solution: index, feature maps and figure."""
    image = data[index][0]
    maps = layer(image)
    return index, maps, maps_figure(image, maps)


def maps_figure(image, maps):
    fig, axes = plt.subplots(2, 4)
    axes[0, 0].imshow(image.squeeze().numpy(), cmap="gray")
    for ax, one in zip(axes.flat[1:], maps.detach().reshape(-1, 24, 24), strict=False):
        ax.imshow(one.numpy(), cmap="viridis")
    return fig


def test_feature_maps_right(training_data):
    layer = nn.Conv2d(1, 6, 5)
    index, maps, fig = maps_answer(training_data, layer)
    assert_passes(checks.feature_maps, index, maps, fig, layer, training_data)
    for other in (maps.unsqueeze(0), maps.detach(), maps.double()):
        assert_passes(checks.feature_maps, index, other, fig, layer, training_data)
    for same in (np.int64(7), torch.tensor(7), torch.randint(7, 8, (1,))):
        assert_passes(checks.feature_maps, same, maps, fig, layer, training_data)
    fig.colorbar(fig.axes[0].images[0], ax=fig.axes[0])
    assert_passes(checks.feature_maps, index, maps, fig, layer, training_data)
    bytes_shown = maps_figure((training_data[7][0] * 255).byte(), maps)
    assert_passes(checks.feature_maps, index, maps, bytes_shown, layer, training_data)


INDEX_MISTAKES = {
    "length": (12, "index is 12, but with 12 images the last one is number 11"),
    "beyond": (-13, "index is -13"),
    "float": (7.0, "7.0 (of type float); expected is a whole number"),
    "text": ("7", "expected is a whole number"),
    "tensor": (torch.tensor(7.0), "expected is a whole number"),
    "boolean": (True, "expected is a whole number"),
    "liar": (Liar(), "expected is a whole number"),
}


@pytest.mark.parametrize(("index", "fragment"), INDEX_MISTAKES.values(), ids=INDEX_MISTAKES)
def test_feature_maps_wrong_index(training_data, index, fragment):
    layer = nn.Conv2d(1, 6, 5)
    _, maps, fig = maps_answer(training_data, layer)
    assert_incorrect(checks.feature_maps, fragment, index, maps, fig, layer, training_data)


MAP_MISTAKES = {
    "other image": (lambda m, x, y: m.conv_stack[0](y), "another image was drawn"),
    "brighter": (lambda m, x, y: m.conv_stack[0](x * 255), "changed on the way"),
    "relu": (lambda m, x, y: m.conv_stack[:2](x), "after ReLU"),
    "pooled": (lambda m, x, y: m.conv_stack[:3](x), "Call first_layer and no other"),
    "second": (lambda m, x, y: m.conv_stack[:4](x), "[16, 8, 8]; expected is [6, 24, 24]"),
    "scores": (lambda m, x, y: m(x[None]), "These are scores"),
    "image": (lambda m, x, y: x, "This is the image"),
    "image without channel": (lambda m, x, y: x[0], "This is the image"),
    "one map": (lambda m, x, y: m.conv_stack[0](x)[0], "a single map"),
    "batch": (lambda m, x, y: m.conv_stack[0](torch.stack([x, y])), "a batch of several"),
    "other layer": (lambda m, x, y: nn.Conv2d(1, 6, 5)(x), "another layer, or by another"),
    "no bias": (
        lambda m, x, y: functional.conv2d(x, m.conv_stack[0].weight),
        "the bias is missing",
    ),
    "list": (lambda m, x, y: list(m.conv_stack[0](x).unbind()), "expected is the tensor"),
    "nan": (lambda m, x, y: m.conv_stack[0](x) * float("nan"), "not finite"),
    "liar": (lambda m, x, y: Liar(), "expected is the tensor"),
}


@pytest.mark.parametrize(("answer", "fragment"), MAP_MISTAKES.values(), ids=MAP_MISTAKES)
def test_feature_maps_wrong(training_data, answer, fragment):
    model = ConvNet()
    layer = model.conv_stack[0]
    index, _, fig = maps_answer(training_data, layer)
    maps = answer(model, training_data[7][0], training_data[8][0])
    assert_incorrect(checks.feature_maps, fragment, index, maps, fig, layer, training_data)


def test_feature_maps_wrong_pictures(training_data):
    layer = nn.Conv2d(1, 6, 5)
    index, maps, fig = maps_answer(training_data, layer)
    image = training_data[7][0]

    def refused(fragment, answer):
        assert_incorrect(checks.feature_maps, fragment, index, maps, answer, layer, training_data)

    refused("fig has 6 pictures; expected are 7", draw(maps.detach().numpy()))
    refused("the image itself", maps_figure(maps[0].detach(), maps))
    refused("the image itself", maps_figure(training_data[8][0], maps))
    refused("feature map 1 is not among", maps_figure(image, maps[:1].repeat(6, 1, 1)))
    refused("feature map 0 is not among", maps_figure(image, maps.relu()))
    refused("expected is the figure", fig.axes)


def test_feature_maps_blank_and_trace(training_data):
    layer = nn.Conv2d(1, 6, 5)
    index, maps, fig = maps_answer(training_data, layer)
    assert_blank(checks.feature_maps, ..., maps, fig, layer, training_data)
    assert_blank(checks.feature_maps, index, ..., fig, layer, training_data)
    assert_blank(checks.feature_maps, index, maps, None, layer, training_data)
    assert_blank(checks.feature_maps, index, maps, plt.figure(), layer, training_data)
    assert_blank(checks.feature_maps, index, maps, fig, ..., training_data)
    assert_no_trace(checks.feature_maps, index, maps, fig, layer, training_data)


def test_feature_maps_does_not_call_the_students_hooks(training_data):
    layer = nn.Conv2d(1, 6, 5)
    answers = maps_answer(training_data, layer)
    kept = []
    layer.register_forward_hook(lambda *seen: kept.append(seen))
    assert_passes(checks.feature_maps, *answers, layer, training_data)
    assert not kept


# ----------------------------------------------------------------------------- 4.4


def get_activations(model, layer, images):
    kept = {}
    handle = layer.register_forward_hook(lambda m, i, output: kept.update(output=output.detach()))
    with torch.no_grad():
        model(images)
    handle.remove()
    return kept["output"]


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


@pytest.mark.parametrize("answer", [get_activations, by_list, by_with])
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
    "hook left": (hooked(output_of, remove=False), "leaves its hook on the layer"),
    "direct": (lambda model, layer, images: layer(images), "the images directly"),
    "images": (lambda model, layer, images: images, "returned the images"),
    "list": (hooked(lambda m, i, output: [output]), "a list"),
    "dict": (hooked(lambda m, i, output: {"out": output}), "a dict"),
    "array": (hooked(lambda m, i, output: output.detach().numpy()), "an array of shape"),
    "handle": (
        lambda model, layer, images: layer.register_forward_hook(lambda *seen: None),
        "RemovableHandle",
    ),
    "nothing again": (OnlyOnce(), "has answered once, but returns nothing"),
    "stale": (OnlyOnce(stale=True), "what an earlier call had recorded"),
    "first image": (hooked(lambda m, i, output: output[0]), "first image only"),
    "first image, batch": (hooked(lambda m, i, output: output[:1]), "first image only"),
    "after relu": (hooked(lambda m, i, output: output.relu()), "with other numbers"),
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


# ----------------------------------------------------------------------------- 4.5


def occlusion(patch=4, stride=1, fill=0.0, softmax=True, sign=1):
    """An occlusion map: the mean fall of the score over all patches that cover a pixel."""

    def decision_map(model, image, label):
        def score(batch):
            scores = model(batch)
            return (scores.softmax(1) if softmax else scores)[:, label]

        total, count = torch.zeros(28, 28), torch.zeros(28, 28)
        with torch.no_grad():
            before = score(image.unsqueeze(0))
            for row in range(0, 28, stride):
                for column in range(0, 28, stride):
                    covered = image.clone()
                    covered[:, row : row + patch, column : column + patch] = fill
                    fall = before - score(covered.unsqueeze(0))
                    total[row : row + patch, column : column + patch] += sign * fall
                    count[row : row + patch, column : column + patch] += 1
        return total / count

    return decision_map


def batched_occlusion(model, image, label):
    """All positions in one batch; a value stands in the middle of its patch; a numpy array."""
    rows = torch.arange(28)
    inside = (rows[:, None] - rows[None]).abs() <= 3
    mask = inside[:, None, :, None] & inside[None, :, None, :]
    covered = torch.where(mask.reshape(784, 1, 28, 28), image.mean(), image)
    with torch.no_grad():
        return (model(image[None])[0, label] - model(covered)[:, label]).reshape(28, 28).numpy()


def gradient(of="score", shape=(28, 28), finish=torch.abs, name="autograd"):
    """A gradient map: of the score, the probability, its logarithm or the loss."""

    def decision_map(model, image, label):
        x = image.clone().unsqueeze(0).requires_grad_(True)
        scores = model(x)
        value = {
            "score": lambda: scores[0, label],
            "probability": lambda: scores.softmax(1)[0, label],
            "log": lambda: scores.log_softmax(1)[0, label],
            "loss": lambda: functional.cross_entropy(scores, torch.tensor([label])),
            "predicted": lambda: scores.max(),
            "sum": lambda: scores.sum(),
            "certain": lambda: scores.softmax(1).sum() * 0,
        }[of]()
        if name == "autograd":
            (slope,) = torch.autograd.grad(value, x)
        else:
            value.backward()
            slope = x.grad
            if name == "zero_grad":
                model.zero_grad()
        return finish(slope.detach()).reshape(shape)

    return decision_map


@pytest.mark.parametrize(
    "answer",
    [
        occlusion(),
        occlusion(patch=7, stride=1),
        occlusion(patch=7, stride=7, softmax=False),
        occlusion(patch=5, stride=3, fill=0.5),
        batched_occlusion,
        gradient(),
        gradient("probability"),
        gradient("log", shape=(1, 28, 28)),
        gradient("loss"),
        gradient("score", finish=lambda slope: slope),
        gradient("probability", finish=torch.relu),
        gradient("score", name="zero_grad"),
        lambda m, x, label: gradient("score", shape=(1, 28, 28))(m, x, label)[0] * x[0],
    ],
)
def test_decision_map_right(answer):
    assert_passes(checks.decision_map, answer)


def in_place(model, image, label):
    with torch.no_grad():
        before = model(image[None])[0, label]
        falls = torch.zeros(28, 28)
        for row in range(28):
            for column in range(28):
                image[:, row, column] = 0
                falls[row, column] = before - model(image[None])[0, label]
    return falls


def attached(model, image, label):
    before = model(image[None])[0, label]
    falls = torch.zeros(28, 28)
    falls[0, 0] = before - model(image[None] * 0)[0, label]
    return falls


def switched_on(model, image, label):
    image.requires_grad_(True)
    return torch.autograd.grad(model(image[None])[0, label], image)[0].abs()


def always_here(model, image, label):
    result = torch.zeros(28, 28)
    result[10:16, 10:16] = 1
    return result


def remaining(model, image, label):
    falls = occlusion()(model, image, label)
    return model(image[None]).softmax(1)[0, label].item() - falls


MAP_OF_MISTAKES = {
    "shape": (lambda m, x, label: torch.ones(25, 25), "the shape [25, 25]; expected is [28, 28]"),
    "number": (lambda m, x, label: 0.7, "the shape []"),
    "text": (lambda m, x, label: "map", "expected is a tensor"),
    "constant": (lambda m, x, label: torch.zeros(28, 28), "the map is 0 everywhere"),
    "no slope": (gradient("certain"), "the map is 0 everywhere"),
    "predicted": (gradient("predicted"), "which this network predicts"),
    "predicted, occlusion": (
        lambda m, x, label: occlusion()(m, x, m(x[None]).argmax().item()),
        "which this network predicts",
    ),
    "sum": (gradient("sum"), "a sum over classes"),
    "flipped": (occlusion(sign=-1), "its sign is turned round"),
    "loss": (gradient("loss", finish=lambda slope: slope), "its sign is turned round"),
    "remaining": (remaining, "its sign is turned round"),
    "swapped": (
        lambda m, x, label: occlusion()(m, x, label).T,
        "rows and columns swapped",
    ),
    "image": (lambda m, x, label: x[0], "the image itself"),
    "always here": (always_here, "does not find what matters"),
    "noise": (lambda m, x, label: torch.rand(28, 28), "does not find what matters"),
    "attached": (attached, "still hangs on the network's graph"),
    "nan": (lambda m, x, label: torch.full((28, 28), float("nan")), "not finite"),
    "in place": (in_place, "changed the image"),
    "switched on": (switched_on, "switched on requires_grad"),
    "backward": (gradient("score", name="backward"), "leaves gradients in the network's"),
    "train": (
        lambda m, x, label: gradient()(m.train(), x, label),
        "leaves it in train() mode",
    ),
    "raises": (lambda m, x, label: m(x[None])[label], "The network wants a batch of images"),
    "not a function": (3, "expected is a function"),
    "liar": (lambda m, x, label: Liar(), "expected is a tensor"),
}


@pytest.mark.parametrize(("answer", "fragment"), MAP_OF_MISTAKES.values(), ids=MAP_OF_MISTAKES)
def test_decision_map_wrong(answer, fragment):
    assert_incorrect(checks.decision_map, fragment, answer)


@pytest.mark.parametrize("stub", [..., None, lambda model, image, label: ...])
def test_decision_map_blank(stub):
    assert_blank(checks.decision_map, stub)


@pytest.mark.parametrize("answer", [occlusion(), gradient(), switched_on])
def test_decision_map_leaves_no_trace(answer):
    assert_no_trace(checks.decision_map, answer)


# ----------------------------------------------------------------------------- 4.6


def confusion_matrix(labels, predictions):
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    for label, prediction in zip(labels, predictions, strict=True):
        matrix[label, prediction] += 1
    return matrix


def by_bincount(labels, predictions):
    return torch.bincount(10 * labels + predictions, minlength=100).reshape(10, 10)


def by_numpy(labels, predictions):
    matrix = np.zeros((10, 10))
    np.add.at(matrix, (labels.numpy(), predictions.numpy()), 1)
    return matrix


def by_counting(labels, predictions):
    return [
        [((labels == i) & (predictions == j)).sum().item() for j in range(10)] for i in range(10)
    ]


def confident_mistakes(probabilities, labels, k=10):
    confidence, predictions = probabilities.max(dim=1)
    wrong = (predictions != labels).nonzero().flatten()
    return wrong[confidence[wrong].argsort(descending=True)][:k]


def by_topk(probabilities, labels, k=10):
    wrong = probabilities.argmax(1) != labels
    confidence = torch.where(wrong, probabilities.amax(1), -1.0)
    return confidence.topk(min(k, int(wrong.sum()))).indices


def by_sorted(probabilities, labels, k=10):
    wrong = [i for i, row in enumerate(probabilities) if row.argmax() != labels[i]]
    return sorted(wrong, key=lambda i: -probabilities[i].max().item())[:k]


@pytest.mark.parametrize("matrix", [confusion_matrix, by_bincount, by_numpy, by_counting])
def test_mistakes_right_matrix(matrix):
    assert_passes(checks.mistakes, matrix, confident_mistakes)


@pytest.mark.parametrize("surest", [confident_mistakes, by_topk, by_sorted])
def test_mistakes_right_indices(surest):
    assert_passes(checks.mistakes, confusion_matrix, surest)


def assigned(labels, predictions):
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    matrix[labels, predictions] += 1
    return matrix


def fitted(labels, predictions):
    size = int(labels.max()) + 1
    return torch.bincount(size * labels + predictions, minlength=size * size).reshape(size, size)


class Shared:
    def __init__(self):
        self.matrix = torch.zeros(10, 10)

    def __call__(self, labels, predictions):
        self.matrix += confusion_matrix(labels, predictions)
        return self.matrix.clone()


def only(keep):
    return lambda labels, predictions: confusion_matrix(labels, predictions) * keep(torch.eye(10))


def per(dim):
    def fractions(labels, predictions):
        counts = confusion_matrix(labels, predictions).double()
        return counts / (counts.sum() if dim is None else counts.sum(dim, keepdim=True)).clamp(1)

    return fractions


MATRIX_MISTAKES = {
    "swapped": (lambda a, b: confusion_matrix(b, a), "rows and columns are swapped"),
    "per row": (per(1), "these are fractions"),
    "per column": (per(0), "these are fractions"),
    "per image": (per(None), "these are fractions"),
    "wrong ones": (only(lambda eye: 1 - eye), "the right answers are missing"),
    "right ones": (only(lambda eye: eye), "only the right answers"),
    "assigned": (assigned, "no entry is larger than 1"),
    "one-hot": (lambda a, b: functional.one_hot(b, 10), "a row per image"),
    "flat": (lambda a, b: by_bincount(a, b).flatten(), "the shape [100]"),
    "fitted": (fitted, "the largest label"),
    "shared": (Shared(), "counts on from the first"),
    "off by one": (lambda a, b: confusion_matrix(a, b).roll(1, 0), "confusion_matrix has"),
    "accuracy": (lambda a, b: (a == b).double().mean(), "the shape []"),
    "text": (lambda a, b: "matrix", "expected is a tensor of shape [10, 10]"),
    "raises": (lambda a, b: confusion_matrix(a.tolist(), b)[10], "raised IndexError on 200"),
    "not a function": (torch.zeros(10, 10), "expected is a function"),
    "liar": (lambda a, b: Liar(), "expected is a tensor of shape [10, 10]"),
}


@pytest.mark.parametrize(("answer", "fragment"), MATRIX_MISTAKES.values(), ids=MATRIX_MISTAKES)
def test_mistakes_wrong_matrix(answer, fragment):
    assert_incorrect(checks.mistakes, fragment, answer, confident_mistakes)


def surest(key, wrong=True, descending=True, limit=True, map_back=True):
    def confident_mistakes(probabilities, labels, k=10):
        predictions = probabilities.argmax(1)
        chosen = (predictions != labels) if wrong else torch.ones(len(labels), dtype=torch.bool)
        places = chosen.nonzero().flatten()
        order = key(probabilities[places], labels[places]).argsort(descending=descending)
        order = order[:k] if limit else order
        return places[order] if map_back else order

    return confident_mistakes


def confidence(probabilities, labels):
    return probabilities.amax(1)


def of_label(probabilities, labels):
    return probabilities[range(len(labels)), labels]


INDEX_LIST_MISTAKES = {
    "right ones too": (surest(confidence, wrong=False), "its prediction is right"),
    "least first": (surest(confidence, descending=False), "the least confident mistakes"),
    "reversed": (lambda p, y, k=10: confident_mistakes(p, y, k).flip(0), "the least confident"),
    "true class": (surest(of_label, descending=False), "the probability of the true class"),
    "true class, up": (surest(of_label), "the probability of the true class"),
    "all": (surest(confidence, limit=False), "returned 24 indices"),
    "always ten": (lambda p, y, k=10: confident_mistakes(p, y), "with 24 mistakes and k=3"),
    "within": (surest(confidence, map_back=False), "count within the mistakes only"),
    "probabilities": (
        lambda p, y, k=10: p[confident_mistakes(p, y, k)].amax(1),
        "numbers with fractions",
    ),
    "both": (lambda p, y, k=10: p.amax(1).topk(k), "returned several things"),
    "mask": (lambda p, y, k=10: p.argmax(1) != y, "True and False"),
    "column": (lambda p, y, k=10: confident_mistakes(p, y, k)[:, None], "the shape [10, 1]"),
    "too few": (
        lambda p, y, k=10: torch.where(p.argmax(1) != y, p.amax(1), -1).topk(k).indices,
        "expected are 4",
    ),
    "topk fails": (
        lambda p, y, k=10: confident_mistakes(p, y, 60)[
            p.amax(1)[confident_mistakes(p, y, 60)].topk(k).indices
        ],
        "With fewer mistakes than k, return all of them.",
    ),
    "in order of place": (
        lambda p, y, k=10: confident_mistakes(p, y, k).sort().values,
        "in another order",
    ),
    "first found": (lambda p, y, k=10: (p.argmax(1) != y).nonzero().flatten()[:k], "not the 10"),
    "beyond": (lambda p, y, k=10: list(range(100, 100 + k)), "no index of these images"),
    "no k": (lambda p, y: confident_mistakes(p, y), "raised TypeError"),
    "text": (lambda p, y, k=10: "ten", "expected are indices"),
    "nothing again": (
        lambda p, y, k=None: confident_mistakes(p, y) if k is None else None,
        "has answered once",
    ),
    "not a function": (torch.zeros(10), "expected is a function"),
    "liar": (lambda p, y, k=10: Liar(), "expected are indices"),
}


@pytest.mark.parametrize(
    ("answer", "fragment"), INDEX_LIST_MISTAKES.values(), ids=INDEX_LIST_MISTAKES
)
def test_mistakes_wrong_indices(answer, fragment):
    assert_incorrect(checks.mistakes, fragment, confusion_matrix, answer)


def test_mistakes_blank_and_trace():
    assert_blank(checks.mistakes, ..., confident_mistakes)
    assert_blank(checks.mistakes, confusion_matrix, ...)
    assert_blank(checks.mistakes, lambda labels, predictions: ..., confident_mistakes)
    assert_blank(checks.mistakes, confusion_matrix, lambda probabilities, labels, k=10: None)
    assert_no_trace(checks.mistakes, confusion_matrix, confident_mistakes)


# ------------------------------------------------------------------- settings of the student's

WHOLE = {
    "activations": (checks.activations, get_activations),
    "decision_map": (checks.decision_map, batched_occlusion),
    "mistakes": (checks.mistakes, confusion_matrix, confident_mistakes),
}


@pytest.mark.parametrize("answers", WHOLE.values(), ids=WHOLE)
def test_passes_whatever_the_default_device_and_type(answers):
    torch.set_default_device("meta")  # stands for a GPU: tensors made there do not mix with others
    try:
        assert_passes(*answers)
        assert torch.get_default_device() == torch.device("meta")
    finally:
        torch.set_default_device("cpu")
    torch.set_default_dtype(torch.float64)
    try:
        assert_passes(*answers)
        assert_no_trace(*answers)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("answers", WHOLE.values(), ids=WHOLE)
def test_passes_without_gradients(answers):
    with torch.no_grad():
        assert_passes(*answers)
        assert_passes(checks.decision_map, gradient())
        assert_no_trace(*answers)
