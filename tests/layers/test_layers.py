"""Sizes of layers, compared with what torch itself does."""

import itertools
import re

import pytest
import torch
from torch import nn

from helpers.layers import count_parameters, get_output_width, layer_rows, layer_table
from helpers.models import ConvNet

# The width


def width_of_torch(width, kernel, stride, padding, dilation) -> int | None:
    """The width that ``nn.Conv2d`` gives, or ``None`` if it refuses (on "meta" not all do)."""
    layer = nn.Conv2d(1, 1, (1, kernel), (1, stride), (0, padding), (1, dilation))
    try:
        with torch.no_grad():
            return layer(torch.zeros(1, 1, 1, width)).shape[-1]
    except RuntimeError:
        return None


@pytest.mark.parametrize("width", range(1, 11))
def test_the_width_is_that_of_torch_for_all_small_arguments(width):
    outcomes = set()
    for rest in itertools.product(range(1, 7), range(1, 5), range(0, 4), range(1, 4)):
        expected = width_of_torch(width, *rest)
        if expected is None:
            with pytest.raises(ValueError, match="the kernel reaches over"):
                get_output_width(width, *rest)
        else:
            assert get_output_width(width, *rest) == expected, (width, *rest)
        outcomes.add(expected)
    assert None in outcomes and len(outcomes) > 3  # both cases, and several widths


@pytest.mark.parametrize("kernel", range(1, 8))
def test_the_width_is_that_of_pooling(kernel):
    pooled = nn.MaxPool2d(kernel)(torch.zeros(1, 28, 28))
    assert get_output_width(28, kernel, stride=kernel) == pooled.shape[-1]


@pytest.mark.parametrize(
    ("arguments", "width"),
    [((28, 5), 24), ((28, 5, 1, 2), 28), ((28, 5, 5), 5), ((32, 3, 2, 1), 16), ((5, 5), 1)],
)
def test_widths_worked_out_by_hand(arguments, width):
    result = get_output_width(*arguments)
    assert result == width and type(result) is int


def test_a_large_width_is_exact():
    assert get_output_width(10**18 + 1, 2, stride=3) == (10**18 + 1 - 2) // 3 + 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"kernel_size": 7}, "the kernel reaches over 7 pixels, but the padded image has only 6"),
        ({"kernel_size": 4, "dilation": 2}, "the kernel reaches over 7 pixels"),
        ({"kernel_size": 0}, "kernel_size must be a whole number of at least 1, not 0"),
        ({"kernel_size": 2.0}, "kernel_size must be a whole number of at least 1, not 2.0"),
        ({"kernel_size": (3, 3)}, "kernel_size must be a whole number of at least 1, not (3, 3)"),
        ({"kernel_size": True}, "kernel_size must be a whole number of at least 1, not True"),
        ({"input_width": 0}, "input_width must be a whole number of at least 1, not 0"),
        ({"stride": 0}, "stride must be a whole number of at least 1, not 0"),
        ({"padding": -1}, "padding must be a whole number of at least 0, not -1"),
        ({"padding": "same"}, "padding must be a whole number of at least 0, not 'same'"),
        ({"dilation": 0}, "dilation must be a whole number of at least 1, not 0"),
    ],
)
def test_the_width_refuses(arguments, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        get_output_width(**{"input_width": 6, "kernel_size": 3} | arguments)


# The parameters


def test_only_what_is_trained_is_counted():
    layer = nn.Conv2d(1, 8, 5)
    assert count_parameters(layer) == 208
    layer.bias.requires_grad_(False)
    assert count_parameters(layer) == 200
    assert count_parameters(nn.Sequential(nn.BatchNorm2d(6), nn.ReLU())) == 12


# The rows


def test_the_rows_of_the_conv_net():
    rows = [
        (r.name, r.kind, r.output_shape, r.num_parameters, r.receptive_field)
        for r in layer_rows(ConvNet(), (1, 28, 28))
    ]
    # Receptive fields by hand: 5; 5+1=6; then steps of 2: 6+4·2=14; 14+2=16; 16+3·4=28.
    assert rows == [
        ("conv_stack.0", "Conv2d", (6, 24, 24), 156, (5, 5)),
        ("conv_stack.1", "ReLU", (6, 24, 24), 0, (5, 5)),
        ("conv_stack.2", "MaxPool2d", (6, 12, 12), 0, (6, 6)),
        ("conv_stack.3", "Conv2d", (16, 8, 8), 2416, (14, 14)),
        ("conv_stack.4", "ReLU", (16, 8, 8), 0, (14, 14)),
        ("conv_stack.5", "MaxPool2d", (16, 4, 4), 0, (16, 16)),
        ("flatten", "Flatten", (256,), 0, (16, 16)),
        ("linear_stack.0", "Linear", (120,), 30840, (28, 28)),
        ("linear_stack.1", "ReLU", (120,), 0, (28, 28)),
        ("linear_stack.2", "Linear", (84,), 10164, (28, 28)),
        ("linear_stack.3", "ReLU", (84,), 0, (28, 28)),
        ("linear_stack.4", "Linear", (10,), 850, (28, 28)),
    ]


def test_the_rows_leave_no_trace():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Flatten())
    model[2].eval()
    modes = [module.training for module in model.modules()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    layer_rows(model, (1, 5, 5))
    with pytest.raises(ValueError):
        layer_rows(model, (3, 5, 5))
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(torch.get_rng_state(), random) and torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("model", "shape", "sentence"),
    [
        (ConvNet(), (3, 32, 32), "conv_stack.0 (Conv2d) cannot take its input of shape 3×32×32"),
        (ConvNet(), (1, 32, 32), "linear_stack.0 (Linear) cannot take its input of shape 400"),
        (ConvNet(), (1, 8, 8), "conv_stack.3 (Conv2d) cannot take its input of shape 6×2×2"),
        (nn.Linear(5, 2), (4,), "this layer (Linear) cannot take its input of shape 4"),
    ],
)
def test_a_model_that_does_not_fit_is_told_where(model, shape, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        layer_rows(model, shape)
    assert caught.value.__cause__ is not None  # what torch itself says
    with pytest.raises(ValueError, match=re.escape(sentence)):
        layer_table(model, shape)


def test_an_error_between_the_layers_is_told_too():
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)

        def forward(self, x):
            return self.conv(x).reshape(7)

    with pytest.raises(ValueError, match=re.escape("after conv (Conv2d), in Broken.forward")):
        layer_rows(Broken(), (1, 5, 5))


def test_of_several_outputs_the_first_counts():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.GRU(4, 3, batch_first=True)

        def forward(self, x):
            return self.rnn(x[:, 0])[0][:, -1]

    (row,) = layer_rows(Last(), (1, 5, 4))
    assert (row.name, row.output_shape, row.num_parameters) == ("rnn", (5, 3), 3 * 3 * (4 + 3 + 2))


def test_a_layer_used_twice_has_its_parameters_once():
    shared = nn.Conv2d(2, 2, 3)
    rows = layer_rows(nn.Sequential(shared, nn.ReLU(), shared), (2, 9, 9))
    assert [row.num_parameters for row in rows] == [38, 0, 0]
    assert [row.sees for row in rows] == ["3×3", "3×3", "5×5"]


def test_other_types_and_devices():
    model = ConvNet().to(torch.float64)
    assert layer_rows(model, (1, 28, 28))[-1].output_shape == (10,)
    assert layer_rows(ConvNet().to("meta"), (1, 28, 28))[-1].output_shape == (10,)
    assert layer_rows(nn.Sequential(nn.MaxPool2d(5)), (1, 28, 28))[0].output_shape == (1, 5, 5)


# The table


def test_the_table():
    assert layer_table(ConvNet(), (1, 28, 28)).splitlines() == [
        "layer           kind        output  parameters   sees",
        "─────────────────────────────────────────────────────",
        "conv_stack.0    Conv2d     6×24×24         156    5×5",
        "conv_stack.1    ReLU       6×24×24           –    5×5",
        "conv_stack.2    MaxPool2d  6×12×12           –    6×6",
        "conv_stack.3    Conv2d      16×8×8       2,416  14×14",
        "conv_stack.4    ReLU        16×8×8           –  14×14",
        "conv_stack.5    MaxPool2d   16×4×4           –  16×16",
        "flatten         Flatten        256           –  16×16",
        "linear_stack.0  Linear         120      30,840    all",
        "linear_stack.1  ReLU           120           –    all",
        "linear_stack.2  Linear          84      10,164    all",
        "linear_stack.3  ReLU            84           –    all",
        "linear_stack.4  Linear          10         850    all",
        "─────────────────────────────────────────────────────",
        "total                                   44,426",
    ]
