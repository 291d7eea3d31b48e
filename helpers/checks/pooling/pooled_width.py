"""The check of task 2.2: the width after pooling, and how its formula goes wrong."""

from functools import cache
from itertools import product

import torch
import torch.nn.functional as F

from helpers.checks.core.calling import advised, attempt
from helpers.checks.core.checking import check
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.shapes import judge_known
from helpers.checks.core.size_functions import judge_sizes, show_call
from helpers.checks.core.values import answered, whole_number

NAMES = ("input_width", "kernel_size", "stride")


# Formulas that are often written, each with what is then said; w, k, s as in NAMES.
_UP = "A window that would hang over the edge does not count: "
_STRIDE_ONLY = "That is the stride that pooling takes; asked for is the width that comes out."
_MISTAKES = (
    (lambda w, k, s=None: (w - k) // (s or 1) + 1, "If no stride is given, pooling does not take "
     "1, as a convolution does."),
    (lambda w, k, s=None: (w - k) // k + 1, "Your function always moves by the kernel size, even "
     "if a stride is given."),
    (lambda w, k, s=None: (w - k) // (k if s else 1) + 1, "The kernel size is taken as the "
     "stride where one is given: turn the condition round."),
    (lambda w, k, s=None: (w - k) // (s or 5) + 1, "A stride of 5 is right for a kernel of 5 "
     "only."),
    (lambda w, k, s=None: (28 - k) // (s or k) + 1, "Your function takes 28 for every width; "
     "calculate with input_width."),
    (lambda w, k, s=None: s or k, _STRIDE_ONLY),
    (lambda w, k, s=None: k if s is None else (w - k) // s + 1, _STRIDE_ONLY),
    (lambda w, k, s=None: w // (s or k), "With a stride, the last window still has to end inside "
     "the image."),
    (lambda w, k, s=None: (w - k) // (s or k), "It is one too few: the number of steps is one "
     "less than the number of places."),
    (lambda w, k, s=None: (w - k + 1) // (s or k), "The width after a convolution is divided "
     "here; give get_output_width the stride instead."),
    (lambda w, k, s=None: -((k - w) // (s or k)) + 1, f"{_UP}round down."),
    (lambda w, k, s=None: -(-w // (s or k)), f"{_UP}round down."),
    (lambda w, k, s=None: round(w / (s or k)), f"{_UP}round() may round up; use //."),
    (lambda w, k, s=None: round((w - k) / (s or k)) + 1, f"{_UP}round() may round up; use //."),
    (lambda w, k, s=None: round((w - k) / (s or k) + 1), f"{_UP}round() may round up; use //."),
    (lambda w, k, s=None: w - k + 1, "That is the size of a convolution."),
)  # fmt: skip
_NO_STRIDE = (
    "If stride is None, nothing was given: put in the stride that pooling then takes, before you "
    "calculate with it."
)
# What Python says where something does not fit, and what is then added.
_ADVICE = (
    ("NoneType", _NO_STRIDE),
    ("not None", _NO_STRIDE),
    ("raised ValueError", "A kernel of 5 fits into 28. Does the width come before the kernel "
     "size?"),
)  # fmt: skip


@check("2.2", "Make the size function agree", hints=(
    "Call get_output_width(28, 5, 1), then with 2, 3, 4, 5 in place of the 1. Which stride gives "
    "what pooling gave in Task 2.1?",
    "Two steps: if stride is None, give it the value that pooling uses; then return "
    "get_output_width with all three numbers. For dropped: with windows of 3, 9 windows cover 27 "
    "of the 28 rows, so 1 would be dropped.",
))  # fmt: skip
def pooled_width(function, dropped) -> str:
    """Right: ⌊(H − kernel) / stride⌋ + 1, where a stride of None is the kernel size; 3 dropped."""
    answered(get_pooled_width=function, dropped=dropped)
    for arguments in ((28, 5), (28, 5, None)):
        try:
            attempt(function, *arguments, on=show_call(NAMES, arguments))
        except Incorrect as error:
            raise advised(error, _ADVICE) from None
    rows = whole_number(dropped, "dropped")
    judge_sizes(function, _true_widths(), NAMES, "nn.MaxPool2d", _MISTAKES)
    mistakes = {
        0: "5 does not divide 28, so some rows at the end are in no window.",
        5: "that is the number of windows in a row; how many pixels do they cover?",
        25: "that is how many rows the windows cover; how many of the 28 are left?",
        23: "that is 28 - 5; but each of the windows covers more than 1 of the 28 rows.",
        2: "that is what a sixth window would lack; how many rows are left for it?",
        4: "that is what a convolution takes away; pooling moves by a whole window.",
        -3: "count them as a positive number.",
        6: "count the rows only; the columns are as many again.",
        9: "count the rows only, not the pixels in the corner.",
        159: "that is the number of pixels in them; asked for is the number of rows.",
    }
    otherwise = "how many rows do the windows cover, and how many are left?"
    judge_known(rows, 3, "dropped", mistakes, otherwise)
    return "28 = 5 windows of 5 pixels + 3 pixels in none: the stride is the kernel size"


@cache
def _true_widths() -> dict[tuple, int]:
    """What PyTorch's pooling makes of small images; without a stride first."""
    widths, kernels = (28, 12, 10, 9, 7, 6, 5, 4, 3, 2, 1), (5, 2, 3, 4, 6, 1)
    settings = [(w, k) for w, k in product(widths, kernels) if k <= w]
    settings += [(w, k, s) for (w, k), s in product(settings, (1, 2, 3, 5, None))]
    return {a: F.max_pool2d(torch.zeros(1, a[0], a[0]), *a[1:]).shape[-1] for a in settings}
