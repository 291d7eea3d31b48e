"""A window that slides over a small grid of numbers: places, products, what no window reaches."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from helpers.explorers._base import Refused
from helpers.layers import get_output_width


@dataclass(frozen=True)
class Sliding:
    """How a window moves over an image of ``width``×``width`` pixels."""

    width: int
    kernel_size: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def __post_init__(self):
        for name, least, most in (
            ("width", 1, 12),
            ("kernel_size", 1, 12),
            ("stride", 1, 12),
            ("padding", 0, 6),
            ("dilation", 1, 6),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise Refused(
                    f"The {name.replace('_', ' ')} is {value}; this panel shows {least} to {most}. "
                    "Choose another number."
                )
        if self.reach > self.padded_width:
            spread = f" with dilation {self.dilation}" if self.dilation > 1 else ""
            raise Refused(
                f"A kernel of {self.kernel_size}{spread} reaches over {self.reach} pixels, but the "
                f"padded image has only {self.padded_width}: it does not fit, so there is no "
                "output. Choose a smaller kernel, or more padding."
            )

    @property
    def padded_width(self) -> int:
        """Pixels in a row with the padding on both sides."""
        return self.width + 2 * self.padding

    @property
    def reach(self) -> int:
        """Pixels from the first to the last under the kernel."""
        return self.dilation * (self.kernel_size - 1) + 1

    @property
    def output_width(self) -> int:
        """Places of the window in a row."""
        return get_output_width(
            self.width, self.kernel_size, self.stride, self.padding, self.dilation
        )

    @property
    def seen_width(self) -> int:
        """Pixels of a padded row up to the end of the last window; those behind are dropped."""
        return (self.output_width - 1) * self.stride + self.reach

    def pixels(self, row: int, column: int) -> list[tuple[int, int]]:
        """The padded pixels under the window of output value ``row``, ``column``."""
        offsets = [self.dilation * i for i in range(self.kernel_size)]
        top, left = row * self.stride, column * self.stride
        return [(top + i, left + j) for i in offsets for j in offsets]


def convolve(image: torch.Tensor, kernel: torch.Tensor, bias: float, sliding: Sliding):
    """Image ``[C, H, H]`` and kernel ``[C, k, k]`` as by PyTorch, in float64: ``[h, h]``."""
    made = F.conv2d(
        image[None].double(),
        kernel[None].double(),
        torch.tensor([bias], dtype=torch.float64),
        sliding.stride,
        sliding.padding,
        sliding.dilation,
    )
    return made[0, 0]


def show(value: float) -> str:
    """A number as short as it can be: ``2``, ``-0.33``."""
    text = f"{float(value):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "−")


def arithmetic(pixels: list[float], weights: list[float]) -> str:
    """``2·1 + 0·3``: each pixel times its weight, negative numbers in brackets."""
    return " + ".join(
        f"{_bracketed(p)}·{_bracketed(w)}" for p, w in zip(pixels, weights, strict=True)
    )


def _bracketed(value: float) -> str:
    text = show(value)
    return f"({text})" if text.startswith("−") else text


def parse_grid(text: str, size: int) -> list[list[float]]:
    """``"1 0; 0 1"`` as rows of numbers, ``size`` by ``size``. Raises ``Refused``."""
    rows = [row.replace(",", " ").split() for row in text.split(";") if row.strip()]
    for row in rows:
        for entry in row:
            try:
                float(entry)
            except ValueError:
                raise Refused(
                    f"The kernel values hold {entry[:20]!r}, which is no number. Write a row as "
                    "1 0 -1, and ; between the rows."
                ) from None
    counts = {len(row) for row in rows}
    if len(rows) != size or counts != {size}:
        found = f"{len(rows)} rows of {'/'.join(map(str, sorted(counts))) or 'no'} numbers"
        raise Refused(
            f"The kernel values are {found}; a kernel of {size} needs {size} rows of {size}. "
            "Change the values or the kernel size."
        )
    values = [[float(entry.replace("−", "-")) for entry in row] for row in rows]
    if not all(abs(value) < 1000 for row in values for value in row):
        raise Refused("A kernel value is too large to show; take numbers between -999 and 999.")
    return values
