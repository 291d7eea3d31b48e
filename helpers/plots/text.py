"""What the pictures say: numbers and names as text, and lines that fit."""

import math
import re

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from helpers.datasets.catalogue import stood_in_for

DPI = 100
SMALL, NORMAL = 11, 13  # points


def class_name(dataset, label) -> str:
    """The name of class ``label``, or its number if ``dataset`` has no ``classes``."""
    classes = getattr(dataset, "classes", None)
    return str(classes[int(label)] if classes else int(label))


def count_text(number: int, noun: str) -> str:
    """Such as "1 image" and "2 images"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def number_text(value: float) -> str:
    """Three decimals, or three digits of a value too small for that; never "-0.000"."""
    value, decimals = float(value), 3
    if not math.isfinite(value):
        return "not a finite number"
    if 0 < abs(value) < 0.0005:
        decimals = min(12, 2 - math.floor(math.log10(abs(value))))
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def long_minus(text: str) -> str:
    """``text`` with the sign of a number drawn as long as a plus sign."""
    return re.sub(r"(?<!\w)-(?=\d)", "−", text)


def source_of(data) -> str:
    """Which data these are; drawn garments are never called by the name of the real ones."""
    if data is None:
        return ""
    name = getattr(data, "name", type(data).__name__)
    source = getattr(data, "source", "")
    if source == "drawn":
        real = stood_in_for(name)
        return f"{name}, not {real}" if real else name
    notes = {"official": ", official files", "folder": ", pictures from a folder"}
    return name + notes.get(source, "")


def wrap(text: str, width: float, size: int = SMALL) -> list[str]:
    """``text`` in lines of at most ``width`` pixels, at ``size`` points."""
    measure = FigureCanvasAgg(Figure(dpi=DPI)).get_renderer().get_text_width_height_descent
    font = FontProperties(size=size)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and measure(longer, font, ismath=False)[0] > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
