"""Task 4.7: right ways, mistakes and their messages, blanks, traces."""

import copy
import shutil

import numpy as np
import pytest
import torch
from torch import nn

from helpers import checks, sharing
from helpers.models import ConvNet
from tests.checks.inspection.parts import page_of
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)

RIGHT = 281_640


@pytest.fixture
def model():
    return ConvNet()


@pytest.fixture
def page(model):
    return page_of(model)


def test_own_page_right(page, model, monkeypatch):
    shown = assert_passes(checks.own_page, page, RIGHT, model)
    assert "281,640 times" in shown and "85%" in shown and "6% of the weights" in shown
    for number in (float(RIGHT), torch.tensor(RIGHT), np.int64(RIGHT), torch.tensor([RIGHT])):
        assert_passes(checks.own_page, page, number, model)
    assert_passes(checks.own_page, page.path, RIGHT, model)
    assert_passes(checks.own_page, str(page.path), RIGHT, model)
    monkeypatch.chdir(page.path.parent)
    assert_passes(checks.own_page, page.path.name, RIGHT, model)


def test_the_same_network_in_other_hands_is_right(model):
    for other in (copy.deepcopy(model).train(), nn.Sequential(model), nn.DataParallel(model)):
        assert_passes(checks.own_page, page_of(other), RIGHT, model)
    assert_passes(checks.own_page, page_of(model), RIGHT, copy.deepcopy(model))


def test_a_network_of_another_layout_is_counted_as_it_is():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1, bias=False),
        nn.BatchNorm2d(2),
        nn.Flatten(),
        nn.Linear(1568, 10),
    ).eval()
    shown = assert_passes(checks.own_page, page_of(model), 2 * 784 * 9 + 15_680, model)
    assert "29,792" in shown
    page = page_of(model)
    model[1].running_mean.add_(1)
    assert_incorrect(checks.own_page, "other numbers in them, as in 1.", page, 29_792, model)


COUNTS = [
    (44_190, "the number of weights; a convolution uses each of its weights many times"),
    (44_426, "the number of parameters; a convolution uses each of its weights many times"),
    (240_000, "of the convolutions alone"),
    (41_640, "of the linear layers alone"),
    (563_280, "the additions do not count"),
    (RIGHT + 236, "a bias is added"),
    (RIGHT + 6 * 576 + 16 * 64 + 214, "a bias is added"),
    (6 * 576 + 16 * 64 + 214, "as many values do the layers make"),
    (86_400 + 25_600 + 41_640, "through all the maps that come in"),
    (576 * 25 + 64 * 150 + 41_640, "for one map of each convolution"),
    (6 * 784 * 25 + 16 * 144 * 150 + 41_640, "only where all of it fits"),
    (6 * 144 * 25 + 16 * 16 * 150 + 41_640, "only after the convolution"),
    (86_400, "those of conv_stack.0 alone; add the others"),
    (10_080, "those of linear_stack.2 alone; add the others"),
    (RIGHT - 840, "those of linear_stack.4 are missing"),
    (RIGHT - 153_600, "those of conv_stack.3 are missing"),
    (28 * 28, "multiply the number of values that it makes"),
    (RIGHT + 0.5, "a whole number was expected"),
    ("281640", "Leave out the quotes"),
    ((RIGHT,), "Take away the comma"),
    (True, "a whole number was expected"),
    (Liar(), "a whole number was expected"),
]


@pytest.mark.parametrize(("number", "fragment"), COUNTS)
def test_own_page_counted_wrongly(number, fragment, page, model):
    assert_incorrect(checks.own_page, fragment, page, number, model)


OTHERS = [
    (lambda m: page_of(ConvNet()), "with the layers of model, but other numbers in them"),
    (
        lambda m: page_of(m.conv_stack[:1].append(nn.Flatten()).append(nn.Linear(3456, 10))),
        "3 steps",
    ),
    (lambda m: page_of(nn.Sequential(m, nn.Softmax(1))), "13 steps from the picture to the scores"),
    (lambda m: page_of(ConvNet(3), shape=(3, 28, 28)), "other numbers in them, as in conv_stack.0"),
    (
        lambda m: page_of(ConvNet(1, 32), shape=(1, 32, 32)),
        "step 0 is conv2d that makes [6, 28, 28]",
    ),
    (lambda m: m, "a layer or network of type ConvNet; expected is what sharing.page returns"),
    (lambda m: sharing.page, "the function page itself, not what it returns"),
    (lambda m: True, "expected is what sharing.page returns"),
    (lambda m: Liar(), "expected is what sharing.page returns"),
    (lambda m: "no_such_page.html", "there is no file no_such_page.html. Write the page anew"),
    (lambda m: page_of(m).path.parent, "it is a folder"),
    (lambda m: __file__, "is no page of a network"),
    (lambda m: m.state_dict(), "expected is what sharing.page returns"),
]


@pytest.mark.parametrize(("answer", "fragment"), OTHERS)
def test_own_page_of_something_else(answer, fragment, model):
    assert_incorrect(checks.own_page, fragment, answer(model), RIGHT, model)


def test_a_page_from_before_the_last_training_is_refused(page, model):
    with torch.no_grad():
        model.linear_stack[4].bias += 0.01
    fragment = "other numbers in them, as in linear_stack.4. Make the page of model, as it is now"
    assert_incorrect(checks.own_page, fragment, page, RIGHT, model)
    assert_passes(checks.own_page, page_of(model), RIGHT, model)


def test_a_page_whose_file_is_gone_or_cut_off(page, model):
    cut = page.path.with_name("cut.html")
    text = page.path.read_text(encoding="utf-8")
    cut.write_text(text.replace('"base64":"', '"base64":"QUJD'), encoding="utf-8")
    assert_incorrect(checks.own_page, "is damaged. Write it anew", cut, RIGHT, model)
    moved = shutil.copy(page.path, page.path.with_name("gone.html"))
    page.path.unlink()
    assert_incorrect(checks.own_page, "there is no file", page, RIGHT, model)
    assert_passes(checks.own_page, moved, RIGHT, model)


@pytest.mark.parametrize(
    ("given", "fragment"),
    [
        (7, "model is 7 (of type int), not the trained network"),
        (ConvNet, "model is the class ConvNet itself"),
        (ConvNet(3), "no page can hold it for grey images of 28×28"),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), "without a convolution"),
    ],
)
def test_a_model_that_is_not_the_one_of_the_notebook(given, fragment, page):
    assert_incorrect(checks.own_page, fragment, page, RIGHT, given)


def test_own_page_blank_and_trace(page, model):
    assert_blank(checks.own_page, ..., ..., model)
    assert_blank(checks.own_page, page, ..., model)
    assert_blank(checks.own_page, None, RIGHT, model)
    assert_blank(checks.own_page, page, RIGHT, None)
    model.train()
    assert_no_trace(checks.own_page, page, RIGHT, model)
    assert_no_trace(checks.own_page, page, 7, model)
