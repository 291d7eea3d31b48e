"""What is handed over in the place of a network gets a sentence, or what can be done is done."""

import warnings

import pytest
import torch
from torch import nn

from helpers import inspection, sharing
from helpers.explorers import FeatureMaps, Layers, Mistakes, Why
from helpers.layers import count_parameters, layer_rows
from helpers.models import ConvNet
from helpers.sharing import SharingError
from helpers.training import fit, predict
from tests.plots.examples import dataset

SHAPE = 1, 28, 28
DATA = dataset(20)
IMAGE = DATA[0][0]


class Unprepared(nn.Module):
    def __init__(self):
        pass


def exported(model=None) -> nn.Module:
    batch = torch.export.Dim("batch")
    program = torch.export.export(
        (model or ConvNet()).eval(), (torch.zeros(2, *SHAPE),), dynamic_shapes=({0: batch},)
    )
    return program.module()


def scripted(model=None) -> nn.Module:
    with warnings.catch_warnings(action="ignore"):  # torch.jit is being replaced by torch.export
        return torch.jit.script((model or ConvNet()).eval())


def frozen(model=None) -> nn.Module:
    with warnings.catch_warnings(action="ignore"):
        return torch.jit.freeze(scripted(model))


NO_NETWORKS = {
    "class": (lambda: ConvNet, "ConvNet is a class, the plan of a network. Make one from it"),
    "None": (lambda: None, "there is no network yet, but None"),
    "blank": (lambda: ..., "there is no network yet, but Ellipsis"),
    "weights": (lambda: ConvNet().state_dict(), "these are the weights of a network"),
    "function": (lambda: ConvNet().forward, "this is of type method, not a network"),
    "empty": (dict, "this is of type dict, not a network"),
    "list": (lambda: [nn.Flatten()], "this is of type list, not a network"),
    "without super": (Unprepared, "does not start with super"),
}
USES = {
    "layer_rows": lambda model: layer_rows(model, SHAPE),
    "count_parameters": count_parameters,
    "fit": lambda model: fit(model, DATA, DATA, 1, verbose=False),
    "predict": lambda model: predict(model, DATA),
    "activations": lambda model: inspection.activations(model, model, IMAGE),
    "saliency": lambda model: inspection.saliency(model, IMAGE, 0),
    "occlusion_map": lambda model: inspection.occlusion_map(model, IMAGE, 0),
    "grad_cam": lambda model: inspection.grad_cam(model, model, IMAGE, 0),
}
PANELS = {
    "Layers": lambda model: Layers(model, SHAPE),
    "FeatureMaps": lambda model: FeatureMaps(model, DATA),
    "Why": lambda model: Why(model, DATA),
    "Mistakes": lambda model: Mistakes(model, DATA),
}
PROGRAMS = {"script": scripted, "freeze": frozen, "export": exported}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("what", NO_NETWORKS)
def test_what_is_no_network_gets_a_sentence(what, use):
    make, said = NO_NETWORKS[what]
    with pytest.raises(ValueError, match=said):
        USES[use](make())


@pytest.mark.parametrize("what", NO_NETWORKS)
def test_nor_has_it_a_page(what, tmp_path):
    make, said = NO_NETWORKS[what]
    with pytest.raises(SharingError, match=said):
        sharing.page(make(), tmp_path / "page.html", DATA)


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("what", sorted(NO_NETWORKS.keys() - {"None", "blank"}))
def test_a_panel_says_the_same(what, panel):
    make, said = NO_NETWORKS[what]
    caption = PANELS[panel](make()).caption
    assert said[1:] in caption and caption[0].isupper() | caption.startswith("__init__")


# --- what was made from a network, and computes the same --------------------------------------


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_program_computes_what_the_network_does(kind):
    model = ConvNet()
    expected = predict(model, DATA), inspection.occlusion_map(model, IMAGE, 0)
    program = PROGRAMS[kind](model)
    torch.testing.assert_close(predict(program, DATA), expected[0])
    torch.testing.assert_close(inspection.occlusion_map(program, IMAGE, 0), expected[1])
    assert "Occlusion" in Why(program, DATA).caption
    assert "All images" in Mistakes(program, DATA).caption


@pytest.mark.parametrize("kind", PROGRAMS)
def test_its_layers_cannot_be_watched(kind, tmp_path):
    program = PROGRAMS[kind]()
    made_by = "torch.export" if kind == "export" else "torch.jit"
    said = f"was made by {made_by}: .* Give the network that it was made from"
    with pytest.raises(ValueError, match=said):
        layer_rows(program, SHAPE)
    with pytest.raises(SharingError, match=said):
        sharing.page(program, tmp_path / "page.html", DATA)
    assert f"was made by {made_by}" in Layers(program, SHAPE).caption


def test_a_traced_graph_is_a_network_like_any_other():
    model = ConvNet()
    graph = torch.fx.symbolic_trace(model)
    assert len(layer_rows(graph, SHAPE)) == len(layer_rows(model, SHAPE))
    assert len(fit(graph, DATA, DATA, 1, verbose=False)) == 1


@pytest.mark.parametrize("kind", ["freeze", "export"])
def test_one_that_was_made_for_use_is_not_trained(kind):
    with pytest.raises(ValueError, match=r"exported for use|no parameters"):
        fit(PROGRAMS[kind](), DATA, DATA, 1, verbose=False)


# --- numbers of another kind -------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_a_network_of_another_precision_is_not_trained_by_chance(dtype):
    model = ConvNet().to(dtype)
    with pytest.raises(ValueError, match=rf"images are torch.float32, .* in {dtype}"):
        fit(model, DATA, DATA, 1, verbose=False)
    assert len(fit(model.float(), DATA, DATA, 1, verbose=False)) == 1


def test_images_of_the_same_precision_train_it():
    images = torch.stack([image for image, _ in DATA]).double()
    data = torch.utils.data.TensorDataset(images, torch.arange(len(images)) % 10)
    assert len(fit(ConvNet().double(), data, data, 1, verbose=False)) == 1


@pytest.mark.parametrize(
    "use", sorted(USES.keys() - {"layer_rows", "count_parameters", "grad_cam"})
)
def test_a_network_without_numbers_says_so(use):
    with pytest.raises(ValueError, match="on the device meta"):
        USES[use](ConvNet().to("meta"))
