"""The panel of feature maps and kernels."""

import base64
import io

import pytest
import torch
from PIL import Image
from torch import nn

from helpers import inspection
from helpers.datasets import FASHION_CLASSES, ImageDataset
from helpers.explorers.feature_maps_panel import FeatureMaps, dead_text, relative
from helpers.models import ConvNet


def small_data(count: int = 12, channels: int = 1) -> ImageDataset:
    draw = torch.Generator().manual_seed(1)
    images = torch.zeros(count, channels, 28, 28, dtype=torch.uint8)
    images[:, :, 6:22, 8:20] = torch.randint(
        1, 256, (count, channels, 16, 12), generator=draw, dtype=torch.uint8
    )
    return ImageDataset(images, torch.arange(count) % 10, FASHION_CLASSES, "official", "Test")


def small_net() -> ConvNet:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ConvNet()


class Traces:
    """What a panel must leave as it was."""

    def __init__(self, model: nn.Module):
        self.model = model
        model.train()
        model.conv_stack.eval()
        next(model.parameters()).grad = torch.ones_like(next(model.parameters()))
        self.before = self.now()

    def now(self):
        m = self.model
        return (
            [module.training for module in m.modules()],
            [len(module._forward_hooks) for module in m.modules()],
            [None if p.grad is None else p.grad.sum().item() for p in m.parameters()],
            [p.sum().item() for p in m.parameters()],
            [p.requires_grad for p in m.parameters()],
            torch.random.get_rng_state().tolist(),
        )

    def check(self):
        assert self.now() == self.before


def check_bundle(panel):
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"] == panel.caption
    Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).verify()


def broken_nets() -> dict[str, nn.Module]:
    class Fails(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)

        def forward(self, x):
            raise RuntimeError("no idea\nsecond line")

    class Pair(Fails):
        def forward(self, x):
            return self.conv(x), 1

    nan = small_net()
    nan.linear_stack[4].bias.data.fill_(float("nan"))
    return {
        "fails": Fails(),
        "a pair": Pair(),
        "maps": nn.Sequential(nn.Conv2d(1, 2, 3)),
        "five classes": nn.Sequential(nn.Flatten(), nn.Linear(784, 5)),
        "nan": nan,
        "colour": ConvNet(in_channels=3),
        "no network": ...,
        "nothing": None,
    }


def test_maps_of_every_layer():
    model, data = small_net(), small_data()
    traces = Traces(model)
    panel = FeatureMaps(model, data, index=3)
    assert panel.layer.options[0] == "conv_stack.0 Conv2d" and len(panel.layer.options) == 12
    for name in panel.layer.options:
        panel.layer.value = name
        layer = model.get_submodule(name.split()[0])
        values = inspection.activations(model, layer, data[3][0])[0]
        assert panel.caption.startswith(name + ": ")
        last = panel.caption.split("\n")[-1]
        assert last.startswith("Data: Test, official files; image 3, Dress; ")
        assert f"from {values.min() + 0.0:.3f} to {values.max():.3f}" in last
        assert f"{int((values == 0).sum()):,} of {values.numel():,} are zero" in last
        check_bundle(panel)
    traces.check()


def test_sign_and_scale():
    panel = FeatureMaps(small_net(), small_data())
    assert "24×24, each divided by its largest size, told where there is room: red" in panel.caption
    own = panel.view.value
    panel.scale.value = "one for all maps"
    assert "6 feature maps of 24×24, on one scale: red above zero, blue below." in panel.caption
    assert panel.view.value != own
    panel.layer.value = "conv_stack.1 ReLU"
    assert "dark is zero" in panel.caption


def test_kernels():
    model = small_net()
    panel = FeatureMaps(model, small_data())
    panel.show.value = "kernels"
    weights = model.conv_stack[0].weight
    assert "6 kernels of 1×5×5, each with its number" in panel.caption
    assert f"\nData: values from {weights.min():.3f} to {weights.max():.3f}." in panel.caption
    panel.layer.value = "conv_stack.3 Conv2d"
    assert "16 kernels of 6×5×5, a column for each kernel" in panel.caption
    check_bundle(panel)
    panel.layer.value = "linear_stack.0 Linear"
    assert panel.caption == (
        "linear_stack.0 Linear has no kernels. Layers that have: conv_stack.0 Conv2d, "
        "conv_stack.3 Conv2d."
    )


def test_dead_channels():
    model = small_net()
    with torch.no_grad():
        for channel, bias in ((1, -1.0), (4, 2.0)):
            model.conv_stack[0].weight[channel] = 0
            model.conv_stack[0].bias[channel] = bias
    panel = FeatureMaps(model, small_data())
    panel.layer.value = "conv_stack.1 ReLU"
    assert "dead (zero everywhere): channel 1" in panel.caption
    assert "constant (the same everywhere): channel 4" in panel.caption
    assert "and 8 more" in dead_text(torch.zeros(20, 2, 2))
    assert relative(torch.zeros(2, 3, 3)).isfinite().all()


@pytest.mark.parametrize("index", [-1, 12, 10**9])
def test_index_out_of_range(index):
    panel = FeatureMaps(small_net(), small_data())
    panel.index.value = index
    assert panel.caption == (
        f"There is no image {index:,}: the index must be a number from 0 to 11."
    )
    panel.index.value = 11
    assert "image 11, Trouser" in panel.caption


@pytest.mark.parametrize("name", broken_nets())
def test_broken_networks(name):
    panel = FeatureMaps(broken_nets()[name], small_data())
    for layer in panel.layer.options:
        panel.layer.value = layer
        assert panel.caption.endswith(".") and "This cannot be shown (" not in panel.caption
    assert FeatureMaps(small_net(), None).caption


def test_many_maps_and_colour():
    model = nn.Sequential(nn.Conv2d(3, 100, 3, padding=1), nn.AdaptiveAvgPool2d(1))
    panel = FeatureMaps(model, small_data(channels=3))
    assert "in a row, counted row by row from 0" in panel.caption
    panel.layer.value = "1 AdaptiveAvgPool2d"
    assert "100 feature maps of 1×1" in panel.caption
    panel.layer.value, panel.show.value = "0 Conv2d", "kernels"
    assert "; the first 64 are shown" in panel.caption


def test_controls_say_what_they_are():
    panel = FeatureMaps(small_net(), small_data())
    controls = (panel.layer, panel.index, panel.show, panel.scale)
    assert all(control.description for control in controls)
