"""``fit`` with images held back: which they are, and the weights that are kept."""

import re

import pytest
import torch
from torch import nn
from torch.utils.data import Subset

from helpers.datasets import ImageDataset, is_in_memory, loader
from helpers.training import History, fit, test_loop
from helpers.training.cuda_graph import Stepper
from helpers.training.validation import hold_back
from tests.training.fakes import (
    LOSS,
    fake_images,
    interrupt_at,
    needs_gpu,
    quiet_fit,
    sgd,
    small_net,
    stopped,
)
from tests.training.plain_training import conv_net


def in_subset(data: ImageDataset) -> Subset:
    return Subset(data, range(len(data)))


def all_of(data) -> list[tuple[list, int]]:
    return [(data[i][0].flatten().tolist(), int(data[i][1])) for i in range(len(data))]


@pytest.mark.parametrize("kind", [lambda data: data, in_subset])
def test_a_share_is_held_back_and_the_rest_is_trained_on(kind):
    data = fake_images(50)
    parts = hold_back(kind(data), 0.3, seed=1)
    assert [len(part) for part in parts] == [35, 15]
    assert sorted(all_of(parts[0]) + all_of(parts[1])) == sorted(all_of(data))
    assert [is_in_memory(part) for part in parts] == [is_in_memory(kind(data))] * 2
    again, other = hold_back(kind(data), 0.3, seed=1), hold_back(kind(data), 0.3, seed=2)
    assert all_of(again[1]) == all_of(parts[1]) != all_of(other[1])
    assert all_of(hold_back(in_subset(data), 0.3, seed=1)[1]) == all_of(parts[1])


def test_the_global_random_state_stays_as_it_is():
    before = torch.get_rng_state()
    hold_back(fake_images(50), 0.3, seed=1)
    assert torch.equal(torch.get_rng_state(), before)


class Steered(nn.Module):
    """Scores which are right with a certainty that is set for each pass in evaluation mode."""

    def __init__(self, certainties):
        super().__init__()
        self.weight, self.certainties = nn.Parameter(torch.zeros(())), list(certainties)
        self.register_buffer("passes", torch.zeros((), dtype=torch.int64))

    def forward(self, images):
        if self.training:
            return images.new_zeros(len(images), 10) + self.weight
        grey = (images.flatten(1).mean(1) * 255 / 25).long().clamp(max=9)
        scores = nn.functional.one_hot(grey, 10) * self.certainties[int(self.passes)]
        return scores + self.weight.detach()


def steered_fit(certainties, **settings) -> tuple[nn.Module, History, list[float]]:
    """An epoch is noted in a buffer after each training, and the weight grows by 1."""
    model = Steered(certainties)
    weights = []

    def note(module, inputs, output):
        if module.training:
            with torch.no_grad():
                module.weight += 1
                module.passes += 1
            weights.append(float(module.weight.detach()))

    model.register_forward_hook(note)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-9)
    settings = {"optimizer": optimizer, "validation": 0.25, "batch_size": 64} | settings
    return model, quiet_fit(model, len(certainties) - 1, **settings), weights


@pytest.mark.parametrize(
    ("certainties", "best"),
    [((0, 1, 2, 3), 3), ((0, 3, 2, 1), 1), ((0, 1, 5, 2), 2), ((0, 2, 2, 2), 1)],
)
def test_the_weights_of_the_best_epoch_are_kept_with_their_buffers(certainties, best):
    model, history, weights = steered_fit(certainties)
    assert weights == [1, 2, 3]
    assert history.best_epoch == best and len(history.validation_losses) == 3
    assert history.validation_losses[best - 1] == min(history.validation_losses)
    assert float(model.weight) == int(model.passes) == best
    assert not model.training and model.weight.grad is None


def test_training_and_figures_are_those_of_the_two_parts_by_hand():
    data, tests = fake_images(64), fake_images(40, seed=1)
    model, plain = small_net(), small_net()
    history = quiet_fit(model, 3, validation=0.25, seed=5)
    training, held_back = hold_back(data, 0.25, seed=5)
    expected = fit(plain, training, tests, 3, batch_size=16, seed=5, verbose=False)
    assert history.train_losses == pytest.approx(expected.train_losses)
    assert history.test_losses == pytest.approx(expected.test_losses)
    assert history.best_epoch == 3  # of a training that still gets better
    loss, _ = test_loop(loader(held_back, 16), model, LOSS)
    assert history.validation_losses[-1] == pytest.approx(loss)
    assert expected.best_epoch == 0 and expected.validation_losses == []


def test_images_held_back_are_not_augmented():
    seen = []

    def augment(images):
        seen.append(len(images))
        return images

    quiet_fit(small_net(), 1, validation=0.25, augment=augment)
    assert seen == [16] * 3


def test_going_on_starts_with_the_best_weights_and_keeps_them_unless_there_are_better_ones():
    model = small_net()
    first = quiet_fit(model, 2, validation=0.25)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    worse = quiet_fit(model, 2, validation=0.25, history=first, optimizer=sgd(model, 50.0))
    assert worse.best_epoch == first.best_epoch == 2 and len(worse.validation_losses) == 4
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    better = quiet_fit(model, 2, validation=0.25, history=worse)
    assert better.best_epoch == 6
    without = quiet_fit(model, 1, history=better)
    assert without.best_epoch == 0 and len(without.validation_losses) == 6


@pytest.mark.parametrize("call", range(1, 12))  # an epoch: three batches, a test, the images back
def test_an_interrupt_leaves_the_best_weights_of_complete_epochs(call):
    model = small_net(interrupt_at(call))
    history = stopped(quiet_fit, model, 3, validation=0.25)
    complete = (call - 1) // 5
    assert history.interrupted and len(history) == len(history.validation_losses) == complete
    assert history.best_epoch == complete
    words = "keeps what it has" if not complete else f"has the weights of epoch {complete}, the"
    assert f"the network {words}" in history.message
    if complete:
        loss, _ = test_loop(loader(hold_back(fake_images(64), 0.25, 0)[1], 16), model, LOSS)
        assert loss == pytest.approx(min(history.validation_losses))


def test_a_loss_that_is_no_number_is_undone(capsys):
    model = small_net()
    first = quiet_fit(model, 2, validation=0.25)
    history = quiet_fit(model, 2, validation=0.25, history=first, learning_rate=1e30)
    assert len(history) == 2 and history.best_epoch == 2
    assert all(value.isfinite().all() for value in model.state_dict().values())
    assert "the network has the weights of epoch 2 again" in history.message
    assert "Go on with a smaller learning rate" in capsys.readouterr().out


def test_what_is_printed(capsys):
    history = quiet_fit(small_net(), 2, validation=0.25, verbose=True)
    *_, last, said = capsys.readouterr().out.splitlines()
    assert re.search(r"^epoch 2/2   training loss \S+   validation loss \d\.\d{3}   test", last)
    assert said == "The network has the weights of epoch 2, the best on the images held back."
    assert repr(history).endswith("% after epoch 2, whose weights are kept")


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, 10, True, "0.1", None, float("nan"), [0.1]])
def test_a_share_lies_between_0_and_1(share):
    with pytest.raises(ValueError, match=r"a number between 0 and 1 such as 0\.1, not"):
        hold_back(fake_images(10), share, 0)
    if share is not None:
        with pytest.raises(ValueError, match="validation is the share of the training images"):
            quiet_fit(small_net(), validation=share)


@pytest.mark.parametrize(("share", "held"), [(0.01, 0), (0.99, 8)])
def test_an_image_is_left_on_each_side(share, held):
    with pytest.raises(ValueError, match=f"holds back {held} of 8 training images: at least one"):
        hold_back(fake_images(8), share, 0)


@needs_gpu
def test_a_gpu_still_replays_its_steps(monkeypatch):
    captured = []
    close = Stepper.close

    def noted(self):
        captured.append(self.captured)
        close(self)

    monkeypatch.setattr(Stepper, "close", noted)
    model = conv_net(device="cuda")
    history = quiet_fit(model, 3, validation=0.25, batch_size=8)
    assert captured == [True] and history.best_epoch > 0
    held_back = hold_back(fake_images(64), 0.25, 0)[1]
    loss, _ = test_loop(loader(held_back, 16), model, LOSS)
    assert loss == pytest.approx(min(history.validation_losses), rel=1e-3)
