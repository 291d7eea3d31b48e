"""What a page holds, read back from its file."""

import base64
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor

from helpers.sharing.program import SharingError
from helpers.sharing.rules import Step
from helpers.weight_files import reason

_MOST = 20_000_000  # bytes: no page is as large
_DATA = re.compile(rb'<script type="application/json" id="page">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Held:
    """The network in a page: its steps and its weights by name, as in ``Program``."""

    steps: list[Step]
    weights: dict[str, Tensor]


def read_page(path: str | os.PathLike) -> Held:
    """The network that the page at ``path`` holds.

    Raises ``SharingError`` if there is no such file, if it is no page of a network, or damaged.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            found = _DATA.search(file.read(_MOST))
    except FileNotFoundError:
        raise SharingError(f"there is no file {path}. Write the page anew.") from None
    except OSError as error:
        raise SharingError(f"{path} cannot be read: {reason(error)}.") from error
    except ValueError as error:  # a name that no file can have
        raise SharingError(f"{str(path)!r} cannot be read: {error}.") from error
    if not found:
        raise SharingError(f"{path} is no page of a network as sharing.page writes it.")
    try:
        content = json.loads(found[1])
        packed = base64.b64decode(content["weights"]["base64"], validate=True)
        return Held(list(content["steps"]), safetensors.torch.load(packed))
    except (ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise SharingError(f"the page {path} is damaged. Write it anew.") from error
