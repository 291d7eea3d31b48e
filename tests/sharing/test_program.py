"""What a page can hold, what it refuses and why, before anything is written."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.models import ConvNet
from helpers.sharing.program import SharingError, read_program
from tests.checks.tables import assert_no_trace
from tests.sharing.networks import NETWORKS, SHAPE, Written, make, scored, stack

IMAGES = torch.rand(8, *SHAPE, generator=torch.Generator().manual_seed(3)) / 2
IMAGES[4:] += 0.5


def through_numpy(net, x):
    return torch.as_tensor(np.maximum(x.numpy(), 0.5))


def depends(net, x):
    return x.exp() if x[0].mean() > 0.5 else -x


class Loud(nn.Module):
    def forward(self, x):
        return x + torch.rand(1)


OTHER_IMAGES = "does not take images of 1×12×13"
REFUSED = {
    "a transposed convolution": (
        stack(nn.ConvTranspose2d(1, 2, 3)), r"conv_transpose2d in 0\b"
    ),
    "all that it cannot hold": (
        stack(nn.LPPool2d(2, 2), nn.LocalResponseNorm(2)),
        "lp_pool2d in 0, local_response_norm in 1",
    ),
    "a recurrent layer": (
        scored(lambda net, x: net.gru(x[:, 0])[0], gru=nn.GRU(13, 4)), "gru in gru"
    ),
    "settings without a name": (
        scored(
            lambda net, x: torch.instance_norm(x, None, None, None, None, True, 0.1, 1e-5, False)
        ),
        "instance_norm in forward .*hides its settings",
    ),
    "a function": (scored(lambda net, x: x.cumsum(2)), "cumsum in forward"),
    "a comparison": (scored(lambda net, x: (x > 0.5) * x), "gt in forward"),
    "dropout that stays": (scored(lambda net, x: F.dropout(x)), "dropout in forward .*random"),
    "images that reach one another": (
        scored(lambda net, x: x - x.mean(0)), "mean in forward .*each"
    ),
    "more rows than images": (
        scored(lambda net, x: x.repeat(2, 1, 1, 1)[: len(x)]), r"repeat in forward \(the first "
    ),
    "one number of all": (scored(lambda net, x: x - x.mean()), r"mean in forward \(the first "),
    "images exchanged": (scored(lambda net, x: x.flip(0)), "flip in forward .*by itself"),
    "batch norm of the batch": (
        stack(nn.BatchNorm2d(1, track_running_stats=False)), "batch_norm in 0 .*each image"
    ),
    "NumPy": (scored(through_numpy), "NumPy"),
    "another way for other images": (scored(depends), "no if"),
    "random numbers": (stack(Loud()), "no random numbers"),
    "where the largest was": (scored(lambda net, x: x.max(3)[1].float()), r"max\[1\] in forward"),
    "attention": (
        scored(lambda net, x: net.attention(*[x[:, 0]] * 3)[0],
               attention=nn.MultiheadAttention(13, 1, batch_first=True)),
        r"hold transpose in attention \(the first dimension of what it makes does not count "
        r"each image of a batch\), multi_head_attention_forward in attention\. Its",
    ),
    "no scores": (nn.Conv2d(1, 2, 3), r"gives \[4, 2, 10, 11\]"),
    "two results": (Written(lambda net, x: (x, x)), "gives tuple"),
    "other images": (nn.Sequential(nn.Conv2d(3, 2, 3)), OTHER_IMAGES),
}  # fmt: skip


@pytest.mark.parametrize(("network", "words"), REFUSED.values(), ids=REFUSED)
def test_what_a_page_cannot_hold_is_named(network, words):
    torch.manual_seed(1)
    if words != OTHER_IMAGES:
        network(IMAGES)  # lazy layers
    with pytest.raises(SharingError, match=words):
        read_program(network, IMAGES)


def test_one_that_is_too_large_is_refused_with_its_size():
    with pytest.raises(SharingError, match=r"1,302,300 numbers, 5\.2 MB; .* less than 5 MB"):
        read_program(wide(1200), torch.rand(4, 1, 28, 28))
    assert read_program(wide(1100), torch.rand(4, 1, 28, 28)).parameters == 1_166_275


def wide(width: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.Linear(width, width // 4))


def test_a_lazy_network_is_told_to_be_called_first():
    with pytest.raises(SharingError, match="no weights yet"):
        read_program(stack(), IMAGES)


def test_a_network_without_numbers_is_named():
    with pytest.raises(SharingError, match="on the device meta, where layers have shapes, but no"):
        read_program(nn.Linear(784, 10, device="meta"), IMAGES)


def test_weights_that_are_no_numbers_are_refused():
    network = ConvNet()
    nn.init.constant_(network.conv_stack[0].bias, torch.nan)
    with pytest.raises(SharingError, match="no numbers"):
        read_program(network, torch.rand(4, 1, 28, 28))


def test_the_steps_are_those_of_the_run():
    program = read_program(ConvNet(), torch.rand(4, 1, 28, 28))
    assert [(step["part"], step["op"], step["shape"]) for step in program.steps][:4] == [
        ("conv_stack.0", "conv", [6, 24, 24]),
        ("conv_stack.1", "unary", [6, 24, 24]),
        ("conv_stack.2", "pool", [6, 12, 12]),
        ("conv_stack.3", "conv", [16, 8, 8]),
    ]
    assert sum(x.numel() for x in program.weights.values()) == program.parameters == 44_426
    assert not program.gives_probabilities


def test_what_only_moves_values_needs_no_rule():
    for run in (
        lambda net, x: x.roll(2, 3)[..., ::2],
        lambda net, x: torch.stack([x[:, 0], x[:, 0].mT.reshape(x[:, 0].shape)], 1),
        lambda net, x: F.pad(x, (1, 2, 0, 1), value=0.5),
        lambda net, x: x.repeat_interleave(2, 1).narrow(2, 1, 3).clone(),
    ):
        network = scored(run)
        network(IMAGES)
        assert {step["op"] for step in read_program(network, IMAGES).steps} == {"take", "linear"}


def test_a_network_is_as_it_was_and_so_is_chance():
    network = make("residual").train()
    assert_no_trace(lambda net: read_program(net, IMAGES) and "", network)


def test_half_precision_becomes_full():
    program = read_program(make("in place").half(), IMAGES)
    assert {x.dtype for x in program.weights.values()} == {torch.float32}


@pytest.mark.parametrize("name", list(NETWORKS)[:6])
def test_a_compiled_or_wrapped_network_is_the_same(name):
    network = make(name)
    shape = (4, 1, 28, 28) if "the" in name else (4, *SHAPE)
    plain, wrapped = (
        read_program(net, torch.rand(shape)) for net in (network, nn.DataParallel(network))
    )
    assert plain.steps == wrapped.steps


def test_the_message_has_no_traceback_in_a_notebook():
    error = SharingError("what is wrong")
    assert re.match("✗ what", "\n".join(error._render_traceback_()))
