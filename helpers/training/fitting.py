"""``fit``: a whole training, which can be stopped at any time without losing what was learned."""

import math
import time
from collections.abc import Callable, Iterator, Sized
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import Dataset

from helpers.arguments import whole_number
from helpers.datasets import loader
from helpers.network_modes import (
    as_written,
    channels_last,
    checked_network,
    has_one_mode,
    suited,
    widened,
)
from helpers.training.batches import batches_of, images_and_labels, pass_over
from helpers.training.cuda_graph import Stepper
from helpers.training.history import History, Stopped, count_epochs, epoch_line, stopped_text
from helpers.training.loops import device_of, test_loop
from helpers.training.settings import check_data, check_pace, check_schedulers, checked_optimizer
from helpers.training.validation import Best, hold_back

_TEST_BATCH = 1000  # images per batch where no gradient is needed: only memory limits it
_LOSS = nn.CrossEntropyLoss()  # of ``fit``, if none is given
_GO_ON = "To go on: training.fit(..., history=training.last_history())."

_last = History()  # of the last ``fit``, which a stop keeps from returning it


def fit(
    model: nn.Module,
    training_data: Dataset,
    test_data: Dataset,
    num_epochs: int,
    *,
    learning_rate: float | None = None,
    optimizer: torch.optim.Optimizer | None = None,
    batch_size: int = 64,
    scheduler: LRScheduler | None = None,
    epoch_scheduler: LRScheduler | None = None,
    loss_fn: Callable = _LOSS,
    augment: Callable | None = None,
    clip_norm: float | None = None,
    validation: float | None = None,
    seed: int = 0,
    history: History | None = None,
    verbose: bool = True,
    progress=None,
    mixed_precision: bool = False,
    compile_model: bool = False,
) -> History:
    """Train ``model`` for ``num_epochs`` epochs on its own device, with a test after each.

    The optimizer is ``optimizer``, or plain SGD with ``learning_rate`` (0.1 if neither is given;
    giving both is an error). ``scheduler`` changes its rate after each batch, as ``OneCycleLR``
    does, ``epoch_scheduler`` after each epoch, as ``StepLR`` does.

    ``loss_fn`` takes scores and labels and returns the mean over the batch: the cross entropy, if
    none is given; class weights are moved to the device of the model. ``augment`` takes the images
    of a training batch, float32 ``[B, C, H, W]`` on the device of the model, and returns those to
    train on; what it draws, it should draw for each image. ``clip_norm`` shortens the gradient of
    all parameters together to this length where it is longer.

    ``validation`` is a share of the training images, such as 0.1, that is held back: the model is
    not trained on them, but measured after each epoch, and in the end it has the weights with the
    lowest loss on them, those of epoch ``history.best_epoch``. ``augment`` does not touch them.

    ``seed`` fixes the order of the images, and which are held back, and nothing else: for the same
    weights at the start, call ``torch.manual_seed`` before making the model. ``history`` continues
    a former run: the epochs count on, with the orders of the images that would have come next; the
    former history itself stays as it is. ``verbose=False`` prints no line per epoch. ``progress``
    is a run of the panel ``explorers.Training``, which then shows each epoch in place of a line.

    Batches are cut out of memory, and on CUDA the steps are replayed from a graph (``Stepper``
    says when not). The results are those of ``train_loop`` over ``datasets.loader``, to rounding.
    ``mixed_precision`` computes in bfloat16 what may be. ``compile_model`` compiles the network
    first, which takes some ten seconds and needs a C++ compiler, on CUDA also Triton.

    An interrupt (the stop button of Jupyter, Ctrl+C) ends the run cleanly, and the cell with it:
    the model keeps what it has learned, and ``last_history()`` has the complete epochs. A loss that
    is no number any more ends the run alone. Both are said in a sentence, ``history.message``.
    Afterwards the model is in evaluation mode and has no gradients.

    Raises ``ValueError`` if an argument makes no sense, and ``Stopped`` upon an interrupt.
    """
    global _last
    if has_one_mode(checked_network(model)):
        raise ValueError("this network was exported for use: train the one that it was made from")
    given = optimizer is not None
    optimizer = checked_optimizer(model, optimizer, learning_rate)
    check_schedulers(optimizer, given, scheduler=scheduler, epoch_scheduler=epoch_scheduler)
    if clip_norm is not None and not 0 < clip_norm < math.inf:
        raise ValueError(f"clip_norm must be a number above 0, not {clip_norm!r}")
    check_data(training_data=training_data, test_data=test_data)
    num_epochs = whole_number("num_epochs", num_epochs)
    batch_size = whole_number("batch_size", batch_size)
    former = history or History()
    so_far = replace(former, interrupted=False, message="", best_epoch=0)
    done, total = len(so_far), len(so_far) + num_epochs
    epoch = done + 1
    device = device_of(model)
    held_back = []
    if validation is not None:
        training_data, held_back = hold_back(training_data, validation, seed)
    training_batches = batches_of(training_data, batch_size, device, shuffle=True, seed=seed)
    test_batches = batches_of(test_data, _TEST_BATCH, device)
    if scheduler is not None:
        check_pace(scheduler, optimizer, len(training_batches))
    if isinstance(loss_fn, nn.Module):
        loss_fn = loss_fn.to(device)
    stepper = Stepper(
        model,
        loss_fn,
        optimizer,
        scheduler=scheduler,
        augment=augment,
        clip_norm=clip_norm,
        mixed_precision=mixed_precision,
        compile_model=compile_model,
    )
    layout, best = ExitStack(), None
    try:
        if not any(group.get("fused") for group in optimizer.param_groups):  # it mixes layouts up
            layout.enter_context(channels_last(model, test_batches))
        if held_back:
            best = Best(model, batches_of(held_back, _TEST_BATCH, device), loss_fn, former)
            so_far = replace(so_far, best_epoch=best.epoch)
        for _ in range(done):
            pass_over(training_batches)  # the order of an epoch that was trained before
        for epoch in range(done + 1, total + 1):
            start, each = time.perf_counter(), iter
            if progress is not None:
                each = progress.batches
            elif verbose and epoch == done + 1:
                tested = len(test_data) + len(held_back)
                share = 1 + tested / (3 * len(training_data))  # a test has no backward
                each = partial(_with_estimate, num_epochs=num_epochs, share=share, device=device)
            train_loss = stepper.train(training_batches, each)
            test_loss, accuracy = test_loop(test_batches, model, loss_fn)
            if not math.isfinite(train_loss + test_loss):
                so_far = replace(so_far, message=_lost_message(epoch, total, so_far))
                break
            if epoch_scheduler is not None:
                epoch_scheduler.step()
            seconds = time.perf_counter() - start
            figures = so_far.with_epoch(train_loss, test_loss, accuracy, seconds)
            so_far = best.measured(figures) if best is not None else figures
            if progress is not None:
                progress.log(train_loss, test_loss, accuracy)
            elif verbose:
                print(epoch_line(so_far, total), flush=True)
    except KeyboardInterrupt:
        message = f"{stopped_text(len(so_far), total, so_far.best_epoch)} {_GO_ON}"
        so_far = replace(so_far, interrupted=True, message=message)
    finally:
        _last = so_far
        layout.close()
        stepper.close()
        if best is not None:
            best.restore()
        model.eval()
        optimizer.zero_grad()
    if so_far.interrupted:
        raise Stopped(so_far, so_far.message)
    if so_far.message:
        print(so_far.message, flush=True)
    elif verbose and best is not None:
        print(
            f"The network has the weights of epoch {best.epoch}, the best on the images held back.",
            flush=True,
        )
    return so_far


def last_history() -> History:
    """What the last ``fit`` in this kernel has measured, also if it was stopped."""
    return _last


@torch.no_grad()
def predict(model: nn.Module, dataset: Dataset, batch_size: int = _TEST_BATCH) -> torch.Tensor:
    """The probabilities of the classes for every image, float32 ``[N, classes]`` on the CPU.

    The softmax of the scores, in evaluation mode; afterwards the mode is as it was. The network
    computes in its own precision, and as it was written, if it has been compiled.
    Raises ``ValueError`` if ``dataset`` is empty, or ``model`` is no network that computes.
    """
    check_data(dataset=dataset)
    with as_written(model) as model:
        parts = [
            widened(model(suited(images, model))).softmax(dim=1).float()
            for images, _ in map(images_and_labels, loader(dataset, batch_size))
        ]
    return torch.cat(parts).cpu()


def _with_estimate(batches: Sized, num_epochs: int, share: float, device: torch.device) -> Iterator:
    """``batches``, and after a twentieth of them one line: how long the whole run will take.

    The first batches are not timed where there are more: they also pay for the start of the GPU.
    ``share`` is the time of an epoch over that of its training.
    """
    count = len(batches)
    started = min(5 if device.type == "cuda" else 1, count - 1)
    goal = min(count, max(started + 1, count // 20))
    start = time.perf_counter()
    for number, batch in enumerate(batches, start=1):
        yield batch  # comes back when the caller has trained on it
        if number in (started, goal) and device.type == "cuda":
            torch.cuda.synchronize(device)  # Python is ahead of the GPU
        if number == started:
            start = time.perf_counter()
        if number == goal:
            per_batch = (time.perf_counter() - start) / (goal - started)
            whole = per_batch * count * share * num_epochs
            print(f"{count_epochs(num_epochs)}, about {whole:.1f} s", flush=True)


def _lost_message(epoch: int, total: int, history: History) -> str:
    ended = f"Ended in epoch {epoch}/{total}: the loss is no longer a finite number, so "
    has = f"The history has the losses of {count_epochs(len(history))}."
    if history.best_epoch:
        return (
            f"{ended}the network has the weights of epoch {history.best_epoch} again, the best on "
            f"the images held back. {has} Go on with a smaller learning rate."
        )
    return (
        f"{ended}the weights are of no use any more. {has} Make a new network and train it with a "
        "smaller learning rate."
    )
