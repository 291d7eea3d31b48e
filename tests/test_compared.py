"""What others compute, too: torchinfo, captum, scikit-learn and torchvision come to the same."""

import gzip

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.datasets.mnist import read_image_file, read_label_file
from torchvision.transforms.functional import to_pil_image, to_tensor

from helpers import inspection
from helpers.datasets import ImageDataset, fashion_mnist
from helpers.layers import count_parameters, layer_rows
from helpers.models import ConvNet
from tests.datasets.fakes import offer, put, tiny_fashion

torchinfo = pytest.importorskip("torchinfo", reason="torchinfo is missing: pip install .[compare]")
captum = pytest.importorskip("captum.attr", reason="captum is missing: pip install .[compare]")
metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn: pip install .[compare]")


class Residual(nn.Module):
    """A branch around two convolutions."""

    def __init__(self):
        super().__init__()
        self.first, self.second = (nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        return x + self.second(self.norm(self.first(x)).relu())


def stem(*layers: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), *layers, nn.Flatten(), nn.LazyLinear(10))


NETWORKS = {
    "notebook 3": ConvNet,
    "branches": lambda: stem(Residual(), nn.AvgPool2d(2), Residual()),
    "groups and dilation": lambda: stem(nn.Conv2d(4, 8, 3, groups=4, dilation=2, bias=False)),
    "transposed": lambda: stem(nn.ConvTranspose2d(4, 2, 3, stride=2), nn.MaxPool2d(3, 2, 1)),
    "norms": lambda: stem(nn.GroupNorm(2, 4), nn.PReLU(4), nn.InstanceNorm2d(4, affine=True)),
    "uneven": lambda: stem(nn.Conv2d(4, 3, (1, 7), (2, 3)), nn.AdaptiveAvgPool2d((3, 2))),
}


def made(name: str) -> nn.Module:
    """The network in eval mode, after a first run, which a lazy layer needs."""
    torch.manual_seed(0)
    model = NETWORKS[name]().eval()
    with torch.no_grad():
        model(torch.rand(1, 1, 28, 28))
    return model


@pytest.mark.parametrize("name", NETWORKS)
def test_the_table_of_layers_has_the_shapes_and_parameters_of_torchinfo(name):
    model = made(name)
    summary = torchinfo.summary(model, (1, 1, 28, 28), verbose=0)
    theirs = [
        (part.var_name, tuple(part.output_size[1:]), sum(p.numel() for p in own.parameters()))
        for part in summary.summary_list
        if not list((own := part.module).children())
    ]
    ours = [(r.name.split(".")[-1], r.output_shape, r.num_parameters) for r in layer_rows(
        model, (1, 28, 28)
    )]  # fmt: skip
    assert ours == theirs and len(ours) > 3
    assert count_parameters(model) == summary.total_params


@pytest.fixture(scope="module")
def looked_at() -> tuple[nn.Module, torch.Tensor]:
    """A network with strong opinions, and an image."""
    torch.manual_seed(0)
    model = ConvNet().eval()
    with torch.no_grad():
        for p in model.parameters():
            p *= 2
    return model, torch.rand(1, 28, 28)


def assert_same(ours: torch.Tensor, theirs: torch.Tensor):
    theirs = theirs.detach().reshape(28, 28)
    assert float(theirs.abs().max()) > 1e-3  # else nothing is shown
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("label", [0, 7])
def test_what_a_decision_hangs_on_is_that_of_captum(looked_at, label):
    model, image = looked_at
    batch = image[None].clone().requires_grad_()
    assert_same(
        inspection.saliency(model, image, label),
        captum.Saliency(model).attribute(batch, target=label),
    )
    layer = model.conv_stack[3]
    theirs = captum.LayerGradCam(model, layer).attribute(
        batch, target=label, relu_attributions=True
    )
    assert_same(
        inspection.grad_cam(model, layer, image, label),
        F.interpolate(theirs, (28, 28), mode="bilinear", align_corners=False),
    )


@pytest.mark.parametrize(("size", "stride", "fill"), [(4, 1, 0.0), (4, 2, 0.5), (7, 7, 1.0)])
def test_covered_patches_are_those_of_captum(looked_at, size, stride, fill):
    model, image = looked_at
    occlusion = captum.Occlusion(lambda images: model(images).softmax(dim=1))
    label = int(model(image[None]).argmax())
    theirs = occlusion.attribute(
        image[None],
        sliding_window_shapes=(1, size, size),
        strides=(1, stride, stride),
        baselines=fill,
        target=label,
    )
    ours = inspection.occlusion_map(model, image, label, size, stride, fill)
    assert_same(ours, theirs)


@pytest.mark.parametrize("classes", [2, 10])
def test_the_confusion_matrix_is_that_of_scikit_learn(classes):
    torch.manual_seed(0)
    labels, predictions = torch.randint(0, classes, (2, 500))
    theirs = metrics.confusion_matrix(labels, predictions, labels=range(classes))
    assert inspection.confusion_matrix(labels, predictions, classes).tolist() == theirs.tolist()
    right = inspection.confusion_matrix(labels, predictions, classes).trace() / 500
    assert float(right) == pytest.approx(metrics.accuracy_score(labels, predictions))


def test_an_image_is_that_of_torchvision():
    images = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    data = ImageDataset(images, torch.zeros(1, dtype=torch.int64), ["a"], "drawn", "all greys")
    assert torch.equal(data[0][0], to_tensor(to_pil_image(images[0])))


@pytest.mark.parametrize("train", [True, False])
def test_official_files_are_read_as_torchvision_reads_them(train, tmp_path, monkeypatch):
    files = tiny_fashion()
    offer(monkeypatch, "fashion_mnist", files)
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("CNN_COURSE_DATASET", "official")
    put(tmp_path / "FashionMNIST/raw", files)
    for name, data in files.items():
        (tmp_path / name.removesuffix(".gz")).write_bytes(gzip.decompress(data))
    ours, part = fashion_mnist(train=train), "train" if train else "t10k"
    theirs = read_image_file(str(tmp_path / f"{part}-images-idx3-ubyte"))
    assert torch.equal(ours.images[:, 0], theirs) and len(theirs) >= 20
    labels = read_label_file(str(tmp_path / f"{part}-labels-idx1-ubyte"))
    assert torch.equal(ours.labels, labels)
