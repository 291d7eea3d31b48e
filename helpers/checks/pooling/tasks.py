"""Checks of notebook 02, pooling: what is right, and what is said then."""

from helpers.checks.core.checking import check
from helpers.checks.core.values import answered
from helpers.checks.pooling.max_pool import judge_max_pool
from helpers.checks.pooling.pooled_width import judge_pooled_width
from helpers.checks.pooling.shift_changes import judge_change, judge_changes, judge_keys
from helpers.checks.pooling.side_by_side import judge_side_by_side


@check("2.1", "Pool an image", hints=(
    "Cut a strip of 28 boxes into pieces of 5. How many whole pieces do you get?",
    "nn.MaxPool2d(3) makes [1, 9, 9] of one image, because 9 windows of 3 fit into 28. A layer "
    "is made first and called then: nn.MaxPool2d(...)(image).",
))  # fmt: skip
def max_pool(predicted_shape, pooled, image) -> str:
    """Right: ``[1, 5, 5]`` and what ``nn.MaxPool2d(5)`` makes of ``image`` (or a batch of 1)."""
    answered(predicted_shape=predicted_shape, pooled=pooled, image=image)
    judge_max_pool(predicted_shape, pooled, image)
    return "[1, 28, 28] → [1, 5, 5]: 25 numbers are left of 784"


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
    judge_pooled_width(function, dropped)
    return "28 = 5 windows of 5 pixels + 3 pixels in none: the stride is the kernel size"


@check("2.3", "Show both", hints=(
    "plt.subplots(1, 2) gives you a figure and two axes; everything else is said to one of the "
    "axes, not to plt: what to show, and the title.",
    'For the first: axes[0].imshow(image[0], cmap="gray") and axes[0].set_title("image"). Two '
    "more lines of this kind are missing, for the other axes. fig is the first thing that "
    "plt.subplots gives.",
))  # fmt: skip
def side_by_side(fig, image, pooled) -> str:
    """Right: a figure with ``image`` and ``pooled`` beside each other, each under its own title."""
    answered(fig=fig, image=image, pooled=pooled)
    return judge_side_by_side(fig, image, pooled)


@check("2.4", "Measure the change", hints=(
    "Work it out by hand for before = [1, -2] and after = [2, -2]: the change is 1, what was "
    "there is 1 + 2 = 3, so the answer is 1/3. Which functions of tensors did you use?",
    "Three steps: the difference of the two; the sum of its absolute values, .abs().sum(); "
    "divided by the same sum for before. Then send before and after through nn.MaxPool2d(2), or "
    "nn.AvgPool2d(2), and compare what comes out.",
))  # fmt: skip
def shift_changes(relative_change, changes) -> str:
    """Right: sum|after − before| / sum|before|, and its three measured values in a dictionary."""
    answered(relative_change=relative_change, changes=changes)
    judge_keys(changes)
    judge_change(relative_change)
    judge_changes(changes)
    return "0 is no change; 2 is an image as bright that shares no bright pixel with the old one"
