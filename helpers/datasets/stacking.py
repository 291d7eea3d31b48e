"""The items of a data set of somebody's own as a batch, or what keeps them from being one."""

import torch
from PIL import Image
from torch.utils.data import default_collate


def stacked(items: list):
    """The batch that torch makes of ``items``. Raises ``ValueError`` if it cannot."""
    try:
        return default_collate(items)
    except (RuntimeError, TypeError) as error:
        raise ValueError(_reason(items) or str(error)) from error


def _reason(items: list) -> str:
    """Why these are no batch, if it is one of the usual reasons."""
    images = [item[0] if isinstance(item, (tuple, list)) and item else item for item in items]
    if isinstance(images[0], Image.Image):
        return (
            "the data set gives pictures, of which no batch can be made: let it turn them into "
            "tensors, with transform=torchvision.transforms.ToTensor()"
        )
    shapes = {tuple(image.shape): None for image in images if isinstance(image, torch.Tensor)}
    if len(shapes) > 1:
        one, other = ("×".join(map(str, shape)) for shape in list(shapes)[:2])
        return (
            f"the data set gives images of {one} and of {other}, which make no batch: let it bring "
            "all to one size, as torchvision.transforms.Resize does"
        )
    return ""
