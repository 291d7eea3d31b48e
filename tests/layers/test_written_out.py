"""Layers that are written out in operations: found by what they compute together."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.layers import describe_network, recorded

LINEAR = {
    "weight.T": lambda x, w, b: x @ w.T + b,
    "bias first": lambda x, w, b: b + x @ w.t(),
    "mm": lambda x, w, b: torch.mm(x, w.mT).add(b),
    "addmm": lambda x, w, b: torch.addmm(b, x, w.T),
    "einsum": lambda x, w, b: torch.einsum("ni,oi->no", x, w) + b,
    "the other way round": lambda x, w, b: (w @ x.T).T + b,
    "sum of products": lambda x, w, b: (x[:, None] * w).sum(-1) + b,
    "tensordot": lambda x, w, b: torch.tensordot(x, w, dims=([1], [1])) + b,
    "row by row": lambda x, w, b: torch.stack(
        [(x * row).sum(1) + c for row, c in zip(w, b, strict=True)], 1
    ),
    "bias apart": lambda x, w, b: F.linear(x, w) + b,
    "in place": lambda x, w, b: (x @ w.T).add_(b),
}


def rows_of(x, w):
    return F.unfold(x, w.shape[-1]), len(x), len(w), x.shape[-1] - w.shape[-1] + 1


def unfolded(x, w, b):
    columns, n, maps, width = rows_of(x, w)
    return (w.view(maps, -1) @ columns + b[:, None]).view(n, maps, width, width)


def unfolded_in_rows(x, w, b):
    columns, n, maps, width = rows_of(x, w)
    made = columns.transpose(1, 2) @ w.flatten(1).T + b
    return made.transpose(1, 2).reshape(n, maps, width, width)


def windows(x, w, b):
    size = w.shape[-1]
    cut = x.unfold(2, size, 1).unfold(3, size, 1)
    return torch.einsum("nchwij,ocij->nohw", cut, w) + b[:, None, None]


def shifted(x, w, b):
    made, size = b.view(1, -1, 1, 1), w.shape[-1]
    width = x.shape[-1] - size + 1
    for i in range(size):
        for j in range(size):
            part = x[:, :, i : i + width, j : j + width]
            made = made + torch.einsum("nchw,oc->nohw", part, w[:, :, i, j])
    return made


def map_by_map(x, w, b):
    return torch.cat([F.conv2d(x, w[i : i + 1], b[i : i + 1]) for i in range(len(w))], 1)


def by_two(x, w, b):
    columns = F.unfold(x, w.shape[-1], stride=2)
    made = w.flatten(1) @ columns + b[:, None]
    return made.view(len(x), len(w), (x.shape[-1] - w.shape[-1]) // 2 + 1, -1)


def padded(x, w, b):
    made = w.flatten(1) @ F.unfold(x, w.shape[-1], padding=w.shape[-1] // 2) + b[:, None]
    return made.view(len(x), len(w), *x.shape[2:])


CONVOLUTIONS = {
    "unfold": (unfolded, {"stride": 1, "padding": 0}),
    "unfold, in rows": (unfolded_in_rows, {"stride": 1, "padding": 0}),
    "windows": (windows, {"stride": 1, "padding": 0}),
    "shifted": (shifted, {"stride": 1, "padding": 0}),
    "map by map": (map_by_map, {"stride": 1, "padding": 0}),
    "bias apart": (lambda x, w, b: F.conv2d(x, w) + b[:, None, None], {"stride": 1, "padding": 0}),
    "by two": (by_two, {"stride": 2, "padding": 0}),
    "padded": (padded, {"stride": 1, "padding": 1}),
}


class Net(nn.Module):
    """``written(x, weight, bias)``, and a ReLU before and after it."""

    def __init__(self, written, *shape):
        super().__init__()
        self.written = written
        self.weight = nn.Parameter(torch.randn(shape))
        self.bias = nn.Parameter(torch.randn(shape[0]))

    def forward(self, x):
        return self.written(x.tanh(), self.weight, self.bias).relu()


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(3)


@pytest.mark.parametrize("written", LINEAR.values(), ids=LINEAR)
def test_a_linear_layer(written):
    net, images = Net(written, 6, 4), torch.randn(3, 4)
    before, layer, after = describe_network(net, images)
    assert (before.name, layer.name, layer.kind, after.name) == ("tanh", "linear", "linear", "relu")
    assert set(layer.parameters) == {"weight", "bias"} and layer.across_batch is False
    assert torch.equal(layer.constants[0], net.weight) and torch.equal(layer.constants[1], net.bias)
    assert [op.sources for op in (before, layer, after)] == [(-1,), (0,), (1,)]
    assert torch.equal(layer.inputs[0], before.output)
    assert torch.equal(layer.output, after.inputs[0])


@pytest.mark.parametrize(("written", "settings"), CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_a_convolution(written, settings):
    net, images = Net(written, 5, 2, 3, 3), torch.randn(3, 2, 7, 7)
    _, layer, after = describe_network(net, images)
    assert (layer.name, layer.kind, after.name) == ("conv2d", "convolution", "relu")
    assert layer.settings == settings
    assert torch.equal(layer.constants[0], net.weight) and torch.equal(layer.constants[1], net.bias)
    assert torch.equal(layer.output, after.inputs[0])


def test_a_bias_that_is_taken_away():
    net = Net(lambda x, w, b: x @ w.T - b, 6, 4)
    _, layer, _ = describe_network(net, torch.randn(3, 4))
    assert layer.name == "linear" and torch.equal(layer.constants[1], -net.bias)


def test_a_bias_of_zeros_is_a_bias():
    net = Net(lambda x, w, b: x @ w.T + b, 6, 4)
    nn.init.zeros_(net.bias)
    _, layer, _ = describe_network(net, torch.randn(3, 4))
    assert layer.parameters == ("weight", "bias")


def test_what_does_nothing_is_no_part_of_a_layer():
    net = Net(lambda x, w, b: (x.abs().relu() @ w.T + b).contiguous().exp().relu(), 6, 4)
    names = [op.name for op in describe_network(net, torch.randn(3, 4))]
    assert names == ["tanh", "abs", "relu", "linear", "contiguous", "exp", "relu", "relu"]


def test_weights_that_lie_in_another_form():
    def times(x, w, b):
        return x @ w + b[0]

    found = describe_network(Net(times, 4, 6), torch.randn(3, 4))
    assert [op.name for op in found] == ["tanh", "linear", "add", "relu"]
    assert found[1].constants[0].shape == (6, 4)

    def lying(x, w, b):
        return (w @ F.unfold(x, 3)).view(3, 5, 5, 5) + b[:, None, None]

    _, layer, _ = describe_network(Net(lying, 5, 18), torch.randn(3, 2, 7, 7))
    assert layer.constants[0].shape == (5, 2, 3, 3)


OTHERS = {
    "another bias": lambda x, w, b: x @ w.T + b.abs(),
    "twice the bias": lambda x, w, b: x @ w.T + 2 * b,
    "a bend between": lambda x, w, b: (x @ w.T).relu() + b,
    "used again": lambda x, w, b: (x @ w.T) * 0.5 + x @ w.T + b,
    "weights squared": lambda x, w, b: x @ w.square().T + b,
}


@pytest.mark.parametrize("written", OTHERS.values(), ids=OTHERS)
def test_what_is_no_layer(written):
    found = describe_network(Net(written, 6, 4), torch.randn(3, 4))
    assert not any(len(op.constants) == 2 for op in found)


def test_of_two_layers_each_is_found():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Parameter(torch.randn(5, 4)), nn.Parameter(torch.randn(3, 5))
            self.bias = nn.Parameter(torch.randn(3))

        def forward(self, x):
            return (x @ self.one.T) @ self.two.T + self.bias

    found = describe_network(Two(), torch.randn(2, 4))
    assert [(op.kind, op.parameters) for op in found] == [
        ("linear", ("one",)),
        ("linear", ("two", "bias")),
    ]


def test_an_error_in_a_product_has_the_weights_of_a_linear_layer():
    net = Net(lambda x, w, b: x @ w.T + b, 6, 4)
    with recorded(net) as recording, pytest.raises(RuntimeError):
        net(torch.randn(3, 5))
    failed = recording.path()[-1]
    assert failed.kind == "linear" and failed.output is None
    assert failed.constants[0].shape == (6, 4)
