"""Exact answers on small models made by hand, and no trace left on any of them."""

import pytest
import torch
from torch import nn

from helpers import inspection
from helpers.models import ConvNet
from helpers.network_modes import unwrapped
from tests.wrapped import data_parallel


class RegionScore(nn.Module):
    """Class 0 scores the sum of rows 1–2, columns 3–4 of the image; class 1 scores zero."""

    def forward(self, images):
        score = images[:, :, 1:3, 3:5].sum(dim=(1, 2, 3))
        return torch.stack([score, torch.zeros_like(score)], dim=1)


class TwoMaps(nn.Module):
    """Two 1×1 feature maps, 2x and −x; class 0 scores 3·mean(first) + mean(second)."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1, bias=False)
        self.pool = nn.MaxPool2d(2)
        self.unused = nn.Linear(2, 2)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor([2.0, -1.0]).reshape(2, 1, 1, 1))

    def forward(self, images):
        means = self.pool(self.conv(images)).mean(dim=(2, 3))
        return torch.stack([3 * means[:, 0] + means[:, 1], means[:, 1]], dim=1)


def noisy_model():
    """Dropout, batch norm and a part in a mode of its own: everything that could leave a trace."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.BatchNorm2d(3),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(3 * 4 * 4, 4),
    )
    model[4].eval()
    model[0].weight.grad = torch.ones_like(model[0].weight)
    return model


def traces(model):
    return {
        "modes": [module.training for module in model.modules()],
        "hooks": [len(module._forward_hooks) for module in model.modules()],
        "values": {name: value.clone() for name, value in model.state_dict().items()},
        "gradients": {
            name: None if parameter.grad is None else parameter.grad.clone()
            for name, parameter in model.named_parameters()
        },
    }


def assert_same(before, after):
    assert before["modes"] == after["modes"]
    assert before["hooks"] == after["hooks"]
    for name, value in before["values"].items():
        assert torch.equal(value, after["values"][name]), name
    for name, value in before["gradients"].items():
        other = after["gradients"][name]
        assert (value is None and other is None) or torch.equal(value, other), name


CALLS = {
    "activations": lambda model, image: inspection.activations(model, unwrapped(model)[0], image),
    "saliency": lambda model, image: inspection.saliency(model, image, 1),
    "occlusion_map": lambda model, image: inspection.occlusion_map(model, image, 1),
    "grad_cam": lambda model, image: inspection.grad_cam(model, unwrapped(model)[0], image, 1),
}


@pytest.mark.parametrize("name", CALLS)
def test_leaves_no_trace(name):
    model, image = noisy_model(), torch.rand(1, 6, 6, requires_grad=True)
    before, kept = traces(model), image.detach().clone()
    result = CALLS[name](model, image)
    assert_same(before, traces(model))
    assert torch.equal(image.detach(), kept)
    assert image.grad is None
    assert not result.requires_grad
    assert result.device.type == "cpu"
    assert torch.equal(result, CALLS[name](model, image)), "eval mode: no chance in it"


@pytest.mark.parametrize("name", CALLS)
def test_leaves_no_trace_when_the_model_fails(name):
    model = noisy_model()
    before = traces(model)
    with pytest.raises(RuntimeError):
        CALLS[name](model, torch.rand(2, 6, 6))  # two channels, where one is wanted
    assert_same(before, traces(model))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_works_where_gradients_are_off(name, context):
    model = noisy_model()
    image = torch.rand(1, 6, 6)
    expected = CALLS[name](model, image)
    with context():
        assert torch.equal(CALLS[name](model, image.clone()), expected)


@pytest.mark.parametrize("name", CALLS)
def test_works_with_frozen_parameters(name):
    model = noisy_model()
    expected = CALLS[name](model, torch.full((1, 6, 6), 0.5))
    model.requires_grad_(False)
    assert torch.equal(CALLS[name](model, torch.full((1, 6, 6), 0.5)), expected)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_networks_of_other_precision(name, dtype):
    image = torch.rand(1, 6, 6)
    expected = CALLS[name](noisy_model(), image)
    model = noisy_model().to(dtype)
    before = traces(model)
    for given in (image, image.to(dtype)):
        result = CALLS[name](model, given)
        assert result.dtype in (torch.float32, torch.float64)
        assert (result - expected).abs().max() < 0.05 * (1 + expected.abs().max())
    if dtype == torch.float64:
        assert (result - expected).abs().max() < 1e-5
    assert_same(before, traces(model))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("wrap", ["compiled", "compiled before", "part compiled", "data parallel"])
def test_wrapped_networks(name, wrap):
    image = torch.rand(1, 6, 6)
    expected = CALLS[name](noisy_model(), image)
    model = noisy_model()
    before = traces(model)

    def no_hooks(graph, _inputs):  # as a compiler makes it: nobody can look inside
        return graph

    if wrap == "data parallel":
        wrapped = data_parallel(model)
    elif wrap == "part compiled":
        model[0] = torch.compile(model[0], backend=no_hooks)
        before, wrapped = traces(model), model
    else:
        wrapped = torch.compile(model, backend=no_hooks)
        if wrap == "compiled before":
            wrapped(image[None].expand(2, -1, -1, -1))
            model.load_state_dict(noisy_model().state_dict())
    result = CALLS[name](wrapped, image)
    assert torch.equal(result, expected)
    assert_same(before, traces(model))


# ------------------------------------------------------------------------------- activations


def test_activations_are_the_layers_own_output():
    model, images = ConvNet(), torch.rand(3, 1, 28, 28)
    for layer, expected in (
        (model.conv_stack[0], model.conv_stack[0](images)),
        (model.conv_stack[4], model.conv_stack[:5](images)),
        (model, model(images)),
    ):
        assert torch.allclose(inspection.activations(model, layer, images), expected, atol=1e-6)


def test_one_image_counts_as_a_batch():
    model = ConvNet()
    caught = inspection.activations(model, model.conv_stack[3], torch.rand(1, 28, 28))
    assert caught.shape == (1, 16, 8, 8)


def test_an_in_place_layer_behind_does_not_change_what_was_caught():
    model = noisy_model().eval()
    caught = inspection.activations(model, model[1], torch.rand(1, 6, 6))
    assert caught.min() < 0


def test_a_strange_layer_is_refused():
    with pytest.raises(ValueError, match="not a part of the model"):
        inspection.activations(ConvNet(), nn.Conv2d(1, 6, 5), torch.rand(1, 28, 28))


def test_a_layer_that_is_never_called_is_named():
    model = TwoMaps()
    for call in (
        lambda: inspection.activations(model, model.unused, torch.rand(1, 4, 4)),
        lambda: inspection.grad_cam(model, model.unused, torch.rand(1, 4, 4), 0),
    ):
        with pytest.raises(ValueError, match="never called this layer: Linear"):
            call()
    assert not model.unused._forward_hooks


# ------------------------------------------------------- saliency, occlusion, Grad-CAM: exactly


def test_saliency_is_one_on_the_region_and_zero_elsewhere():
    expected = torch.zeros(6, 6)
    expected[1:3, 3:5] = 1
    assert torch.equal(inspection.saliency(RegionScore(), torch.rand(1, 6, 6), 0), expected)


def test_saliency_takes_the_strongest_channel():
    weights = torch.tensor([1.0, -3.0, 2.0]).reshape(3, 1, 1)

    class Weighted(nn.Module):
        def forward(self, images):
            return (images * weights).sum(dim=(1, 2, 3)).unsqueeze(1)

    result = inspection.saliency(Weighted(), torch.rand(3, 5, 4), 0)
    assert torch.equal(result, torch.full((5, 4), 3.0))


def test_occlusion_of_single_pixels_is_the_drop_in_probability():
    image = torch.rand(1, 6, 6, generator=torch.Generator().manual_seed(0))
    total = image[0, 1:3, 3:5].sum()
    expected = torch.zeros(6, 6)
    expected[1:3, 3:5] = total.sigmoid() - (total - image[0, 1:3, 3:5]).sigmoid()
    result = inspection.occlusion_map(RegionScore(), image, 0, patch_size=1, batch_size=7)
    assert torch.allclose(result, expected, atol=1e-6)
    opposite = inspection.occlusion_map(RegionScore(), image, 1, patch_size=1)
    assert torch.allclose(opposite, -expected, atol=1e-6)


def test_occlusion_is_the_mean_over_the_patches_that_cover_a_pixel():
    image = torch.ones(1, 6, 6)
    before = torch.tensor(4.0).sigmoid()

    def drop(covered):
        return before - torch.tensor(4.0 - covered).sigmoid()

    result = inspection.occlusion_map(RegionScore(), image, 0, patch_size=2, stride=2)
    assert torch.allclose(result[0:2, 2:4], drop(1.0).expand(2, 2), atol=1e-6)
    assert torch.allclose(result[4:], torch.zeros(2, 6), atol=1e-6)
    overlapping = inspection.occlusion_map(RegionScore(), image, 0, patch_size=2)
    assert torch.allclose(overlapping[0, 3], (drop(2.0) + drop(1.0)) / 2, atol=1e-6)
    assert overlapping[5].abs().max() < 1e-6


def test_occlusion_reaches_the_edge_that_the_steps_miss():
    class Corner(nn.Module):
        def forward(self, images):
            score = images[:, 0, -1, -1]
            return torch.stack([score, -score], dim=1)

    result = inspection.occlusion_map(Corner(), torch.ones(1, 6, 7), 0, patch_size=3, stride=2)
    assert result.shape == (6, 7)
    assert result[-1, -1] > 0.1
    assert torch.isfinite(result).all()


def test_occlusion_with_the_images_own_value_changes_nothing():
    result = inspection.occlusion_map(RegionScore(), torch.full((1, 6, 6), 0.3), 0, fill=0.3)
    assert result.abs().max() < 1e-6


@pytest.mark.parametrize(("patch_size", "stride"), [(0, 1), (7, 1), (3, 0), (3, 4)])
def test_impossible_patches_are_refused(patch_size, stride):
    with pytest.raises(ValueError, match="must lie between"):
        inspection.occlusion_map(RegionScore(), torch.rand(1, 6, 6), 0, patch_size, stride)


def test_grad_cam_in_closed_form():
    # After the pooling there are h·w pixels, so the gradients are 3/(hw) and 1/(hw), and the sum
    # of the weighted maps is (3·2·max(x) + 1·max(−x)) / (hw); here every 2×2 field is constant.
    fields = torch.tensor([[1.0, -1.0], [2.0, 0.0]])
    image = fields.repeat_interleave(2, 0).repeat_interleave(2, 1).unsqueeze(0)
    model = TwoMaps()
    expected = ((3 * 2 * fields - fields) / 4).relu()
    result = inspection.grad_cam(model, model.pool, image, 0)
    enlarged = nn.functional.interpolate(
        expected[None, None], (4, 4), mode="bilinear", align_corners=False
    )
    assert torch.allclose(result, enlarged[0, 0], atol=1e-6)
    # Class 1 hangs on the second map alone, −x: only the field below zero speaks for it.
    other = inspection.grad_cam(model, model.pool, image, 1)
    assert other[0, 3] > 0
    assert other[3, 0] == 0


def test_grad_cam_before_the_pooling_too():
    model = ConvNet()
    image = torch.rand(1, 28, 28)
    for layer in (model.conv_stack[0], model.conv_stack[1], model.conv_stack[5]):
        heat = inspection.grad_cam(model, layer, image, 3)
        assert heat.shape == (28, 28)
        assert heat.min() >= 0


def test_grad_cam_of_a_layer_with_an_in_place_layer_behind():
    in_place, plain = noisy_model().eval(), noisy_model().eval()
    plain[2] = nn.ReLU()
    image = torch.rand(1, 6, 6)
    expected = inspection.grad_cam(plain, plain[1], image, 2)
    assert torch.allclose(inspection.grad_cam(in_place, in_place[1], image, 2), expected)


def test_grad_cam_needs_maps():
    model = ConvNet()
    with pytest.raises(ValueError, match="take a layer before flattening"):
        inspection.grad_cam(model, model.flatten, torch.rand(1, 28, 28), 0)


def test_a_score_without_a_gradient_is_said():
    class Constant(nn.Module):
        def forward(self, images):
            return torch.zeros(len(images), 2)

    with pytest.raises(ValueError, match="no gradient leads"):
        inspection.saliency(Constant(), torch.rand(1, 4, 4), 0)


@pytest.mark.parametrize(
    ("image", "label", "message"),
    [
        (torch.rand(28, 28), 0, r"one image \[C, H, W\]"),
        (torch.rand(2, 1, 28, 28), 0, "these are 2"),
        (torch.zeros(1, 28, 28, dtype=torch.uint8), 0, "floating-point numbers from 0 to 1"),
        ([[0.0]], 0, "must be a tensor, not a list"),
        (torch.rand(1, 28, 28), 10, "classes 0 to 9"),
        (torch.rand(1, 28, 28), -1, "classes 0 to 9"),
        (torch.rand(1, 28, 28), "Bag", "number of a class, not 'Bag'"),
    ],
)
@pytest.mark.parametrize("function", [inspection.saliency, inspection.occlusion_map])
def test_bad_input_gets_a_sentence(function, image, label, message):
    with pytest.raises(ValueError, match=message):
        function(ConvNet(), image, label)


def test_a_label_may_be_a_tensor_and_the_model_of_another_precision():
    model, image = ConvNet().double(), torch.rand(1, 28, 28)
    assert inspection.saliency(model, image, torch.tensor(3)).dtype == torch.float64


@pytest.mark.skipif(
    not (torch.cuda.is_available() or torch.backends.mps.is_available()), reason="needs a GPU"
)
def test_works_on_a_gpu():
    device = "cuda" if torch.cuda.is_available() else "mps"
    model, image = ConvNet().eval(), torch.rand(1, 28, 28)
    calls = (
        lambda: inspection.activations(model, model.conv_stack[3], image),
        lambda: inspection.saliency(model, image, 3),
        lambda: inspection.occlusion_map(model, image, 3),
        lambda: inspection.grad_cam(model, model.conv_stack[3], image, 3),
    )
    expected = [call() for call in calls]
    model.to(device)
    for call, value in zip(calls, expected, strict=True):
        result = call()
        assert result.device.type == "cpu"
        assert torch.allclose(result, value, atol=1e-2)


# ------------------------------------------------------------------- confusion and mistakes


def test_confusion_matrix_counts_true_by_predicted():
    labels = torch.tensor([0, 0, 1, 2, 2, 2])
    predictions = torch.tensor([0, 1, 1, 0, 0, 2])
    matrix = inspection.confusion_matrix(labels, predictions, num_classes=3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [2, 0, 1]]
    assert matrix.dtype == torch.int64


def test_confusion_matrix_has_a_place_for_classes_that_never_occur():
    matrix = inspection.confusion_matrix(torch.tensor([9]), torch.tensor([0]))
    assert matrix.shape == (10, 10)
    assert matrix[9, 0] == 1
    assert matrix.sum() == 1


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        (torch.tensor([0, 1]), torch.tensor([0]), "2 labels, but 1 predictions"),
        (torch.tensor([0]), torch.rand(1, 10), r"argmax\(dim=1\)"),
        (torch.tensor([10]), torch.tensor([0]), "labels must lie between 0 and 9"),
        (torch.tensor([0]), torch.tensor([-1]), "predictions must lie between 0 and 9"),
    ],
)
def test_a_confusion_of_the_wrong_things_is_refused(labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        inspection.confusion_matrix(labels, predictions)


def test_the_surest_mistakes_come_first():
    probabilities = torch.tensor(
        [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7], [0.05, 0.95]],
    )
    labels = torch.tensor([1, 1, 0, 1, 1])  # images 0, 1 and 2 are wrong
    assert inspection.most_confident_mistakes(probabilities, labels, k=2).tolist() == [0, 2]
    every = inspection.most_confident_mistakes(probabilities, labels)
    assert every.tolist() == [0, 2, 1], "fewer than k where there are no more"
    assert every.dtype == torch.int64
    right = probabilities.argmax(dim=1)
    assert inspection.most_confident_mistakes(probabilities, right).shape == (0,)


@pytest.mark.parametrize(
    ("probabilities", "labels", "k", "message"),
    [
        (torch.randn(4, 3) * 9, torch.zeros(4, dtype=torch.int64), 1, "softmax"),
        (torch.full((4, 3), torch.nan), torch.zeros(4, dtype=torch.int64), 1, "sum to 1"),
        (torch.full((4, 2), 0.5), torch.zeros(3, dtype=torch.int64), 1, "but 3 labels"),
        (torch.full((4, 2), 0.5), torch.full((4,), 2), 1, "between 0 and 1"),
        (torch.full((4,), 0.5), torch.zeros(4, dtype=torch.int64), 1, "shape"),
        (torch.full((4, 2), 0.5), torch.zeros(4, dtype=torch.int64), 0, "at least one"),
    ],
)
def test_mistakes_of_the_wrong_things_are_refused(probabilities, labels, k, message):
    with pytest.raises(ValueError, match=message):
        inspection.most_confident_mistakes(probabilities, labels, k)
