"""Saving a trained network, loading it again, and the reference weights.

A checkpoint is a safetensors file: the weights by name, and a few entries of text about them.
Unlike a pickle (``torch.save``) it is only data: opening one from a stranger runs no code.
"""

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import nn

from helpers.datasets import data_folder
from helpers.files import replace_file
from helpers.models import ConvNet

FORMAT, FORMAT_VERSION = "cnn-course checkpoint", 1
WEIGHTS_FOLDER = Path(__file__).parent / "weights"
_LONGEST_HEADER = 100_000_000  # bytes: the limit of the safetensors format

_FOREIGN = {  # how files of other kinds begin
    b"PK\x03\x04": "a PyTorch file (.pt) or a zip archive; the first can run code when opened",
    b"\x80": "a pickle, which can run code when opened",
    b"\x89PNG": "a PNG picture",
    b"\x1f\x8b": "a gzip archive",
    b"\x89HDF": "an HDF5 file",
}


class CheckpointError(ValueError):
    """A checkpoint that cannot be written or read: why, and what to do now."""

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in place of a traceback."""
        return f"✗ {self}".splitlines()


def save(
    model: nn.Module,
    *,
    source: str,
    accuracy: float | None = None,
    epochs: int | None = None,
    path: str | os.PathLike | None = None,
) -> Path:
    """Save the weights of ``model``; return the path of the checkpoint.

    ``source`` is that of the data it was trained on (``training_data.source``), ``accuracy``
    (0 to 1) that on the test data, ``epochs`` how many it was trained for. Without a ``path`` the
    checkpoint goes to the data folder, where notebook 04 looks for it; it must then be of the
    network of notebook 03. A checkpoint that was there before stays beside it, under a name with
    its date and time.

    The file is written whole or not at all. Raises ``CheckpointError`` if it cannot be written or
    the weights are no numbers any more, ``ValueError`` if ``source``, ``accuracy`` or ``epochs``
    make no sense.
    """
    entries = {"saved": datetime.now().isoformat(sep=" ", timespec="seconds")}
    data = to_bytes(model, source=source, accuracy=accuracy, epochs=epochs, **entries)
    if path is None:
        misfit = _misfit(model.state_dict(), ConvNet())
        if misfit:
            raise CheckpointError(
                f"not saved: this place is for the network of notebook 03, but {misfit}. "
                "Save another network under a path of your own: save(model, ..., path=...)."
            )
    target = student_path(source) if path is None else Path(path)
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        former = _keep_former(target) if target.exists() else None
        try:
            replace_file(target, data)
        except BaseException:
            if former:
                former.unlink(missing_ok=True)  # it still stands in its place
            raise
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint {target} could not be saved: {_reason(error)}. Your network is "
            "untouched. Choose another place, save(model, ..., path=...), or make room there."
        ) from error
    return target


def load(path: str | os.PathLike, model: nn.Module | None = None) -> tuple[nn.Module, dict]:
    """Load a checkpoint into ``model``, or into a new ``ConvNet``; return it and the entries.

    The network is on its own device, in evaluation mode. The entries: ``path``, ``network``,
    ``source``, ``accuracy`` (0 to 1) and ``epochs`` (``None`` if not recorded), ``torch`` (the
    version that saved it), and whatever else stands in the file, such as ``saved`` (when).

    Raises ``CheckpointError``, and leaves ``model`` as it was, if the file is missing, damaged,
    of another kind, holds another network, or weights that are no numbers.
    """
    if isinstance(model, type):
        raise CheckpointError(f"{model.__name__} is a class: give an instance, {model.__name__}()")
    path = Path(path)
    tensors, info = _read(path)
    model = ConvNet() if model is None else model
    misfit = _misfit(tensors, model)
    if misfit:
        raise CheckpointError(f"{path} holds another network: {misfit}")
    _check_finite(tensors, f"{path} cannot be used")
    model.load_state_dict(tensors)
    return model.eval(), info


def trained_conv_net(source: str, device: str | torch.device = "cpu") -> tuple[nn.Module, dict]:
    """A trained ``ConvNet`` in evaluation mode on ``device``, and the entries of its checkpoint.

    Your checkpoint for this ``source`` ("official" or "drawn") if there is a good one, else the
    reference weights; prints one line that says which, and why if yours cannot be used.
    """
    mine, remark = student_path(source), ""
    if mine.exists():
        try:
            model, info = load(mine)
            if info["source"] != source:
                raise CheckpointError(f"{mine} was trained on {info['source']} images")
            saved = info.get("saved", "unknown date")[:16]
            print(f"Network: your checkpoint of {saved}, {_accuracy_text(info)}")
            return model.to(device), info
        except CheckpointError as error:
            remark = f" (your checkpoint is left as it is, but not used: {error})"
    reference = reference_path(source)
    if not reference.exists():
        raise CheckpointError(
            f"there is no checkpoint of yours for {source} images, and there are no reference "
            f"weights for them{remark}. Train the network in notebook 03 first."
        )
    model, info = load(reference)
    print(f"Network: reference weights, {_accuracy_text(info)}{remark}")
    return model.to(device), info


def student_path(source: str) -> Path:
    """Where your checkpoint of the network of notebook 03 lies, for one source of images."""
    return data_folder() / "checkpoints" / _file_name(source)


def reference_path(source: str) -> Path:
    """Where the weights lie that come with the course."""
    return WEIGHTS_FOLDER / _file_name(source)


def to_bytes(
    model: nn.Module,
    *,
    source: str,
    accuracy: float | None = None,
    epochs: int | None = None,
    **entries: str,
) -> bytes:
    """The content of a checkpoint file; ``entries`` are further texts to keep in it."""
    _file_name(source)
    if accuracy is not None and not 0 <= accuracy <= 1:
        raise ValueError(f"accuracy must be between 0 and 1, not {accuracy!r}")
    if epochs is not None and (int(epochs) != epochs or epochs < 0):
        raise ValueError(f"epochs must be a whole number of at least 0, not {epochs!r}")
    # Copies: safetensors refuses tensors that share memory or are not contiguous.
    tensors = {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in model.state_dict().items()
    }
    _check_finite(tensors, "not saved")
    metadata = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "network": type(model).__name__,
        "source": source,
        "accuracy": "" if accuracy is None else repr(float(accuracy)),
        "epochs": "" if epochs is None else str(int(epochs)),
        "torch": str(torch.__version__),
        "sha256": _digest(tensors),
        **entries,
    }
    return safetensors.torch.save(tensors, metadata)


def _keep_former(target: Path) -> Path:
    """Copy the file at ``target`` to a dated name beside it that is free; return its path."""
    when = datetime.fromtimestamp(target.stat().st_mtime)
    stem = f"{target.stem}_{when:%Y-%m-%d_%H%M%S}"
    names = (f"{stem}{extra}{target.suffix}" for extra in ("", *(f"_{n}" for n in range(2, 1000))))
    kept = next(p for p in map(target.with_name, names) if not p.exists())
    try:
        shutil.copy2(target, kept)
    except BaseException:
        kept.unlink(missing_ok=True)
        raise
    return kept


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """The tensors and the entries of a checkpoint file. Raises ``CheckpointError``."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"there is no checkpoint {path}") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {_reason(error)}") from error
    # A safetensors file: eight bytes with the length of the header, then the header, in JSON.
    length = int.from_bytes(data[:8], "little")
    if data[8:9] != b"{" or length > _LONGEST_HEADER:
        kinds = (kind for start, kind in _FOREIGN.items() if data.startswith(start))
        kind = next(kinds, "a file of another kind" if data else "an empty file")
        raise CheckpointError(f"{path} is not a checkpoint, but {kind}. It was not opened further.")
    damaged = CheckpointError(
        f"{path} is damaged or cut off. Save the network again, or take an older checkpoint."
    )
    try:
        tensors = safetensors.torch.load(data)
        metadata = _metadata(data[8 : 8 + length])
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise damaged from error
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of this course: save() has not made it")
    try:
        version = int(metadata.pop("format_version"))
        accuracy, epochs = metadata["accuracy"], metadata["epochs"]
        info: dict = {**metadata, "path": path}
        del info["format"]
        info["accuracy"] = float(accuracy) if accuracy else None
        info["epochs"] = int(epochs) if epochs else None
        whole = info.pop("sha256") == _digest(tensors) and {"network", "source"} <= info.keys()
    except (ValueError, KeyError) as error:
        raise damaged from error
    if version > FORMAT_VERSION:
        raise CheckpointError(f"{path} is from a newer version of the course: update the course")
    if not whole:
        raise damaged
    return tensors, info


def _metadata(header: bytes) -> dict[str, str]:
    metadata = json.loads(header).get("__metadata__") or {}
    if not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("an entry is no text")
    return metadata


def _digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """Checksum of the weights: safetensors itself has none, and a flipped bit loads silently."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {value.dtype} {list(value.shape)}\n".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _misfit(tensors: Mapping[str, torch.Tensor], model: nn.Module) -> str:
    """The first parameter of ``tensors`` that ``model`` cannot take, and what it expects."""
    expected = model.state_dict()
    for name, value in expected.items():
        shape = list(value.shape)
        if name not in tensors:
            return f"{name} is missing, expected with shape {shape}"
        if list(tensors[name].shape) != shape:
            return f"{name} has shape {list(tensors[name].shape)}, expected {shape}"
    for name, value in tensors.items():
        if name not in expected:
            return f"{name} with shape {list(value.shape)} is not expected"
    return ""


def _check_finite(tensors: Mapping[str, torch.Tensor], consequence: str) -> None:
    for name, value in tensors.items():
        if not torch.isfinite(value).all():
            raise CheckpointError(
                f"{consequence}: {name} holds values that are no finite numbers (NaN or "
                "infinite). Train a new network with a smaller learning rate."
            )


def _file_name(source: str) -> str:
    if not (isinstance(source, str) and re.fullmatch(r"[a-z][a-z0-9_-]*", source)):
        raise ValueError(f'source must be that of the data, such as "official", not {source!r}')
    return f"convnet_{source}.safetensors"


def _accuracy_text(info: Mapping) -> str:
    images = f"the {info['source']} test images"
    if info["accuracy"] is None:
        return f"accuracy on {images} not recorded"
    return f"{info['accuracy']:.1%} on {images}"


def _reason(error: OSError) -> str:
    reasons = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "your share of the disk is full",
        errno.EACCES: "you may not do that in this folder",
        errno.EPERM: "you may not do that in this folder",
        errno.EROFS: "the disk is read-only",
        errno.EISDIR: "it is a folder",
        errno.ENOTDIR: "a part of its path is a file, not a folder",
        errno.EEXIST: "a part of its path is a file, not a folder",
    }
    return reasons.get(error.errno, error.strerror or str(error))
