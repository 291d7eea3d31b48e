"""What the checks of tasks 3.2 to 3.4 ask of devices, scores, the loss and the optimizer."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import describe, show_shape
from helpers.checks.full_cnn.loop_numbers import look_at_number
from helpers.checks.full_cnn.loop_recorder import call

BATCH_SIZE = 64
NUM_CLASSES = 10


def device(device) -> torch.device:
    if not isinstance(device, (torch.device, str)):
        raise Incorrect(
            f"device is {describe(device)}; expected is a name such as cpu. "
            "Run the first cell of the notebook again."
        )
    try:
        return torch.device(device)
    except RuntimeError:
        raise Incorrect(
            f"device is {device!r}, which PyTorch does not know. "
            "Run the first cell of the notebook again."
        ) from None


def lies_on(found: torch.device, target: torch.device) -> bool:
    """Whether both are the same; a device without a number means any of its kind."""
    indices = (found.index, target.index)
    return found.type == target.type and (None in indices or found.index == target.index)


def look_at_network(model: nn.Module) -> None:
    """Can it learn, and does it end with scores?"""
    if not all(p.requires_grad for p in model.parameters()):
        raise Incorrect(
            "some weights of model are frozen (their requires_grad is False), so training could "
            "not change them. Make model anew, by calling ConvNet."
        )
    for module in model.modules():
        if isinstance(module, (nn.Softmax, nn.LogSoftmax)):
            raise Incorrect(
                f"model holds a {type(module).__name__}. The loss function of Task 3.4 does that "
                "itself: make model from ConvNet alone."
            )


def look_at_wrapping(value, name: str) -> None:
    """A single thing in brackets, or with a comma after it, is a list or tuple of one."""
    if not isinstance(value, (list, tuple)) or len(value) != 1:
        return
    if not isinstance(value[0], (list, tuple, float, int)):
        kind = type(value).__name__
        raise Incorrect(
            f"{name} is a {kind} with one thing in it. Take that out of its "
            f"{'brackets' if kind == 'list' else 'brackets, and leave out the comma after it'}."
        )


def look_at_kind(scores, name: str) -> None:
    look_at_wrapping(scores, name)
    if isinstance(scores, (list, tuple)) and any(isinstance(s, torch.Tensor) for s in scores):
        raise Incorrect(
            f"{name} consists of {len(scores)} things, not of one; expected is one tensor, "
            "as the network returns it for all its images at once."
        )
    if not isinstance(scores, torch.Tensor):
        hint = " Call the network with the images." if isinstance(scores, nn.Module) else ""
        raise Incorrect(
            f"{name} is {describe(scores)}; expected is the tensor that the network returns.{hint}"
        )
    if scores.dtype == torch.bool:
        raise Incorrect(
            f"{name} holds True and False, as after a comparison; asked for are the ten scores per "
            "image, as the network returns them."
        )
    if not scores.is_floating_point():
        raise Incorrect(
            f"{name} holds whole numbers, like classes after argmax, or labels; asked for are the "
            "ten scores per image, as the network returns them."
        )


def wrong_shape(scores: torch.Tensor, name: str, count: int) -> str:
    shape = tuple(scores.shape)
    found = f"{name} has the shape {show_shape(shape)}; expected is [{count}, {NUM_CLASSES}]"
    if shape == (NUM_CLASSES,) and count > 1:
        return f"{found}. These are the scores of one image; give the network the whole batch X."
    if shape == (NUM_CLASSES,):
        return (
            f"{found}. The dimension that counts the images is missing: keep it in the result "
            "also where there is only one image."
        )
    if shape[-2:] == (28, 28):
        return f"{found}. These are images; pass them through the network."
    if len(shape) == 4:
        return f"{found}. These are maps; call the whole network, model(...), and not a part of it."
    if len(shape) == 1:
        return (
            f"{found}. One number per image is left, as after max; "
            "asked for are all ten scores of each."
        )
    if len(shape) == 2 and shape[1] == NUM_CLASSES and count == 1:
        return f"{found}. Give the network the one image only, with a batch dimension in front."
    if shape == (1, NUM_CLASSES):
        return f"{found}. This is for one image; give the network the whole batch X."
    if len(shape) == 2 and shape[1] == NUM_CLASSES:
        return (
            f"{found}. There are {shape[0]} images in your batch; take a whole one from the "
            f"training loader, which gives {BATCH_SIZE} at a time."
        )
    return f"{found}: one row for each image, with one score for each class."


def look_at_scores(scores: torch.Tensor, name: str) -> None:
    if not torch.isfinite(scores).all():
        raise Incorrect(
            f"{name} holds values that are infinite or not a number (nan). Make model anew (Task "
            "3.2), and give it images with values between 0 and 1."
        )
    for values, kind in ((scores, "softmax"), (scores.exp(), "log-softmax")):
        for dim, lines in ((1, "rows"), (0, "columns"))[: len(scores)]:  # one row has no columns
            sums = values.sum(dim=dim)
            if (values >= 0).all() and torch.allclose(sums, torch.ones_like(sums), atol=1e-4):
                raise Incorrect(
                    f"the {lines} of {name} are probabilities that add up to 1, as after {kind}. "
                    "Asked for are the scores themselves, as the last layer gives them."
                )
    if len(scores) > 1 and bool((scores == scores[0]).all()):
        raise Incorrect(
            f"all rows of {name} are the same, as if it were one image many times. "
            "Give the network the batch X."
        )
    if (scores >= 0).all() and (scores == 0).any() and (scores > 0).any():
        raise Incorrect(
            f"no value in {name} is negative, and some are exactly 0, as after ReLU. "
            "Asked for are the scores themselves; they may have any sign."
        )


# Why a loss of torch.nn, or another thing from there, will not do; the others need no reason.
OTHER_LOSSES = {
    "NLLLoss": "it expects log-probabilities, but the network gives scores",
    "MSELoss": "it measures distances between numbers, but classes are not near or far",
    "L1Loss": "it measures distances between numbers, but classes are not near or far",
    "BCELoss": "it is for yes or no, and there are ten classes",
    "BCEWithLogitsLoss": "it is for yes or no, and there are ten classes",
    "Softmax": "it makes probabilities, but measures no loss",
    "LogSoftmax": "it makes the logarithms of probabilities, but measures no loss",
}


def look_at_loss_fn(loss_fn) -> None:
    kind = type(loss_fn)
    if kind.__module__.startswith("torch.nn.") and not isinstance(loss_fn, nn.CrossEntropyLoss):
        why = f": {OTHER_LOSSES[kind.__name__]}" if kind.__name__ in OTHER_LOSSES else ""
        raise Incorrect(f"loss_fn is {kind.__name__}{why}. Asked for is the cross-entropy loss.")
    if isinstance(loss_fn, nn.Module) and list(loss_fn.parameters()):
        raise Incorrect("loss_fn is a network; expected is the cross-entropy loss.")
    if not callable(loss_fn):
        raise Incorrect(f"loss_fn is {describe(loss_fn)}; expected is the cross-entropy loss.")
    reduction = getattr(loss_fn, "reduction", "mean")
    if reduction != "mean":
        raise Incorrect(
            f"your loss has reduction={reduction!r}; asked for is the mean over the batch, which "
            "it gives if you leave reduction out."
        )
    if getattr(loss_fn, "label_smoothing", 0.0):
        raise Incorrect("your loss has label_smoothing; leave it out here, to compare with ln 10.")
    if getattr(loss_fn, "weight", None) is not None:
        raise Incorrect("your loss gives the classes different weights; leave weight out here.")
    generator = seeded(34)
    scores = torch.randn(20, NUM_CLASSES, generator=generator, device="cpu")
    labels = torch.arange(20, device="cpu") % NUM_CLASSES
    scores.requires_grad_()
    with torch.enable_grad():
        found = call(loss_fn, scores, labels, on="20 rows of scores and their labels")
    scores = scores.detach()
    expected = F.cross_entropy(scores, labels).item()
    detached = found.detach() if isinstance(found, torch.Tensor) else found
    value = look_at_number(detached, "what loss_fn returns", ".item()")
    if math.isclose(value, expected, rel_tol=1e-4):
        if not isinstance(found, torch.Tensor) or not found.requires_grad:
            raise Incorrect(
                "loss_fn returns a plain number, from which no gradients can be computed. Use "
                "nn.CrossEntropyLoss() as it is, without item() or detach()."
            )
        return
    for wrong, what in _other_values(scores, labels).items():
        if math.isclose(value, wrong, rel_tol=1e-4):
            raise Incorrect(f"your loss_fn {what} Use nn.CrossEntropyLoss() as it comes.")
    raise Incorrect(
        f"your loss gives {value:.4f} where cross-entropy gives {expected:.4f}. Use "
        "nn.CrossEntropyLoss as it comes, without further settings."
    )


def _other_values(scores: torch.Tensor, labels: torch.Tensor) -> dict[float, str]:
    """What a function may return in place of the mean cross-entropy, and what that is."""
    mean = F.cross_entropy(scores, labels).item()
    softmaxed = F.cross_entropy(scores.softmax(1), labels).item()
    return {
        -mean: "is negative: training would make the network worse.",
        mean * len(scores): "returns the sum over the batch; asked for is the mean.",
        softmaxed: "applies softmax first, which cross-entropy does itself.",
        F.nll_loss(scores, labels).item(): "expects log-probabilities (nll_loss), but the network "
        "gives scores.",
    }


def look_at_optimizer(optimizer) -> None:
    if not isinstance(optimizer, torch.optim.SGD):
        found = (
            f"the optimizer {type(optimizer).__name__}"
            if isinstance(optimizer, torch.optim.Optimizer)
            else describe(optimizer)
        )
        raise Incorrect(
            f"optimizer is {found}; asked for is plain SGD, torch.optim.SGD, to see first what "
            "it can do."
        )
    for group in optimizer.param_groups:
        rate = float(group["lr"])
        if not math.isclose(rate, 1e-3, rel_tol=1e-6):
            later = " Task 3.9 will try this one." if rate in (1e-2, 1e-1) else ""
            later = " Is there a minus missing in lr=1e-3?" if rate == 1e3 else later
            raise Incorrect(f"the learning rate is {rate:g}; asked for is 1e-3.{later}")
        for name in ("momentum", "weight_decay", "dampening", "nesterov", "maximize"):
            if group.get(name):
                raise Incorrect(
                    f"the optimizer has {name}={group[name]}; leave {name} out for now."
                )


def look_at_optimized(optimizer: torch.optim.Optimizer, model: nn.Module) -> None:
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    names = {id(p): name for name, p in model.named_parameters()}
    missing = [name for key, name in names.items() if key not in held]
    if missing and len(missing) == len(names):
        raise Incorrect(
            "the optimizer holds the parameters of another network, so model would never learn. "
            "If you made model anew, make the optimizer anew after it, from model.parameters()."
        )
    if missing:
        raise Incorrect(
            f"the optimizer holds only a part of the parameters: {missing[0]} is missing. "
            "Give it those of the whole network."
        )
    if held - set(names):
        raise Incorrect(
            "besides those of model, the optimizer holds parameters of another network. "
            "Give it model.parameters() only."
        )
