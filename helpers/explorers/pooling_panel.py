"""The pooling panel of notebook 02: which number of each window is kept, and what a shift does."""

import ipywidgets as widgets
import torch
import torch.nn.functional as F

from helpers.explorers._base import Refused, View
from helpers.explorers._grids import Cells, Grid, grids_html, grids_png
from helpers.explorers._sliding import Sliding, equals, listed, show, unreached_text
from helpers.explorers._stepper import IMAGE, OUTPUT, Stepper

MOST = 12  # rows or columns that can be shown
BOOT = (
    (1, 7, 8, 6, 0, 0),
    (1, 7, 9, 6, 0, 0),
    (0, 8, 9, 6, 0, 0),
    (0, 8, 9, 8, 1, 0),
    (2, 8, 9, 9, 8, 0),
    (9, 9, 9, 9, 9, 0),
)


class Pooling(Stepper):
    """A small image as a grid of numbers, and what maximum and average pooling keep of it.

    ``image`` is a piece of a larger one, such as ``image[:, 11:17, 11:17]``, of shape [1, H, W] or
    [H, W]; without it, a boot of 6×6 pixels is pooled.
    """

    def __init__(self, image=None):
        self._problem, self._pixels = "", torch.zeros(1, 1)
        try:
            self._pixels = as_grid(BOOT if image is None else image)
        except Refused as error:
            self._problem = str(error)
        self.kind = widgets.Dropdown(options=["maximum", "average"], description="pooling")
        self.kernel_size = widgets.IntText(2, description="kernel size")
        self.same = widgets.Checkbox(True, description="stride = kernel size", indent=False)
        self.stride = widgets.IntText(2, description="stride")
        self.shift = widgets.Checkbox(
            False, description="shift the image by one pixel", indent=False
        )
        super().__init__([self.kind, self.kernel_size, self.same, self.stride, self.shift])

    # ------------------------------------------------------------------------- the controls

    def settle(self, change) -> None:
        """The stride follows the kernel size, as in ``nn.MaxPool2d``, until one is typed."""
        if change and change["owner"] is self.stride:
            self.same.value = self.stride.value == self.kernel_size.value
        elif self.same.value:
            self.stride.value = self.kernel_size.value
        super().settle(change)

    def slidings(self) -> tuple[Sliding, Sliding]:
        """Down and across: the image may be wider than high."""
        if self._problem:
            raise Refused(self._problem)
        size, stride, (height, width) = self.kernel_size.value, self.stride.value, self._size()
        if size > min(height, width):
            raise Refused(
                f"A window of {size}×{size} does not fit into an image of {height}×{width}: "
                "nothing comes out. Choose a smaller kernel size."
            )
        return Sliding(height, size, stride), Sliding(width, size, stride)

    def _size(self) -> tuple[int, int]:
        return tuple(self._pixels.shape)

    # ------------------------------------------------------------------------------ the view

    def look(self) -> View:
        """The image, the pooled image, and the arithmetic of one value."""
        down, across = self.slidings()
        row, column = divmod(self.checked_place(), across.output_width)
        pixels = shifted(self._pixels) if self.shift.value else self._pixels
        kind, size, stride = self.kind.value, down.kernel_size, down.stride
        output = pooled(pixels, kind, size, stride)
        window = [(i, j) for i in down.window(row) for j in across.window(column)]
        dropped = frozenset(
            (i, j)
            for i in range(down.width)
            for j in range(across.width)
            if i in down.unreached or j in across.unreached
        )
        won = winners(pixels, size, stride) if kind == "maximum" else frozenset()
        title = "image, shifted" if self.shift.value else "image"
        self._grids = [
            Grid(title, _texts(pixels), frozenset(window), dropped, won=won, sign="→", point=IMAGE),
            Grid(
                f"{kind} pooling",
                _texts(output),
                frozenset({(row, column)}),
                seeing=self.seeing(),
                point=OUTPUT,
            ),
        ]
        caption = (
            f"{kind.capitalize()} pooling of {down.width}×{across.width} pixels with kernel size "
            f"{size} and stride {stride} makes {down.output_width}×{across.output_width}. Output "
            f"value {self.place.value}, row {row}, column {column} (all counted from 0): "
            f"{reason(kind, [pixels[place].item() for place in window])}."
            f"{self.seeing_text()}"
            f"{' Framed: the largest pixel of each window.' if won else ''}"
            f"{unreached_text(down.unreached, across.unreached)}"
            f"{changes_text(self._pixels, size, stride) if self.shift.value else ''}"
        )
        return View(caption, html=grids_html(self._grids))

    def still(self) -> bytes | None:
        """The grids drawn, with the caption below."""
        return self.captioned(grids_png(self._grids, columns=2)) if self._last.html else None


def as_grid(image) -> torch.Tensor:
    """The image as ``[H, W]`` in float64. Raises ``Refused`` if it cannot be shown."""
    piece = "Give a piece of one channel, such as image[:, 11:17, 11:17]."
    try:
        pixels = torch.as_tensor(image).detach().cpu()
        if pixels.is_complex():
            raise TypeError
        pixels = pixels.double().clone()
    except Exception:
        raise Refused(f"This is no image, but of type {type(image).__name__}. {piece}") from None
    shape = "×".join(map(str, pixels.shape)) or "a single number"
    if pixels.dim() == 3 and len(pixels) == 1:
        pixels = pixels[0]
    if pixels.dim() != 2 or not pixels.numel():
        raise Refused(f"The image needs shape [1, H, W] or [H, W], not {shape}. {piece}")
    if max(pixels.shape) > MOST:
        raise Refused(
            f"The image is {shape}; this panel shows the numbers of at most {MOST}×{MOST}. {piece}"
        )
    if not bool((pixels.abs() < 1000).all()):
        raise Refused("The image holds numbers too large to show, or no numbers (nan).")
    return pixels


def pooled(pixels: torch.Tensor, kind: str, size: int, stride: int) -> torch.Tensor:
    """``[H, W]`` as pooled by PyTorch."""
    pool = F.max_pool2d if kind == "maximum" else F.avg_pool2d
    return pool(pixels[None, None], size, stride)[0, 0]


def winners(pixels: torch.Tensor, size: int, stride: int) -> Cells:
    """The pixel that each window keeps; the first where several are the largest."""
    _, indices = F.max_pool2d(pixels[None, None], size, stride, return_indices=True)
    return frozenset(divmod(index, pixels.shape[1]) for index in indices.flatten().tolist())


def shifted(pixels: torch.Tensor) -> torch.Tensor:
    """Moved by one pixel to the right; the last column comes in on the left."""
    return pixels.roll(1, dims=1)


def changes_text(pixels: torch.Tensor, size: int, stride: int) -> str:
    """How many values the shift changes, in the image and after each pooling."""

    def changed(before: torch.Tensor, after: torch.Tensor) -> str:
        count = int((~torch.isclose(before, after, rtol=0, atol=1e-9)).sum())
        return f"{count} of {before.numel()}"

    after = shifted(pixels)
    maximum, average = (
        changed(pooled(pixels, kind, size, stride), pooled(after, kind, size, stride))
        for kind in ("maximum", "average")
    )
    return (
        " The image is shifted by one pixel to the right (the last column comes in on the left): "
        f"{changed(pixels, after)} pixels change, {maximum} values after maximum pooling, "
        f"{average} after average pooling."
    )


def reason(kind: str, window: list[float]) -> str:
    """Why this value comes out, in one line."""
    values = listed(map(show, window), ", ")
    if kind == "maximum":
        return f"largest of {values} is {show(max(window))}"
    total = sum(window)
    return (
        f"mean of {values}: {show(total)} / {len(window)} "
        f"{equals(total / len(window), *window, total)}"
    )


def _texts(values: torch.Tensor) -> list[list[str]]:
    return [[show(value) for value in row] for row in values.tolist()]
