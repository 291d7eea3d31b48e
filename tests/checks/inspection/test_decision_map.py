"""Task 4.5: right ways, mistakes and their messages, blanks, traces."""

import warnings

import pytest
import torch

from helpers import checks, inspection
from helpers.checks.inspection import puzzles
from tests.checks.inspection.parts import batched_occlusion, gradient
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


def occlusion(patch=4, stride=1, fill=0.0, softmax=True, sign=1, clip=False):
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
        return (total / count).clamp(min=0) if clip else total / count

    return decision_map


def not_detached(model, image, label):
    """Occlusion without torch.no_grad()."""
    before = model(image[None])[0, label]
    falls = torch.zeros(28, 28)
    for row in range(0, 28, 4):
        for column in range(0, 28, 4):
            covered = image.clone()
            covered[:, row : row + 4, column : column + 4] = 0
            after = model(covered[None])[0, label]
            falls[row : row + 4, column : column + 4] = before - after
    return falls


def smooth(model, image, label):
    """SmoothGrad: the mean of the gradients at noisy copies."""
    noisy = [image + 0.1 * torch.randn_like(image) for _ in range(10)]
    return sum(gradient()(model, one, label) for one in noisy) / 10


def reaching(model, image, label):
    """Integrated gradients: along the way from a black image to this one, times the image."""
    slopes = [gradient(finish=lambda s: s)(model, image * part / 8, label) for part in range(1, 9)]
    return sum(slopes) / 8 * image[0]


def recipe(model, image, label):
    """The usual one, with the gradients taken out of the network again."""
    x = image.detach().clone().requires_grad_()
    model(x[None])[0, label].backward()
    model.zero_grad(set_to_none=False)
    return x.grad.abs()[0]


def guided_by_hook(model, image, label):
    kept = []
    x = image.clone().requires_grad_()
    handle = model.register_full_backward_hook(lambda part, inputs, outputs: kept.append(inputs))
    model(x[None])[0, label].backward()
    handle.remove()
    model.zero_grad()
    return x.grad[0].abs()


def frozen_for_a_while(model, image, label):
    x = image.clone().requires_grad_()
    model.requires_grad_(False)
    model(x[None])[0, label].backward()
    model.requires_grad_(True)
    return x.grad.abs().squeeze()


def random_masks(model, image, label):
    """RISE: how sure the network is under masks at random that leave a pixel."""
    masks = (torch.rand(4000, 1, 28, 28) < 0.5).float()
    with torch.no_grad():
        scores = model(image * masks)[:, label]
    return ((scores - scores.mean())[:, None, None] * (masks[:, 0] - 0.5)).mean(0)


def largest_of_both(model, image, label):
    return torch.maximum(gradient()(model, image, label), occlusion()(model, image, label))


@pytest.mark.parametrize(
    "answer",
    [
        occlusion(),
        occlusion(patch=1),
        occlusion(patch=10, stride=2),
        occlusion(patch=7, stride=1),
        occlusion(patch=7, stride=7, softmax=False),
        occlusion(patch=5, stride=3, fill=0.5),
        batched_occlusion,
        gradient(),
        gradient("probability"),
        gradient("log"),
        gradient("loss"),
        gradient("loss", finish=torch.square),
        lambda m, x, label: gradient()(m, x, label).tolist(),
        lambda m, x, label: list(gradient()(m, x, label)),
        lambda m, x, label: gradient()(m, x, torch.tensor(label)).double(),
        not_detached,
        smooth,
        reaching,
        gradient("score", name="zero_grad"),
        recipe,
        occlusion(patch=1, clip=True),
        occlusion(patch=5, stride=2, clip=True),
        lambda m, x, label: occlusion()(m, x, label) ** 2,
        lambda m, x, label: occlusion(patch=3, stride=3)(m, x, label).abs(),
        lambda m, x, label: gradient()(m, x, label) / gradient()(m, x, label).max(),
        lambda m, x, label: gradient("score", finish=torch.relu)(m, x, label) * x[0],
        guided_by_hook,
        frozen_for_a_while,
        random_masks,
        largest_of_both,
        inspection.saliency,
        inspection.occlusion_map,
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


def switched_on(model, image, label):
    image.requires_grad_(True)
    return torch.autograd.grad(model(image[None])[0, label], image)[0][0].abs()


def always_here(model, image, label):
    result = torch.zeros(28, 28)
    result[10:16, 10:16] = 1
    return result


def remaining(model, image, label):
    falls = occlusion()(model, image, label)
    return model(image[None]).softmax(1)[0, label].item() - falls


def one_clone(model, image, label):
    covered, falls = image.clone(), torch.zeros(28, 28)
    with torch.no_grad():
        before = model(image[None])[0, label]
        for row in range(28):
            for column in range(28):
                covered[:, row, column] = 0
                falls[row, column] = before - model(covered[None])[0, label]
    return falls


def unused_copy(model, image, label):
    copy, other = image.clone().requires_grad_(), image.clone().requires_grad_()
    return torch.autograd.grad(model(other[None])[0, label], copy)


def no_grad_attribute(model, image, label):
    batch = image.clone().requires_grad_()[None]
    model(batch)[0, label].backward()
    with warnings.catch_warnings():  # PyTorch warns of what the message explains
        warnings.simplefilter("ignore")
        return batch.grad[0, 0].abs()


def recipe_as_it_stands(model, image, label):
    x = image.detach().clone().requires_grad_()
    model(x[None])[0, label].backward()
    return x.grad.abs()[0]


class Adding:
    """A map that goes on from call to call."""

    def __init__(self):
        self.heat = torch.zeros(28, 28)

    def __call__(self, model, image, label):
        self.heat += gradient()(model, image, label)
        return self.heat


def adding_before():
    adding = Adding()
    adding.heat[:] = torch.rand(28, 28)
    return adding


def of_global_image():
    x = torch.rand(1, 28, 28).requires_grad_()

    def decision_map(model, image, label):
        model(x[None])[0, label].backward()
        model.zero_grad()
        return x.grad[0].abs()

    return decision_map


class First(Adding):
    def __call__(self, model, image, label):
        if not self.heat.any():
            self.heat = gradient()(model, image, label)
        return self.heat


NETWORK = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
OTHER = puzzles.make_puzzle(2)  # stands for the network, image and label of the notebook


def spoiled(spoil):
    def decision_map(model, image, label):
        found = gradient()(model, image, label)
        spoil(model)
        return found

    return decision_map


def doubled(model, image, label):
    return gradient()(model.double(), image.double(), label)


hook_left = spoiled(lambda model: model.register_forward_hook(lambda *seen: None))
hook_on_layer = spoiled(lambda model: model[1].register_full_backward_hook(lambda *seen: None))
frozen = spoiled(lambda model: model.requires_grad_(False))
layer_added = spoiled(lambda model: model.append(torch.nn.Softmax(1)))
layer_replaced = spoiled(lambda model: setattr(model, "1", torch.nn.Linear(784, 10)))
trained = spoiled(lambda model: model[1].bias.data.add_(1))

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
    "predicted, times the label": (
        lambda m, x, label: gradient("predicted")(m, x, label) * (label + 1),
        "which this network predicts",
    ),
    "predicted, sum of scores": (
        lambda m, x, label: gradient("sum")(m, x, label) * (label + 1),
        "as well. Use the score of this label alone",
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
    "always here": (always_here, "the same for other values of model and label"),
    "noise": (lambda m, x, label: torch.rand(28, 28), "does not find what matters"),
    "one clone": (one_clone, "begin each patch with a new image.clone()"),
    "mirrored": (lambda m, x, label: gradient()(m, x, label).flip(1), "mirrored, left and right"),
    "signed": (gradient(finish=lambda slope: slope), "take the absolute value"),
    "signed, probability": (
        gradient("probability", finish=lambda slope: slope),
        "take the absolute value",
    ),
    "white patches": (occlusion(fill=1.0), "a brighter patch may raise the score"),
    "channel kept": (gradient(shape=(1, 28, 28)), "The dimension of the channels is still there"),
    "flat": (gradient(shape=784), "reshape(28, 28)"),
    "scores": (lambda m, x, label: m(x[None]), "Ten numbers are one for each class"),
    "patches": (lambda m, x, label: torch.rand(7, 7), "fill all the pixels under the patch"),
    "column": (lambda m, x, label: gradient()(m, x, label).sum(0), "the shape [28]; expected"),
    "tuple": (lambda m, x, label: (gradient()(m, x, label),), "a tuple with one thing in it"),
    "softmax over the batch": (
        gradient(finish=lambda slope: slope * 0),
        "If you use softmax: the classes are dim=1",
    ),
    "no copy": (
        lambda m, x, label: torch.autograd.grad(m(x[None])[0, label], x),
        "image.clone().requires_grad_()",
    ),
    "another copy": (unused_copy, "the very copy of the image"),
    "no .grad": (no_grad_attribute, "only the tensor on which requires_grad_() was called"),
    "wrong batch": (lambda m, x, label: m(torch.cat([x, x])[:, :20]), "a batch of images"),
    "Grad-CAM": (lambda m, x, label: m.conv_stack[3](x), "use only what it is handed"),
    "nan": (lambda m, x, label: torch.full((28, 28), float("nan")), "not finite"),
    "in place": (in_place, "changed the image"),
    "switched on": (switched_on, "switched on requires_grad"),
    "backward": (gradient("score", name="backward"), "leaves gradients in the network's"),
    "train": (
        lambda m, x, label: gradient()(m.train(), x, label),
        "leaves it in train() mode",
    ),
    "recipe": (recipe_as_it_stands, "leaves gradients in the network's"),
    "relu": (gradient(finish=torch.relu), "with 0 in place of its negative half"),
    "relu of the probability": (
        gradient("probability", finish=torch.relu),
        "with 0 in place of its negative half",
    ),
    "relu of the logarithm": (gradient("log", finish=torch.relu), "place of its negative half"),
    "clamped": (gradient(finish=lambda s: s.clamp(min=0)), "place of its negative half"),
    "masked": (gradient(finish=lambda s: s * (s > 0)), "place of its negative half"),
    "relu, squared": (gradient(finish=lambda s: s.relu() ** 2), "place of its negative half"),
    "relu, scaled": (
        gradient(finish=lambda s: s.relu() / s.max()),
        "with 0 in place of its negative half",
    ),
    "negative half": (gradient(finish=lambda s: (-s).relu()), "the map is 0 everywhere"),
    "minus": (gradient(finish=lambda s: -s), "its sign is turned round"),
    "minus the size": (gradient(finish=lambda s: -s.abs()), "its sign is turned round"),
    "from 0 to 1": (
        gradient(finish=lambda s: (s - s.min()) / (s.max() - s.min())),
        "lowest where the gradient is negative",
    ),
    "adds up": (Adding(), "adds to what earlier calls have left"),
    "adds up, used before": (adding_before(), "adds to what earlier calls have left"),
    "gradient of a global image": (of_global_image(), "adds to what earlier calls have left"),
    "first map for ever": (First(), "the same for other values of model and label"),
    "global network": (
        lambda m, x, label: gradient()(NETWORK, x, label),
        "the same for other values of model",
    ),
    "global label": (
        lambda m, x, label: gradient()(m, x, 7),
        "the same for other values of label",
    ),
    "global image": (
        lambda m, x, label: gradient()(m, OTHER.image, label),
        "the same for other values of image",
    ),
    "global image, occlusion": (
        lambda m, x, label: occlusion()(m, OTHER.image, label),
        "lowest where the gradient is negative",
    ),
    "weights": (
        lambda m, x, label: m[-1].weight[label].detach().reshape(28, 28).abs(),
        "the same for other values of image",
    ),
    "upside down": (lambda m, x, label: gradient()(m, x, label).flip(0), "upside down"),
    "half a turn": (lambda m, x, label: gradient()(m, x, label).flip(0, 1), "by half a turn"),
    "a quarter turn": (
        lambda m, x, label: gradient()(m, x, label).rot90(),
        "not find what matters",
    ),
    "shifted": (lambda m, x, label: gradient()(m, x, label).roll(9, 0), "not find what matters"),
    "hook left": (hook_left, "leaves a hook on the network itself"),
    "hook on a layer": (hook_on_layer, "leaves a hook on layer 1 (Linear) of the network"),
    "frozen": (frozen, "switched off requires_grad for weights"),
    "double": (doubled, "leaves weights of type torch.float64"),
    "layer added": (layer_added, "with other layers or weights than it had"),
    "layer replaced": (layer_replaced, "with other layers or weights than it had"),
    "trained": (trained, "changed the network's weights"),
    "one class fewer": (gradient("next"), "does not find what matters"),
    "rows of zeros": (lambda m, x, label: torch.eye(28), "the same for other values of model"),
    "infinite": (lambda m, x, label: 1 / (x[0] * 0), "not finite"),
    "three channels": (lambda m, x, label: x.repeat(3, 1, 1), "the shape [3, 28, 28]"),
    "raises": (lambda m, x, label: m(x[None])[label], "The network wants a batch of images"),
    "raises otherwise": (lambda m, x, label: 1 / 0, "division by zero."),
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
