"""How much of an image one value sees: compared with where the gradient of a value is not zero."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from helpers.layers import layer_rows, layer_table, receptive_fields
from helpers.models import ConvNet
from tests.written_networks import Written

IMAGE = (2, 13, 11)  # not square, so that height and width are not mixed up


def conv(inside=2, outside=2, size=3, **more) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, size, **more)


def pooled(x):
    return F.max_pool2d(F.relu(x), 2)


def stack(*layers) -> nn.Sequential:
    return nn.Sequential(*layers)


def residual(inside, outside, stride=1) -> Written:
    return Written(
        lambda m, x: F.relu(m.norm(m.two(F.relu(m.one(x)))) + m.short(x)),
        one=conv(inside, outside, stride=stride, padding=1),
        two=conv(outside, outside, padding=1),
        norm=nn.BatchNorm2d(outside),
        short=conv(inside, outside, 1, stride=stride) if stride > 1 else nn.Identity(),
    )


NETWORKS = {
    # stacks of layers
    "conv": lambda: stack(conv()),
    "padding": lambda: stack(conv(size=5, padding=2), nn.ReLU(), conv()),
    "same": lambda: stack(conv(padding="same"), nn.BatchNorm2d(2), conv()),
    "strides": lambda: stack(conv(stride=2), conv(stride=(2, 1))),
    "dilation": lambda: stack(conv(dilation=2), conv(dilation=(1, 3))),
    "1×7": lambda: stack(conv(size=(1, 7)), nn.ReLU(), conv(size=(3, 1))),
    "max pooling": lambda: stack(conv(), nn.MaxPool2d(2), conv()),
    "overlapping pooling": lambda: stack(conv(), nn.MaxPool2d(3, 2), conv(dilation=(2, 1))),
    "pooling of rows": lambda: stack(conv(), nn.MaxPool2d((1, 3)), conv()),
    "padded pooling": lambda: stack(nn.MaxPool2d(3, 1, 1), nn.AvgPool2d(2, ceil_mode=True), conv()),
    "dilated pooling": lambda: stack(nn.MaxPool2d(2, 1, dilation=3), conv()),
    "LPPool": lambda: stack(conv(), nn.LPPool2d(2, 2), conv()),
    "adaptive": lambda: stack(conv(), nn.AdaptiveAvgPool2d((4, 3)), conv()),
    "global": lambda: stack(conv(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(2, 3)),
    "rows left over": lambda: stack(nn.MaxPool2d(5), nn.Flatten(), nn.Linear(8, 3)),
    "transposed": lambda: stack(conv(stride=2), nn.ConvTranspose2d(2, 2, 3, 2), conv()),
    "upsampling": lambda: stack(nn.MaxPool2d(2), nn.Upsample(scale_factor=2), conv()),
    "bilinear": lambda: stack(nn.AvgPool2d(2), nn.UpsamplingBilinear2d(scale_factor=2), conv()),
    "pixel shuffle": lambda: stack(conv(2, 4), nn.PixelShuffle(2), conv(1, 2)),
    "depthwise": lambda: stack(conv(2, 4, groups=2), conv(4, 3, 1), conv(3, 3, 5, groups=3)),
    "padded by layers": lambda: stack(nn.ReflectionPad2d(2), conv(), nn.ZeroPad2d(1), conv()),
    # norms
    "instance norm": lambda: stack(conv(), nn.InstanceNorm2d(2, affine=True), conv()),
    "group norm": lambda: stack(conv(2, 4), nn.GroupNorm(2, 4), conv(4, 2)),
    "layer norm of maps": lambda: stack(conv(), nn.LayerNorm((2, 11, 9)), conv()),
    "layer norm of rows": lambda: stack(conv(), nn.LayerNorm(9), nn.ReLU()),
    "response norm": lambda: stack(conv(), nn.LocalResponseNorm(2), conv()),
    "spectral norm": lambda: stack(spectral_norm(conv()), nn.ReLU(), weight_norm(conv())),
    # rows, sequences, patches
    "linear on rows": lambda: stack(conv(), nn.Linear(9, 4), nn.ReLU()),
    "rows as a batch": lambda: Written(
        lambda m, x: m.out(m.rows(x.reshape(-1, 11)).reshape(len(x), -1)),
        rows=nn.Linear(11, 3), out=nn.Linear(78, 2),
    ),
    "conv1d": lambda: stack(nn.Flatten(2), nn.Conv1d(2, 2, 3), nn.ReLU(), nn.Conv1d(2, 2, 3)),
    "conv1d on columns": lambda: stack(nn.Flatten(1, 2), nn.Conv1d(26, 2, 3), nn.AvgPool1d(2)),
    "unfold": lambda: stack(conv(), nn.Unfold(3), nn.Conv1d(18, 2, 1)),
    "fold": lambda: stack(nn.Unfold(3), nn.Fold((13, 11), 3), conv()),
    "GRU": lambda: Written(lambda m, x: m.rnn(x[:, 0])[0], rnn=nn.GRU(11, 3, batch_first=True)),
    "attention": lambda: Written(
        lambda m, x: m.attend(*[m.patch(x).flatten(2).mT] * 3)[0],
        patch=conv(2, 4, 4, stride=4), attend=nn.MultiheadAttention(4, 2, batch_first=True),
    ),
    # functions between the layers
    "functions": lambda: Written(
        lambda m, x: m.out(pooled(m.two(pooled(m.one(x)))).flatten(1)),
        one=conv(), two=conv(padding=1), out=nn.Linear(8, 3),
    ),
    "mean of a row": lambda: Written(
        lambda m, x: m.two(m.one(x) + x[:, :, 1:-1].mean(-1, keepdim=True)), one=conv(), two=conv()
    ),
    "running sum": lambda: Written(lambda m, x: m.two(m.one(x).cumsum(-2)), one=conv(), two=conv()),
    "turned": lambda: Written(
        lambda m, x: m.two(m.one(x).mT), one=conv(size=(1, 5)), two=conv(size=(1, 3))
    ),
    "cut": lambda: Written(
        lambda m, x: m.two(m.one(x)[..., 2:4, 2:4].flatten(1)), one=conv(), two=nn.Linear(8, 2)
    ),
    "own weights": lambda: Written(
        lambda m, x: m.two(F.conv2d(x, m.weight, stride=2)),
        two=conv(), weight=nn.Parameter(torch.ones(2, 2, 3, 1)),
    ),
    "in place": lambda: stack(conv(), nn.ReLU(inplace=True), conv(), nn.Hardsigmoid(inplace=True)),
    "softmax of maps": lambda: stack(conv(), nn.Softmax2d(), nn.Sigmoid(), conv()),
    # branches
    "residual": lambda: stack(residual(2, 2), residual(2, 3, 2), residual(3, 3)),
    "long shortcut": lambda: Written(
        lambda m, x: m.out(m.one(x) + x[..., 4:-4, 4:-4]),
        one=stack(conv(size=5), conv(size=5)), out=conv(),
    ),
    "branches": lambda: Written(
        lambda m, x: m.out(torch.cat([m.one(x), m.three(x), F.max_pool2d(x, 5, 1, 2)], 1)),
        one=conv(size=1), three=conv(padding=1), out=conv(6, 2),
    ),
    "dense": lambda: Written(
        lambda m, x: m.two(torch.cat([x, m.one(x)], 1)), one=conv(padding=1), two=conv(4, 2)
    ),
    "squeeze and excitation": lambda: Written(
        lambda m, x: m.out(x * m.gate(x)),
        gate=stack(nn.AdaptiveAvgPool2d(1), conv(size=1), nn.Sigmoid()), out=conv(),
    ),
    "U-Net": lambda: Written(
        lambda m, x: m.out(torch.cat([x[..., :12, :10], m.up(m.down(x))], 1)),
        down=stack(nn.MaxPool2d(2), conv(padding=1)), up=nn.ConvTranspose2d(2, 2, 2, 2),
        out=conv(4, 2),
    ),
    "one of two layers twice": lambda: Written(lambda m, x: m.one(F.relu(m.one(x))), one=conv()),
}  # fmt: skip


def mean_pool(x, size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """In place of max pooling, so that each pixel of a window has a gradient."""
    if dilation == 1:
        return F.avg_pool2d(x, size, stride, padding, ceil_mode)
    windows = F.unfold(x, size, dilation, padding, stride).unflatten(1, (x.shape[1], -1)).mean(2)
    height, width = (n + 2 * padding - dilation * (size - 1) for n in x.shape[2:])
    return windows.unflatten(2, (height, width))  # for a stride of 1


def by_gradients(model: nn.Module, names: list[str], monkeypatch) -> list[tuple[int, int]]:
    """What the value of each layer that sees most sees: a gradient for each value of each layer."""
    monkeypatch.setattr(F, "max_pool2d", mean_pool)
    monkeypatch.setattr(F, "adaptive_max_pool2d", lambda x, size, _: F.adaptive_avg_pool2d(x, size))
    model = model.double().eval()
    for weights in model.parameters():
        nn.init.uniform_(weights, 0.02, 0.06)
    for buffer in model.buffers():  # the vectors of spectral norm
        buffer.abs_()
    outputs = []

    def keep(made):
        outputs.append((made[0] if isinstance(made, tuple) else made).clone().flatten())

    for name, module in model.named_modules():
        if name in names:
            module.register_forward_hook(lambda _m, _given, made: keep(made))
    image = torch.rand(1, *IMAGE, dtype=torch.float64, requires_grad=True)
    model(image)
    fields = []
    for values in outputs:
        (gradients,) = torch.autograd.grad(
            values, image, torch.eye(len(values), dtype=torch.float64),
            retain_graph=True, is_grads_batched=True,
        )  # fmt: skip
        boxes = [extent(gradient[0].abs().sum(0) > 0) for gradient in gradients]
        fields.append(max(boxes, key=lambda box: box[0] * box[1]))
    return fields


def extent(pixels: torch.Tensor) -> tuple[int, int]:
    """Height and width of the smallest rectangle that holds all true ``pixels``."""
    sides = [pixels.any(axis).nonzero() for axis in (1, 0)]
    return tuple(int(side.max() - side.min()) + 1 if len(side) else 0 for side in sides)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_where_the_gradient_is(name, monkeypatch):
    torch.manual_seed(0)
    model = NETWORKS[name]()
    rows = layer_rows(model, IMAGE)
    found = [row.receptive_field for row in rows]
    assert found == by_gradients(model, [row.name for row in rows], monkeypatch)


def test_there_are_many_networks():
    assert len(NETWORKS) >= 40


def between(function) -> Written:
    """Two convolutions, and ``function`` of what the first makes goes into the second."""
    return Written(lambda m, x: m.two(function(m.one(x))), one=conv(), two=conv())


def refuses_nan(x):
    if x.isnan().any():
        raise ArithmeticError("not a number")
    return x


SPOT = torch.zeros(11, 9)
SPOT[3:5, 3:5] = 1


@pytest.mark.parametrize(
    ("model", "sees", "why"),
    [
        (between(lambda x: (x > 0.5).float()), ["3×3", "?"], "two ways of trying it out"),
        (between(torch.sign), ["3×3", "?"], "two ways of trying it out"),
        (between(torch.nan_to_num), ["3×3", "?"], "two ways of trying it out"),
        (between(lambda x: x + (x > 0.3)[:, :, :1]), ["3×3", "?"], "two ways of trying it out"),
        (between(lambda x: x * SPOT), ["3×3", "?"], "two ways of trying it out"),
        (between(lambda x: x - x.mean(0)), ["3×3", "?"], "two ways of trying it out"),
        (between(refuses_nan), ["?", "?"], "an error (ArithmeticError: not a number)"),
        (Written(lambda m, x: m.one(x) if x.sum() < 500 else m.one(m.one(x)), one=conv()),
         ["?"], "other images take another way through the network"),
        (Written(lambda m, x: m.one(x), one=conv(), lock=iter([1])), ["3×3"], ""),
        (Written(lambda m, x: m.one(x), one=conv(), lock=(i for i in "ab")),
         ["?"], "the network cannot be copied"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_not_claimed(model, sees, why):
    rows = layer_rows(model, IMAGE)
    assert [row.sees for row in rows] == sees
    assert [row.receptive_field is None for row in rows] == [seen == "?" for seen in sees]
    last = layer_table(model, IMAGE).splitlines()[-1]
    assert why in rows[-1].unknown
    assert last == f"?: {rows[-1].unknown}" if why else last.startswith("total")


@pytest.mark.parametrize("limit", ["MOST_WORK", "MOST_VALUES"])
def test_what_takes_too_long_is_not_tried(limit, monkeypatch):
    monkeypatch.setattr(receptive_fields, limit, 1000)
    rows = layer_rows(stack(conv(), conv()), IMAGE)
    assert [row.sees for row in rows] == ["?", "?"] and "takes too long" in rows[0].unknown
    assert [row.sees for row in layer_rows(conv(size=1), (2, 2, 1))] == ["1×1"]


def test_what_is_multiplied_by_chance_or_in_another_precision_is_followed():
    noise = between(lambda x: x + torch.rand(x.shape))
    single = between(lambda x: F.conv2d(x, torch.ones(2, 2, 3, 3)))
    half = between(F.relu).half()
    for model, last in ((noise, "5×5"), (single, "7×7"), (half, "5×5")):
        assert [row.sees for row in layer_rows(model, IMAGE)] == ["3×3", last]


def test_a_mask_that_is_not_zero_where_it_counts_is_followed():
    assert layer_rows(between(lambda x: x * (SPOT + 1)), IMAGE)[-1].sees == "5×5"


def test_broken_weights_do_not_matter():
    model = stack(conv(), nn.BatchNorm2d(2), nn.ReLU(), conv())
    nn.init.constant_(model[0].weight, float("nan"))
    nn.init.constant_(model[3].weight, 0.0)
    model[1].running_mean.fill_(1e9)
    assert [row.sees for row in layer_rows(model, IMAGE)] == ["3×3", "3×3", "3×3", "5×5"]


def test_the_whole_image_and_other_numbers_of_axes():
    assert [row.sees for row in layer_rows(ConvNet(), (1, 28, 28))][-1] == "all"
    assert [row.sees for row in layer_rows(nn.Conv3d(1, 2, (1, 3, 2)), (1, 4, 5, 6))] == ["1×3×2"]
    assert [row.sees for row in layer_rows(nn.Conv1d(2, 2, 3), (2, 9))] == ["3"]
    assert [row.sees for row in layer_rows(nn.Linear(4, 2), (4,))] == ["all"]


def test_it_leaves_no_trace(capsys):
    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = conv(), conv()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, x):
            print("forward")
            self.calls += 1
            self.last = x
            return self.two(self.one(x) + torch.rand(()))

    model, kept = Watched(), []
    model.one.register_forward_hook(lambda _m, _given, made: kept.append(made))
    random, flags = torch.get_rng_state(), torch.backends.mkldnn.enabled
    assert [row.sees for row in layer_rows(model, IMAGE)] == ["3×3", "5×5"]
    assert model.calls == 1 and len(model.last) == len(kept) == 1 and not kept[0].isnan().any()
    assert capsys.readouterr().out == "forward\n" and torch.backends.mkldnn.enabled == flags
    random_of_one_run = torch.random.get_rng_state()
    torch.set_rng_state(random)
    torch.rand(())
    assert torch.equal(torch.get_rng_state(), random_of_one_run)
    assert model.training and torch.is_grad_enabled()
