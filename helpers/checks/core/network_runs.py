"""A network with drawn weights on drawn images: does it do what the layers asked for do?"""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from helpers.checks.core.conv_nets import Layer, difference
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import close
from helpers.layers import recorded


def draw_weights(network: nn.Module, own: int) -> None:
    """Put weights into ``network`` with which layers hand on numbers of about the same size."""
    generator = seeded(own)
    norms = {id(m.weight) for m in network.modules() if isinstance(m, _BatchNorm)}
    with torch.no_grad():
        for p in network.parameters():
            drawn = torch.randn(p.shape, generator=generator, device="cpu")
            scale = (2 / p[0].numel()) ** 0.5 if p.dim() > 1 else 0.5
            p.copy_(1 + 0.2 * drawn if id(p) in norms else scale * drawn)


def draw_images(network: nn.Module, own: int, shape: Sequence[int]) -> torch.Tensor:
    """Images, where and of the type that ``network`` works with.

    Their numbers are of both signs, and neither their mean nor their spread is a usual one.
    """
    images = 0.5 + 1.5 * torch.randn(shape, generator=seeded(own), device="cpu")
    first = next(network.parameters(), images)
    return images.to(first.device, first.dtype)


def run_difference(network: nn.Module, layers: Sequence[Layer], images: torch.Tensor) -> str:
    """In which way ``network``, as it is, differs from ``layers``, in sentences; else ``""``.

    It may take the images of a batch one by one, in a loop: then each of them is followed.
    """
    said, scores = _run(network, layers, images)
    if not said or not isinstance(scores, torch.Tensor) or len(images) == 1:
        return said
    try:
        singly = [_run(network, layers, image) for image in images.split(1)]
        together = torch.cat([one for _, one in singly])
    except Exception:  # as of a batch normalisation, which wants more than one image
        return said
    same = not any(said for said, _ in singly) and close(together, scores, 1e-3)
    return "" if same else said


def _run(network: nn.Module, layers: Sequence[Layer], images: torch.Tensor) -> tuple[str, object]:
    with torch.no_grad(), recorded(network) as recording:
        scores = network(images)
    return difference(recording.path(), layers, images, scores), scores
