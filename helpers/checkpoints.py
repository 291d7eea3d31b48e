"""Saving a trained network, loading it again, and the reference weights.

A checkpoint is a safetensors file: the weights by name, and a few entries of text about them.
Unlike a pickle (``torch.save``) it is only data: opening one from a stranger runs no code.
"""

import errno
import os
import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from helpers.datasets import data_folder
from helpers.files import replace_file, temporary_beside
from helpers.models import ConvNet
from helpers.network_modes import unwrapped
from helpers.weight_files import (
    CheckpointError,
    Tensors,
    damaged,
    digest,
    plain_names,
    read_weights,
    reason,
    under_names,
)

FORMAT, FORMAT_VERSION = "cnn-course checkpoint", 1
UNKNOWN = "unknown"  # the source of weights in a file that was not made here
WEIGHTS_FOLDER = Path(__file__).parent / "weights"


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
        _check_numbers(plain_names(model.state_dict()), ConvNet(), "not saved")
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
            f"the checkpoint {target} could not be saved: {reason(error)}. Your network is "
            "untouched. Choose another place, save(model, ..., path=...), or make room there."
        ) from error
    return target


def load(path: str | os.PathLike, model: nn.Module | None = None) -> tuple[nn.Module, dict]:
    """Load a checkpoint into ``model``, or into a new ``ConvNet``; return it and the entries.

    It may also be a safetensors file of other hands, or one that ``torch.save`` made of a
    ``state_dict``; names may have what wrappers such as ``nn.DataParallel`` put before them.

    The network is on its own device, in evaluation mode. The entries: ``path``, ``network``,
    ``source``, ``accuracy`` (0 to 1) and ``epochs`` (``None`` if not recorded), ``torch`` (the
    version that saved it), and whatever else stands in the file, such as ``saved`` (when). Of a
    file of other hands, the source is "unknown".

    Raises ``CheckpointError``, and leaves ``model`` as it was, if the file is missing, damaged,
    of another kind, holds another network, or weights that are no numbers.
    """
    if isinstance(model, type):
        raise CheckpointError(f"{model.__name__} is a class: give an instance, {model.__name__}()")
    path = Path(path)
    model = ConvNet() if model is None else model
    tensors, info = _read(path, model)
    misfit = _misfit(tensors, model)
    if misfit:
        raise CheckpointError(f"{path} holds another network: {misfit}")
    _check_numbers(tensors, model, f"{path} cannot be used")
    names = list(model.state_dict())
    plain = plain_names(dict.fromkeys(names))
    model.load_state_dict({name: tensors[key] for name, key in zip(names, plain, strict=True)})
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
            if info["source"] == UNKNOWN:
                raise CheckpointError(f"{mine} does not tell on which images it was trained")
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
        for name, value in plain_names(model.state_dict()).items()
    }
    _check_numbers(tensors, model, "not saved")
    metadata = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "network": type(unwrapped(model)).__name__,
        "source": source,
        "accuracy": "" if accuracy is None else repr(float(accuracy)),
        "epochs": "" if epochs is None else str(int(epochs)),
        "torch": str(torch.__version__),
        "sha256": digest(tensors),
        **entries,
    }
    return safetensors.torch.save(tensors, metadata)


def _keep_former(target: Path) -> Path:
    """Copy the file at ``target`` to a dated name beside it that is free; return its path."""
    when = datetime.fromtimestamp(target.stat().st_mtime)
    stem = f"{target.stem}_{when:%Y-%m-%d_%H%M%S}"
    names = (f"{stem}{extra}{target.suffix}" for extra in ("", *(f"_{n}" for n in range(2, 1000))))
    kept = next(p for p in map(target.with_name, names) if not p.exists())
    temporary = temporary_beside(target)
    try:
        shutil.copy2(target, temporary)
        temporary.rename(kept)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return kept


def _read(path: Path, model: nn.Module) -> tuple[Tensors, dict]:
    """The tensors for ``model``, and the entries of the file. Raises ``CheckpointError``."""
    sets, metadata = read_weights(path)
    fitting = next((s for s in sets if not _misfit(s, model)), sets[0])
    tensors = under_names(fitting, plain_names(model.state_dict()))
    if metadata.get("format") != FORMAT:
        name = type(unwrapped(model)).__name__
        return tensors, {
            "path": path, "network": name, "source": UNKNOWN, "accuracy": None, "epochs": None
        }  # fmt: skip
    try:
        version = int(metadata.pop("format_version"))
        accuracy, epochs = metadata["accuracy"], metadata["epochs"]
        info: dict = {**metadata, "path": path}
        del info["format"]
        info["accuracy"] = float(accuracy) if accuracy else None
        info["epochs"] = int(epochs) if epochs else None
        whole = info.pop("sha256") == digest(sets[0]) and {"network", "source"} <= info.keys()
    except (ValueError, KeyError) as error:
        raise damaged(path) from error
    if version > FORMAT_VERSION:
        raise CheckpointError(f"{path} is from a newer version of the course: update the course")
    if not whole:
        raise damaged(path)
    return tensors, info


def _misfit(tensors: Mapping[str, torch.Tensor], model: nn.Module) -> str:
    """The first of ``tensors`` that ``model`` cannot take, and what it expects."""
    expected = plain_names(model.state_dict())
    given = under_names(tensors, expected)
    for name, value in expected.items():
        shape = list(value.shape)
        if name not in given:
            return f"{name} is missing, expected with shape {shape}"
        if list(given[name].shape) != shape:
            return f"{name} has shape {list(given[name].shape)}, expected {shape}"
    for name, value in given.items():
        if name not in expected:
            return f"{name} with shape {list(value.shape)} is not expected"
    return ""


def _check_numbers(tensors: Tensors, model: nn.Module, consequence: str) -> None:
    """Raises if ``tensors``, which fit ``model``, are not numbers that it can hold."""
    trained = plain_names(dict(unwrapped(model).named_parameters()))
    for name, kept in plain_names(model.state_dict()).items():
        value = tensors[name]
        # A buffer may be infinite on purpose, as the mask of an attention is.
        if value.isnan().any() or (name in trained and value.isinf().any()):
            raise CheckpointError(
                f"{consequence}: {name} holds values that are no finite numbers (NaN or "
                "infinite). Train a new network with a smaller learning rate."
            )
        if value.is_floating_point() and (value.to(kept.dtype).isinf() & ~value.isinf()).any():
            kinds = [str(dtype).removeprefix("torch.") for dtype in (kept.dtype, value.dtype)]
            raise CheckpointError(
                f"{consequence}: {name} holds {value.abs().max().item():.3g}, but the numbers of "
                f"the network that takes it are {kinds[0]}, up to "
                f"{torch.finfo(kept.dtype).max:.3g}. Take a network of {kinds[1]} numbers."
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
