"""What is painted over an image is what the network sees, and what the words speak of."""

import itertools

import pytest
import torch
from torch import nn

from helpers import inspection
from helpers.explorers import why_panel as why
from helpers.explorers._bars import bars_html
from helpers.explorers._painting import Painting
from helpers.explorers.why_panel import Why
from tests.explorers.test_feature_maps_panel import check_bundle, small_data, small_net

numbers = itertools.count(1)


def paint(field: Painting, image: torch.Tensor, version: int | None = None) -> None:
    """As the page does: the whole field, once it is ``image``, ``[C, H, W]`` from 0 to 1."""
    number = next(numbers)
    pixels = (255 * image).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    version = field.field["version"] if version is None else version
    field.painted = {"number": number, "version": version, "pixels": memoryview(pixels.tobytes())}
    assert field.answered == number


@pytest.fixture(autouse=True)
def _same_draws():
    """Among other numbers, a pixel may be as white by chance as what is painted over it."""
    torch.manual_seed(0)


@pytest.fixture
def field():
    return Painting("a field", lambda: None)


# ------------------------------------------------------------------------------------- the field


@pytest.mark.parametrize("channels", [1, 3])
def test_only_what_was_painted_differs(field, channels):
    image = torch.rand(channels, 9, 7)
    field.begin(image)
    assert field.changed == 0 and torch.equal(field.over(image), image)
    wanted = image.clone()
    wanted[:, 2, 3:5] = 1
    paint(field, wanted)
    assert field.changed == 2 and torch.equal(field.over(image), wanted)


def test_a_field_is_laid_out_once_and_then_keeps_what_is_on_it(field):
    image = torch.rand(1, 5, 5)
    field.begin(image)
    version = field.field["version"]
    paint(field, torch.ones(1, 5, 5))
    field.begin(image)
    assert field.field["version"] == version and field.changed == 25
    field.begin(torch.zeros(1, 5, 5))
    assert field.field["version"] > version and field.changed == 0


def test_what_is_beside_the_field_and_the_answer_are_one_message(field, monkeypatch):
    field.begin(torch.zeros(1, 5, 5))
    field._then = lambda: field.set_trait("beside", "<p>so much</p>")
    sent = []
    monkeypatch.setattr(type(field), "_send", lambda _, data, **more: sent.append(data["state"]))
    paint(field, torch.ones(1, 5, 5))
    assert sent[-1] == {"beside": "<p>so much</p>", "answered": field.answered}
    assert sum("beside" in state for state in sent) == 1


def test_what_was_painted_on_a_former_image_is_dropped_but_answered():
    calls = []
    field = Painting("a field", lambda: calls.append(1))
    former = field.field["version"]
    field.begin(torch.zeros(1, 28, 28) + 0.2)
    paint(field, torch.ones(1, 28, 28), former)
    paint(field, torch.ones(1, 3, 3))  # nor is one of another size taken
    assert field.changed == 0 and not calls
    paint(field, torch.ones(1, 28, 28))
    assert field.changed == 784 and calls == [1]


def test_a_field_begins_with_what_had_become_of_it(field):
    image, painted = torch.zeros(1, 4, 4), torch.eye(4)[None]
    field.begin(image, painted)
    assert field.changed == 4 and torch.equal(field.over(image), painted)
    assert field.field["start"] != field.field["pixels"]


def test_an_error_does_not_keep_the_page_waiting():
    def fail():
        raise RuntimeError

    field = Painting("a field", fail)
    with pytest.raises(RuntimeError):
        paint(field, torch.ones(1, 28, 28))
    assert field.answered


def test_bars_tell_every_share_and_what_it_was():
    page = bars_html(["<b>", "shirt"], torch.tensor([0.25, 0.75]), torch.tensor([0.9, 0.1]))
    assert "&lt;b&gt;" in page and page.count("<tr") == 2
    for words in ("25.0%", "75.0%", "was 90.0%", "was 10.0%"):
        assert f">{words}</td>" in page
    assert page.index('class="largest"') > page.index("&lt;b&gt;")


# ------------------------------------------------------------------------------------------- Why


@pytest.fixture
def data():
    return small_data()


def test_why_is_asked_of_the_painted_image(data):
    model = small_net()
    panel = Why(model, data, index=3)
    unpainted = panel.caption
    panel.paint.value = True
    assert "Paint on the image: " in panel.caption
    erased = data[3][0].clone()
    erased[:, :, :14] = 0
    paint(panel.field, erased)
    after = inspection.activations(model, model, erased).softmax(1)[0]
    best = int(after.argmax())
    count = int((erased != data[3][0]).sum())
    assert f"You painted over {count} of its 784 pixels." in panel.caption
    assert f"predicted {data.classes[best]} ({100 * after[best]:.1f}%), before you" in panel.caption
    assert f">{100 * after[best]:.1f}%</td>" in panel.field.beside and "was " in panel.field.beside
    heat = inspection.occlusion_map(model, erased, best, 4, 2)
    assert torch.allclose(panel._reason(erased, best).heat, heat)
    check_bundle(panel)
    panel.paint.value = False
    assert panel.caption == unpainted
    panel.paint.value = True  # and what was painted is still there
    assert f"You painted over {count}" in panel.caption


def test_another_image_is_painted_anew(data):
    panel = Why(small_net(), data)
    panel.paint.value = True
    paint(panel.field, torch.ones(1, 28, 28))
    panel.index.value = 1
    assert "You painted" not in panel.caption and "was " not in panel.field.beside


def test_the_bars_come_before_the_map(data, monkeypatch):
    panel = Why(small_net(), data)
    panel.paint.value = True
    bars = panel.field.beside
    seen = []
    real = why.decision_map
    monkeypatch.setattr(
        why, "decision_map", lambda *a: seen.append(panel.field.beside != bars) or real(*a)
    )
    paint(panel.field, torch.ones(1, 28, 28))
    assert seen == [True]


def test_a_network_that_fails_on_what_was_painted_says_so_and_undo_leads_back(data):
    class Fails(nn.Module):
        def forward(self, x):
            return torch.full((len(x), 10), torch.nan if (x == 1).all(dim=(1, 2, 3)).any() else 0.0)

    panel = Why(Fails(), data)
    panel.paint.value = True
    paint(panel.field, torch.ones(1, 28, 28))
    assert "not finite" in panel.caption and panel.field.beside == ""
    paint(panel.field, data[0][0])
    assert "\nData: " in panel.caption and panel.field.beside.count("<td>10.0%") == 10
