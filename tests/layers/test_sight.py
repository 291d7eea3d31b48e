"""What a value sees is what changes it when it is changed; the terms of a value add up to it."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.layers.sight import Sight
from helpers.layers.terms import ALONE, COPY, LARGEST, MEAN, SEVERAL, SUM
from helpers.models import ConvNet
from tests.layers import test_receptive_fields
from tests.layers.test_receptive_fields import NETWORKS, between, conv, stack
from tests.written_networks import Written

SHAPE = test_receptive_fields.IMAGE
STEPS = 100.0, 1.0, -100.0
PIXELS = 20  # are changed, by chance
MORE = {
    "circular": lambda: stack(conv(size=5, padding=2, padding_mode="circular"), conv()),
    "reflected": lambda: stack(conv(padding=1, padding_mode="reflect"), nn.MaxPool2d(3)),
    "two halves": lambda: Written(
        lambda m, x: m.two(torch.cat([part.mT.mT * 2 for part in m.one(x).chunk(2, 1)][::-1], 1)),
        one=conv(2, 4), two=conv(4, 2),
    ),
    "the second half": lambda: Written(
        lambda m, x: m.two(m.one(x).chunk(2, 1)[1]), one=conv(2, 4, groups=2), two=conv()
    ),
    "batch of one": lambda: Written(lambda m, x: m.one(x[0][None]).view(1, 2, 9, 11), one=conv()),
    "the largest of a row": lambda: Written(lambda m, x: m.one(x).max(-1)[0], one=conv()),
    "numbers made good": lambda: between(torch.nan_to_num),
}  # fmt: skip


def positive(model: nn.Module) -> nn.Module:
    """In float64 and with positive weights, so that no change cancels another."""
    model = model.double().eval()
    for weights in model.parameters():
        nn.init.uniform_(weights, 0.02, 0.06)
    for buffer in model.buffers():  # the vectors of spectral norm
        buffer.abs_()
    return model


def one(sight: Sight, place: int, index: tuple) -> torch.Tensor:
    """A mask of the values of an operation, with one in it."""
    mask = torch.zeros(sight.values((place, 0)).shape, dtype=torch.bool)
    mask[index] = True
    return mask


def some_values(sight: Sight, count: int) -> list[tuple[int, tuple[int, ...]]]:
    """Places of operations, and some values of each: at the corners and by chance."""
    draw = torch.Generator().manual_seed(2)
    chosen = []
    for place, operation in enumerate(sight.operations):
        shape = operation.output.shape
        chance = torch.randint(shape.numel(), (count,), generator=draw).tolist()
        for number in {0, shape.numel() - 1, *chance}:
            chosen.append(
                (place, tuple(map(int, torch.unravel_index(torch.tensor(number), shape))))
            )
    return chosen


def by_trying(model, image, chosen: list, pixels: list) -> torch.Tensor:
    """For each of the ``chosen`` values, and each pixel: does a change of it change the value?"""

    def values(x):
        operations = Sight(model, x).operations
        return torch.stack([operations[place].output[index] for place, index in chosen])

    plain = values(image)
    seen = torch.zeros(len(chosen), len(pixels), dtype=torch.bool)
    for number, (row, column) in enumerate(pixels):
        for step in STEPS:
            changed = image.clone()
            changed[:, row, column] += step
            seen[:, number] |= values(changed) != plain
    return seen


@pytest.mark.parametrize("name", [*NETWORKS, *MORE])
def test_a_value_sees_the_pixels_that_change_it(name):
    torch.manual_seed(0)
    model = positive((NETWORKS | MORE)[name]())
    image = torch.rand(SHAPE, dtype=torch.float64)
    sight = Sight(model, image)
    chosen = some_values(sight, 2)
    pixels = [divmod(n, SHAPE[2]) for n in torch.randperm(SHAPE[1] * SHAPE[2])[:PIXELS].tolist()]
    for (place, index), expected in zip(
        chosen, by_trying(model, image, chosen, pixels), strict=True
    ):
        found, why = sight.pixels((place, 0), one(sight, place, index))
        found = torch.stack([found[pixel] for pixel in pixels])
        if name == "bilinear":  # what is multiplied by zero is seen, too
            assert why == "" and not (expected & ~found).any()
        else:
            assert why == "" and torch.equal(found, expected), (sight.operations[place].name, index)


@pytest.mark.parametrize("name", [*NETWORKS, *MORE])
def test_the_terms_of_a_value_add_up_to_it(name):
    torch.manual_seed(1)
    sight = Sight((NETWORKS | MORE)[name](), torch.rand(SHAPE))
    for place, index in some_values(sight, 1):
        if index[0]:
            continue  # of a batch of the network's own making
        steps = list(sight.way(place, index[1:]))
        last = steps[-1]
        assert last.operation is None or not len(last.made.values)  # such as a padded zero
        for step in filter(lambda step: step.operation, steps):
            made, value = step.made, float(step.values[step.index])
            assert made.value == value and len(made.values) == len(made.places)
            if made.how in (SUM, MEAN):
                assert float(made.products.sum()) + made.offset == pytest.approx(value, abs=1e-5)
            elif made.how == LARGEST:
                assert float(made.values.max()) == value
            elif made.how == COPY:
                assert made.values.tolist() == [value]


def how(model, layer: str, index: tuple, shape=(2, 6, 6)) -> list[tuple[str, int]]:
    """How each value on a way was made, and of how many."""
    torch.manual_seed(0)
    sight = Sight(model, torch.randn(shape))
    steps = sight.way(sight.place_of(layer), index)
    return [(step.made.how, len(step.made.values)) for step in steps if step.made]


def test_each_way_of_making_a_value_is_told_by_what_it_does():
    assert how(stack(conv()), "0", (1, 2, 2)) == [(SUM, 18)]
    assert how(stack(conv(padding=1)), "0", (1, 0, 0)) == [(SUM, 8)]  # what lies in the image
    assert how(stack(nn.AvgPool2d(3)), "0", (1, 0, 0)) == [(MEAN, 9)]
    assert how(stack(nn.AdaptiveAvgPool2d(1)), "0", (1, 0, 0)) == [(MEAN, 36)]
    assert how(stack(nn.MaxPool2d(2)), "0", (1, 0, 0)) == [(LARGEST, 4)]
    assert how(stack(nn.BatchNorm2d(2)), "0", (1, 0, 0))[0][1] == 1
    assert how(stack(nn.Flatten(), nn.Linear(72, 3)), "1", (2,)) == [(SUM, 72), (COPY, 1)]
    assert how(stack(nn.Tanh()), "0", (1, 0, 0)) == [(ALONE, 1)]
    assert how(stack(nn.Dropout(0.5)), "0", (1, 0, 0)) == [(COPY, 1)]
    assert how(stack(nn.Softmax(1)), "0", (1, 0, 0)) == [(SEVERAL, 2)]
    assert how(stack(nn.InstanceNorm2d(2)), "0", (1, 0, 0)) == [(SEVERAL, 36)]
    assert {step for i in range(6) for step in how(stack(nn.ReLU()), "0", (1, 0, i))} == {
        (COPY, 1), (ALONE, 1),
    }  # fmt: skip
    written = Written(
        lambda m, x: F.conv2d(F.relu(x), m.weight), weight=nn.Parameter(torch.ones(1, 2, 3, 3))
    )
    assert how(written, "", (0, 1, 1))[0] == (SUM, 18)


CURVED = {
    "softmax": (nn.Softmax(1), (2, 6, 6), SEVERAL),
    "softmax, of odd sizes": (nn.Softmax2d(), (3, 5, 5), SEVERAL),
    "GELU": (nn.GELU(), (2, 28, 28), ALONE),
    "Mish": (nn.Mish(), (2, 28, 28), ALONE),
}


@pytest.mark.parametrize("name", CURVED)
def test_several_threads_change_nothing(name):
    """Each rounds the last numbers of its share in another way, which is no dependence."""
    layer, shape, expected = CURVED[name]
    threads = torch.get_num_threads()
    try:
        for count in (1, 2, 3, 4):
            torch.set_num_threads(count)
            assert [way for way, _ in how(stack(layer), "0", (1, 0, 0), shape)] == [expected], count
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)


def test_the_way_follows_what_counts_most():
    model = stack(nn.MaxPool2d(2), nn.Conv2d(1, 1, 1))
    image = torch.zeros(1, 4, 4)
    image[0, 3, 1] = 5
    steps = list(Sight(model, image).way(1, (0, 1, 0)))
    assert [step.index for step in steps] == [(0, 0, 1, 0), (0, 0, 1, 0), (0, 0, 3, 1)]
    assert [int(step.seen.sum()) for step in steps] == [1, 1, 4]


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (between(lambda x: (x > 0.1).float()), "cannot be marked"),
        (between(torch.sign), "two ways of trying it out"),
        (between(lambda x: x.sort(-1)[1].float()), "cannot be marked"),
    ],
)
def test_what_is_not_known_is_said(model, why):
    sight = Sight(model, torch.rand(SHAPE))
    place = sight.place_of("two")
    _, said = sight.pixels((place, 0), one(sight, place, (0, 0, 3, 3)))
    assert why in said
    last = list(sight.way(place, (0, 3, 3)))[-1]
    assert last.made is None and why in last.why


def test_what_hangs_on_nothing_sees_nothing():
    sight = Sight(between(lambda x: x.new_ones(x.shape)), torch.rand(SHAPE))
    place = sight.place_of("two")
    pixels, why = sight.pixels((place, 0), one(sight, place, (0, 0, 3, 3)))
    steps = list(sight.way(place, (0, 3, 3)))
    assert not pixels.any() and why == ""
    assert [len(step.made.values) for step in steps] == [18, 0]


def test_the_place_of_a_layer_is_the_one_that_made_its_values():
    torch.manual_seed(0)
    model, image = Written(lambda m, x: m.one(F.relu(m.one(x))), one=conv()), torch.rand(SHAPE)
    sight = Sight(model, image)
    places = [n for n, operation in enumerate(sight.operations) if operation.name == "conv2d"]
    assert sight.place_of("one") == places[-1]
    assert sight.place_of("one", sight.values((places[0], 0))) == places[0]
    assert sight.place_of("one", torch.zeros(1, 2, 3, 3)) is None
    assert sight.place_of("two") is None


def test_no_trace_is_left():
    model, image = ConvNet().train(), torch.rand(1, 28, 28)
    model.conv_stack.eval()
    model.linear_stack.append(nn.Dropout(0.5))
    weights, modes = copy.deepcopy(model.state_dict()), [m.training for m in model.modules()]
    state, flags = torch.get_rng_state(), torch.backends.mkldnn.enabled
    with torch.inference_mode():
        sight = Sight(model, image)
        list(sight.way(len(sight.operations) - 1, (3,)))
    assert torch.equal(torch.get_rng_state(), state) and torch.backends.mkldnn.enabled == flags
    assert [m.training for m in model.modules()] == modes
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
