"""Checks of tasks 3.5 and 3.6: loops in several ways of writing, mistakes by their message."""

import contextlib
import io
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from helpers.checks import CheckError
from helpers.checks import test_loop as check_test_loop
from helpers.checks import train_loop as check_train_loop
from helpers.checks.full_cnn import (
    loop_behaviour,
    loop_by_hand,
    loop_errors,
    loop_numbers,
    loop_recorder,
)
from tests.checks.tables import (
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)

SGD = torch.optim.SGD

# ----------------------------------------------------------------------------- 3.5


def device_of(model):
    return next(model.parameters()).device


def train_solution(dataloader, model, loss_fn, optimizer):
    device = next(model.parameters()).device
    model.train()
    loss_sum, num_images = 0.0, 0
    for X, y in dataloader:
        X, y = X.to(device), y.to(device)
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss_sum += loss.detach() * len(X)
        num_images += len(X)
    return float(loss_sum / num_images)


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
        "a softmax was there before",
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
    "one step": (one_step, "one step in the whole epoch"),
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
    "settings changed": (with_momentum, "not where SGD takes them"),
    "scores changed": (scores_as(torch.relu), "other numbers than the network returned"),
    "scores after sigmoid": (scores_as(torch.sigmoid), "other numbers than the network returned"),
    "best class as scores": (scores_as(lambda s: s.argmax(1).float()), "ten scores per image"),
    "images divided": (images_as(lambda X: X / 255), "changes the numbers of the images"),
    "images changed in place": (images_as(lambda X: X.mul_(2)), "changes the numbers"),
    "images flattened": (images_as(lambda X: X.flatten(1)), "a tensor of shape [8, 784]"),
    "single images": (loads(lambda loader: loader.dataset), "of shape [1, 28, 28]"),
    "counting the loader": (loads(enumerate), "in enumerate(dataloader)"),
    "a range": (loads(lambda loader: range(len(loader))), "runs over numbers"),
    "the loader at once": (loads(lambda loader: [loader]), "Take it batch by batch"),
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
        ".item() comes too early",
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
    "train of the optimizer": (calls(lambda X, y, net, loss, o: o.train()), "model.train()"),
    "eval of the optimizer": (calls(lambda X, y, net, loss, o: o.eval()), "model.eval()"),
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
    "divided twice": (train_with(add=lambda total, loss, X: total + loss.item()), "too small"),
    "batch size typed in": (
        train_with(end=lambda total, loader: total / (8 * len(loader))),
        "divided by batches times batch size",
    ),
    "something else": (
        train_with(end=lambda total, loader: 7.5),
        "for these batches it should be",
    ),
}


@pytest.mark.parametrize("answer, fragment", TRAIN_LOOPS.values(), ids=TRAIN_LOOPS)
def test_train_loop_explains(answer, fragment):
    assert_incorrect(check_train_loop, fragment, answer)


def by_hand() -> tuple[list[float], list[float]]:
    """The loss of each batch of the bench while training, and before it."""
    bench = loop_recorder.bench()
    _, losses = loop_by_hand.trained(bench.batches(), bench.model.weight)
    return losses, [F.cross_entropy(bench.model(x), y).item() for x, y in bench.batches()]


@pytest.mark.parametrize("wrong, what", loop_numbers.other_losses(by_hand()[0]).items())
def test_train_loop_names_each_wrong_mean(wrong, what):
    assert_incorrect(check_train_loop, what, lambda *args: (train_solution(*args), wrong)[1])


def test_each_error_is_met_by_a_mistake_above():
    messages = {_message(check_train_loop, answer) for answer, _ in TRAIN_LOOPS.values()}
    messages |= {_message(check_test_loop, answer) for answer, _ in TEST_LOOPS.values()}
    assert {advice for _, advice in loop_errors.ADVICE} <= messages


def _message(check, answer) -> str:
    with contextlib.redirect_stdout(io.StringIO()), pytest.raises(CheckError) as caught:
        check(answer)
    return caught.value.message


def test_train_loop_leaves_no_trace_after_mistakes():
    assert_no_trace(check_train_loop, no_grad_training)
    assert_no_trace(check_train_loop, lambda *args: torch.set_grad_enabled(False))


def train_stub(dataloader, model, loss_fn, optimizer): ...


def train_half(dataloader, model, loss_fn, optimizer):
    total = ...
    for X, y in dataloader:
        loss = loss_fn(model(X.to("cpu")), y.to("cpu"))
        total = total + loss.item()
    return total


@pytest.mark.parametrize("blank", [..., None, train_stub, train_half, lambda a, b, c, d: ...])
def test_train_loop_blank(blank):
    assert_blank(check_train_loop, blank)


# ----------------------------------------------------------------------------- 3.6


def test_solution(dataloader, model, loss_fn):
    device = next(model.parameters()).device
    model.eval()
    loss_sum, num_correct, num_images = 0.0, 0, 0
    with torch.no_grad():
        for X, y in dataloader:
            X, y = X.to(device), y.to(device)
            scores = model(X)
            loss_sum += loss_fn(scores, y) * len(X)
            num_correct += (scores.argmax(dim=1) == y).sum()
            num_images += len(X)
    return float(loss_sum / num_images), float(num_correct / num_images)


test_solution.__test__ = False  # a student's function, not a test of ours


@torch.inference_mode()
def tutorial_test(dataloader, model, loss_fn):
    """A decorator, tensors returned in a list, back to training mode at the end."""
    model.train(False)
    size = len(dataloader.dataset)
    loss = correct = torch.zeros(())
    for X, y in dataloader:
        X, y = X.to("mps"), y.to("mps")
        pred = model(X)
        loss = loss + loss_fn(pred, y) * y.numel()
        correct = correct + (pred.argmax(1) == y).type(torch.float).sum()
    model.train()
    print(f"Accuracy: {100 * correct / size:>0.1f}%")
    return [loss / size, correct / size]


def collected_test(dataloader, model, loss_fn):
    """All scores first, then one call of the loss."""
    model.eval()
    with torch.no_grad():
        pairs = [(model(X.to(device_of(model))), y.to(device_of(model))) for X, y in dataloader]
        scores, y = (torch.cat(column) for column in zip(*pairs, strict=True))
        loss = loss_fn(scores, y).item()
    return loss, np.mean(scores.max(dim=1).indices.numpy() == y.numpy())


def array_test(loader, net, criterion):
    """Switches gradients off and on by itself; as_tensor; the two numbers in an array."""
    net.eval()
    hits = losses = 0
    torch.set_grad_enabled(False)
    for X, y in loader:
        X, y = torch.as_tensor(X, device="cpu"), torch.asarray(y, device="cpu")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = net(X)
        losses += F.cross_entropy(scores, y, reduction="sum").item()
        hits += sum(
            a == b for a, b in zip(scores.topk(1)[1][:, 0].tolist(), y.tolist(), strict=True)
        )
    torch.set_grad_enabled(True)
    net.train()
    return np.array([losses, hits]) / len(loader.dataset)


@pytest.mark.parametrize("right", [test_solution, tutorial_test, collected_test, array_test])
def test_test_loop_accepts(right):
    assert_passes(check_test_loop, right)
    assert_no_trace(check_test_loop, right)


def test_with(
    start=lambda model: model.eval(),
    guard=torch.no_grad,
    move=lambda t, model: t.to(device_of(model)),
    best=lambda scores: scores.argmax(1),
    work=lambda loss, model: None,
    add=lambda total, loss, X: total + loss.item() * len(X),
    count=lambda total, hits: total + hits.sum().item(),
    end=lambda loss, correct, loader: (loss / len(loader.dataset), correct / len(loader.dataset)),
):
    """A test loop with one step exchanged."""

    def test_loop(dataloader, model, loss_fn):
        start(model)
        total = correct = 0
        with guard():
            for X, y in dataloader:
                X, y = move(X, model), move(y, model)
                scores = model(X)
                loss = loss_fn(scores, y)
                work(loss, model)
                total = add(total, loss, X)
                correct = count(correct, best(scores) == y)
        return end(total, correct, dataloader)

    return test_loop


test_with.__test__ = False


def trains(dataloader, model, loss_fn):
    model.eval()
    return train_solution(dataloader, model, loss_fn, SGD(model.parameters(), lr=0.1)), 0.5


def switched_off(dataloader, model, loss_fn):
    torch.set_grad_enabled(False)
    return test_solution(dataloader, model, loss_fn)


def guard_without_parentheses(dataloader, model, loss_fn):
    model.eval()
    with torch.no_grad:
        return test_solution(dataloader, model, loss_fn)


def model_first_test(model, dataloader, loss_fn):
    return test_solution(dataloader, model, loss_fn)


def test_returns(change):
    return lambda dataloader, model, loss_fn: change(*test_solution(dataloader, model, loss_fn))


test_returns.__test__ = False

TEST_LOOPS = {
    "a number": (0.5, "expected is the function itself"),
    "arguments in another order": (model_first_test, "in another order"),
    "four arguments": (train_solution, "it should work when called as"),
    "returns nothing": (test_returns(lambda loss, accuracy: None), "returns nothing"),
    "loss only": (test_returns(lambda loss, accuracy: loss), "expected are two numbers"),
    "three values": (test_returns(lambda loss, accuracy: (loss, accuracy, 1)), "returns 3 values"),
    "text": (test_returns(lambda loss, accuracy: (loss, f"{accuracy:.1%}")), "a number was"),
    "swapped": (test_returns(lambda loss, accuracy: (accuracy, loss)), "Return the loss first"),
    "nothing moved": (test_with(move=lambda t, model: t), "the images and the labels"),
    "no eval()": (test_with(start=lambda model: None), "Call model.eval()"),
    "no no_grad": (test_with(guard=lambda: torch.enable_grad()), "torch.no_grad()"),
    "backward": (
        test_with(guard=torch.enable_grad, work=lambda loss, model: loss.backward()),
        "needs no backward()",
    ),
    "trains": (trains, "A test only measures"),
    "gradients left off": (switched_off, "leaves gradients switched off"),
    "no_grad without parentheses": (guard_without_parentheses, "without its parentheses"),
    "backward under no_grad": (
        test_with(work=lambda loss, model: loss.backward()),
        "a test computes no gradients",
    ),
    "scores against labels": (test_with(best=lambda s: s), "ten numbers were compared"),
    "max gives two things": (test_with(best=lambda s: s.max(1)), "argmax(dim=1) gives the classes"),
    "the score, not its place": (test_with(best=lambda s: s.amax(1)), "not one image counts"),
    "rounded up": (test_returns(lambda loss, accuracy: (loss, round(accuracy))), "every image"),
    "hits not summed": (
        test_with(count=lambda total, hits: total + hits),
        ".sum() adds up",
    ),
    "softmax": (
        test_with(best=lambda s: s.softmax(1).argmax(1), guard=torch.enable_grad),
        "torch.no_grad()",
    ),
    "first batch only": (
        lambda dataloader, *others: test_solution(list(dataloader)[:1], *others),
        "only 1 of 4 batches",
    ),
    "model called twice": (
        lambda *args: (test_solution(*args), test_solution(list(args[0]), *args[1:]))[0],
        "starts the loader 2 times",
    ),
    "softmax before the loss": (
        lambda dataloader, model, loss_fn: test_solution(
            dataloader, model, lambda scores, y: loss_fn(scores.softmax(1), y)
        ),
        "a softmax was there before",
    ),
    "another accuracy": (test_returns(lambda loss, accuracy: (loss, 0.7)), "it should be 0.5556"),
    "a dictionary": (test_returns(lambda loss, accuracy: {"loss": loss}), "expected are two"),
    "loss in brackets": (test_returns(lambda loss, accuracy: ([loss], accuracy)), "in brackets"),
    "argmax over the batch": (test_with(best=lambda s: s.argmax(0)), "dimension of the classes"),
    "argmax over all": (test_with(best=lambda s: s.argmax()), "look along the dimension"),
    "lowest score": (test_with(best=lambda s: s.argmin(1)), "accuracy that test_loop returns is"),
    "percent": (test_returns(lambda loss, accuracy: (loss, 100 * accuracy)), "in percent"),
    "count": (test_returns(lambda loss, accuracy: (loss, 27 * accuracy)), "the number of right"),
    "count per batch": (
        test_with(end=lambda loss, n, loader: (loss / 27, n / len(loader))),
        "divided by the number of batches",
    ),
    "mean of accuracies": (
        test_with(
            count=lambda total, hits: total + hits.float().mean().item(),
            end=lambda loss, n, loader: (loss / 27, n / len(loader)),
        ),
        "the accuracy that test_loop returns is the mean over the batches",
    ),
    "sum of accuracies over images": (
        test_with(count=lambda total, hits: total + hits.float().mean().item()),
        "a sum of the batches' accuracies divided",
    ),
    "accuracy of the last batch": (
        test_with(
            count=lambda total, hits: hits.float().mean().item(),
            end=lambda loss, n, loader: (loss / 27, n),
        ),
        "that of the last batch alone",
    ),
    "wrong ones counted": (
        test_returns(lambda loss, accuracy: (loss, 1 - accuracy)),
        "the share of wrong images",
    ),
    "mean loss of batches": (
        test_with(
            add=lambda total, loss, X: total + loss.item(),
            end=lambda loss, n, loader: (loss / len(loader), n / 27),
        ),
        "the loss that test_loop returns is the mean over the batches",
    ),
    "loss of the last batch": (
        test_with(
            add=lambda total, loss, X: loss.item(), end=lambda loss, n, loader: (loss, n / 27)
        ),
        "that of the last batch alone",
    ),
    "loss summed": (test_with(end=lambda loss, n, loader: (loss, n / 27)), "sum over all images"),
}


@pytest.mark.parametrize("answer, fragment", TEST_LOOPS.values(), ids=TEST_LOOPS)
def test_test_loop_explains(answer, fragment):
    assert_incorrect(check_test_loop, fragment, answer)


@pytest.mark.parametrize("wrong, what", loop_numbers.other_losses(by_hand()[1]).items())
def test_test_loop_names_each_wrong_mean(wrong, what):
    assert_incorrect(check_test_loop, what, test_returns(lambda loss, accuracy: (wrong, accuracy)))


@pytest.mark.parametrize(
    "wrong, what", loop_numbers.other_accuracies(loop_recorder.bench()).items()
)
def test_test_loop_names_each_wrong_accuracy(wrong, what):
    assert_incorrect(check_test_loop, what, test_returns(lambda loss, accuracy: (loss, wrong)))


def test_test_loop_leaves_no_trace_after_mistakes():
    assert_no_trace(check_test_loop, switched_off)


def empty_test_loop(dataloader, model, loss_fn): ...


@pytest.mark.parametrize(
    "blank",
    [..., None, empty_test_loop, test_returns(lambda loss, accuracy: (loss, ...))],
)
def test_test_loop_blank(blank):
    assert_blank(check_test_loop, blank)


def test_the_bench_tells_mistakes_apart():
    """Each wrong way to take a mean gives another number than the right one and the others."""
    bench = loop_recorder.bench()
    batches = bench.batches()
    weight = bench.model.weight.detach()
    after, _ = loop_by_hand.trained(batches, weight)
    for losses in by_hand():
        right = loop_numbers.weighted(losses)
        values = [right, *loop_numbers.other_losses(losses)]
        assert len(values) == 19
        for i, one in enumerate(values):
            for other in values[i + 1 :]:
                assert abs(one - other) > 0.005 * abs(one), (one, other)
    assert right > 1  # a loss that cannot be taken for an accuracy
    piled_up, _ = loop_by_hand.trained(batches, weight, accumulate=True)
    assert not loop_behaviour._moved_alike(piled_up, after, weight)
    accuracies = [
        sum(loop_recorder.RIGHT) / loop_recorder.TOTAL,
        *loop_numbers.other_accuracies(bench),
    ]
    assert len(accuracies) == 17
    assert len({round(value, 4) for value in accuracies}) == len(accuracies)
    hits = [(bench.model(x).argmax(1) == y).sum().item() for x, y in batches]
    assert tuple(hits) == loop_recorder.RIGHT


def test_the_reference_of_the_training_is_what_autograd_and_sgd_do():
    bench = loop_recorder.bench()
    before = bench.model.weight.detach().clone()
    value = train_solution(bench.loader, bench.model, bench.loss_fn, bench.optimizer)
    expected, losses = loop_by_hand.trained(bench.batches(), before)
    assert torch.allclose(bench.model.weight, expected, rtol=1e-4, atol=1e-6)
    assert value == pytest.approx(loop_numbers.weighted(losses), rel=1e-5)
