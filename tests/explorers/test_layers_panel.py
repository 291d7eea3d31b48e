"""The layers panel: right rows for any network, and a sentence for whatever is none."""

import base64
import io
import re
from html.parser import HTMLParser

import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from helpers.explorers.layers_panel import Layers
from helpers.layers import layer_rows
from helpers.models import ConvNet
from tests.wrapped import data_parallel


def rows(panel) -> list[tuple[str, ...]]:
    return [row.cells for row in panel._rows]


def of(*layers, shape=(1, 28, 28)) -> Layers:
    return Layers(nn.Sequential(*layers), shape)


def test_the_rows_are_those_of_the_network():
    panel = Layers(ConvNet())
    found = rows(panel)
    for cells, row in zip(found, layer_rows(ConvNet(), (1, 28, 28)), strict=True):
        assert cells[:3] == (row.name, row.kind, "×".join(map(str, row.output_shape)))
        if row.num_parameters:
            assert cells[3].endswith(f"= {row.num_parameters:,}")
        assert cells[4] == row.sees
    assert found[0][3] == "6·1·5·5 + 6 = 156" and found[7][3] == "120·256 + 120 = 30,840"
    assert found[6][4] == "16×16" and found[7][4] == "all"  # flatten only puts values into a row
    assert panel.caption == (
        "ConvNet has 12 layers and makes 10 numbers of one image of 1×28×28. Training adjusts "
        "44,426 parameters, 30,840 of them (69%) in linear_stack.0 (Linear)."
    )


def test_spelled_out_products_are_right():
    panel = of(
        nn.Conv2d(4, 8, (3, 5), groups=2, bias=False), nn.BatchNorm2d(8), nn.PReLU(),
        nn.ConvTranspose2d(8, 2, 2), shape=(4, 9, 9),
    )  # fmt: skip
    assert [cells[3] for cells in rows(panel)] == [
        "8·2·3·5 = 240", "2·8 = 16", "1", "8·2·2·2 + 2 = 66",
    ]  # fmt: skip
    for cells in rows(panel):
        if "=" in cells[3]:
            terms, total = cells[3].replace("·", "*").replace(",", "").split(" = ")
            assert eval(terms) == int(total)


def test_one_layer_is_explained():
    panel = Layers(ConvNet())
    panel.layer.value = 4
    assert panel.caption == (
        "Layer 4 of 12, conv_stack.3 (Conv2d), makes 16×8×8 of 6×12×12: 16 kernels of 6×5×5 slide "
        "over it, with stride 1; one value sees 14×14 pixels of the image; its parameters (weight "
        "+ bias) are 16·6·5·5 + 16 = 2,416."
    )
    assert 'aria-current=true><th scope="row"' in panel.view.value
    panel.layer.value = 8
    assert "makes 120 numbers of 256 numbers: each of 120 values is a weighted" in panel.caption
    for number in range(13):
        panel.layer.value = number
        assert panel.caption.endswith(".") and "<table" in panel.view.value


class Wild(nn.Module):
    """With functions between the layers, one layer twice, one unused, a parameter of its own."""

    def __init__(self, answer=None):
        super().__init__()
        self.one, self.norm = nn.Conv2d(1, 6, 5), nn.BatchNorm2d(6)
        self.two = nn.Conv2d(6, 6, 3, padding=1)
        self.out = nn.Linear(864, 10)
        self.spare, self.own = nn.Dropout(0.3), nn.Parameter(torch.zeros(5))
        self.answer = answer

    def forward(self, x):
        print("debug", x.shape, torch.rand(1))
        x = torch.max_pool2d(torch.relu(self.norm(self.one(x))), 2)
        scores = self.out(self.two(self.two(x)).flatten(1))
        return scores if self.answer is None else self.answer


def test_functions_between_layers_unused_layers_and_own_parameters(capsys):
    panel = Layers(Wild())
    assert [cells[4] for cells in rows(panel)] == ["5×5", "5×5", "10×10", "14×14", "all"]
    assert [cells[3] for cells in rows(panel)][2:4] == ["6·6·3·3 + 6 = 330", "–"]
    assert "Of these, 5 are in none of the layers" in panel.caption
    assert "Not used by forward: spare." in panel.caption
    panel.layer.value = 3
    assert "makes 6×12×12 of 6×12×12" in panel.caption and "sees 10×10 pixels" in panel.caption
    panel.layer.value = 4
    assert "counted where they were used before" in panel.caption
    panel.layer.value = 5
    assert "of 864 numbers" in panel.caption
    assert capsys.readouterr().out == ""


class Thresholds(Wild):
    """What it makes after the first layer is 0 or 1."""

    def forward(self, x):
        return self.two((self.one(x) > 0.5).float())


def test_what_is_not_known_is_said_with_its_reason():
    panel = Layers(Thresholds())
    assert [cells[4] for cells in rows(panel)] == ["5×5", "?"]
    panel.layer.value = 2
    assert "one value sees a part of the image that is not known: two ways" in panel.caption


def test_a_value_that_sees_nothing():
    panel = of(nn.Conv2d(1, 2, 3), Constant(), nn.ReLU())
    assert [cells[4] for cells in rows(panel)] == ["3×3", "none", "none"]
    panel.layer.value = 3
    assert "one value does not depend on the image; it has no parameters." in panel.caption


class Constant(nn.Module):
    def forward(self, x):
        return torch.ones(len(x), 2)


def test_layers_whose_weights_are_computed_and_layers_with_parts():
    attention = nn.MultiheadAttention(28, 4, batch_first=True)
    rows_of_images = nn.TransformerEncoderLayer(28, 4, 8, batch_first=True)
    rows_of_images.self_attn = attention
    panel = of(spectral_norm(nn.Conv2d(1, 2, 3, padding=1)), nn.Flatten(1, 2), rows_of_images)
    assert [cells[1] for cells in rows(panel)][:3] == ["Conv2d", "Flatten", "MultiheadAttention"]
    assert "Not used" not in panel.caption and "none of the layers" not in panel.caption
    panel.layer.value = 1
    assert "its parameters (bias + weight) are 2 + 2·1·3·3 = 20." in panel.caption


def test_a_wrapped_network():
    wrapped, plain = Layers(data_parallel(ConvNet())), Layers(ConvNet())
    assert rows(wrapped) == rows(plain) and wrapped.caption == plain.caption


def test_no_trace_is_left():
    model = Wild()
    model.norm.train()
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    Layers(model)
    assert torch.equal(torch.rand(2), expected)
    assert model.training and model.norm.training
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_lazy_layers_are_shown_and_stay_lazy():
    model = nn.Sequential(nn.LazyConv2d(3, 5), nn.Flatten(), nn.LazyLinear(10))
    panel = Layers(model)
    assert rows(panel)[0][3] == "3·1·5·5 + 3 = 78" and rows(panel)[2][1] == "Linear"
    assert nn.parameter.is_lazy(model[0].weight)


def test_frozen_layers():
    panel = of(nn.Conv2d(1, 2, 3).requires_grad_(False))
    assert rows(panel)[0][3] == "–" and "Training adjusts 0 parameters." in panel.caption
    panel.layer.value = 1
    assert "frozen" in panel.caption


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ([nn.Conv2d(1, 16, 9), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(256, 10)],
         "3 (Linear) is made for 256 numbers, but 400 come in."),
        ([nn.Conv2d(1, 6, 5), nn.Linear(256, 10)],
         "1 (Linear) is made for 256 numbers, but 6×24×24 come in: nn.Flatten() before it makes "
         "3,456 numbers of them."),
        ([nn.Conv2d(3, 6, 5)], "0 (Conv2d) is made for 3 channels, but 1 come in (1×28×28)."),
        ([nn.BatchNorm2d(3)], "0 (BatchNorm2d) is made for 3 channels, but 1 come in (1×28×28)."),
        ([nn.Flatten(), nn.Conv2d(1, 6, 5)],
         "1 (Conv2d) is made for feature maps, [channels, height, width], but 784 come in."),
        ([nn.MaxPool2d(14), nn.Conv2d(1, 6, 5)],
         "1 (Conv2d) has a window of 5×5, but feature maps of 2×2 come in."),
        ([nn.MaxPool2d(14), nn.MaxPool2d(5)],
         "1 (MaxPool2d) has a window of 5×5, but feature maps of 2×2 come in."),
    ],
)  # fmt: skip
def test_a_layer_that_does_not_fit_is_named_with_both_sizes(layers, sentence):
    panel = of(*layers)
    assert panel.caption == sentence
    assert panel.still() is None and panel.layer.options == (("all", 0),)
    panel.redraw()
    assert panel.caption == sentence


class Empty(nn.Module):
    pass


class NoSuper(nn.Module):
    def __init__(self):
        pass


class Idle(Wild):
    def forward(self, x):
        return x


class Forgot(Wild):
    def forward(self, x):
        self.one(x)


class Broken(Wild):
    def forward(self, x):
        x = self.one(x)
        return self.nope(x)


class Trap(nn.Module):
    @property
    def children(self):
        raise RuntimeError("a trap at " + object.__repr__(self))


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (Empty(), "Empty has no layers."),
        (nn.Sequential(), "Sequential has no layers."),
        (NoSuper(), "does not start with super().__init__()"),
        (Idle(), "forward of Idle uses none of its layers."),
        (Forgot(), "Forgot returns nothing, no tensor. Does forward return the scores?"),
        (Wild("scores"), "Wild returns a str, no tensor."),
        (Wild({"a": 1}), "Wild returns a dict, no tensor."),
        (Broken(), "after one (Conv2d), in Broken.forward. The error: 'Broken' object has no"),
        (Trap(), "The network cannot be looked at (a trap"),
        (ConvNet, "ConvNet is a class, the plan of a network. Make one from it: ConvNet()."),
        (None, "There is no network yet"),
        (..., "There is no network yet"),
        ("model", "This is of type str, not a network (nn.Module)."),
        ([nn.ReLU()], "This is of type list"),
    ],
)
def test_nonsense_is_told(model, sentence):
    panel = Layers(model)
    assert sentence in panel.caption and "0x" not in panel.caption
    assert panel._repr_mimebundle_()["text/plain"] == panel.caption


@pytest.mark.parametrize(
    "shape", [(28, 28), 28, None, "abc", (1, 0, 28), (1, -1, 2), torch.zeros(1, 28, 28), (), [[1]]]
)
def test_a_wrong_input_shape_is_told(shape):
    assert "input_shape must be that of one image" in Layers(ConvNet(), shape).caption


def test_a_huge_image_is_not_tried():
    assert "too large" in Layers(ConvNet(), (1, 10**6, 10**6)).caption


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs).get("scope")))


def test_the_table_is_one_that_a_screen_reader_can_read():
    parser = Cells()
    parser.feed(Layers(ConvNet()).view.value)
    assert parser.tags.count(("caption", None)) == 1
    assert parser.tags.count(("th", "col")) == 5 and parser.tags.count(("th", "row")) == 12
    assert parser.tags.count(("td", None)) == 4 * 12


def test_names_are_escaped():
    assert "<b>" not in Layers(nn.ModuleDict({"<b>": nn.ReLU()})).view.value
    panel = Layers(nn.Sequential())
    panel.add_class("x")
    model = nn.Sequential()
    model.add_module("<b>", nn.ReLU())
    assert "&lt;b&gt;" in Layers(model).view.value


def test_the_bundle_holds_the_caption_and_a_picture_also_of_very_many_layers():
    for panel in (Layers(ConvNet()), of(*[nn.ReLU() for _ in range(200)])):
        bundle = panel._repr_mimebundle_()
        assert bundle["text/plain"] == panel.caption and not re.search("0x", panel.caption)
        picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
        assert picture.format == "PNG" and picture.height < 2500
