"""Writes the page: program and network in one file, under a policy that forbids all else."""

import base64
import hashlib
import html
import json
import os
import re
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from string import Template

import safetensors.torch
import torch
from torch import Tensor, nn

from helpers import datasets
from helpers.datasets.catalogue import credit
from helpers.files import replace_file
from helpers.sharing.program import Program, SharingError, read_program
from helpers.weight_files import reason

FOLDER = Path(__file__).parent
MODULES = "engine.js", "picture.js", "maps.js", "page.js"  # in an order in which each knows enough
EACH_CLASS = 2  # pictures on the page
MOST_PICTURES = 20
_SEARCHED = 1000  # images of the data


@dataclass(frozen=True)
class Page:
    """A page that was written: where, and how large it is, in bytes."""

    path: Path
    size: int

    def __repr__(self) -> str:
        return f"{self.path}: {self.size / 1e6:.1f} MB, opens in any browser, without a network"


def page(
    model: nn.Module, path: str | os.PathLike, data=None, *, title: str = "My network"
) -> Page:
    """Write ``model`` as a page at ``path``, one HTML file; return where it is.

    ``data`` are images like those that the model was trained on, with their labels and
    ``data.classes``; a few of them are on the page. Without it, the test images of Fashion-MNIST.
    The model runs in eval mode, and is left as it was.

    Raises ``SharingError`` before anything is written if a page cannot hold the network, and says
    what in it is the reason; also if the file cannot be written.
    """
    data = datasets.fashion_mnist(train=False) if data is None else data
    images, labels = _pictures(data)
    program = read_program(model, images)
    classes = [str(name) for name in getattr(data, "classes", ())]
    if program.probabilities.shape[1] != len(classes):
        raise SharingError(
            f"the network gives {program.probabilities.shape[1]} scores, but the data have "
            f"{len(classes)} classes. Give page the data that the network was trained on."
        )
    content = {
        "title": title,
        "classes": classes,
        "input": list(images.shape[1:]),
        "steps": program.steps,
        "certain": program.gives_probabilities,
        "weights": _packed(program),
        "images": {
            "pixels": _base64((images * 255).round().byte().numpy().tobytes()),
            "labels": [classes[label] for label in labels],
            "source": f"Pictures: {credit(getattr(data, 'name', '')) or 'from the data'}.",
        },
        "control": program.probabilities[0].tolist(),
    }
    about = (
        f"A network with {program.parameters:,} parameters, trained to tell {len(classes)} classes."
    )
    written = _html(title, about, content).encode()
    target = Path(path)
    try:
        replace_file(target, written)
    except OSError as error:
        raise SharingError(f"{target} cannot be written: {reason(error)}") from error
    return Page(target, len(written))


def _pictures(data) -> tuple[Tensor, list[int]]:
    """Some images of each class, the first ones of the data, ``[N, C, H, W]``, and their labels."""
    chosen: list[tuple[Tensor, int]] = []
    counts: Counter[int] = Counter()
    for place in range(min(len(data), _SEARCHED)):
        image, label = data[place]
        if counts[int(label)] < EACH_CLASS and len(chosen) < MOST_PICTURES:
            counts[int(label)] += 1
            chosen.append((torch.as_tensor(image).cpu(), int(label)))
    chosen.sort(key=lambda pair: pair[1])
    if len(chosen) < 4:
        raise SharingError(f"the data have {len(chosen)} images; a page needs four or more.")
    images = torch.stack([image for image, _ in chosen])
    if images.dim() != 4 or images.shape[1] not in (1, 3) or not images.is_floating_point():
        raise SharingError(
            f"an image is {images.dtype} of shape {list(images.shape[1:])}; a page shows "
            "grey images [1, H, W] or colour images [3, H, W] of floating-point numbers."
        )
    if images.min() < 0 or images.max() > 1:
        raise SharingError(
            f"the pixels of the data run from {images.min():.2f} to {images.max():.2f}; a page "
            "draws from 0 to 1. Leave the normalisation out of the data, and put it in the network."
        )
    return (images * 255).round() / 255, [label for _, label in chosen]


def _packed(program: Program) -> dict:
    packed = safetensors.torch.save(program.weights)
    return {"base64": _base64(packed), "checksum": zlib.adler32(packed)}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _html(title: str, about: str, content: dict) -> str:
    """The page as text. Names are data: none of them can end its script, or begin another."""
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    script = "\n".join(map(_plain, MODULES))
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    template = Template((FOLDER / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=html.escape(title),
        about=html.escape(about),
        policy=policy,
        style=style,
        program=script,
        data=data,
    )


def _plain(name: str) -> str:
    """A module as a part of one script: its imports stand above it, and its exports are known."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return re.sub(r"^export ", "", re.sub(r"^import .*\n", "", text, flags=re.M), flags=re.M)


def _digest(text: str) -> str:
    """What the policy calls a script or a style by, so that no other one runs."""
    return f"'sha256-{_base64(hashlib.sha256(text.encode()).digest())}'"
