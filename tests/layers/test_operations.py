"""What a network does with a batch, told from a run of it."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.layers import describe_network, recorded
from helpers.models import ConvNet
from tests.checks.tables import assert_no_trace
from tests.written_networks import Written


def operations(forward, shape=(3, 2, 4, 4), **parts):
    """The operations of a network that is ``forward(net, x)``, on random images."""
    images = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    return describe_network(Written(forward, **parts), images)


def names(found) -> list[str]:
    return [operation.name for operation in found]


def test_the_operations_of_the_conv_net():
    found = describe_network(ConvNet(), torch.rand(3, 1, 28, 28))
    assert [(op.module, op.kind, tuple(op.output.shape[1:])) for op in found] == [
        ("conv_stack.0", "convolution", (6, 24, 24)),
        ("conv_stack.1", "activation", (6, 24, 24)),
        ("conv_stack.2", "max pooling", (6, 12, 12)),
        ("conv_stack.3", "convolution", (16, 8, 8)),
        ("conv_stack.4", "activation", (16, 8, 8)),
        ("conv_stack.5", "max pooling", (16, 4, 4)),
        ("flatten", "shape", (256,)),
        ("linear_stack.0", "linear", (120,)),
        ("linear_stack.1", "activation", (120,)),
        ("linear_stack.2", "linear", (84,)),
        ("linear_stack.3", "activation", (84,)),
        ("linear_stack.4", "linear", (10,)),
    ]
    assert found[0].parameters == ("conv_stack.0.weight", "conv_stack.0.bias")
    assert [op.sources for op in found] == [(number - 1,) for number in range(12)]
    assert not any(op.across_batch for op in found)
    for earlier, later in itertools.pairwise(found):
        assert torch.equal(earlier.output, later.inputs[0])


def test_functions_in_forward_are_seen_as_modules_are():
    def forward(net, x):
        x = F.max_pool2d(net.conv(x).relu(), 2)
        return F.linear(F.dropout(x.flatten(1), 0.3, training=True), net.last.weight)

    conv, last = nn.Conv2d(2, 5, 3, padding=1), nn.Linear(20, 10)
    found = operations(forward, conv=conv, last=last)
    assert names(found) == ["conv2d", "relu", "max_pool2d", "flatten", "dropout", "linear"]
    assert [op.module for op in found] == ["conv", "", "", "", "", ""]
    assert found[0].settings["padding"] == (1, 1) and found[0].settings["stride"] == (1, 1)
    assert found[2].settings["kernel_size"] == 2
    assert found[4].settings == {"p": 0.3, "training": True, "inplace": False}
    assert found[5].parameters == ("last.weight",)


def test_what_went_in_is_known_by_its_name():
    conv, norm = nn.Conv2d(2, 3, 3, bias=False, groups=1), nn.BatchNorm2d(3).eval()
    found = operations(lambda net, x: torch.cat([norm(conv(x)), 1 - conv(x)], 1), c=conv, n=norm)
    first, normed, _, turned, joined = found
    assert first.arguments["weight"] is conv.weight and first.arguments["bias"] is None
    assert normed.arguments["running_mean"] is norm.running_mean
    assert normed.arguments["input"] is normed.inputs[0] and normed.settings["eps"] == 1e-5
    assert (turned.name, turned.settings) == ("rsub", {"other": 1})
    assert joined.arguments["tensors"][1] is joined.inputs[1] and joined.settings == {"dim": 1}


REPEATED = {
    "a layer": lambda net, x: net.conv(x),
    "in place": lambda net, x: (x * 1).clamp_(0, 1),
    "two inputs": lambda net, x: x.exp() - x,
    "one input twice": lambda net, x: x * x,
    "written out": lambda net, x: x.flatten(1) @ net.last.weight.T + net.last.bias,
    "an assignment": lambda net, x: assigned(x * 1),
}


def assigned(x):
    x[:, 0] = 7
    return x


@pytest.mark.parametrize("name", REPEATED)
def test_an_operation_can_be_repeated_on_other_images(name):
    parts = {"conv": nn.Conv2d(2, 2, 3), "last": nn.Linear(32, 4)}
    found = operations(REPEATED[name], **parts)
    images = torch.randn(3, 2, 4, 4)
    values, before = [], images.clone()
    for operation in found:
        values.append(operation.call(*[(*values, images)[place] for place in operation.sources]))
    expected = Written(REPEATED[name], **parts)(images)
    assert torch.allclose(values[-1], expected, atol=1e-6)
    assert torch.equal(images, before)


KINDS = {
    "average pooling": lambda net, x: F.avg_pool2d(x, 2),
    "max pooling": lambda net, x: nn.MaxPool2d(2, return_indices=True)(x)[0],
    "activation": lambda net, x: nn.ReLU(inplace=True)(x * 1),
    "softmax": lambda net, x: x.log_softmax(1),
    "normalisation": lambda net, x: F.layer_norm(x, (4,)),
    "dropout": lambda net, x: nn.Dropout2d(0.5)(x),
    "transposed convolution": lambda net, x: F.conv_transpose2d(x, net.conv.weight),
    "order": lambda net, x: x.mT,
    "shape": lambda net, x: x.view(len(x), -1),
    "linear": lambda net, x: x @ net.last.weight,
    "other": lambda net, x: x + 1,
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kinds(kind):
    found = operations(KINDS[kind], conv=nn.Conv2d(2, 2, 3), last=nn.Linear(4, 4))
    assert found[-1].kind == kind


ALONE = {
    "convolution": lambda net, x: net.conv(x),
    "max pooling": lambda net, x: F.max_pool2d(x, 2),
    "reshape of each image": lambda net, x: x.reshape(-1, 32),
    "transposed within each image": lambda net, x: x.transpose(2, 3),
    "softmax over the channels": lambda net, x: x.softmax(1),
    "dropout": lambda net, x: F.dropout(x, 0.5),
    "changed in place": lambda net, x: (x * 1).add_(1),
}
ACROSS = {
    "batch norm": lambda net, x: net.norm(x),
    "softmax over the batch": lambda net, x: x.softmax(0),
    "all in one row": lambda net, x: x.flatten(),
    "images and channels exchanged": lambda net, x: x.transpose(0, 1),
    "reshaped over the images": lambda net, x: x.reshape(2, 3, 4, 4),
    "turned round": lambda net, x: x.flip(0),
    "one image": lambda net, x: x[0],
    "mean": lambda net, x: x.mean(),
}


@pytest.mark.parametrize("name", ALONE)
def test_what_works_image_by_image(name):
    found = operations(ALONE[name], conv=nn.Conv2d(2, 2, 3))
    assert [op.across_batch for op in found] == [False] * len(found)


@pytest.mark.parametrize("name", ACROSS)
def test_what_works_across_the_batch(name):
    found = operations(ACROSS[name], norm=nn.BatchNorm2d(2))
    assert found[-1].across_batch is True


def test_images_and_channels_of_one_number_exchanged():
    (found,) = operations(lambda net, x: x.transpose(0, 1), shape=(3, 3, 4, 4))
    assert found.across_batch is True


def test_of_one_image_nothing_is_said_of_the_batch():
    (found,) = operations(lambda net, x: x.softmax(0), shape=(1, 2, 4, 4))
    assert found.across_batch is None


def test_batch_norm_in_evaluation_works_image_by_image():
    images = torch.rand(3, 2, 4, 4)
    assert describe_network(nn.BatchNorm2d(2), images)[0].across_batch
    assert describe_network(nn.BatchNorm2d(2).eval(), images)[0].across_batch is False


def test_what_does_not_lead_to_the_result_is_left_out():
    def forward(net, x):
        net.norm(x).relu()
        x = x + torch.ones(4).exp()
        branch = x.tanh()
        return torch.cat([branch, x], dim=1)

    found = operations(forward, norm=nn.BatchNorm2d(2))
    assert names(found) == ["add", "tanh", "cat"]
    assert [op.sources for op in found] == [(-1,), (0,), (1, 0)]


def test_a_change_in_place_is_an_operation():
    def forward(net, x):
        x = x * 1
        x[:, 0] = 0
        x += 1
        return x.relu_()

    found = operations(forward)
    assert names(found) == ["mul", "setitem", "add", "relu"]
    assert found[1].inputs[0][:, 0].abs().min() > 0 and not found[1].output[:, 0].any()
    assert torch.equal(found[2].output, found[1].output + 1)


def test_a_part_used_twice_and_one_made_in_forward():
    def forward(net, x):
        return nn.ReLU()(net.bend(net.bend(x)))

    found = operations(forward, bend=nn.Tanh())
    assert [(op.name, op.module) for op in found] == [
        ("tanh", "bend"),
        ("tanh", "bend"),
        ("relu", ""),
    ]


def test_an_error_leaves_the_operations_before_it():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7, 2))
    with recorded(network) as recording, pytest.raises(RuntimeError):
        network(torch.rand(3, 1, 5, 5))
    found = recording.path()
    assert names(found) == ["conv2d", "relu", "flatten", "linear"]
    assert found[-1].output is None and found[-1].inputs[0].shape == (3, 18)
    assert recording.result is None
    with pytest.raises(RuntimeError):
        describe_network(network, torch.rand(3, 1, 5, 5))


def test_an_error_that_no_operation_raised():
    network = nn.Sequential(nn.ReLU(), nn.BatchNorm1d(2))
    with recorded(network) as recording, pytest.raises(ValueError, match="expected 2D or 3D"):
        network(torch.rand(3, 2, 4, 4))
    assert names(recording.path()) == ["relu"] and recording.path()[-1].output is not None


def test_nothing_is_recorded_outside_of_the_network():
    network = nn.ReLU()
    with recorded(network) as recording:
        assert recording.path() == []
        network(torch.rand(2, 3)).mean().exp()
    assert names(recording.path()) == ["relu"]


@pytest.mark.parametrize("training", [True, False])
def test_the_description_leaves_no_trace(training):
    class Restless(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.drop = nn.BatchNorm2d(2), nn.Dropout(0.5)

        def forward(self, x):
            self.eval()
            return self.drop.train()(self.norm(x)) + torch.rand(1)

    def look(network):
        describe_network(network, torch.ones(3, 2, 4, 4))

    look.task = ""
    assert_no_trace(look, Restless().train(training))


def test_other_types_and_devices():
    assert names(describe_network(ConvNet().double(), torch.rand(2, 1, 28, 28).double()))[-1:] == [
        "linear"
    ]
    lazy = nn.Sequential(nn.LazyConv2d(2, 3), nn.Flatten(), nn.LazyLinear(3))
    assert names(describe_network(lazy, torch.rand(2, 1, 5, 5))) == ["conv2d", "flatten", "linear"]
    assert names(describe_network(nn.GRU(4, 3), torch.rand(2, 5, 4))) == ["gru"]  # of two results
