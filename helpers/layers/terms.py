"""How one value of an operation was made of the values below it: terms of a sum, the largest, ...

Told from what the operation does with numbers, not from what it is called.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from helpers.layers.dependence import Dependence

COPY, MEAN, SUM, LARGEST, ALONE, SEVERAL = "copy", "mean", "sum", "largest", "alone", "several"


@dataclass(frozen=True)
class Made:
    """One value, and the values of which it was made.

    ``how``: the one value below as it is (``COPY``); the ``MEAN`` of all; the ``SUM`` of each times
    its weight, plus ``offset``; the ``LARGEST``; some function of one value (``ALONE``) or of
    ``SEVERAL``. ``values`` and ``weights`` are ``[n]``, in float64; of a sum, the products add up
    to ``value``.
    """

    how: str
    value: float
    values: Tensor
    weights: Tensor
    offset: float
    inputs: list[int]  # of each value, the number of the input that it belongs to
    places: list[tuple[int, ...]]  # and its index there

    @property
    def products(self) -> Tensor:
        """Each value times its weight."""
        return self.values * self.weights

    @property
    def strongest(self) -> int:
        """The number of the value that counts most."""
        counts = self.values if self.how == LARGEST else self.products.abs()
        return int(counts.nan_to_num().argmax())


def made_of(
    dependence: Dependence, index: tuple[int, ...], value: float, below: Sequence[Tensor]
) -> Made:
    """How ``value``, at ``index``, was made of the values in the masks ``below``."""
    given = zip(dependence.given, below, strict=True)
    values = torch.cat([x.cpu().double()[mask] for x, mask in given])
    numbers = [number for number, mask in enumerate(below) for _ in range(int(mask.sum()))]
    places = [tuple(place) for mask in below for place in mask.nonzero().tolist()]

    def told(how: str, weights: Tensor | None = None, offset: float = 0.0) -> Made:
        known = torch.ones_like(values) if weights is None else weights
        return Made(how, value, values, known, offset, numbers, places)

    if len(values) == 1 and float(values[0]) == value:
        return told(COPY)
    if dependence.is_sum:
        weights, offset = dependence.weights(index, below)
        even = len(weights) > 1 and bool((weights - 1 / len(weights)).abs().max() < 1e-6)
        return told(MEAN if even and offset == 0 else SUM, weights, offset)
    if len(values) == 1:
        return told(ALONE)
    if len(values) and float(values.max()) == value:
        return told(LARGEST)
    return told(SEVERAL)
