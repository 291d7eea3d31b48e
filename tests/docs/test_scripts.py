"""The scripts for the lessons in docs/teaching.md: their minutes, and what the checks say to the
mistakes that are made on purpose."""

import re

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from authoring.facts import lesson_facts
from helpers import checks
from helpers.checks import Incorrect
from helpers.models import ConvNet
from tests.checks.inspection.parts import page_of
from tests.docs.pages import page

SCRIPTS = page("docs/teaching.md").sections["A script for each lesson"].text
QUOTE = re.compile(r"(?<![\d.])(\d\.\d)\s[^→*]*?→\s\*([^*]+)\*")
QUOTED = {number: " ".join(words.split()) for number, words in QUOTE.findall(SCRIPTS)}


def turned():
    """An edge kernel of Task 1.7, turned."""
    layer = nn.Conv2d(1, 1, 3, bias=False)
    with torch.no_grad():
        layer.weight[0, 0] = torch.tensor([[-1.0] * 3, [0.0] * 3, [1.0] * 3])
    checks.vertical_edges(layer)


def one_place_too_few():
    """A prediction for Task 1.3."""
    layer, image = nn.Conv2d(1, 8, 5), torch.rand(1, 28, 28)
    checks.conv_output((8, 23, 23), layer(image), layer, image)


def like_a_convolution():
    """A prediction for Task 2.1."""
    image = torch.rand(1, 28, 28)
    checks.max_pool((1, 24, 24), nn.MaxPool2d(5)(image), image)


def both_titles_on_one_axes():
    """Two pictures for Task 2.3."""
    image = torch.rand(1, 28, 28)
    pooled = nn.MaxPool2d(5)(image)
    figure, axes = plt.subplots(1, 2)
    axes[0].imshow(image[0])
    axes[1].imshow(pooled[0])
    axes[0].set_title("image")
    axes[0].set_title("pooled")
    checks.side_by_side(figure, image, pooled)


def train_loop(dataloader, model, loss_fn, optimizer):
    """For Task 3.5, without zero_grad."""
    device = next(model.parameters()).device
    model.train()
    total, count = 0.0, 0
    for images, labels in dataloader:
        images, labels = images.to(device), labels.to(device)
        loss = loss_fn(model(images), labels)
        loss.backward()
        optimizer.step()
        total, count = total + loss.detach() * len(images), count + len(images)
    return float(total / count)


def test_loop(dataloader, model, loss_fn):
    """For Task 3.6, without eval."""
    device = next(model.parameters()).device
    total, correct, count = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in dataloader:
            images, labels = images.to(device), labels.to(device)
            scores = model(images)
            total += loss_fn(scores, labels) * len(images)
            correct += (scores.argmax(dim=1) == labels).sum()
            count += len(images)
    return float(total / count), float(correct / count)


test_loop.__test__ = False  # it is no test of pytest's


def each_on_a_scale_of_its_own():
    """Six kernels for Task 4.2."""
    layer = ConvNet().conv_stack[0]
    figure, axes = plt.subplots(1, 6)
    for ax, kernel in zip(axes, layer.weight.detach(), strict=True):
        ax.imshow(kernel[0], cmap="RdBu_r")
    checks.kernel_pictures(figure, layer)


def get_activations(model, layer, images):
    """For Task 4.4, without remove."""
    caught = []
    layer.register_forward_hook(lambda layer, inputs, output: caught.append(output))
    with torch.no_grad():
        model(images)
    return caught[0]


def confusion_matrix(labels, predictions):
    """For Task 4.6, turned."""
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    for label, prediction in zip(labels.tolist(), predictions.tolist(), strict=True):
        matrix[prediction, label] += 1
    return matrix


def confident_mistakes(probabilities, labels, k=10):
    """For Task 4.6, right."""
    confidence, predictions = probabilities.max(dim=1)
    wrong = (predictions != labels).nonzero()[:, 0]
    return wrong[confidence[wrong].argsort(descending=True)[:k]]


def parameters_for_multiplications():
    """For Task 4.7: what the layers hold, in place of what they do with it."""
    model = ConvNet()
    checks.own_page(page_of(model), sum(p.numel() for p in model.parameters()), model)


def convolutions(channels, norm=None):
    """The convolutions of notebook 3, for other channels, perhaps with a norm."""
    layers = []
    for before, after in ((channels, 6), (6, 16)):
        layers += [nn.Conv2d(before, after, 5), *([norm(after)] if norm else [])]
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers)


class RGBConvNet(ConvNet):
    """For Task 5.2, with the 256 of notebook 3."""

    def __init__(self):
        super().__init__()
        self.conv_stack = convolutions(3)


class DropoutConvNet(ConvNet):
    """For Task 5.3, with dropout after the last layer."""

    def __init__(self):
        super().__init__()
        self.linear_stack.append(nn.Dropout(0.5))


class BatchNormConvNet(ConvNet):
    """For Task 5.4, with the wrong norm."""

    def __init__(self):
        super().__init__()
        self.conv_stack = convolutions(1, nn.BatchNorm1d)


MISTAKES = {
    "1.1": lambda: checks.conv_layer(nn.Conv2d(28, 8, 5)),
    "1.3": one_place_too_few,
    "1.7": turned,
    "2.1": like_a_convolution,
    "2.3": both_titles_on_one_axes,
    "3.5": lambda: checks.train_loop(train_loop),
    "3.6": lambda: checks.test_loop(test_loop),
    "4.2": each_on_a_scale_of_its_own,
    "4.4": lambda: checks.activations(get_activations),
    "4.6": lambda: checks.mistakes(confusion_matrix, confident_mistakes),
    "4.7": parameters_for_multiplications,
    "5.2": lambda: checks.rgb_net(RGBConvNet),
    "5.3": lambda: checks.dropout(DropoutConvNet),
    "5.4": lambda: checks.batch_norm(BatchNormConvNet),
}


def test_every_quoted_mistake_is_tried():
    assert QUOTED.keys() == MISTAKES.keys()


@pytest.fixture(scope="module", autouse=True)
def optimizer():
    """The first optimizer of a process, which imports for seconds: more than a check may take."""
    return torch.optim.SGD(ConvNet().parameters(), lr=1e-3)


@pytest.mark.parametrize("number", MISTAKES)
def test_a_check_says_what_the_script_promises(number):
    with pytest.raises(Incorrect) as told:
        MISTAKES[number]()
    plt.close("all")
    assert QUOTED[number] in " ".join(str(told.value).split())


def test_pytorch_says_what_the_script_promises():
    with pytest.raises(RuntimeError) as told:
        ConvNet()(torch.rand(1, 28, 28))
    assert str(told.value) in " ".join(SCRIPTS.split())


@pytest.mark.parametrize("facts", lesson_facts().values(), ids=lambda facts: facts.name)
def test_the_minutes_of_a_script_are_those_of_the_lesson(facts):
    script = SCRIPTS.split(f"### {facts.number} · ")[1].split("\n### ")[0]
    minutes = sum(map(int, re.findall(r"^\| (\d+) \|", script, re.MULTILINE)))
    assert minutes == (facts.minutes or minutes) > 0
