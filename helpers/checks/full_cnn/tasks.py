"""Checks of notebook 03, the full CNN."""

import math
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checks.core.checking import check
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered, describe, is_blank
from helpers.checks.full_cnn import (
    conv_net as _conv_net,
)
from helpers.checks.full_cnn import (
    conv_net_layers,
    conv_net_scores,
    conv_net_typed_numbers,
    first_steps,
    loop_behaviour,
    loop_numbers,
    loop_recorder,
)
from helpers.checks.full_cnn import (
    loss_plot as _loss_plot,
)
from helpers.checks.full_cnn import (
    training_run as _training_run,
)
from helpers.checks.full_cnn.first_steps import BATCH_SIZE, NUM_CLASSES


@check("3.1", "Build the network")
def conv_net(ConvNet) -> str:
    """Right: a class of networks with ``conv_stack``, ``flatten``, ``linear_stack`` and a
    ``linear_entry_dim`` of 4, which computes two convolutions (6 and 16 channels, kernel 5) with
    ReLU and 2×2 max pooling, then fully-connected layers of 120, 84 and 10 with ReLU after all but
    the last: 44,426 parameters. How it is written down does not matter."""
    answered(ConvNet=ConvNet)
    if isinstance(ConvNet, nn.Module):
        raise Incorrect(
            "this is a network made from the class; the check wants the class itself. "
            "Leave out the parentheses: checks.conv_net(ConvNet)."
        )
    if not isinstance(ConvNet, type) or not issubclass(ConvNet, nn.Module):
        found = f"the class {ConvNet.__name__}" if isinstance(ConvNet, type) else describe(ConvNet)
        raise Incorrect(
            f"ConvNet is {found}; expected is a class of networks. "
            "Begin with class ConvNet(nn.Module):."
        )
    net = _conv_net.build(ConvNet)
    _conv_net.look_at_parts(net)
    images = torch.zeros(_conv_net.BATCH, 1, 28, 28, device="cpu")
    scores, problem = _conv_net.trace(net, images)
    if problem and any(is_lazy(p) for p in net.parameters()):
        raise problem
    conv_net_layers.look_at_layers(net)
    if problem:
        raise problem
    if not isinstance(scores, torch.Tensor):
        raise Incorrect(f"forward returns {describe(scores)}; expected is the tensor of scores.")
    if scores.shape != (_conv_net.BATCH, NUM_CLASSES):
        raise Incorrect(_conv_net.wrong_shape(scores))
    conv_net_layers.look_at_the_rest(net)
    conv_net_scores.look_at_scores(net)
    conv_net_typed_numbers.look_at_typed(ConvNet)
    return "44,426 parameters; the first fully-connected layer takes 16·4² = 256 numbers"


@check("3.2", "Make one")
def on_device(model, device) -> str:
    """Right: an instance of ``ConvNet`` with all its parameters and buffers on ``device``."""
    answered(model=model, device=device)
    first_steps.look_at_wrapping(model, "model")
    if isinstance(model, (torch.device, str)) and isinstance(device, nn.Module):
        raise Incorrect("the two are swapped: first the model, then the device.")
    if isinstance(model, type):
        raise Incorrect(
            f"model is {describe(model)}. Call the class to make a network from it, with "
            "parentheses: ConvNet()."
        )
    if not isinstance(model, nn.Module):
        raise Incorrect(
            f"model is {describe(model)}; expected is a network, made by calling ConvNet."
        )
    target = first_steps.device(device)
    tensors = dict([*model.named_parameters(), *model.named_buffers()])
    if not any(is_lazy(p) for p in model.parameters()):
        total = sum(p.numel() for p in model.parameters())
        if total != conv_net_layers.PARAMETERS:
            raise Incorrect(
                f"model is {describe(model)} with {total:,} parameters; a ConvNet has "
                f"{conv_net_layers.PARAMETERS:,}. Make model from the class of Task 3.1, whole."
            )
    first_steps.look_at_network(model)
    elsewhere = [name for name, t in tensors.items() if not first_steps.lies_on(t.device, target)]
    if len(elsewhere) == len(tensors):
        raise Incorrect(
            f"the parameters of model are on {tensors[elsewhere[0]].device}, and device is "
            f"{target}. Move the network to the device, and keep the result in model."
        )
    if elsewhere:
        raise Incorrect(
            f"{len(elsewhere)} of {len(tensors)} parameters are not on {target}, the first of them "
            f"{elsewhere[0]}. Move the whole network at once, not its parts."
        )
    return "all 44,426 parameters are on the device, where the images will have to go, too"


@check("3.3", "Test it before you train it")
def quick_test(scores_one, scores_batch) -> str:
    """Right: the scores for one image, ``[1, 10]``, and for a batch, ``[64, 10]``, as they come
    out of the network, without softmax or argmax."""
    answered(scores_one=scores_one, scores_batch=scores_batch)
    both = {"scores_one": scores_one, "scores_batch": scores_batch}
    for name, scores in both.items():
        first_steps.look_at_kind(scores, name)
    if (scores_one.shape, scores_batch.shape) == ((BATCH_SIZE, 10), (1, 10)):
        raise Incorrect("the two are swapped: scores_one is for one image, scores_batch for X.")
    if scores_one.shape != (1, NUM_CLASSES):
        raise Incorrect(first_steps.wrong_shape(scores_one, "scores_one", 1))
    if scores_batch.shape != (BATCH_SIZE, NUM_CLASSES):
        raise Incorrect(first_steps.wrong_shape(scores_batch, "scores_batch", BATCH_SIZE))
    for name, scores in both.items():
        first_steps.look_at_scores(scores.detach().to("cpu", torch.float32), name)
    return "ten scores per image: [1, 10] for one, [64, 10] for a batch; the batch comes first"


@check("3.4", "Loss and optimizer")
def loss_and_optimizer(loss_fn, optimizer, model) -> str:
    """Right: cross-entropy as it comes (mean over the batch), and ``torch.optim.SGD`` with a
    learning rate of 1e-3 and nothing else set, on all parameters of ``model``."""
    answered(loss_fn=loss_fn, optimizer=optimizer, model=model)
    answers = {"loss_fn": loss_fn, "optimizer": optimizer, "model": model}
    for name, answer in answers.items():
        first_steps.look_at_wrapping(answer, name)
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
    first_steps.look_at_loss_fn(loss_fn)
    first_steps.look_at_optimizer(optimizer)
    first_steps.look_at_optimized(optimizer, model)
    return "ten equal scores cost ln 10 ≈ 2.303: this is where training will begin"


@check("3.5", "The training loop")
def train_loop(train_loop) -> str:
    """Right: one pass over the loader in training mode, each batch moved to the model's device,
    one SGD step per batch with the gradients of this batch alone; returns the mean loss per image
    as a number (or as a tensor of one number that needs no gradient)."""
    answered(train_loop=train_loop)
    loop_behaviour.look_at_function(
        train_loop, "train_loop", ("dataloader", "model", "loss_fn", "optimizer")
    )
    bench = loop_recorder.bench()
    before = bench.model.weight.detach().clone()
    bench.model.eval()  # as a test leaves it
    bench.record.modes_set.clear()
    args = (bench.loader, bench.model, bench.loss_fn, bench.optimizer)
    found = loop_behaviour.run_loop(train_loop, "train_loop", bench, *args)
    torch.set_grad_enabled(True)
    value = loop_numbers.look_at_number(found, "what train_loop returns", "loss.item()")
    loop_behaviour.look_at_devices(bench.record, "train_loop")
    loop_behaviour.look_at_epoch(bench.record, "train_loop")
    loop_behaviour.look_at_training_mode(bench.record)
    losses = loop_behaviour.look_at_learning(bench, before)
    loop_numbers.look_at_loss(value, losses, "train_loop")
    return "one step per batch; the short last batch counts by its number of images"


@check("3.6", "The test loop")
def test_loop(test_loop) -> str:
    """Right: one pass over the loader in eval mode and without gradients, each batch moved to the
    model's device; returns the mean loss per image and the accuracy, between 0 and 1."""
    answered(test_loop=test_loop)
    loop_behaviour.look_at_function(test_loop, "test_loop", ("dataloader", "model", "loss_fn"))
    bench = loop_recorder.bench()
    before = bench.model.weight.detach().clone()
    bench.model.train()
    bench.record.modes_set.clear()
    args = (bench.loader, bench.model, bench.loss_fn)
    found = _two_values(loop_behaviour.run_loop(test_loop, "test_loop", bench, *args))
    gradients_on = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    loop_behaviour.look_at_devices(bench.record, "test_loop")
    loop_behaviour.look_at_epoch(bench.record, "test_loop")
    loop_behaviour.look_at_quiet(bench, before, gradients_on)
    loss, accuracy = (
        loop_numbers.look_at_number(value, f"the {what} that test_loop returns", ".item()")
        for value, what in zip(found, ("loss", "accuracy"), strict=True)
    )
    losses = [F.cross_entropy(bench.model(x), y).item() for x, y in bench.batches()]
    right = sum(loop_recorder.RIGHT) / loop_recorder.TOTAL
    if math.isclose(loss, right, rel_tol=1e-3) and accuracy > 1:
        raise Incorrect(
            "test_loop returns the accuracy first and the loss second. Return the loss first."
        )
    loop_numbers.look_at_loss(loss, losses, "test_loop")
    loop_numbers.look_at_accuracy(accuracy, bench)
    return "loss and accuracy are means over images: comparable with the loss of train_loop"


def _two_values(found) -> tuple:
    if isinstance(found, (torch.Tensor, np.ndarray)) and found.ndim == 1:
        found = tuple(found)
    if not isinstance(found, (tuple, list)):
        raise Incorrect(
            f"test_loop returns {describe(found)}; expected are two numbers, the loss and the "
            "accuracy, separated by a comma."
        )
    if len(found) != 2:
        raise Incorrect(
            f"test_loop returns {len(found)} values; expected are two, the loss and the accuracy."
        )
    if any(is_blank(value) for value in found):
        raise NotAnswered("there are still dots (...) in what test_loop returns.")
    return tuple(found)


@check("3.7", "Ten epochs")
def training_run(train_losses, test_losses, accuracies) -> str:
    """Right: three lists of the same length, ten epochs or more, of mean losses per image and of
    accuracies between 0 and 1; the training loss is lower at the end than at the start. A run that
    is still on the plateau is right, too."""
    answered(train_losses=train_losses, test_losses=test_losses, accuracies=accuracies)
    lists = {
        "train_losses": train_losses,
        "test_losses": test_losses,
        "accuracies": accuracies,
    }
    numbers = {name: _training_run.numbers(values, name) for name, values in lists.items()}
    _training_run.look_at_lengths(numbers)
    _training_run.look_at_accuracies(numbers["accuracies"], numbers["test_losses"])
    _training_run.look_at_losses(**numbers)
    return "a curve that stays near ln 10 ≈ 2.303 is on a plateau: no mistake, continue training"


@check("3.8", "The learning curves")
def loss_plot(fig, train_losses, test_losses) -> str:
    """Right: a Matplotlib figure (or axes) with both losses over the epochs in the same axes, both
    axes named, and a legend (or text) that tells the two curves apart."""
    answered(fig=fig, train_losses=train_losses, test_losses=test_losses)
    losses = {
        "train_losses": _training_run.numbers(train_losses, "train_losses"),
        "test_losses": _training_run.numbers(test_losses, "test_losses"),
    }
    if not all(losses.values()):
        raise NotAnswered("there are no losses to plot yet: Task 3.7 comes first.")
    axes = _loss_plot.axes_of(fig)
    ax, curves = _loss_plot.find_curves(axes, losses)
    _loss_plot.look_at_words(ax, curves)
    return "both curves are means per image, so the gap between them means something"


@check("3.9", "The learning rate")
def learning_rates(runs, best_learning_rate) -> str:
    """Right: a dictionary of the accuracies per epoch for 1e-3, 1e-2 and 1e-1, ten epochs or more
    each with a new network, of which 1e-1 reaches 0.80; and the rate whose run ends highest."""
    answered(runs=runs, best_learning_rate=best_learning_rate)
    if not isinstance(runs, Mapping):
        raise Incorrect(
            f"runs is {describe(runs)}; expected is a dictionary with the learning rates as keys "
            "and the lists of accuracies as values."
        )
    accuracies = _training_run.runs_by_rate(runs)
    best = _training_run.rate_of(best_learning_rate, "best_learning_rate", accuracies)
    _training_run.look_at_fresh_starts(accuracies)
    _training_run.look_at_best(best, accuracies)
    return "a step 100 times as long crosses the plateau within the first epoch"
