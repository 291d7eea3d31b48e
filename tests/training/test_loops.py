"""One pass over the data, one test of the network: their figures, their modes, what they refuse."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import training
from helpers.datasets import loader
from helpers.training import train_loop
from tests.training.fakes import LOSS, Recorder, fake_images, sgd, small_net


@pytest.mark.parametrize("loop", ["train", "test"])
def test_losses_are_means_per_image_with_a_short_last_batch(loop):
    data, model = fake_images(33), small_net()
    data.images[32] = 255 * (torch.arange(36).view(1, 6, 6) % 2)
    data.labels[32] = int(model(data[32][0]).argmin())  # the worst, alone in the last batch
    images, labels = data[range(33)]
    losses = F.cross_entropy(model(images), labels, reduction="none").detach()
    per_image = losses.mean().item()
    per_batch = (losses[:16].mean() + losses[16:32].mean() + losses[32]).item() / 3
    assert abs(per_batch - per_image) > 0.01  # the data can tell them apart
    if loop == "train":
        measured = train_loop(loader(data, 16), model, LOSS, sgd(model, rate=0.0))
    else:
        measured, accuracy = training.test_loop(loader(data, 16), model, LOSS)
        right = (model(images).argmax(1) == labels).sum().item()
        assert accuracy == pytest.approx(right / 33)
    assert isinstance(measured, float)
    assert measured == pytest.approx(per_image, rel=1e-5)


def test_the_device_is_not_waited_for_in_every_step(monkeypatch):
    calls = []
    for name in ("item", "cpu", "tolist", "__float__", "__bool__", "numpy"):
        original = getattr(torch.Tensor, name)

        def counted(self, *args, original=original, **kwargs):
            calls.append(original)
            return original(self, *args, **kwargs)

        monkeypatch.setattr(torch.Tensor, name, counted)
    images, labels = fake_images(64)[range(64)]
    batches = list(zip(images.split(2), labels.split(2), strict=True))
    model = small_net()
    train_loop(batches, model, LOSS, sgd(model))
    training.test_loop(batches, model, LOSS)
    assert 0 < len(calls) <= 3  # one per figure, and there are 32 batches


def test_the_loops_follow_the_device_of_the_model():
    """On "meta", whose tensors have no values: all goes well until the figures are asked for."""
    model, batches = small_net().to("meta"), loader(fake_images(20), 8)
    with pytest.raises(RuntimeError, match=r"item\(\) cannot be called on meta tensors"):
        train_loop(batches, model, LOSS, sgd(model))
    with pytest.raises(RuntimeError, match=r"item\(\) cannot be called on meta tensors"):
        training.test_loop(batches, model, LOSS)


def test_best_device_prefers_cuda_then_mps(monkeypatch):
    for cuda, mps, expected in ((1, 1, "cuda"), (0, 1, "mps"), (0, 0, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: bool(cuda))
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: bool(mps))
        assert training.best_device() == torch.device(expected)


def test_modes():
    recorder = Recorder()
    model, batches = small_net(recorder), loader(fake_images(16), 8)
    model.eval()
    train_loop(batches, model, LOSS, sgd(model))
    assert recorder.seen == {(True, True)} and model.training
    recorder.seen.clear()
    training.test_loop(batches, model, LOSS)
    assert recorder.seen == {(False, False)} and not model.training
    assert torch.is_grad_enabled()


def test_dropout_is_on_in_training_and_off_in_the_test():
    model, batches = small_net(nn.Dropout(0.9)), loader(fake_images(64), 16)
    first, second = (training.test_loop(batches, model, LOSS) for _ in range(2))
    assert first == second
    losses = [train_loop(batches, model, LOSS, sgd(model, rate=0.0)) for _ in range(2)]
    assert losses[0] != losses[1]


def test_batch_norm_learns_nothing_from_the_test():
    model = small_net(nn.BatchNorm1d(16))
    before = model[3].running_mean.clone()
    training.test_loop(loader(fake_images(64), 16), model, LOSS)
    assert torch.equal(model[3].running_mean, before)


def test_no_gradients_are_left_by_the_test():
    model, batches = small_net(), loader(fake_images(16), 8)
    training.test_loop(batches, model, LOSS)
    assert all(p.grad is None for p in model.parameters())


def test_the_loops_refuse_a_loader_without_images():
    model = small_net()
    with pytest.raises(ValueError, match="no images to train on"):
        train_loop([], model, LOSS, sgd(model))
    with pytest.raises(ValueError, match="no images to test on"):
        training.test_loop([], model, LOSS)
