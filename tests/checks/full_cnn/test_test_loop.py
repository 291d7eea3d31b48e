"""Task 3.6: right ways, mistakes and their messages, blanks, traces."""

from itertools import combinations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from helpers.checks import test_loop as check_test_loop
from helpers.checks.full_cnn import (
    loop_behaviour,
    loop_by_hand,
    loop_numbers,
    loop_recorder,
)
from tests.checks.full_cnn.parts import SGD, by_hand, device_of, train_solution
from tests.checks.tables import (
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


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
    "backward of a number": (
        test_with(work=lambda loss, model: loss.item().backward()),
        "a test computes no gradients",
    ),
    "backward twice": (
        test_with(
            guard=torch.enable_grad, work=lambda loss, model: (loss.backward(), loss.backward())
        ),
        "a test computes no gradients",
    ),
    "a step": (test_with(work=lambda loss, model: model.step()), "a test takes no steps"),
    "training of the loader": (
        test_with(end=lambda loss, n, loader: loader.train()),
        "train() belongs to the network, as in model.train().",
    ),
    "train()": (test_with(start=lambda model: model.train()), "in training mode during the test"),
    "eval without parentheses": (
        test_with(start=lambda model: model.eval),
        "Call model.eval(), with parentheses",
    ),
    "nothing but a sum": (test_returns(lambda loss, a: loss + a), "expected are two numbers"),
    "a tensor of two rows": (
        test_returns(lambda loss, a: torch.tensor([[loss], [a]])),
        "expected are two numbers",
    ),
    "one value in a tuple": (
        test_returns(lambda loss, a: (loss,)),
        "returns 1 value; expected are two",
    ),
    "loss in thousandths": (
        test_returns(lambda loss, a: (1000 * loss, a)),
        "for these batches it should be 1.4283",
    ),
    "loss negative": (test_returns(lambda loss, a: (-loss, a)), "negative. Leave out the minus"),
    "loss not a number": (test_returns(lambda loss, a: (loss * float("nan"), a)), "a finite"),
    "accuracy as a text in percent": (
        test_returns(lambda loss, a: (loss, f"{100 * a:.0f}%")),
        "the accuracy that test_loop returns is the text '70%'",
    ),
    "accuracy true": (test_returns(lambda loss, a: (loss, a > 0.5)), "a number was expected"),
    "64 for each batch": (
        test_with(end=lambda loss, n, loader: (loss / 27, n / (64 * len(loader)))),
        "divided by 64 times the number of batches. That number is true of the notebook's own",
    ),
    "10,000 typed in": (
        test_with(end=lambda loss, n, loader: (loss / 27, n / 10_000)),
        "the number of right images, divided by 10,000",
    ),
    "loss over 10,000": (
        test_with(end=lambda loss, n, loader: (loss / 10_000, n / 27)),
        "the sum over all images of their losses, divided by 10,000",
    ),
    "loss of 64 in each batch": (
        test_with(add=lambda total, loss, X: total + 64 * loss.item()),
        "the sum of 64 times the mean loss of each batch, divided by the number of images",
    ),
    "157 typed in": (
        test_with(
            add=lambda total, loss, X: total + loss.item(),
            end=lambda loss, n, loader: (loss / 157, n / 27),
        ),
        "the sum over the batches of their mean losses, divided by 157",
    ),
    "right images of the last batch": (
        test_with(count=lambda total, hits: hits.sum().item()),
        "the number of right images in the last batch alone, divided by the number of images",
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
        "for each image, as after a softmax",
    ),
    "another accuracy": (test_returns(lambda loss, accuracy: (loss, 0.62)), "it should be 0.7037"),
    "accuracy rounded": (
        test_returns(lambda loss, accuracy: (loss, round(accuracy, 2))),
        "the accuracy that test_loop returns is 0.7 where 0.7037 is right, as if rounded",
    ),
    "accuracy to one digit": (test_returns(lambda loss, a: (loss, round(a, 1))), "as if rounded"),
    "loss rounded": (
        test_returns(lambda loss, accuracy: (round(loss, 2), accuracy)),
        "the loss that test_loop returns is 1.43 where 1.4283 is right, as if rounded",
    ),
    "loss rounded by torch": (
        test_returns(lambda loss, a: (torch.tensor(loss).round(decimals=2), a)),
        "as if rounded",
    ),
    "loss cut off": (test_returns(lambda loss, accuracy: (int(loss), accuracy)), "or cut off"),
    "both rounded": (test_returns(lambda loss, a: (round(loss, 1), round(a, 1))), "as if rounded"),
    "nothing in place of a number": (
        test_returns(lambda loss, accuracy: (loss, print(accuracy))),
        "returns None in place of a number",
    ),
    "nothing in place of the loss": (
        test_returns(lambda loss, accuracy: (None, accuracy)),
        "returns None in place of a number",
    ),
    "accuracy and a large number": (
        test_returns(lambda loss, accuracy: (accuracy, 27 * loss)),
        "the loss that test_loop returns is 0.703704; for these batches it should be 1.4283",
    ),
    "accuracy twice": (
        test_returns(lambda loss, accuracy: (accuracy, accuracy)),
        "That is the loss of every image",
    ),
    "a dictionary": (test_returns(lambda loss, accuracy: {"loss": loss}), "expected are two"),
    "loss in brackets": (test_returns(lambda loss, accuracy: ([loss], accuracy)), "in brackets"),
    "argmax over the batch": (test_with(best=lambda s: s.argmax(0)), "dimension of the classes"),
    "argmax over all": (test_with(best=lambda s: s.argmax()), "look along the dimension"),
    "lowest score": (test_with(best=lambda s: s.argmin(1)), "accuracy that test_loop returns is"),
    **{
        f"among the {k} highest": (
            test_with(best=lambda s, k=k: s.topk(k).indices.T),  # [k, N], compared with y, [N]
            f"is among the {k} highest scores",
        )
        for k in range(2, 8)
    },
    "highest but one": (
        test_with(best=lambda s: s.kthvalue(9).indices),
        "the accuracy that test_loop returns is",
    ),
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
        "the sum of the batches' accuracies, divided by the number of images",
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


ALSO_RIGHT = {
    "as given": test_with(),
    "inference mode": test_with(guard=torch.inference_mode),
    "train(False)": test_with(start=lambda model: model.train(False)),
    "highest of softmax": test_with(best=lambda s: s.softmax(1).argmax(1)),
    "max": test_with(best=lambda s: torch.max(s, 1)[1]),
    "the last of the order": test_with(best=lambda s: s.argsort(1)[:, -1]),
    "topk of one": test_with(best=lambda s: s.topk(1).indices.squeeze(1)),
    "argmax of the last dimension": test_with(best=lambda s: torch.argmax(s, dim=-1)),
    "counted as floats": test_with(count=lambda total, hits: total + hits.float().sum().item()),
    "counted by torch": test_with(count=lambda total, hits: total + torch.count_nonzero(hits)),
    "a list": test_returns(lambda loss, accuracy: [loss, accuracy]),
    "a tensor": test_returns(lambda loss, accuracy: torch.tensor([loss, accuracy])),
    "floats of NumPy": test_returns(lambda loss, a: (np.float64(loss), np.float32(a))),
    "four digits": test_returns(lambda loss, a: (round(loss, 4), round(a, 4))),
    "moved by name": test_with(move=lambda t, model: t.to("mps")),
    "moved by cuda()": test_with(move=lambda t, model: t.cuda()),
}


@pytest.mark.parametrize("right", ALSO_RIGHT.values(), ids=ALSO_RIGHT)
def test_test_loop_accepts_other_lines(right):
    assert_passes(check_test_loop, right)


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
        assert len(values) > 60
        for one, other in combinations(values, 2):
            assert not loop_numbers._same(one, other), (one, other)
    assert right > 1  # a loss that cannot be taken for an accuracy
    piled_up, _ = loop_by_hand.trained(batches, weight, accumulate=True)
    assert not loop_behaviour._moved_alike(piled_up, after, weight)
    accuracies = [
        sum(loop_recorder.RIGHT) / loop_recorder.TOTAL,
        *loop_numbers.other_accuracies(bench),
    ]
    assert len(accuracies) > 40
    for one, other in combinations(accuracies, 2):
        assert not loop_numbers._same(one, other), (one, other)
    hits = [(bench.model(x).argmax(1) == y).sum().item() for x, y in batches]
    assert tuple(hits) == loop_recorder.RIGHT


def test_the_reference_of_the_training_is_what_autograd_and_sgd_do():
    bench = loop_recorder.bench()
    before = bench.model.weight.detach().clone()
    value = train_solution(bench.loader, bench.model, bench.loss_fn, bench.optimizer)
    expected, losses = loop_by_hand.trained(bench.batches(), before)
    assert torch.allclose(bench.model.weight, expected, rtol=1e-4, atol=1e-6)
    assert value == pytest.approx(loop_numbers.weighted(losses), rel=1e-5)
