"""A window that slides over a small grid of numbers: places, products, what no window reaches."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import torch
import torch.nn.functional as F

from helpers.explorers._base import Refused
from helpers.layers import get_output_width

MOST_TERMS = 25  # more than a kernel of 5 by 5 is not spelled out


@dataclass(frozen=True)
class Sliding:
    """How a window moves over an image of ``width``×``width`` pixels."""

    width: int
    kernel_size: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def __post_init__(self):
        if self.stride == 0:
            raise Refused(
                "With a stride of 0 the window would never move on. Choose a stride of 1 or more."
            )
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
                f"image with its padding has only {self.padded_width}: it does not fit, so there "
                "is no output. Choose a smaller kernel, a larger image, or more padding."
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
    def unreached(self) -> list[int]:
        """The pixels of a padded row that no window reaches: left over, or skipped by a stride."""
        reached = {pixel for place in range(self.output_width) for pixel in self.window(place)}
        return [pixel for pixel in range(self.padded_width) if pixel not in reached]

    def window(self, place: int) -> list[int]:
        """The pixels of a padded row that are under the window of output value ``place``."""
        return [place * self.stride + self.dilation * i for i in range(self.kernel_size)]

    def seeing(self, pixel: int) -> list[int]:
        """The places whose window holds ``pixel`` of a padded row."""
        return [place for place in range(self.output_width) if pixel in self.window(place)]

    def place_at(self, pixel: int) -> int:
        """The place whose window has its middle nearest to ``pixel`` of a padded row."""
        middle = (self.reach - 1) / 2
        return min(
            range(self.output_width), key=lambda place: abs(place * self.stride + middle - pixel)
        )

    def pixels(self, row: int, column: int) -> list[tuple[int, int]]:
        """The padded pixels under the window of output value ``row``, ``column``."""
        return [(i, j) for i in self.window(row) for j in self.window(column)]


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


def show_weight(value: float) -> str:
    """As ``show``, but a fraction as one, so that the products add up: ``1/9``."""
    fraction = Fraction(value).limit_denominator(144)
    if is_short(value) or not _is_close(value, fraction):
        return show(value)
    return str(fraction).replace("-", "−")


def is_short(value: float) -> bool:
    """Does ``show`` say all of it?"""
    return _is_close(value, round(value, 2))


def equals(value: float, *parts: float) -> str:
    """``= 2``, or ``≈ 0.33`` where two decimals cannot say all of the value or of its parts."""
    exact = all(is_short(part) or "/" in show_weight(part) for part in parts)
    return f"{'=' if exact and is_short(value) else '≈'} {show(value)}"


def _is_close(one: float, other: float) -> bool:
    return abs(float(one) - float(other)) < 1e-9


def arithmetic(pixels: list[float], weights: list[float]) -> str:
    """``2·1 + 0·3``: each pixel times its weight, negative numbers in brackets."""
    products = (
        f"{bracketed(show(p))}·{bracketed(show_weight(w))}"
        for p, w in zip(pixels, weights, strict=True)
    )
    return listed(products, " + ")


def listed(terms: Iterable[str], between: str) -> str:
    """The terms in one line; of very many, the first ones and how many there are."""
    terms = list(terms)
    if len(terms) <= MOST_TERMS:
        return between.join(terms)
    return f"{between.join(terms[:6])}{between}… ({len(terms)} in all)"


def bracketed(text: str) -> str:
    """A negative number in brackets."""
    return f"({text})" if text.startswith("−") else text


def unreached_text(rows: list[int], columns: list[int]) -> str:
    """Which rows and columns no window reaches, as a sentence; empty if there are none."""
    if rows == columns:
        parts = [("row and column", "rows and columns", rows)]
    else:
        parts = [("row", "rows", rows), ("column", "columns", columns)]
    named = [
        f"{one if len(places) == 1 else many} {', '.join(map(str, places))}"
        for one, many, places in parts
        if places
    ]
    if not named:
        return ""
    return f" No window reaches {' and '.join(named)} (grey in the grid, counted from 0)."


def parse_rows(text: str) -> list[list[float]]:
    """``"1 0; 0 1/3"`` as rows of numbers. Raises ``Refused``."""
    lines = [line.replace(",", " ").split() for line in text.split(";") if line.strip()]
    return [[_number(entry) for entry in line] for line in lines]


def _number(entry: str) -> float:
    over, _, under = entry.replace("−", "-").partition("/")
    try:
        value = float(over) / float(under or 1)
    except (ValueError, ZeroDivisionError):
        raise Refused(
            f"The kernel values hold {entry[:20]!r}, which is no number. Write a row as 1 0 -1, "
            "and ; between the rows."
        ) from None
    if not abs(value) < 1000:
        raise Refused("A kernel value is too large to show; take numbers between -999 and 999.")
    return value


def parse_number(text: str) -> float:
    """One number; 0 if there is none. Raises ``Refused``."""
    numbers = [number for row in parse_rows(text) for number in row]
    if len(numbers) > 1:
        raise Refused(f"A kernel value is one number, such as -1 or 1/3, not {text[:20]!r}.")
    return numbers[0] if numbers else 0.0


def parse_grid(text: str, size: int) -> list[list[float]]:
    """As ``parse_rows``, but only ``size`` rows of ``size`` numbers will do."""
    rows = parse_rows(text)
    counts = sorted({len(row) for row in rows})
    if len(rows) != size or counts != [size]:
        lines = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
        raise Refused(
            f"The kernel values are {lines} of {' or '.join(map(str, counts)) or 'no'} numbers; a "
            f"kernel of {size} needs {size} rows of {size}. Change the values or the kernel size."
        )
    return rows
