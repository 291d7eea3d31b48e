"""Networks that a page must hold: the course's, each layer with its settings, and random ones."""

import random

import torch
import torch.nn.functional as F
from torch import nn

from helpers import checkpoints
from helpers.models import ConvNet
from tests.written_networks import Written

SHAPE = (1, 12, 13)  # of an image, unless a network is in OTHER_SHAPES


def stack(*layers: nn.Module) -> nn.Sequential:
    """``layers``, then scores of ten classes."""
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(10))


def maps(*layers: nn.Module) -> nn.Sequential:
    """``layers`` between a convolution to six channels and the scores."""
    return stack(nn.Conv2d(1, 6, 3), *layers)


def scored(run, **parts) -> Written:
    """The scores of what ``run(net, x)`` makes of an image."""
    return Written(lambda net, x: net.last(run(net, x).flatten(1)), **parts, last=nn.LazyLinear(10))


def residual(net, x):
    x = net.first(x)
    return F.relu(x + net.norm(net.second(x.relu())))


def tutorial(net, x):
    x = F.max_pool2d(F.relu(net.conv1(x)), (2, 2))
    x = F.max_pool2d(F.relu(net.conv2(x)), 2)
    x = x.view(-1, x[0].numel())
    return F.log_softmax(net.fc2(F.dropout(F.relu(net.fc1(x)), training=net.training)), dim=1)


def in_place(net, x):
    x = net.conv(x)
    x += 0.5
    x.mul_(2).clamp_(-1, 2)
    return -x / 3


def attended(net, x):
    x = net.conv(x)
    return x * torch.sigmoid(net.squeeze(x.mean((2, 3))))[:, :, None, None]


ACTIVATIONS = (
    *(nn.ReLU(inplace=True), nn.ReLU6(), nn.LeakyReLU(0.2), nn.RReLU()),
    *(nn.ELU(0.7), nn.SELU(), nn.CELU(0.6), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish()),
    *(nn.Tanh(), nn.Sigmoid(), nn.Hardtanh(-0.5, 0.7), nn.Hardswish(), nn.Hardsigmoid()),
    *(nn.Softplus(2, 1), nn.Softsign(), nn.LogSigmoid(), nn.Tanhshrink(), nn.Threshold(0.1, 0.3)),
    *(nn.Hardshrink(0.2), nn.Softshrink(0.1), nn.Softmax(1), nn.Softmax2d(), nn.LogSoftmax(3)),
)
NETWORKS = {
    "the course's": ConvNet,
    "the reference": lambda: checkpoints.load(checkpoints.reference_path("official"))[0],
    "the reference for drawn images": lambda: checkpoints.load(
        checkpoints.reference_path("drawn")
    )[0],
    "linear layers alone": lambda: stack(nn.Flatten(), nn.Linear(156, 20), nn.Tanh()),
    "a convolution with all settings": lambda: maps(
        nn.Conv2d(6, 9, (2, 3), stride=(2, 1), padding=(1, 2), dilation=(2, 1), groups=3)
    ),
    "same": lambda: maps(nn.Conv2d(6, 4, (4, 3), padding="same", dilation=(1, 2), bias=False)),
    "valid": lambda: maps(nn.Conv2d(6, 4, 3, padding="valid")),
    "reflected": lambda: maps(nn.Conv2d(6, 4, 5, padding=2, padding_mode="reflect")),
    "replicated": lambda: maps(nn.Conv2d(6, 4, 3, padding="same", padding_mode="replicate")),
    "circular": lambda: maps(nn.Conv2d(6, 4, 3, padding=(2, 1), padding_mode="circular")),
    "depth-wise": lambda: maps(nn.Conv2d(6, 12, 3, groups=6), nn.Conv2d(12, 5, 1)),
    "max pooling": lambda: maps(nn.MaxPool2d(3, 2, padding=1, dilation=2, ceil_mode=True)),
    "average pooling": lambda: maps(nn.AvgPool2d((3, 2), 2, padding=1, ceil_mode=True)),
    "average pooling that does not count padding": lambda: maps(
        nn.AvgPool2d(3, 2, padding=1, ceil_mode=True, count_include_pad=False)
    ),
    "average pooling with a divisor": lambda: maps(nn.AvgPool2d(2, divisor_override=3)),
    "adaptive pooling": lambda: maps(nn.AdaptiveAvgPool2d((7, None)), nn.AdaptiveMaxPool2d(4)),
    "batch norm": lambda: stack(
        nn.Conv2d(1, 5, 3), nn.BatchNorm2d(5), nn.Flatten(), nn.LazyBatchNorm1d(affine=False)
    ),
    "other norms": lambda: maps(
        nn.GroupNorm(3, 6), nn.InstanceNorm2d(6, affine=True), nn.LayerNorm([6, 10, 11]),
        nn.LayerNorm(11, elementwise_affine=False),
    ),
    "instance norm with statistics": lambda: maps(nn.InstanceNorm2d(6, track_running_stats=True)),
    "dropout": lambda: maps(nn.Dropout2d(0.4), nn.Dropout(0.5), nn.Identity(), nn.AlphaDropout()),
    "stacks in stacks": lambda: stack(nn.Sequential(nn.Sequential(nn.Conv2d(1, 3, 3)), nn.ReLU())),
    "moved": lambda: maps(
        nn.ZeroPad2d((1, 0, 2, 1)), nn.ConstantPad2d(1, 0.3), nn.PixelShuffle(1),
        nn.ChannelShuffle(2), nn.Upsample(scale_factor=2), nn.Unflatten(1, (2, 3)),
        nn.Flatten(1, 2),
    ),
    "softmax in the network": lambda: nn.Sequential(maps(nn.ReLU()), nn.Softmax(1)),
    "the tutorial's": lambda: Written(
        tutorial, conv1=nn.Conv2d(1, 6, 3), conv2=nn.Conv2d(6, 8, 3), fc1=nn.Linear(8, 20),
        fc2=nn.Linear(20, 10),
    ),
    "residual": lambda: scored(
        residual, first=nn.Conv2d(1, 6, 3), second=nn.Conv2d(6, 6, 3, padding=1, bias=False),
        norm=nn.BatchNorm2d(6),
    ),
    "joined": lambda: scored(
        lambda net, x: torch.cat([net.a(x), net.b(x).relu(), x[:, :, 1:-1, 1:-1]], 1),
        a=nn.Conv2d(1, 2, 3), b=nn.Conv2d(1, 3, 5, padding=1),
    ),
    "a gate of one half": lambda: scored(
        lambda net, x: torch.mul(*net.conv(x).chunk(2, 1)[::-1]), conv=nn.Conv2d(1, 4, 3)
    ),
    "the second part alone": lambda: scored(
        lambda net, x: torch.split(net.conv(x), [1, 3], 1)[1], conv=nn.Conv2d(1, 4, 3)
    ),
    "parts as scores": lambda: Written(
        lambda net, x: net.linear(x.flatten(1)).chunk(2, 1)[1], linear=nn.Linear(156, 20)
    ),
    "in place": lambda: scored(in_place, conv=nn.Conv2d(1, 4, 3)),
    "attended": lambda: scored(attended, conv=nn.Conv2d(1, 4, 3), squeeze=nn.Linear(4, 4)),
    "turned": lambda: scored(
        lambda net, x: net.conv(x).permute(0, 2, 3, 1).flip(1).transpose(1, 2).contiguous(),
        conv=nn.Conv2d(1, 4, 3),
    ),
    "numbers and means": lambda: scored(
        lambda net, x: torch.cat(
            [(1 - 2 * x).amax(2), 1 / (x + 1).sum(3), ((x - 0.3) ** 2).mean(2, True)[:, :, 0]], 2
        )
    ),
    "a learned shift": lambda: scored(
        lambda net, x: torch.maximum(net.conv(x) - net.shift, net.shift).abs().sqrt(),
        conv=nn.Conv2d(1, 4, 3), shift=nn.Parameter(torch.randn(1, 4, 1, 1)),
    ),
    "written out": lambda: Written(
        lambda net, x: x.flatten(1) @ net.weight.T + net.bias,
        weight=nn.Parameter(torch.randn(10, 156)), bias=nn.Parameter(torch.randn(10)),
    ),
    "in double precision": lambda: maps(nn.ReLU()).double(),
    "in colour": lambda: stack(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU()),
    "each activation": lambda: maps(nn.PReLU(), nn.PReLU(6), *ACTIVATIONS),
    **{f"random {seed}": (lambda seed=seed: random_network(seed)) for seed in range(10)},
}  # fmt: skip
OTHER_SHAPES = {
    **dict.fromkeys(list(NETWORKS)[:3], (1, 28, 28)),
    "in colour": (3, 10, 11),
}


def random_network(seed: int) -> nn.Module:
    """Convolutions, norms, activations and pooling of any settings, one upon the other."""
    chance = random.Random(seed)

    def convolution() -> nn.Module:
        groups = chance.choice([1, 1, 2])
        return nn.LazyConv2d(
            2 * chance.randint(1, 6), chance.choice([1, 3, (3, 2)]), chance.choice([1, 1, 2]),
            chance.choice([1, 2, (2, 1)]), chance.choice([1, (1, 2)]), groups,
            chance.random() < 0.7, chance.choice(["zeros", "zeros", "replicate"]),
        )  # fmt: skip

    def pooling() -> nn.Module:
        size = chance.choice([2, 3, (2, 3)])
        settings = {
            "stride": chance.choice([None, 2]),
            "padding": 1,
            "ceil_mode": chance.random() < 0.5,
        }
        return chance.choice([nn.MaxPool2d, nn.AvgPool2d])(size, **settings)

    layers: list[nn.Module] = [nn.Conv2d(1, 4, 3, padding=1)]
    for _ in range(chance.randint(2, 3)):
        layers += [convolution(), nn.LazyBatchNorm2d(), chance.choice(ACTIVATIONS[:20])]
        if chance.random() < 0.7:
            layers.append(pooling())
    return stack(*layers, nn.Dropout(0.2), nn.LazyLinear(12), nn.Tanh())


def shape_of(name: str) -> tuple[int, int, int]:
    """Of the images of a network."""
    return OTHER_SHAPES.get(name, SHAPE)


def make(name: str) -> nn.Module:
    """A network of NETWORKS, in eval mode, as if it were trained: nothing in it is 0 or 1."""
    torch.manual_seed(len(name))
    network = NETWORKS[name]()
    dtype = next(network.parameters()).dtype
    network(torch.rand(4, *shape_of(name), dtype=dtype if "double" in name else None))
    if "reference" not in name:
        with torch.no_grad():
            for part in network.modules():
                if getattr(part, "running_var", None) is not None:
                    part.running_mean.normal_(0.1, 0.2)
                    part.running_var.uniform_(0.1, 0.5)
            for parameter in network.parameters():
                parameter.mul_(1.5).add_(0.02 * torch.randn_like(parameter))
    return network.eval()
