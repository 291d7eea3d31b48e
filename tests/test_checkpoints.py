"""Checkpoints: what is saved comes back, nothing is lost, and every bad file is named."""

import errno
import io
import math
import os
import pickle
import re
import shutil
import sys
import warnings
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from helpers import checkpoints, datasets, training, weight_files
from helpers.checkpoints import CheckpointError, load, save, trained_conv_net
from helpers.datasets import DataError, drawn
from helpers.models import ConvNet
from tests.wrapped import data_parallel

LIMIT = 300_000  # bytes of a file of reference weights
SOURCES = ("official", "drawn")
DATA_FOLDER = datasets.data_folder()  # the real one, before a test sets another


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty data folder for every test."""
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "checkpoints"


def conv_net(seed: int = 1) -> ConvNet:
    torch.manual_seed(seed)
    return ConvNet()


class StudentNet(nn.Module):
    """As a student may write it: the same names of the parts, another class."""

    def __init__(self):
        super().__init__()
        self.conv_stack = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Conv2d(6, 16, 5), nn.ReLU()
        )
        self.pool = nn.MaxPool2d(2)
        self.linear_stack = nn.Sequential(
            nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)
        )

    def forward(self, x):
        return self.linear_stack(self.pool(self.conv_stack(x)).flatten(1))


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def refusal(call, *arguments, **settings) -> str:
    with pytest.raises(CheckpointError) as caught:
        call(*arguments, **settings)
    message = str(caught.value)
    assert caught.value._render_traceback_()[0] == f"✗ {message}".splitlines()[0]
    return message


# There and back


def test_what_is_saved_comes_back(folder):
    model = conv_net().train()
    path = save(model, source="official", accuracy=0.8812, epochs=10)
    assert path == folder / "convnet_official.safetensors"
    assert model.training and [p.name for p in folder.iterdir()] == [path.name]
    loaded, info = load(path)
    assert same_weights(loaded, model) and isinstance(loaded, ConvNet) and not loaded.training
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", info.pop("saved"))
    assert info == {
        "path": path,
        "network": "ConvNet",
        "source": "official",
        "accuracy": 0.8812,
        "epochs": 10,
        "torch": torch.__version__,
    }


def test_the_figures_may_be_missing():
    _, info = load(save(conv_net(), source="drawn"))
    assert info["accuracy"] is None and info["epochs"] is None


def test_a_students_own_class_is_saved_and_loaded():
    torch.manual_seed(3)
    student = StudentNet()
    path = save(student, source="official")
    loaded, info = load(path)
    images = torch.rand(2, 1, 28, 28)
    assert info["network"] == "StudentNet"
    assert torch.equal(loaded(images), student.eval()(images))
    another = StudentNet()
    model, _ = load(path, model=another)
    assert model is another and same_weights(another, student)
    assert "give an instance, StudentNet()" in refusal(load, path, StudentNet)


def test_another_network_has_a_path_of_its_own(tmp_path):
    path = save(nn.Linear(2, 3), source="official", path=tmp_path / "new folder" / "mine")
    linear = nn.Linear(2, 3)
    assert load(path, model=linear)[0] is linear


def test_tied_and_strided_weights_are_saved(tmp_path):
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    model[0].bias = nn.Parameter(torch.arange(8.0)[::2])
    path = save(model, source="official", path=tmp_path / "tied")
    again = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    assert same_weights(load(path, model=again)[0], model)


# Files of other hands, and other kinds of networks


FOREIGN = {
    "safetensors": lambda s, p: safetensors.torch.save_file(s, p),
    "safetensors with entries": lambda s, p: safetensors.torch.save_file(s, p, {"format": "pt"}),
    "torch.save": torch.save,
    "torch.save, as before 2020": lambda s, p: torch.save(
        s, p, _use_new_zipfile_serialization=False
    ),
    "torch.save with an optimizer": lambda s, p: torch.save(
        {"optimizer": {"state": {0: {"step": torch.ones(())}}}, "net": {"weights": s}, "loss": 0.3},
        p,
    ),
}


PREFIXES = [
    *("", "module.", "_orig_mod.", "_orig_mod.module."),  # torch.compile, nn.DataParallel
    *("model.", "net.backbone.", "_forward_module.model.", "_fsdp_wrapped_module."),
]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("kind", FOREIGN)
def test_files_of_other_hands_are_loaded(tmp_path, kind, prefix):
    weights = {prefix + name: value for name, value in conv_net().state_dict().items()}
    FOREIGN[kind](weights, tmp_path / "net")
    model, info = load(tmp_path / "net")
    assert same_weights(model, conv_net()) and not model.training
    assert info == {
        "path": tmp_path / "net",
        "network": "ConvNet",
        "source": "unknown",
        "accuracy": None,
        "epochs": None,
    }


def test_what_stands_beside_the_network_is_left_out(tmp_path):
    """As of a mean over epochs (``AveragedModel``), or of a trainer with its own numbers."""
    weights = {f"module.{name}": value for name, value in conv_net().state_dict().items()}
    torch.save(weights | {"n_averaged": torch.tensor(3)}, tmp_path / "net")
    assert same_weights(load(tmp_path / "net")[0], conv_net())


def test_what_stands_in_the_network_is_not(tmp_path):
    weights = {f"model.{name}": value for name, value in conv_net().state_dict().items()}
    torch.save(weights | {"model.more": torch.ones(2)}, tmp_path / "net")
    with pytest.raises(CheckpointError, match=r"more with shape \[2\] is not expected"):
        load(tmp_path / "net")


def test_a_file_of_other_hands_in_the_place_of_yours_is_not_taken(folder, capsys):
    folder.mkdir(parents=True)
    torch.save(conv_net().state_dict(), folder / "convnet_official.safetensors")
    trained_conv_net("official")
    assert "does not tell on which images it was trained" in capsys.readouterr().out


class Wrapped(nn.Module):
    """Two parts, one of them compiled; no part is ever run."""

    def __init__(self):
        super().__init__()
        self.module, self.head = torch.compile(nn.Linear(2, 2)), nn.Linear(2, 2)


WRAPPERS = {
    "compiled": torch.compile,
    "data parallel": data_parallel,
    "both": lambda m: torch.compile(data_parallel(m)),
}


@pytest.mark.parametrize("kind", WRAPPERS)
def test_wrapped_networks_are_saved_and_loaded_as_the_network_itself(kind):
    path = save(WRAPPERS[kind](conv_net()), source="official")
    model, info = load(path)
    assert same_weights(model, conv_net()) and info["network"] == "ConvNet"
    into = conv_net(seed=5)
    load(path, WRAPPERS[kind](into))
    assert same_weights(into, conv_net())


def test_a_part_may_be_compiled_and_be_called_module(tmp_path):
    path = save(Wrapped(), source="official", path=tmp_path / "net")
    model = Wrapped()
    model.module.bias.data.fill_(7)
    load(path, model)
    assert not (model.module.bias == 7).any()


class Masked(nn.Linear):
    """With the mask of an attention, which is infinite on purpose."""

    def __init__(self):
        super().__init__(3, 3)
        self.register_buffer("mask", torch.full((3, 3), -math.inf).triu(1))


def test_a_buffer_may_be_infinite_but_no_nan(tmp_path):
    path = save(Masked(), source="official", path=tmp_path / "net")
    model, _ = load(path, Masked())
    assert model.mask[0, 2] == -math.inf
    model.mask[1, 1] = math.nan
    assert "mask holds values" in refusal(save, model, source="official", path=tmp_path / "net")
    model = Masked()
    model.weight.data[0, 0] = -math.inf
    assert "weight holds values" in refusal(save, model, source="official", path=tmp_path / "net")


@pytest.mark.parametrize(("value", "dtype"), [(1e300, torch.float64), (1e9, torch.float32)])
def test_what_does_not_fit_the_numbers_of_the_network_is_not_loaded(folder, value, dtype):
    big = conv_net().to(dtype)
    big.conv_stack[0].bias.data[2] = -value
    path = save(big, source="official", path=folder / "big")
    smaller = conv_net(seed=5).to({torch.float64: torch.float32}.get(dtype, torch.float16))
    message = refusal(load, path, smaller)
    assert f"conv_stack.0.bias holds {value:.3g}, but the numbers of the network" in message
    assert f"Take a network of {str(dtype)[6:]} numbers." in message
    assert same_weights(smaller, conv_net(seed=5).to(smaller.conv_stack[0].bias.dtype))
    assert same_weights(load(path, conv_net(seed=5).to(dtype))[0], big)
    if dtype == torch.float64:  # notebook 04 would have to load it
        assert refusal(save, big, source="official").startswith("not saved: conv_stack.0.bias")
        assert not checkpoints.student_path("official").exists()


# Saving


@pytest.mark.parametrize("count", [1, 3])
def test_a_former_checkpoint_is_kept_under_its_date(folder, count):
    former = [conv_net(seed) for seed in range(count)]
    for model in former:
        path = save(model, source="official")
        os.utime(path, (1_700_000_000, 1_700_000_000))  # all in the same second
    save(conv_net(seed=9), source="official")
    assert same_weights(load(path)[0], conv_net(seed=9))
    kept = sorted(folder.glob("convnet_official_*.safetensors"))
    assert len(kept) == count
    for file in kept:
        assert re.fullmatch(r"convnet_official_2023-11-\d\d_\d{6}(_\d)?\.safetensors", file.name)
        assert sum(same_weights(load(file)[0], model) for model in former) == 1


class HalfWritten:
    """Stands in for an open file: writes half of what it is given, then fails."""

    def __init__(self, file, error):
        self.file, self.error = file, error

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *reason):
        return self.file.__exit__(*reason)

    def write(self, data):
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        raise self.error


@pytest.mark.parametrize(
    ("where", "there_before"),
    [
        ("writing", False),
        ("writing", True),
        ("moving", False),
        ("moving", True),
        ("keeping the former", True),
    ],
)
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_failure_in_the_middle_leaves_everything_as_it_was(
    folder, monkeypatch, where, there_before, error
):
    folder.mkdir(parents=True)
    before = {}
    if there_before:
        path = save(conv_net(seed=4), source="official")
        before = {path.name: path.read_bytes()}
    model = conv_net(seed=5)

    def fail(source, target, **_):
        if where != "moving":
            Path(target).write_bytes(Path(source).read_bytes()[:100])
        raise error

    opened, real_open = [], Path.open

    def open_half(self, *args, **kwargs):
        opened.append(self)
        return HalfWritten(real_open(self, *args, **kwargs), error)

    with monkeypatch.context() as patch:
        if where == "writing":
            patch.setattr(Path, "open", open_half)
        elif where == "moving":
            patch.setattr(os, "replace", fail)
        else:
            patch.setattr(shutil, "copy2", fail)
        if isinstance(error, OSError):
            message = refusal(save, model, source="official")
            assert "could not be saved: the disk is full. Your network is untouched" in message
        else:
            with pytest.raises(KeyboardInterrupt):
                save(model, source="official")
    assert bool(opened) == (where == "writing")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert same_weights(model, conv_net(seed=5))


@pytest.mark.skipif(sys.platform == "win32", reason="folders of Windows have no such mode")
def test_a_folder_that_may_not_be_written(tmp_path, monkeypatch):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.access(locked, os.W_OK):  # the administrator may write everywhere
        real_open = Path.open

        def refuse(self, mode="r", *args, **kwargs):
            if "x" in mode and self.parent == locked:
                raise PermissionError(errno.EACCES, "Permission denied")
            return real_open(self, mode, *args, **kwargs)

        monkeypatch.setattr(Path, "open", refuse)
    message = refusal(save, conv_net(), source="official", path=locked / "a.safetensors")
    assert "you may not do that in this folder" in message and "Choose another place" in message
    assert list(locked.iterdir()) == []


def test_places_that_cannot_be(tmp_path):
    file = tmp_path / "file"
    file.write_text("a text")
    message = refusal(save, conv_net(), source="official", path=file / "a.safetensors")
    assert "a part of its path is a file, not a folder" in message
    assert "it is a folder" in refusal(save, conv_net(), source="official", path=tmp_path)
    assert file.read_text() == "a text"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"source": "../../official"}, "source must be that of the data"),
        ({"source": None}, "source must be that of the data"),
        ({"source": "official", "accuracy": 88.1}, "accuracy must be between 0 and 1, not 88.1"),
        ({"source": "official", "accuracy": math.nan}, "accuracy must be between 0 and 1"),
        ({"source": "official", "epochs": -1}, "epochs must be a whole number"),
        ({"source": "official", "epochs": 1.5}, "epochs must be a whole number"),
    ],
)
def test_save_refuses_figures_that_make_no_sense(folder, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        save(conv_net(), **settings)
    assert not folder.exists()


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_save_refuses_weights_that_are_no_numbers(folder, value):
    model = conv_net()
    model.linear_stack[2].bias.data[3] = value
    assert "linear_stack.2.bias holds values" in refusal(save, model, source="official")
    assert not folder.exists()


def test_save_refuses_another_network_in_the_place_of_the_conv_net(folder):
    model = conv_net()
    model.conv_stack[0] = nn.Conv2d(1, 8, 5)
    message = refusal(save, model, source="official")
    assert "conv_stack.0.weight has shape [8, 1, 5, 5], expected [6, 1, 5, 5]" in message
    assert "save(model, ..., path=...)" in message and not folder.exists()


# Loading: what is refused


class Bomb:
    """Unpickling it would create a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def rewritten(path: Path, change, **entries: str | None) -> None:
    """Write a checkpoint with changed tensors and entries, and a checksum that fits them."""
    tensors = safetensors.torch.load(path.read_bytes())
    change(tensors)
    with safetensors.safe_open(path, "pt") as file:
        metadata = file.metadata() | {"sha256": weight_files.digest(tensors)} | entries
    metadata = {key: value for key, value in metadata.items() if value is not None}
    path.write_bytes(safetensors.torch.save(tensors, metadata))


def unchanged(tensors) -> None:
    pass


def flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[-1000] ^= 0x10
    path.write_bytes(data)


def archive_of(*names: str) -> bytes:
    """A zip archive of empty files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return buffer.getvalue()


def scripted(model) -> bytes:
    """The file of a network that torch.jit has made a program of."""
    with warnings.catch_warnings(action="ignore"):  # torch.jit is being replaced by torch.export
        buffer = io.BytesIO()
        torch.jit.save(torch.jit.script(model), buffer)
    return buffer.getvalue()


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
BAD_FILES = {
    "missing": (lambda p: p.unlink(), "there is no checkpoint"),
    "a folder": (lambda p: (p.unlink(), p.mkdir()), "cannot be read: it is a folder"),
    "empty": (lambda p: p.write_bytes(b""), "not a checkpoint, but an empty file"),
    "text": (lambda p: p.write_text("conv_stack"), "not a checkpoint, but a file of another"),
    "text with a brace": (lambda p: p.write_text("weights {1}"), "a file of another kind"),
    "picture": (lambda p: p.write_bytes(PNG), "not a checkpoint, but a PNG picture"),
    "torch.save": (
        lambda p: torch.save({"a": Bomb(p.parent / "ran")}, p),
        "holds other objects than weights, which can run code when opened: it was not",
    ),
    "a whole network": (lambda p: torch.save(conv_net(), p), "torch.save(model.state_dict(), ...)"),
    "torch.save, cut off": (
        lambda p: (torch.save(conv_net().state_dict(), p), os.truncate(p, 100_000)),
        "is damaged or cut off",
    ),
    "a program of torch.jit": (
        lambda p: p.write_bytes(scripted(conv_net())),
        "holds a program of torch.jit. Where it was made, save the weights alone",
    ),
    "an archive": (
        lambda p: p.write_bytes(archive_of("net.pt")),
        "not a checkpoint, but a zip archive",
    ),
    "a page in its place": (lambda p: p.write_text("\n<!DOCTYPE html>\n"), "but a web page"),
    "a pointer": (
        lambda p: p.write_text("version https://git-lfs.github.com/spec/v1\noid"),
        "but a pointer of Git LFS",
    ),
    "torch.save of a number": (lambda p: torch.save({"loss": 0.3}, p), "no weights by name"),
    "torch.save of another network": (
        lambda p: torch.save({"model": nn.Linear(2, 3).state_dict()}, p),
        "another network: conv_stack.0.weight is missing",
    ),
    "pickle": (
        lambda p: p.write_bytes(pickle.dumps(Bomb(p.parent / "ran"))),
        "holds other objects than weights",
    ),
    "a picture's archive": (
        lambda p: zipfile.ZipFile(p, "w").close(),
        "not a checkpoint, but a file of another kind",
    ),
    "cut in the weights": (lambda p: os.truncate(p, 100_000), "is damaged or cut off"),
    "cut in the header": (lambda p: os.truncate(p, 200), "is damaged or cut off"),
    "one bit flipped": (flip_a_byte, "is damaged or cut off"),
    "an odd accuracy": (lambda p: rewritten(p, unchanged, accuracy="good"), "is damaged"),
    "no source": (lambda p: rewritten(p, unchanged, source=None), "is damaged"),
    "made elsewhere": (
        lambda p: safetensors.torch.save_file(nn.Linear(2, 3).state_dict(), p),
        "another network: conv_stack.0.weight is missing",
    ),
    "made in future": (lambda p: rewritten(p, unchanged, format_version="2"), "update the course"),
    "another shape": (
        lambda p: rewritten(p, lambda t: t.update({"linear_stack.0.weight": torch.ones(120, 400)})),
        "another network: linear_stack.0.weight has shape [120, 400], expected [120, 256]",
    ),
    "a parameter missing": (
        lambda p: rewritten(p, lambda t: t.pop("conv_stack.3.bias")),
        "another network: conv_stack.3.bias is missing, expected with shape [16]",
    ),
    "a parameter more": (
        lambda p: rewritten(p, lambda t: t.update({"bn.weight": torch.ones(6)})),
        "another network: bn.weight with shape [6] is not expected",
    ),
    "NaN": (
        lambda p: rewritten(p, lambda t: t["conv_stack.0.bias"].fill_(math.nan)),
        "conv_stack.0.bias holds values that are no finite numbers",
    ),
    "infinity": (
        lambda p: rewritten(p, lambda t: t["conv_stack.3.weight"][0].fill_(-math.inf)),
        "conv_stack.3.weight holds values that are no finite numbers",
    ),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_load_refuses(kind, capsys):
    spoil, sentence = BAD_FILES[kind]
    path = save(conv_net(), source="official", accuracy=0.9)
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    model = conv_net(seed=7).train()
    message = refusal(load, path, model)
    assert sentence in message and str(path) in message
    assert same_weights(model, conv_net(seed=7)) and model.training
    assert not (path.parent / "ran").exists()

    # and the notebooks go on with the reference weights
    network, info = trained_conv_net("official")
    assert info["path"].parent == checkpoints.WEIGHTS_FOLDER and not network.training
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.startswith("Network: reference weights, ")
    assert (sentence in out) == (kind != "missing")
    assert (path.read_bytes() if path.is_file() else None) == before


# The network that the notebooks start from


def test_your_checkpoint_is_preferred(capsys):
    save(conv_net(), source="official", accuracy=0.8812)
    model, info = trained_conv_net("official")
    assert same_weights(model, conv_net()) and not model.training
    assert info["accuracy"] == 0.8812
    assert re.fullmatch(
        r"Network: your checkpoint of \d{4}-\d\d-\d\d \d\d:\d\d, 88\.1% on the official test "
        r"images\n",
        capsys.readouterr().out,
    )
    save(conv_net(), source="official")
    trained_conv_net("official")
    assert "accuracy on the official test images not recorded" in capsys.readouterr().out


def test_without_one_the_reference_weights_are_taken(capsys):
    _, info = trained_conv_net("official")
    expected = f"Network: reference weights, {info['accuracy']:.1%} on the official test images\n"
    assert capsys.readouterr().out == expected


def test_a_checkpoint_of_other_images_is_not_taken(folder, capsys):
    save(conv_net(), source="drawn").rename(folder / "convnet_official.safetensors")
    trained_conv_net("official")
    out = capsys.readouterr().out
    assert out.startswith("Network: reference weights") and "was trained on drawn images" in out


def test_no_checkpoint_and_no_reference():
    assert "Train the network in notebook 03 first" in refusal(trained_conv_net, "folder")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_a_network_from_the_gpu_is_loaded_anywhere():
    path = save(conv_net().to("cuda"), source="official")
    model, _ = trained_conv_net("official", "cuda")
    assert next(model.parameters()).device.type == "cuda"
    assert same_weights(load(path)[0], conv_net())
    again, _ = load(path, model=ConvNet().to("cuda"))
    assert same_weights(again.cpu(), conv_net())


# The reference weights


@pytest.mark.parametrize("source", SOURCES)
def test_reference_weights_are_small_and_good(source):
    path = checkpoints.reference_path(source)
    assert path.stat().st_size <= LIMIT
    model, info = load(path)
    assert info["source"] == source and info["accuracy"] >= 0.88
    assert all(p.dtype == torch.float32 for p in model.parameters())
    readme = (checkpoints.WEIGHTS_FOLDER / "README.md").read_text(encoding="utf-8")
    row = next(line for line in readme.splitlines() if path.name in line)
    for figure in (info["data"], info["recipe"], info["command"], f"{info['accuracy']:.2%}"):
        assert figure in row


def test_the_reference_for_drawn_images_is_of_the_present_drawings():
    _, info = load(checkpoints.reference_path("drawn"))
    command = info["command"]
    assert info["data"].endswith(f", version {drawn.VERSION}"), f"run again: {command}"


@pytest.mark.parametrize("source", SOURCES)
def test_reference_weights_are_as_good_as_they_say(source, monkeypatch):
    folder = DATA_FOLDER if source == "official" else None
    if source == "official":
        images = folder / "FashionMNIST" / "raw" / "t10k-images-idx3-ubyte.gz"
        if not images.exists():
            pytest.skip(f"the official test images are not in {folder}")
        monkeypatch.setenv("CNN_COURSE_DATA", str(folder))
        monkeypatch.setenv("CNN_COURSE_DATASET", "official")
        try:
            test_data = datasets.fashion_mnist(train=False)
        except DataError as error:
            pytest.skip(f"the official test images are not complete: {error}")
    else:
        images, labels = drawn.garments(train=False)
        test_data = datasets.ImageDataset(
            torch.from_numpy(images),
            torch.from_numpy(labels).to(torch.int64),
            datasets.FASHION_CLASSES,
            "drawn",
            "drawn garments",
        )
    model, info = load(checkpoints.reference_path(source))
    batches = datasets.loader(test_data, batch_size=1000)
    _, accuracy = training.test_loop(batches, model, nn.CrossEntropyLoss())
    assert accuracy == pytest.approx(info["accuracy"], abs=0.001)
