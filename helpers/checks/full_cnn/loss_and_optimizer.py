"""The check of task 3.4: cross-entropy as it comes, and plain SGD on all parameters."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks.core.calling import call
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.shapes import judge_wrapping
from helpers.checks.core.values import answered, close
from helpers.checks.full_cnn.loop_numbers import as_if_rounded, judge_number
from helpers.checks.full_cnn.quick_test import NUM_CLASSES

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


@check("3.4", "Loss and optimizer", hints=(
    "Both are objects made from a class, so both need parentheses. Which of the two has to know "
    "your network?",
    "With Adam and another learning rate the second would be "
    "torch.optim.Adam(model.parameters(), lr=0.01). Take the optimizer and the learning rate of "
    "the task. The loss needs nothing in its parentheses.",
))  # fmt: skip
def loss_and_optimizer(loss_fn, optimizer, model) -> str:
    """Right: cross-entropy as it comes (mean over the batch), and ``torch.optim.SGD`` with a
    learning rate of 1e-3 and nothing else set, on all parameters of ``model``."""
    answered(loss_fn=loss_fn, optimizer=optimizer, model=model)
    answers = {"loss_fn": loss_fn, "optimizer": optimizer, "model": model}
    for name, answer in answers.items():
        judge_wrapping(answer, name)
        if name != "optimizer" and isinstance(answer, torch.optim.Optimizer):
            raise Incorrect(
                f"the answers are swapped: {name} is an optimizer. The check takes the loss, the "
                "optimizer and the model, in this order."
            )
    if isinstance(loss_fn, type):
        raise Incorrect(
            f"loss_fn is {describe(loss_fn)}. Call the class, with parentheses, to make one."
        )
    if isinstance(optimizer, type):
        raise Incorrect(
            f"optimizer is {describe(optimizer)}. Call the class, with the parameters of model "
            "and the learning rate."
        )
    if not isinstance(model, nn.Module):
        raise Incorrect(f"model is {describe(model)}; expected is the network of Task 3.2.")
    judge_loss_fn(loss_fn)
    judge_optimizer(optimizer)
    judge_optimized(optimizer, model)
    return "ten equal scores cost ln 10 ≈ 2.303: this is where training will begin"


def judge_loss_fn(loss_fn) -> None:
    """Raise unless it is the mean cross-entropy of scores and labels, with gradients."""
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
        raise Incorrect("your loss has weight=..., a factor for each class; leave it out here.")
    generator = seeded(34)
    scores = torch.randn(20, NUM_CLASSES, generator=generator, device="cpu")
    labels = torch.arange(20, device="cpu") % NUM_CLASSES
    scores.requires_grad_()
    with torch.enable_grad():
        found = call(loss_fn, scores, labels, on="20 rows of scores and their labels")
    scores = scores.detach()
    expected = F.cross_entropy(scores, labels).item()
    detached = found.detach() if isinstance(found, torch.Tensor) else found
    value = judge_number(detached, "what loss_fn returns", ".item()")
    same = partial(close, floor=0.0)
    if same(value, expected):
        if not isinstance(found, torch.Tensor) or not found.requires_grad:
            raise Incorrect(
                "loss_fn returns a plain number, from which no gradients can be computed. Use "
                "nn.CrossEntropyLoss() as it is, without item() or detach()."
            )
        return
    named = sentence_on(value, _other_values(scores, labels).items(), same)
    if named:
        raise Incorrect(f"your loss_fn {named} Use nn.CrossEntropyLoss() as it comes.")
    if as_if_rounded(value, expected):
        raise Incorrect(
            f"your loss gives {value:g} where cross-entropy gives {expected:.4f}, as if rounded. "
            "Use nn.CrossEntropyLoss() as it comes."
        )
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


def judge_optimizer(optimizer) -> None:
    """Raise unless it is plain SGD with the learning rate that is asked for."""
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
        if not close(rate, 1e-3, 1e-6, floor=0.0):
            later = " Task 3.9 will try this one." if rate in (1e-2, 1e-1) else ""
            later = " Is there a minus missing in lr=1e-3?" if rate == 1e3 else later
            raise Incorrect(f"the learning rate is {rate:g}; asked for is 1e-3.{later}")
        for name in ("momentum", "weight_decay", "dampening", "nesterov", "maximize"):
            if group.get(name):
                raise Incorrect(
                    f"the optimizer has {name}={group[name]}; leave {name} out for now."
                )


def judge_optimized(optimizer: torch.optim.Optimizer, model: nn.Module) -> None:
    """Raise unless the optimizer holds all parameters of ``model`` and no others."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    names = {id(p): name for name, p in model.named_parameters()}
    missing = [name for key, name in names.items() if key not in held]
    if missing and len(missing) == len(names):
        raise Incorrect(
            "the optimizer holds none of the parameters of model, so model would never learn. "
            "If you made model anew, make the optimizer anew after it, from model.parameters()."
        )
    if missing:
        raise Incorrect(
            f"the optimizer holds only a part of the parameters: {missing[0]} is missing. "
            "Give it those of the whole network."
        )
    if held - set(names):
        raise Incorrect(
            "besides the parameters of model, the optimizer holds others. Give it "
            "model.parameters() only."
        )
