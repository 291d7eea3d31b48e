"""The check of task 3.7: lists of losses and accuracies, one number per epoch."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered, close, real_number
from helpers.checks.full_cnn.measured_again import Measured, measure

EPOCHS = 10


def numbers(values, name: str) -> list[float]:
    """``values`` as a list of finite floats; an empty list stays empty."""
    if isinstance(values, torch.Tensor) and values.requires_grad:
        raise Incorrect(_on_graph(name))
    if isinstance(values, (torch.Tensor, np.ndarray)) and values.ndim == 1:
        values = values.tolist()
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Sequence):
        raise Incorrect(
            f"{name} is {describe(values)}; expected is a list with one number per epoch."
        )
    return [_number(value, name) for value in values]


def _number(value, name: str) -> float:
    if value is Ellipsis:
        raise NotAnswered(f"there are still dots (...) in {name}.")
    if value is None:
        raise Incorrect(
            f"{name} holds None, which is what a function without return gives back. "
            "Check your loops with Tasks 3.5 and 3.6, then train again."
        )
    if isinstance(value, (tuple, list)) and len(value) != 2:
        raise Incorrect(
            f"{name} holds a {type(value).__name__} where one number is expected. Append the "
            "number of each epoch by itself, without brackets around it."
        )
    if isinstance(value, (tuple, list)):
        raise Incorrect(
            f"{name} holds {describe(value)} where one number is expected. test_loop returns two "
            "numbers: take them apart, and append each to its own list."
        )
    if isinstance(value, torch.Tensor) and value.requires_grad:
        raise Incorrect(_on_graph(name))
    if isinstance(value, str):
        raise Incorrect(
            f"{name} holds the text {value!r} where one number is expected. Append the number "
            "itself; :.3f and the like are for printing."
        )
    number = real_number(value, f"an entry of {name}")
    if not math.isfinite(number):
        raise Incorrect(
            f"{name} holds {number}, so the training has failed: its numbers became too large to "
            "compute with. Make the model and the optimizer anew (Tasks 3.2 and 3.4), empty the "
            "lists, and start again."
        )
    return number


def _on_graph(name: str) -> str:
    return (
        f"{name} holds tensors that still remember how they were computed, and keep the memory of "
        "it all. Append plain numbers: .item() gives one."
    )


def judge_lengths(lists: dict[str, list[float]]) -> None:
    """All lists are filled, equally long, and cover ten epochs."""
    lengths = {name: len(values) for name, values in lists.items()}
    if not any(lengths.values()):
        raise NotAnswered("the three lists are still empty: fill in the loop over the epochs.")
    empty = [name for name, length in lengths.items() if not length]
    if empty:
        raise Incorrect(
            f"{empty[0]} is still empty, while another list has {max(lengths.values())} entries. "
            "Append to each of the three lists in every epoch."
        )
    if len(set(lengths.values())) > 1:
        raise Incorrect(
            "the lists have "
            + ", ".join(f"{length} ({name})" for name, length in lengths.items())
            + " entries. Append once to each in every epoch; if a run was stopped in between, "
            "empty the three lists and start again."
        )
    count = lengths["train_losses"]
    if count < EPOCHS:
        raise Incorrect(
            f"there {'is 1 epoch' if count == 1 else f'are {count} epochs'} so far; asked for are "
            f"{EPOCHS}. Do the lists grow with append()? Then run the loop again: it goes on from "
            "where it stopped."
        )


def judge_accuracies(accuracies: list[float], test_losses: list[float]) -> None:
    """Between 0 and 1, and not confused with the losses."""
    if same(accuracies, test_losses):
        raise Incorrect(
            "accuracies and test_losses hold the same numbers. test_loop returns the loss first "
            "and the accuracy second; append each to its own list."
        )
    if max(accuracies) > 1 and max(accuracies) <= 5 and max(test_losses) <= 1:
        raise Incorrect(
            f"accuracies goes up to {max(accuracies):.4g}, and test_losses only to "
            f"{max(test_losses):.4g}, as if they were swapped. test_loop returns the loss first, "
            "the accuracy second."
        )
    judge_shares(accuracies, "accuracies")


def judge_shares(accuracies: list[float], name: str) -> None:
    """Accuracies lie between 0 and 1, and are neither percentages nor losses."""
    low, high = min(accuracies), max(accuracies)
    if low < 0:
        raise Incorrect(f"{name} holds {low:g}; accuracies are from 0 to 1, never negative.")
    if high > 100:
        raise Incorrect(
            f"{name} holds {high:g}; accuracies are from 0 to 1. Is it a count that was not "
            "divided by the number of images?"
        )
    if high > 5:
        raise Incorrect(
            f"{name} holds {high:g}, which looks like percent; expected are numbers from 0 to 1. "
            "Leave out the factor of 100."
        )
    if high > 1:
        raise Incorrect(
            f"{name} holds {high:g}, which looks like a loss; accuracies are from 0 to 1. "
            "test_loop returns the loss first, the accuracy second."
        )


def judge_losses(
    train_losses: list[float], test_losses: list[float], accuracies: list[float]
) -> None:
    """Mean losses per image, of training and of test, and falling in training."""
    if same(train_losses, test_losses):
        raise Incorrect(
            "train_losses and test_losses hold the same numbers. One comes from train_loop with "
            "the training loader, the other from test_loop with the test loader."
        )
    if same(train_losses, accuracies):
        raise Incorrect(
            "train_losses and accuracies hold the same numbers. train_losses takes what "
            "train_loop returns."
        )
    for name, losses in (("train_losses", train_losses), ("test_losses", test_losses)):
        if max(losses) > 3:
            raise Incorrect(
                f"{name} goes up to {max(losses):.4g}; guessing costs ln 10 ≈ 2.303 per image. "
                "If this is a sum in place of a mean, mend your loops (Tasks 3.5 and 3.6); if not, "
                "the training has failed: make model and optimizer anew. Then empty the lists and "
                "start again."
            )
        if min(losses) < 0:
            raise Incorrect(f"{name} holds {min(losses):.4g}; this loss is never negative.")
        if losses[0] < 0.1:
            raise Incorrect(
                f"{name} begins with {losses[0]:.4g}, far below ln 10 ≈ 2.303, where training "
                "begins. Was it divided twice? Check your loops with Tasks 3.5 and 3.6, empty the "
                "lists, and train again."
            )
    if max(test_losses) == min(test_losses) and train_losses[-1] < train_losses[0] - 0.1:
        raise Incorrect(
            "the training loss falls, but the test loss is the same in every epoch. Does test_loop "
            "get the model that is trained, anew in each epoch?"
        )
    if train_losses[-1] >= train_losses[0]:
        raise Incorrect(
            f"the training loss was {train_losses[0]:.4f} in the first epoch and is "
            f"{train_losses[-1]:.4f} in the last, no lower. Does the optimizer belong to this "
            "model (Task 3.4)? If so, run the loop again for ten more epochs."
        )


def judge_end(measured: Measured, test_loss: float, accuracy: float) -> None:
    """The last entries of the lists are what the network reaches."""
    advice = (
        "The lists are not of this network as it is now: they take what train_loop and test_loop "
        "return. If it was made anew or trained on since, or a run was stopped within an epoch, "
        "run the cell with the epochs again."
    )
    if not measured.has_accuracy(accuracy):
        raise Incorrect(
            f"accuracies ends with {accuracy:.3f}, but model gets {measured.accuracy:.3f} of "
            f"{measured.images:,} test images right. {advice}"
        )
    if not measured.has_loss(test_loss):
        raise Incorrect(
            f"test_losses ends with {test_loss:.3f}, but on {measured.images:,} test images the "
            f"loss of model is {measured.loss:.3f}. {advice}"
        )


def same(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether both hold the same numbers, up to rounding."""
    return close(one, other, 1e-6, floor=1e-3)


@check("3.7", "Ten epochs", hints=(
    "In one epoch each of your two loops is called once. What does each return, and into which "
    "list does it go?",
    "Six lines inside the for: train_loss = train_loop(...); test_loss, accuracy = "
    "test_loop(...); one append for each of the three lists; run.log. Look at the first lines of "
    "the two functions for what goes into the parentheses, and in which order.",
))  # fmt: skip
def training_run(train_losses, test_losses, accuracies, model=None, test_data=None) -> str:
    """Right: three lists of the same length, ten epochs or more, of mean losses per image and of
    accuracies between 0 and 1; the training loss is lower at the end than at the start. A run that
    is still on the plateau is right, too. With ``test_data`` the network is measured again: its
    loss and accuracy are those at the end of the lists."""
    answered(train_losses=train_losses, test_losses=test_losses, accuracies=accuracies)
    lists = {
        "train_losses": train_losses,
        "test_losses": test_losses,
        "accuracies": accuracies,
    }
    figures = {name: numbers(values, name) for name, values in lists.items()}
    judge_lengths(figures)
    judge_accuracies(figures["accuracies"], figures["test_losses"])
    judge_losses(**figures)
    if test_data is not None:
        judge_end(measure(model, "model", test_data), test_losses[-1], accuracies[-1])
    return "a curve that stays near ln 10 ≈ 2.303 is on a plateau: no mistake, continue training"
