"""Files of weights, of this course and of other hands: what is in them, without running any code.

A safetensors file is only data. A PyTorch file (``torch.save``) is a pickle, which can run code; it
is opened with ``weights_only``, so that tensors come out of it, or nothing does.
"""

import errno
import hashlib
import io
import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch

Tensors = dict[str, torch.Tensor]

_LONGEST_HEADER = 100_000_000  # bytes: the limit of the safetensors format
_FOREIGN = {  # how files of other kinds begin
    b"PK\x03\x04": "a zip archive",
    b"\x80": "a pickle, which can run code when opened",
    b"\x89PNG": "a PNG picture",
    b"\x1f\x8b": "a gzip archive",
    b"\x89HDF": "an HDF5 file",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
    b"version https://git-lfs": "a pointer of Git LFS, in whose place git lfs pull puts the file",
}
_OTHER = "Where it was made, save the weights alone: torch.save(model.state_dict(), ...)."


class CheckpointError(ValueError):
    """A checkpoint that cannot be written or read: why, and what to do now."""

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in place of a traceback."""
        return f"✗ {self}".splitlines()


def read_weights(path: Path) -> tuple[list[Tensors], dict[str, str]]:
    """The sets of tensors by name that a file holds, and its entries of text.

    A file of weights holds one set as a rule; a PyTorch file may hold several, such as a network's
    beside an optimizer's. Raises ``CheckpointError``.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"there is no checkpoint {path}") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {reason(error)}") from error
    # A safetensors file: eight bytes with the length of the header, then the header, in JSON.
    length = int.from_bytes(data[:8], "little")
    if data[8:9] == b"{" and length <= _LONGEST_HEADER:
        try:
            return [safetensors.torch.load(data)], _entries(data[8 : 8 + length])
        except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
            raise damaged(path) from error
    if data.startswith(b"\x80") or _is_torch_archive(path, data):
        return _read_pickle(path, data), {}
    begin = data[:100].lstrip().lower()
    kinds = (kind for start, kind in _FOREIGN.items() if begin.startswith(start.lower()))
    kind = next(kinds, "a file of another kind" if data else "an empty file")
    raise CheckpointError(f"{path} is not a checkpoint, but {kind}. It was not opened further.")


def damaged(path: Path) -> CheckpointError:
    """The error for a file that is not whole."""
    return CheckpointError(
        f"{path} is damaged or cut off. Save the network again, or take an older checkpoint."
    )


def digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """Checksum of the weights: safetensors itself has none, and a flipped bit loads silently."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name]
        found.update(f"{name} {value.dtype} {list(value.shape)}\n".encode())
        found.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def plain_names(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """``tensors`` under the names without what wrappers of a network and of its parts add.

    That of ``torch.compile`` is ``_orig_mod``, that of FSDP ``_fsdp_wrapped_module``.
    """
    plain = {re.sub(r"\b_\w*mod(ule)?\.", "", name): x for name, x in tensors.items()}
    if plain and all(name.startswith("module.") for name in plain):
        plain = {name.removeprefix("module."): value for name, value in plain.items()}
    return plain


def under_names(tensors: Mapping[str, torch.Tensor], names: Collection[str]) -> Tensors:
    """``tensors`` under their ``names``, where each only has the same more in front of it.

    So it is where the network was a part of something else, which may have other tensors beside it.
    """
    plain, first = plain_names(tensors), next(iter(names), "")
    starts = (name.removesuffix(first) for name in plain if name.endswith(f".{first}"))
    found = next((s for s in starts if all(s + name in plain for name in names)), None)
    if found is None or all(name in plain for name in names):
        return plain
    return {n.removeprefix(found): value for n, value in plain.items() if n.startswith(found)}


def reason(error: OSError) -> str:
    """What the system says, in words."""
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


def _entries(header: bytes) -> dict[str, str]:
    entries = json.loads(header).get("__metadata__") or {}
    if not all(isinstance(value, str) for value in entries.values()):
        raise ValueError("an entry is no text")
    return entries


def _is_torch_archive(path: Path, data: bytes) -> bool:
    """Whether it may hold weights. Raises ``CheckpointError`` if it is a program, or cut off."""
    if not data.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = {name.rpartition("/")[2] for name in archive.namelist()}
    except zipfile.BadZipFile as error:
        raise damaged(path) from error
    for file, made_by in {"constants.pkl": "torch.jit", "archive_format": "torch.export"}.items():
        if file in inside:
            raise CheckpointError(f"{path} holds a program of {made_by}. {_OTHER}")
    return "data.pkl" in inside


def _read_pickle(path: Path, data: bytes) -> list[Tensors]:
    try:
        with warnings.catch_warnings(action="ignore"):
            content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} holds other objects than weights, which can run code when opened: it was not. "
            f"{_OTHER}"
        ) from error
    except Exception as error:  # of many kinds: this is a damaged zip archive, or a damaged pickle
        raise damaged(path) from error
    found = list(_sets_in(content))
    if not found:
        raise CheckpointError(f"{path} is a PyTorch file, but holds no weights by name")
    return found


def _sets_in(content) -> Iterator[Tensors]:
    """The dictionaries of tensors in ``content``, however deep."""
    if isinstance(content, Mapping):
        if content and all(isinstance(value, torch.Tensor) for value in content.values()):
            yield {str(name): value.detach().contiguous() for name, value in content.items()}
        else:
            for value in content.values():
                yield from _sets_in(value)
