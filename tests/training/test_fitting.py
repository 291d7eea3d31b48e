"""``fit``: its figures, its modes, its ways to end, and what it refuses."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.datasets import ImageDataset, loader
from helpers.training import History, fit, last_history, predict
from tests.training.fakes import (
    Recorder,
    fake_images,
    interrupt_at,
    needs_gpu,
    quiet_fit,
    sgd,
    small_net,
    stopped,
)

LISTS = ("train_losses", "test_losses", "accuracies", "seconds")


# The figures


def test_fit_equals_a_plain_loop():
    data, tests, plain, model = fake_images(50), fake_images(30, seed=1), small_net(), small_net()
    optimizer, batches = sgd(plain), loader(data, 16, shuffle=True, seed=3)
    train_losses, test_losses, accuracies = [], [], []
    for _ in range(3):
        total = 0.0
        for images, labels in batches:
            loss = F.cross_entropy(plain(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
        train_losses.append(total / 50)
        with torch.no_grad():
            images, labels = tests[range(30)]
            test_losses.append(F.cross_entropy(plain(images), labels).item())
            accuracies.append((plain(images).argmax(1) == labels).float().mean().item())
    history = fit(model, data, tests, 3, batch_size=16, seed=3, verbose=False)
    assert history.train_losses == pytest.approx(train_losses, rel=1e-5)
    assert history.test_losses == pytest.approx(test_losses, rel=1e-5)
    assert history.accuracies == pytest.approx(accuracies)
    assert history.train_losses[-1] < history.train_losses[0] - 0.05
    for mine, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_fit_trains_with_sgd_at_a_tenth_or_with_what_is_given():
    model = small_net()
    default = quiet_fit(small_net()).train_losses
    assert default == quiet_fit(small_net(), learning_rate=0.1).train_losses
    assert default == quiet_fit(model, optimizer=sgd(model)).train_losses
    assert default != quiet_fit(small_net(), learning_rate=0.01).train_losses


def test_whole_numbers_of_numpy():
    expected = quiet_fit(small_net())
    found = quiet_fit(small_net(), np.int64(2), batch_size=np.int64(16))
    assert found.train_losses == expected.train_losses


def test_a_part_of_the_model_may_be_trained_alone():
    model = small_net()
    before = model[1].weight.detach().clone()
    quiet_fit(model, optimizer=sgd(model[-1]))
    assert torch.equal(model[1].weight, before)


def test_the_seed_is_that_of_the_order():
    class Ordered(ImageDataset):
        order: list

        def __getitem__(self, index):
            self.order.append(index)
            return super().__getitem__(index)

    def order(seed):
        data = fake_images(64)
        data.__class__, data.order = Ordered, []
        fit(small_net(), data, fake_images(8), 2, batch_size=16, seed=seed, verbose=False)
        return data.order

    assert order(1) == order(1) != order(2)
    first, second = order(1)[:64], order(1)[64:]
    assert first != second and sorted(first) == sorted(second) == list(range(64))


@needs_gpu
def test_batches_are_moved_to_the_device_of_the_model():
    here, there = small_net(), small_net().to("cuda")
    ours, theirs = quiet_fit(here), quiet_fit(there)
    assert theirs.train_losses == pytest.approx(ours.train_losses, rel=1e-3)
    probabilities = predict(there, fake_images(20))
    assert probabilities.device.type == "cpu"
    torch.testing.assert_close(probabilities, predict(here, fake_images(20)), rtol=1e-2, atol=1e-3)


# Modes and gradients


def test_modes():
    recorder = Recorder()
    model = small_net(recorder)
    quiet_fit(model)
    assert recorder.seen == {(True, True), (False, False)}
    assert not model.training and torch.is_grad_enabled()


def test_no_gradients_are_left():
    model = small_net()
    quiet_fit(model)
    assert all(p.grad is None for p in model.parameters())


def test_predict():
    model, data = small_net(nn.Dropout(0.5)), fake_images(25)
    model[3].eval()  # a mixture of modes, which must come back
    modes = [module.training for module in model.modules()]
    probabilities = predict(model, data, batch_size=8)
    assert [module.training for module in model.modules()] == modes
    assert probabilities.shape == (25, 10) and probabilities.dtype == torch.float32
    assert not probabilities.requires_grad
    expected = F.softmax(model.eval()(data[range(25)][0]), dim=1)
    torch.testing.assert_close(probabilities, expected.detach())
    torch.testing.assert_close(predict(model, data), probabilities)


# What is printed


EPOCH = (
    r"epoch +\d+/\d+   training loss \d+\.\d{3}   test loss \d+\.\d{3}"
    r"   test accuracy \d+\.\d%   \d+\.\d s"
)


def test_one_line_per_epoch_and_one_with_an_estimate(capsys):
    for num_images in (1, 8, 9, 17, 200):  # also a single batch, and more than a twentieth
        fit(small_net(), fake_images(num_images), fake_images(8), 11, batch_size=8)
        out, err = capsys.readouterr()
        first, *lines = out.splitlines()
        assert re.fullmatch(r"11 epochs, about \d+\.\d s", first)
        assert len(lines) == 11 and all(re.fullmatch(EPOCH, line) for line in lines)
        assert lines[0].startswith("epoch  1/11 ") and lines[10].startswith("epoch 11/11 ")
        assert err == ""


def test_verbose_off_prints_nothing(capsys):
    quiet_fit(small_net())
    assert capsys.readouterr() == ("", "")


# Going on with a former run


def test_two_runs_in_a_row_equal_a_long_one(capsys):
    model, whole = small_net(), quiet_fit(small_net(), 4)
    first = quiet_fit(model, 2)
    former = {name: list(getattr(first, name)) for name in LISTS}
    capsys.readouterr()
    both = quiet_fit(model, 2, history=first, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line[:9] for line in lines[1:]] == ["epoch 3/4", "epoch 4/4"]
    assert both.train_losses == pytest.approx(whole.train_losses)
    assert both.test_losses == pytest.approx(whole.test_losses)
    assert {name: getattr(first, name) for name in LISTS} == former
    assert [len(getattr(both, name)) for name in LISTS] == [4] * 4


# Interruption


@pytest.mark.parametrize("call", range(1, 11))  # an epoch is four training batches and a test
def test_an_interrupt_keeps_the_model_and_the_complete_epochs(call, capsys):
    model = small_net(interrupt_at(call))
    before = model[1].weight.detach().clone()
    history = stopped(quiet_fit, model, 3)
    complete = (call - 1) // 5
    assert history.interrupted is True
    assert [len(getattr(history, name)) for name in LISTS] == [complete] * 4
    assert f"Stopped by you after {complete} of 3 epochs" in history.message
    assert capsys.readouterr().out == "", "the interrupt says it"
    assert torch.equal(model[1].weight, before) == (call == 1)
    assert not model.training and all(p.grad is None for p in model.parameters())
    resumed = quiet_fit(model, 1, history=history)
    assert not resumed.interrupted and not resumed.message and len(resumed) == complete + 1


def test_an_interrupt_from_the_data():
    data = fake_images(64)

    class Stopping(ImageDataset):
        def __getitem__(self, index):
            if index == 40:
                raise KeyboardInterrupt
            return super().__getitem__(index)

    data.__class__ = Stopping
    history = stopped(fit, small_net(), data, fake_images(8), 1, batch_size=16, verbose=False)
    assert history.interrupted and len(history) == 0


def test_an_interrupt_on_any_line_of_fit_is_clean(capsys):
    """An interrupt is raised before each line within the ``try`` of ``fit``, one after another."""
    code = fit.__code__
    lines = Path(code.co_filename).read_text(encoding="utf-8").splitlines()
    inside = range(code.co_firstlineno, len(lines))
    start = next(n for n in inside if lines[n].strip() == "try:")
    end = next(n for n in inside if lines[n].strip() == "except KeyboardInterrupt:")

    def run(stop_at: int) -> tuple[History | None, int]:
        count = 0

        def local(frame, event, _arg):
            nonlocal count
            if event == "line" and start + 1 < frame.f_lineno <= end:
                count += 1
                if count == stop_at:
                    raise KeyboardInterrupt
            return local

        former = sys.gettrace()
        sys.settrace(lambda frame, *_: local if frame.f_code is code else None)
        try:
            return quiet_fit(small_net(), 2, verbose=True), count
        except KeyboardInterrupt:
            return last_history(), count
        finally:
            sys.settrace(former)

    complete, num_lines = run(0)
    assert len(complete) == 2 and not complete.interrupted and num_lines > 15
    for stop_at in range(1, num_lines + 1):
        history, _ = run(stop_at)
        assert history.interrupted
        assert len({len(getattr(history, name)) for name in LISTS}) == 1
    capsys.readouterr()


SLOW_RUN = """
import signal, time, torch
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
from helpers.datasets import ImageDataset
from helpers.training import fit, last_history

class Slow(ImageDataset):
    def __getitem__(self, index):
        time.sleep(0.02)
        return super().__getitem__(index)

images, labels = torch.zeros(20, 1, 4, 4, dtype=torch.uint8), torch.zeros(20, dtype=torch.int64)
data = Slow(images, labels, ["a"], "drawn", "fakes")
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 10))
try:
    fit(model, data, data, 10_000, batch_size=10)
except KeyboardInterrupt as stop:
    print(stop)
history = last_history()
print(history.interrupted, len(history) > 0, len(history) == len(history.train_losses))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
def test_a_real_sigint_ends_it_cleanly():
    command = [sys.executable, "-c", SLOW_RUN]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            seen = [process.stdout.readline() for _ in range(3)]  # the estimate and two epochs
            assert seen[-1].startswith("epoch "), (seen, process.stderr.read())
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, err
    assert "Stopped by you after" in out and out.endswith("True True True\n")
    assert "Traceback" not in err


# Losses that are no numbers


class BrokenInTest(nn.Module):
    def forward(self, x):
        return x if self.training else x * float("nan")


@pytest.mark.parametrize("broken", ["training", "test"])
def test_a_loss_that_is_no_number_ends_the_run(broken, capsys):
    model = small_net()
    former = quiet_fit(model, 1)
    if broken == "test":
        model.append(BrokenInTest())
    rate = 1e30 if broken == "training" else 0.1
    history = quiet_fit(model, 5, learning_rate=rate, history=former)
    assert len(history) == 1 and history.train_losses == former.train_losses
    assert not history.interrupted
    assert "Ended in epoch 2/6: the loss is no longer a finite number" in history.message
    assert "smaller learning rate" in history.message
    assert history.message in capsys.readouterr().out


# The loss, the images, the gradient and the rate


def by_hand(model, data, loss_fn, num_epochs=2, change=lambda images: images, clip=None):
    """The losses of plain training in the order of ``quiet_fit``."""
    optimizer, losses = sgd(model), []
    batches = loader(data, 16, shuffle=True, seed=0)
    for _ in range(num_epochs):
        total = 0.0
        for images, labels in batches:
            optimizer.zero_grad()
            loss = loss_fn(model(change(images)), labels)
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            total += loss.item() * len(labels)
        losses.append(total / len(data))
    return losses


SETTINGS = {
    "weights": ({"loss_fn": nn.CrossEntropyLoss(torch.arange(10.0))}, {}),
    "label smoothing": ({"loss_fn": nn.CrossEntropyLoss(label_smoothing=0.2)}, {}),
    "a function": ({"loss_fn": lambda scores, labels: scores[0, labels[0]] ** 2}, {}),
    "augment": ({"augment": lambda x: 1 - x}, {"change": lambda x: 1 - x}),
    "clip_norm": ({"clip_norm": 0.05}, {"clip": 0.05}),
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_the_settings_are_those_of_a_loop_by_hand(kind):
    settings, more = SETTINGS[kind]
    loss_fn = settings.get("loss_fn", nn.CrossEntropyLoss())
    model, plain = small_net(), small_net()
    history = quiet_fit(model, **settings)
    expected = by_hand(plain, fake_images(64), loss_fn, **more)
    assert history.train_losses == pytest.approx(expected, rel=1e-4)
    assert history.train_losses != pytest.approx(quiet_fit(small_net()).train_losses, rel=1e-3)
    images, labels = fake_images(40, seed=1)[range(40)]
    with torch.no_grad():  # tested on the images as they are, with the same loss
        assert history.test_losses[-1] == pytest.approx(float(loss_fn(model(images), labels)))


def test_augment_gets_batches_of_the_training_without_gradient():
    seen = []

    def augment(images):
        seen.append((tuple(images.shape), images.dtype, torch.is_grad_enabled()))
        return images

    quiet_fit(small_net(), 1, augment=augment)
    assert seen == [((16, 1, 6, 6), torch.float32, False)] * 4


def test_schedulers_make_a_step_per_batch_or_per_epoch():
    model = small_net()
    optimizer = sgd(model, 1.0)
    epochs = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    quiet_fit(model, 3, optimizer=optimizer, epoch_scheduler=epochs)
    assert optimizer.param_groups[0]["lr"] == 0.125
    optimizer = sgd(model, 1.0)
    batches = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.5, total_iters=12)
    quiet_fit(model, 3, optimizer=optimizer, scheduler=batches)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.5) and batches.last_epoch == 12


def schedule(name, model, **more):
    """An optimizer, and a scheduler of its own or of another one."""
    optimizer = sgd(model)
    kinds = torch.optim.lr_scheduler
    return optimizer, {
        "plateau": lambda: kinds.ReduceLROnPlateau(optimizer),
        "foreign": lambda: kinds.StepLR(sgd(model), 1),
        "too fast": lambda: kinds.StepLR(optimizer, 1),
        "much too fast": lambda: kinds.ExponentialLR(optimizer, 0.01),
        "fits": lambda: kinds.OneCycleLR(optimizer, 0.1, total_steps=64),
        "restarts": lambda: kinds.CosineAnnealingWarmRestarts(optimizer, 8),
    }[name]()


@pytest.mark.parametrize(
    ("name", "key", "sentence"),
    [
        ("plateau", "epoch_scheduler", "epoch_scheduler is a ReduceLROnPlateau, which wants a"),
        ("plateau", "scheduler", "scheduler is a ReduceLROnPlateau"),
        ("foreign", "scheduler", "scheduler changes the rate of another optimizer"),
        ("foreign", "epoch_scheduler", "epoch_scheduler changes the rate of another optimizer"),
        ("too fast", "scheduler", "brings the learning rate from 0.1 to 1e-64 in the first epoch"),
        ("much too fast", "scheduler", "give it as epoch_scheduler"),
        ("fits", "scheduler", ""),
        ("restarts", "scheduler", ""),
        ("too fast", "epoch_scheduler", ""),
    ],
)
def test_schedulers_that_change_nothing_or_end_the_training_are_refused(name, key, sentence):
    model = small_net()
    optimizer, scheduler = schedule(name, model)
    settings = {"batch_size": 1, "num_epochs": 1, key: scheduler}
    if not sentence:
        assert len(quiet_fit(model, optimizer=optimizer, **settings)) == 1
        return
    with pytest.raises(ValueError, match=re.escape(sentence)):
        quiet_fit(model, optimizer=optimizer, **settings)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)
    with pytest.raises(ValueError, match=f"^{key} changes the rate of an optimizer: give fit that"):
        quiet_fit(model, **settings)


class Pair(nn.Sequential):
    def forward(self, x):
        return super().forward(x), x


NORM = nn.Sequential(nn.Flatten(), nn.Linear(36, 4), nn.BatchNorm1d(4), nn.Linear(4, 10))


@pytest.mark.parametrize(
    ("model", "settings", "sentence"),
    [
        (Pair(*small_net()), {}, "the model returns a tuple, not the tensor of the scores"),
        (small_net().requires_grad_(False), {}, "all parameters of the model are frozen"),
        (NORM, {"batch_size": 9}, "a batch holds a single image, and the model does not take it"),
        (small_net(), {"optimizer": torch.optim.LBFGS}, "LBFGS computes the loss several times"),
        (small_net(), {"loss_fn": nn.CrossEntropyLoss(reduction="none")}, "loss_fn returns [16]"),
        (small_net(), {"loss_fn": lambda scores, labels: 0.5}, "loss_fn returns float, not one"),
        (small_net(), {"augment": lambda x: None}, "augment returns NoneType of images [16, 1"),
        (small_net(), {"augment": lambda x: x[0]}, "augment returns [1, 6, 6] of images [16, 1"),
        (small_net(), {"clip_norm": 0}, "clip_norm must be a number above 0, not 0"),
    ],
)
def test_what_cannot_be_trained_is_told_in_a_sentence(model, settings, sentence):
    if "optimizer" in settings:
        settings = {"optimizer": settings["optimizer"](model.parameters())}
    with pytest.raises(ValueError, match=re.escape(sentence)):
        quiet_fit(model, **settings)


def test_an_error_of_the_model_on_a_batch_is_its_own():
    class Wrong(nn.Flatten):
        def forward(self, x):
            raise ValueError("my own")

    with pytest.raises(ValueError, match=r"^my own$"):
        quiet_fit(nn.Sequential(Wrong(), *small_net()))


# What is refused


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"num_epochs": 0}, "num_epochs must be a whole number of at least 1, not 0"),
        ({"num_epochs": 1.5}, "num_epochs must be a whole number of at least 1, not 1.5"),
        ({"num_epochs": True}, "num_epochs must be a whole number of at least 1, not True"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, not 0"),
        ({"learning_rate": 0}, "learning_rate must be a number above 0, not 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number above 0, not nan"),
        ({"learning_rate": "fast"}, "learning_rate must be a number above 0, not 'fast'"),
        ({"training_data": fake_images(0)}, "training_data is empty"),
        ({"test_data": fake_images(0)}, "test_data is empty"),
        ({"training_data": loader(fake_images(8))}, "training_data is a DataLoader"),
        ({"learning_rate": 0.1, "optimizer": "own"}, "a learning_rate or an optimizer, not both"),
        ({"optimizer": "foreign"}, "parameters that do not belong to this model"),
        ({"model": nn.Flatten()}, "the model has no parameters"),
    ],
)
def test_fit_refuses(settings, sentence):
    model = small_net()
    before = [p.detach().clone() for p in model.parameters()]
    optimizers = {"own": sgd(model), "foreign": sgd(small_net(seed=1))}
    data = {"training_data": fake_images(8), "test_data": fake_images(8)}
    settings = {"model": model, "num_epochs": 1, **data, **settings}
    if "optimizer" in settings:
        settings["optimizer"] = optimizers[settings["optimizer"]]
    with pytest.raises(ValueError, match=re.escape(sentence)):
        fit(**settings)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_predict_of_other_precision(dtype):
    data = fake_images(20)
    expected = predict(small_net(), data)
    found = predict(small_net().to(dtype), data)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0.02)
    torch.testing.assert_close(found.sum(1), torch.ones(20), rtol=0, atol=1e-6)


def test_predict_of_a_compiled_network():
    def fails(graph, inputs):
        raise RuntimeError("there is no compiler")

    data = fake_images(20)
    compiled = torch.compile(small_net(), backend=fails)
    torch.testing.assert_close(predict(compiled, data), predict(small_net(), data))


def test_predict_refuses_no_images():
    with pytest.raises(ValueError, match="dataset is empty"):
        predict(small_net(), fake_images(0))
