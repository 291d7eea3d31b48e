"""Task 3.5: right ways, mistakes and their messages, blanks, traces."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from helpers.checks import train_loop as check_train_loop
from helpers.checks.full_cnn import (
    loop_numbers,
)
from tests.checks.full_cnn.parts import SGD, by_hand, device_of, train_solution
from tests.checks.tables import (
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


def train_tutorial(dataloader, model, loss_fn, optimizer):
    """Enumerates, prints, clears first, takes sizes from the data set and a device by name."""
    size, total = len(dataloader.dataset), 0.0
    model.train(True)
    for batch, (X, y) in enumerate(dataloader):
        images, labels = X.to("cuda:1", non_blocking=True), y.cuda()
        optimizer.zero_grad()
        pred = model(images)
        loss = F.cross_entropy(pred, labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * X.size(0)
        print(f"loss {loss.item():>7f} [{batch} of {size}]")
    return total / size


def train_sums(dataloader, model, loss_fn, optimizer):
    """Per-image losses in a list, gradients cleared through the model, a tensor returned."""
    model.to(torch.device("cpu")).train()
    losses = []
    for batch in dataloader:
        X, y = (t.to(device=device_of(model), dtype=t.dtype) for t in batch)
        model.zero_grad()
        scores = model(X)
        each = F.cross_entropy(scores, y, reduction="none")
        losses += each.tolist()
        loss_fn(scores, y).backward()
        optimizer.step()
    return torch.tensor(losses).mean()


def train_by_hand(loader, net, criterion, sgd):
    """Other names, an iterator, as_tensor, keywords, half precision, a running mean."""
    net.train()
    device, mean, seen = device_of(net), 0.0, 0
    batches = iter(loader)
    while seen < len(loader.sampler):
        X, y = (torch.as_tensor(t, device=device) for t in next(batches))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = criterion(input=net.forward(X), target=y)
        for p in net.parameters():
            p.grad = None
        loss.backward()
        sgd.step()
        seen += len(y)
        mean += (loss.item() - mean) * min(loader.batch_size, len(y)) / seen
    return np.float32(mean)


def train_with_a_closure(dataloader, model, loss_fn, optimizer):
    """The step computes loss and gradients itself; the lists are weighed at the end."""
    losses, sizes = [], []
    for _, (X, y) in zip(range(len(dataloader)), dataloader, strict=True):
        model.train(mode=True)
        X, y = X.float().cuda(), torch.asarray(y, device="cuda")

        def closure(X=X, y=y):
            optimizer.zero_grad(set_to_none=False)
            loss = loss_fn(model(X), y)
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
        sizes.append(X.shape[0])
    return np.average(losses, weights=sizes)


RIGHT_TRAIN_LOOPS = [
    train_solution,
    train_tutorial,
    train_sums,
    train_by_hand,
    train_with_a_closure,
]


@pytest.mark.parametrize("right", RIGHT_TRAIN_LOOPS)
def test_train_loop_accepts(right):
    assert_passes(check_train_loop, right)
    assert_no_trace(check_train_loop, right)


def train_with(
    start=lambda model: model.train(),
    move=lambda t, model: t.to(device_of(model)),
    loss=lambda loss_fn, scores, y: loss_fn(scores, y),
    learn=lambda loss, optimizer: (loss.backward(), optimizer.step(), optimizer.zero_grad()),
    add=lambda total, loss, X: total + loss.item() * len(X),
    end=lambda total, loader: total / len(loader.dataset),
    loader=lambda loader: loader,
):
    """A training loop with one step exchanged."""

    def train_loop(dataloader, model, loss_fn, optimizer):
        start(model)
        total = 0.0
        for X, y in loader(dataloader):
            X, y = move(X, model), move(y, model)
            value = loss(loss_fn, model(X), y)
            learn(value, optimizer)
            total = add(total, value, X)
        return end(total, dataloader)

    return train_loop


ALSO_RIGHT = {
    "cleared first": train_with(
        learn=lambda loss, o: (o.zero_grad(), loss.backward(), o.step()),
    ),
    "cleared to 0": train_with(
        learn=lambda loss, o: (loss.backward(), o.step(), o.zero_grad(set_to_none=False)),
    ),
    "cleared twice": train_with(
        learn=lambda loss, o: (o.zero_grad(), loss.backward(), o.step(), o.zero_grad()),
    ),
    "train() in every batch": train_with(move=lambda t, model: t.to(device_of(model.train()))),
    "moved by name": train_with(move=lambda t, model: t.to("cuda")),
    "moved without waiting": train_with(move=lambda t, model: t.to("cpu", non_blocking=True)),
    "moved and copied": train_with(move=lambda t, model: t.to("cpu", copy=True).clone()),
    "moved like a weight": train_with(
        move=lambda t, model: t.to(next(model.parameters()).device, t.dtype)
    ),
    "train(True)": train_with(start=lambda model: model.train(mode=True)),
    "whole images": train_with(move=lambda t, model: t.to("cpu").contiguous()),
    "a sum of tensors": train_with(
        add=lambda total, loss, X: total + loss.detach() * X.shape[0],
        end=lambda total, loader: (total / len(loader.dataset)).item(),
    ),
    "a tensor of one number": train_with(
        add=lambda total, loss, X: total + loss.detach() * len(X),
        end=lambda total, loader: (total / len(loader.dataset)).reshape(1),
    ),
    "four digits": train_with(end=lambda total, loader: round(total / len(loader.dataset), 4)),
    "float32": train_with(end=lambda total, loader: np.float32(total / len(loader.dataset))),
    "the functional loss": train_with(loss=lambda loss_fn, scores, y: F.cross_entropy(scores, y)),
    "in one list": train_with(loader=list),
}


@pytest.mark.parametrize("right", ALSO_RIGHT.values(), ids=ALSO_RIGHT)
def test_train_loop_accepts_other_lines(right):
    assert_passes(check_train_loop, right)


def other_optimizer(dataloader, model, loss_fn, optimizer):
    return train_solution(dataloader, model, loss_fn, SGD(model.parameters(), lr=0.1))


def no_grad_training(dataloader, model, loss_fn, optimizer):
    with torch.no_grad():
        return train_solution(dataloader, model, loss_fn, optimizer)


def first_batch_only(dataloader, model, loss_fn, optimizer):
    model.train()
    for X, y in dataloader:
        X, y = X.to("cpu"), y.to("cpu")
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()


def first_batch_again(dataloader, model, loss_fn, optimizer):
    model.train()
    for _ in range(len(dataloader)):
        X, y = next(iter(dataloader))
        loss_fn(model(X.to("cpu")), y.to("cpu")).backward()
        optimizer.step()
        optimizer.zero_grad()
    return 2.3


def twice(dataloader, *args):
    train_solution(dataloader, *args)
    return train_solution(dataloader, *args)


def until_good(dataloader, model, loss_fn, optimizer):
    while train_solution(dataloader, model, loss_fn, optimizer) > -1:
        pass


def returns_nothing(*args):
    print(train_solution(*args))


def with_accuracy(dataloader, model, loss_fn, optimizer):
    return train_solution(dataloader, model, loss_fn, optimizer), 0.5


def model_first(model, dataloader, loss_fn, optimizer):
    return train_solution(dataloader, model, loss_fn, optimizer)


def called_twice(dataloader, model, loss_fn, optimizer):
    model.train()
    for X, y in dataloader:
        X, y = X.to("cpu"), y.to("cpu")
        print(model(X).argmax(1))
        loss_fn(model(X), y).backward()
        optimizer.step()
        optimizer.zero_grad()
    return 2.3


def one_step(dataloader, model, loss_fn, optimizer):
    model.train()
    for X, y in dataloader:
        loss_fn(model(X.to("cpu")), y.to("cpu")).backward()
    optimizer.step()
    return 2.3


def cleared_once(dataloader, model, loss_fn, optimizer):
    optimizer.zero_grad()
    return train_with(learn=lambda loss, optimizer: (loss.backward(), optimizer.step()))(
        dataloader, model, loss_fn, optimizer
    )


def yields(dataloader, model, loss_fn, optimizer):
    for X, y in dataloader:
        yield loss_fn(model(X), y)


def other_loader(dataloader, model, loss_fn, optimizer):
    real = [(torch.rand(64, 1, 28, 28), torch.arange(64) % 10)] * 938
    return train_solution(real, model, loss_fn, optimizer)


def other_loader_only(dataloader, model, loss_fn, optimizer):
    model(torch.rand(3, 1, 28, 28))


def every_other_batch(dataloader, model, loss_fn, optimizer):
    model.train()
    for number, (X, y) in enumerate(dataloader):
        loss_fn(model(X.to("cpu")), y.to("cpu")).backward()
        if number % 2:
            optimizer.step()
            optimizer.zero_grad()
    return 2.3


def enter(context):
    with context:
        pass


def take_apart(scores):
    _loss, _labels = scores


def small_other_loader(dataloader, model, loss_fn, optimizer):
    data = [(torch.rand(3, 1, 28, 28), torch.arange(3))]
    return train_solution(data, model, loss_fn, optimizer)


def same_batch_forever(dataloader, model, loss_fn, optimizer):
    X, y = next(iter(dataloader))
    while loss_fn(model(X.to("cpu")), y.to("cpu")) > 0:
        pass


def first_batch_thirty_times(dataloader, model, loss_fn, optimizer):
    for _ in range(30):
        next(iter(dataloader))
    return 2.3


def other_model(dataloader, model, loss_fn, optimizer):
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    return train_solution(dataloader, net, loss_fn, SGD(net.parameters(), lr=0.1))


def sum_carried(dataloader, model, loss_fn, optimizer):
    total = 0
    for X, y in dataloader:
        total = total + loss_fn(model(X.to("cpu")), y.to("cpu"))
        total.backward()
    return total.item()


def per_image(dataloader, model, loss_fn, optimizer):
    total = 0
    for X, y in dataloader:
        total = total + F.cross_entropy(model(X.to("cpu")), y.to("cpu"), reduction="none")
    return total.sum()


def with_momentum(dataloader, model, loss_fn, optimizer):
    optimizer.param_groups[0]["momentum"] = 0.9
    return train_solution(dataloader, model, loss_fn, optimizer)


def loads(take):
    """A training loop in which ``take`` makes of the loader what the loop goes through."""
    return lambda dataloader, *others: train_solution(take(dataloader), *others)


def scores_as(change):
    return train_with(loss=lambda loss_fn, scores, y: loss_fn(change(scores), y))


def images_as(change):
    return train_with(move=lambda t, model: change(t.to("cpu")) if t.dim() > 1 else t.to("cpu"))


def calls(function):
    """A training loop whose one line in the loop is ``function`` of all that there is."""

    def train_loop(dataloader, model, loss_fn, optimizer):
        model.train()
        for X, y in dataloader:
            function(X.to("cpu"), y.to("cpu"), model, loss_fn, optimizer)
        return 2.3

    return train_loop


def keep_all(dataloader, model, loss_fn, optimizer):
    return [train_solution(dataloader, model, loss_fn, optimizer)] * 4


TRAIN_LOOPS = {
    "a number": (0.5, "expected is the function itself"),
    "a class": (dict, "expected is the function itself"),
    "two arguments": (lambda dataloader, model: 0.5, "it should work when called as"),
    "arguments in another order": (model_first, "in another order"),
    "raises": (train_with(start=lambda model: 1 / 0), "ZeroDivisionError"),
    "prints only": (returns_nothing, "returns nothing"),
    "model not used": (lambda dataloader, model, loss_fn, optimizer: 2.3, "call model(X)"),
    "loss and accuracy": (with_accuracy, "2 values"),
    "a list": (keep_all, "one number is expected"),
    "text": (train_with(end=lambda total, loader: f"{total:.3f}"), "a number was expected"),
    "nan": (train_with(end=lambda total, loader: math.nan), "a finite number"),
    "on the graph": (
        train_with(add=lambda total, loss, X: total + loss * len(X)),
        "still remembers how it was computed",
    ),
    "nothing moved": (train_with(move=lambda t, model: t), "the images and the labels"),
    "only the images moved": (
        train_with(move=lambda t, model: t.to("cpu") if t.dim() > 1 else t),
        "uses the labels of a batch",
    ),
    "only another type": (
        train_with(move=lambda t, model: t.to(t.dtype)),
        "move X and y to the device",
    ),
    "under no_grad": (no_grad_training, "under torch.no_grad()"),
    "first batch only": (first_batch_only, "only 1 of 4 batches"),
    "first batch again": (first_batch_again, "starts the loader 4 times"),
    "two epochs": (twice, "starts the loader 2 times"),
    "never ends": (until_good, "never ends"),
    "model called twice": (called_twice, "Call model once per batch"),
    "skips a batch": (train_with(loader=lambda loader: list(loader)[:-1]), "smaller, is left out"),
    "softmax": (
        train_with(loss=lambda loss_fn, scores, y: loss_fn(scores.softmax(1), y)),
        "for each image, as after a softmax",
    ),
    "loss swapped": (
        train_with(loss=lambda loss_fn, scores, y: loss_fn(y, scores)),
        "the scores of the network first",
    ),
    "no train()": (train_with(start=lambda model: None), "at the start of train_loop"),
    "eval()": (train_with(start=lambda model: model.eval()), "puts the network into eval mode"),
    "nothing learned": (train_with(learn=lambda loss, optimizer: None), "no step was taken"),
    "no step": (
        train_with(learn=lambda loss, optimizer: (optimizer.zero_grad(), loss.backward())),
        "nothing follows them",
    ),
    "no backward": (train_with(learn=lambda loss, o: (o.zero_grad(), o.step())), "no gradients"),
    "cleared too early": (
        train_with(learn=lambda loss, o: (loss.backward(), o.zero_grad(False), o.step())),
        "between backward() and step()",
    ),
    "cleared too early, to None": (
        train_with(learn=lambda loss, o: (loss.backward(), o.zero_grad(), o.step())),
        "between backward() and step()",
    ),
    "one step": (one_step, "1 step in the whole epoch of 4 batches"),
    "step before backward": (
        train_with(learn=lambda loss, o: (o.step(), o.zero_grad(), loss.backward())),
        "first step comes before",
    ),
    "never cleared": (
        train_with(learn=lambda loss, optimizer: (loss.backward(), optimizer.step())),
        "pile up",
    ),
    "cleared once": (cleared_once, "pile up"),
    "up the slope": (
        train_with(learn=lambda loss, o: ((-loss).backward(), o.step(), o.zero_grad())),
        "wrong direction",
    ),
    "loss multiplied": (
        train_with(learn=lambda loss, o: ((8 * loss).backward(), o.step(), o.zero_grad())),
        "8 times those of the loss",
    ),
    "loss divided": (
        train_with(learn=lambda loss, o: ((loss / 8).backward(), o.step(), o.zero_grad())),
        "0.125 times those of the loss",
    ),
    "loss summed": (
        train_with(loss=lambda loss_fn, scores, y: F.cross_entropy(scores, y, reduction="sum")),
        "no sum",
    ),
    "two steps": (
        train_with(learn=lambda loss, o: (loss.backward(), o.step(), o.step(), o.zero_grad())),
        "there are 8 steps for 4 batches",
    ),
    "two backwards": (
        train_with(
            learn=lambda loss, o: (
                loss.backward(retain_graph=True),
                loss.backward(),
                o.step(),
                o.zero_grad(),
            )
        ),
        "8 calls of backward() for 4 batches",
    ),
    "step, backward, clear": (
        train_with(learn=lambda loss, o: (o.step(), loss.backward(), o.zero_grad())),
        "with backward(), then take the step",
    ),
    "settings changed": (with_momentum, "its momentum was 0 and is 0.9"),
    "learning rate changed": (
        train_with(
            learn=lambda loss, o: (
                loss.backward(),
                o.param_groups[0].update(lr=0.5),
                o.step(),
                o.zero_grad(),
            )
        ),
        "its lr was 0.003 and is 0.5",
    ),
    "gradients clipped": (
        train_with(
            learn=lambda loss, o: (
                loss.backward(),
                torch.nn.utils.clip_grad_value_(o.param_groups[0]["params"], 1e-3),
                o.step(),
                o.zero_grad(),
            )
        ),
        "not where SGD takes them",
    ),
    "every other batch": (every_other_batch, "2 steps in the whole epoch of 4 batches"),
    "loss times 0": (
        train_with(learn=lambda loss, o: ((0 * loss).backward(), o.step(), o.zero_grad())),
        "are gone, or all 0",
    ),
    "half of each batch": (
        train_with(move=lambda t, model: t.to("cpu")[::2]),
        "of 27 images went through the network",
    ),
    "the first image of each batch": (
        train_with(move=lambda t, model: t.to("cpu")[:1]),
        "only 4 of 27 images",
    ),
    "only long batches": (
        loads(lambda loader: [batch for batch in loader if len(batch[0]) == 8][:2]),
        "only 2 of 4 batches",
    ),
    "another loader, no return": (other_loader_only, "passes images through model, but returns"),
    "backward of a loss without a network": (
        calls(lambda X, y, *_: torch.tensor(2.3).backward()),
        "does not know how it was computed",
    ),
    "the model after with": (calls(lambda X, y, net, *_: enter(net.eval())), "nothing that with"),
    "scores taken apart": (calls(lambda X, y, net, *_: take_apart(net(X))), "more parts"),
    "scores changed": (scores_as(torch.relu), "other numbers than the network returned"),
    "scores after sigmoid": (scores_as(torch.sigmoid), "other numbers than the network returned"),
    "best class as scores": (scores_as(lambda s: s.argmax(1).float()), "ten scores per image"),
    "images divided": (images_as(lambda X: X / 255), "changes the numbers of the images"),
    "images changed in place": (images_as(lambda X: X.mul_(2)), "changes the numbers"),
    "images flattened": (images_as(lambda X: X.flatten(1)), "a tensor of shape [8, 784]"),
    "single images": (loads(lambda loader: loader.dataset), "of shape [1, 28, 28]"),
    "counting the loader": (loads(enumerate), "in enumerate(dataloader)"),
    "a range": (loads(lambda loader: range(len(loader))), "a number cannot be taken apart"),
    "the loader at once": (loads(lambda loader: [loader]), "taken batch by batch"),
    "another loader": (other_loader, "other data than the loader it is given"),
    "another small loader": (small_other_loader, "other data than the loader it is given"),
    "the same batch forever": (same_batch_forever, "calls the network again and again"),
    "the first batch forever": (first_batch_thirty_times, "starts the loader again and again"),
    "another model": (other_model, "never passed a batch through model"),
    "yield": (yields, "Leave yield out"),
    "a sum carried on": (sum_carried, "twice for the same batch"),
    "losses not summed": (per_image, ".sum() adds up"),
    "item too early": (
        train_with(loss=lambda loss_fn, scores, y: loss_fn(scores, y).item()),
        "called on a plain number",
    ),
    "detached": (scores_as(torch.Tensor.detach), "without detach()"),
    "labels for the model": (calls(lambda X, y, net, *_: net(X, y)), "more than the images"),
    "loader for the model": (
        lambda dataloader, model, loss_fn, optimizer: model(dataloader),
        "the whole loader",
    ),
    "labels through the model": (calls(lambda X, y, net, *_: net(y)), "of shape [8];"),
    "model as scores": (calls(lambda X, y, net, loss, o: loss(net, y)), "the network itself"),
    "forward as scores": (calls(lambda X, y, net, loss, o: loss(net.forward, y)), "model(X), and"),
    "images as scores": (calls(lambda X, y, net, loss, o: loss(X, y)), "ten scores per image"),
    "one-hot labels": (
        calls(lambda X, y, net, loss, o: loss(net(X), F.one_hot(y, 10))),
        "labels of shape [8, 10]",
    ),
    "loss of nothing": (calls(lambda X, y, net, loss, o: loss()), "nothing in its parentheses"),
    "backward of loss_fn": (calls(lambda X, y, net, loss, o: loss.backward()), "only computes"),
    "step of the model": (calls(lambda X, y, net, loss, o: net.step()), "optimizer.step()"),
    "train of the optimizer": (calls(lambda X, y, net, loss, o: o.train()), "as in model.train()"),
    "eval of the optimizer": (calls(lambda X, y, net, loss, o: o.eval()), "as in model.eval()"),
    "misspelled": (calls(lambda X, y, net, loss, o: o.zerograd()), "'SGD' object has no"),
    "misspelled in the loss": (calls(lambda X, y, net, loss, o: loss.x()), "'CrossEntropyLoss' "),
    "misspelled in the model": (calls(lambda X, y, net, loss, o: net.x()), "'ConvNet' object"),
    "misspelled in the loader": (loads(lambda loader: loader.x), "'DataLoader' object"),
    "loss without labels": (calls(lambda X, y, net, loss, o: loss(net(X))), "loss_fn missing 1"),
    "not moved, only copied": (
        train_with(move=lambda t, model: torch.as_tensor(t)),
        "move X and y to the device",
    ),
    "another optimizer": (other_optimizer, "another optimizer"),
    "mean of batches": (
        train_with(
            add=lambda total, loss, X: total + loss.item(),
            end=lambda total, loader: total / len(loader),
        ),
        "the mean over the batches",
    ),
    "last batch": (
        train_with(
            add=lambda total, loss, X: loss.item(),
            end=lambda total, loader: total,
        ),
        "that of the last batch alone",
    ),
    "sum over images": (train_with(end=lambda total, loader: total), "the sum over all images"),
    "sum over batches": (
        train_with(add=lambda total, loss, X: total + loss.item(), end=lambda total, loader: total),
        "the sum over the batches",
    ),
    "divided twice": (
        train_with(add=lambda total, loss, X: total + loss.item()),
        "loss_fn gives the mean",
    ),
    "batch size typed in": (
        train_with(end=lambda total, loader: total / (8 * len(loader))),
        "divided by batches times batch size",
    ),
    "rounded": (
        train_with(end=lambda total, loader: round(total / len(loader.dataset), 2)),
        "is 1.47 where 1.4687 is right, as if rounded or cut off",
    ),
    "rounded to one digit": (
        train_with(end=lambda total, loader: round(total / len(loader.dataset), 1)),
        "is 1.5 where 1.4687 is right",
    ),
    "read back from text": (
        train_with(end=lambda total, loader: float(f"{total / len(loader.dataset):.2f}")),
        "round only what you print",
    ),
    "cut off": (
        train_with(end=lambda total, loader: total // len(loader.dataset)),
        "is 1 where 1.4687 is right",
    ),
    "64 images in each batch": (
        train_with(add=lambda total, loss, X: total + loss.item() * 64),
        "the sum of 64 times the mean loss of each batch, divided by the number of images",
    ),
    "64 images in each batch of 60,000": (
        train_with(
            add=lambda total, loss, X: total + loss.item() * 64,
            end=lambda total, loader: total / 60_000,
        ),
        "divided by 60,000. The last batch is smaller",
    ),
    "the loader's batch size in each batch": (
        lambda dataloader, *others: train_with(
            add=lambda total, loss, X: total + loss.item() * dataloader.batch_size
        )(dataloader, *others),
        "the sum of batch size times the mean loss of each batch",
    ),
    "938 typed in": (
        train_with(end=lambda total, loader: total / 938),
        "divided by 938. That number is true of the notebook's own data only",
    ),
    "mean loss divided by the batch's size": (
        train_with(add=lambda total, loss, X: total + loss.item() / len(X)),
        "each divided by its number of images, divided by the number of images",
    ),
    "a running mean": (
        train_with(
            add=lambda total, loss, X: (total + loss.item()) / 2, end=lambda total, loader: total
        ),
        "so that the last ones count most",
    ),
    "the best batch": (
        train_with(
            add=lambda total, loss, X: min(total or 9, loss.item()),
            end=lambda total, loader: total,
        ),
        "the smallest of the batches' mean losses",
    ),
    "the worst batch": (
        train_with(
            add=lambda total, loss, X: max(total, loss.item()), end=lambda total, loader: total
        ),
        "the largest of the batches' mean losses",
    ),
    "something else": (
        train_with(end=lambda total, loader: 7.5),
        "for these batches it should be",
    ),
}


@pytest.mark.parametrize("answer, fragment", TRAIN_LOOPS.values(), ids=TRAIN_LOOPS)
def test_train_loop_explains(answer, fragment):
    assert_incorrect(check_train_loop, fragment, answer)


@pytest.mark.parametrize("wrong, what", loop_numbers.other_losses(by_hand()[0]).items())
def test_train_loop_names_each_wrong_mean(wrong, what):
    assert_incorrect(check_train_loop, what, lambda *args: (train_solution(*args), wrong)[1])


def test_train_loop_leaves_no_trace_after_mistakes():
    assert_no_trace(check_train_loop, no_grad_training)
    assert_no_trace(check_train_loop, lambda *args: torch.set_grad_enabled(False))


def train_stub(dataloader, model, loss_fn, optimizer): ...


def train_ends_with_dots(dataloader, model, loss_fn, optimizer):
    train_solution(dataloader, model, loss_fn, optimizer)
    return ...


def train_half(dataloader, model, loss_fn, optimizer):
    total = ...
    for X, y in dataloader:
        loss = loss_fn(model(X.to("cpu")), y.to("cpu"))
        total = total + loss.item()
    return total


@pytest.mark.parametrize("blank", [..., None, train_stub, train_half, lambda a, b, c, d: ...])
def test_train_loop_blank(blank):
    assert_blank(check_train_loop, blank)


def test_train_loop_tells_dots_from_nothing():
    assert "returns dots (...)" in assert_blank(check_train_loop, train_ends_with_dots)
    assert "takes no batch from dataloader" in assert_blank(check_train_loop, train_stub)
