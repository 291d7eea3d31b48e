"""A field of pixels that one paints on; in the page, it is ``painting.js``.

What is painted comes as bytes, one for each pixel and channel: from 0 (black) to 255 (white).
"""

from collections.abc import Callable
from pathlib import Path

import anywidget
import numpy as np
import torch
import traitlets
from torch import Tensor

from helpers.plots.arrays import as_pixels


class Painting(anywidget.AnyWidget):
    """The field; a panel tells it what to ``begin`` with, and asks what lies ``over`` an image.

    ``name`` is what it is called where it is spoken, and ``then`` is called after each change.
    ``beside`` is HTML that stands beside it.
    """

    _esm = (Path(__file__).parent / "painting.js").read_text(encoding="utf-8")
    field = traitlets.Dict({}).tag(sync=True)
    painted = traitlets.Dict({}).tag(sync=True, echo_update=False)  # the page has it already
    answered = traitlets.Int(0).tag(sync=True)
    beside = traitlets.Unicode("").tag(sync=True)

    def __init__(self, name: str, then: Callable[[], None]):
        self._name, self._then = name, then
        self._start = self._now = _as_bytes(torch.zeros(1, 28, 28))
        super().__init__(field=self._field(1))
        self.observe(self._receive, "painted")

    def _field(self, version: int) -> dict:
        height, width, channels = self._start.shape
        return {
            "version": version, "name": self._name,
            "height": height, "width": width, "channels": channels,
            "start": self._start.tobytes(), "pixels": self._now.tobytes(),
        }  # fmt: skip

    def begin(self, image: Tensor, painted: Tensor | None = None) -> None:
        """Lay out ``image``, ``[1 or 3, H, W]`` from 0 to 1, unless it is there already.

        ``painted``: what has become of it before, of the same shape; to start again leads back to
        ``image``.
        """
        start = _as_bytes(image)
        if np.array_equal(start, self._start):
            return
        self._start = start
        self._now = start if painted is None else _as_bytes(painted)
        self.field = self._field(self.field["version"] + 1)

    def _receive(self, change) -> None:
        said = change["new"]
        with self.hold_sync():  # what is beside the field goes out with the answer, in one message
            try:
                pixels = np.frombuffer(said["pixels"], np.uint8)
                # Else it was painted on what was there before.
                if said["version"] == self.field["version"] and pixels.size == self._start.size:
                    self._now = pixels.reshape(self._start.shape).copy()
                    self._then()
            finally:
                self.answered = said["number"]  # the page sends the next one

    @property
    def changed(self) -> int:
        """How many pixels are not as they were in the beginning."""
        return int((self._now != self._start).any(axis=2).sum())

    def over(self, image: Tensor) -> Tensor:
        """``image``, as it was begun with, with what was painted over it."""
        now, start = (
            torch.from_numpy(array).permute(2, 0, 1) for array in (self._now, self._start)
        )
        return torch.where((now != start).to(image.device), (now / 255).to(image), image)


def _as_bytes(image: Tensor) -> np.ndarray:
    """``image``, ``[1 or 3, H, W]`` from 0 to 1, as ``[H, W, 1 or 3]`` from 0 to 255."""
    pixels = np.atleast_3d(as_pixels(image))
    return (255 * np.nan_to_num(pixels).clip(0, 1)).round().astype(np.uint8)
