"""Watch it learn: each epoch shows the network of that epoch, and a slider leads to it."""

import re
from dataclasses import replace

import pytest
import torch

from helpers import inspection
from helpers.explorers import _learning as learning
from helpers.explorers.experiment_panel import Experiment
from helpers.explorers.learning_panel import Learning
from tests.explorers.test_experiment_panel import images, train


@pytest.fixture(scope="module")
def experiment():
    experiment = Experiment(images(640), images(100))
    train(experiment)
    return experiment


@pytest.fixture
def panel(experiment):
    return Learning(experiment)


def drawn(panel, monkeypatch) -> list:
    """What is drawn from now on."""
    calls = []
    draw = learning.Learned.html
    monkeypatch.setattr(learning.Learned, "html", lambda self: calls.append(self) or draw(self))
    return calls


def test_before_a_run_the_untrained_network_is_shown():
    panel = Learning(Experiment(images(20), images(10)))
    assert "max pooling, width 8, untrained: the kernels of its first layer" in panel.caption
    assert panel.still().startswith(b"\x89PNG")
    panel.epoch.value = 2
    assert "There is no epoch 2 here: this network was trained for 0 epochs." in panel.caption


def test_the_slider_shows_the_network_of_each_epoch(experiment, panel, monkeypatch):
    calls = drawn(panel, monkeypatch)
    networks = experiment.networks[str(experiment.settings)]
    image, _ = panel._dataset[3]
    panel.index.value = 3
    for epoch in (5, 1, 0):
        panel.epoch.value = epoch
        now = calls[-1].now
        assert torch.equal(now.kernels, networks[epoch][0].weight)
        expected = inspection.activations(networks[epoch], networks[epoch][1], image)[0]
        assert torch.equal(now.maps, expected)
        if epoch:
            accuracy = experiment.runs[str(experiment.settings)].accuracies[epoch - 1]
            assert now.right == pytest.approx(accuracy)
            assert f"{100 * accuracy:.1f}% right" in panel.caption
            assert f"after epoch {epoch}" in panel.caption and "image 3, " in panel.caption
    scales = [call.scales for call in calls][1:]
    assert all(scale == scales[0] for scale in scales), "one scale for all epochs of an image"


def test_it_follows_a_run_unless_the_slider_was_moved(experiment, monkeypatch):
    panel = Learning(experiment)
    seen = []
    changed = panel._changed

    def noted(name):
        changed(name)
        seen.append((panel.run.value, panel.epoch.value))
        if len(seen) == 4:
            panel.epoch.value = 0

    experiment.watch(noted)
    train(experiment, width=4)
    name = "rate 0.1, batch 64, max pooling, width 4"
    assert seen == [(name, epoch) for epoch in (0, 1, 2, 3, 0, 0)]
    assert set(panel.run.options) == set(experiment.networks)
    experiment.width.value = 8


def test_made_while_a_run_goes_on_it_begins_at_its_last_epoch_and_follows(experiment):
    seen = []

    def late(name):
        """As if the panel were made after the second epoch."""
        if len(experiment.networks[name]) == 3:
            seen.append(Learning(experiment))
            assert seen[0].epoch.value == 2

    experiment.watch(late)
    train(experiment, width=4)
    assert seen[0].epoch.value == 5
    assert "width 4, after epoch 5" in seen[0].caption
    experiment.width.value = 8


def test_a_run_that_diverged_says_so():
    experiment = Experiment(images(640), images(100))
    panel = Learning(experiment)
    experiment.learning_rate.options = [1e30]
    train(experiment, learning_rate=1e30)
    assert "The network's scores are not finite numbers" in panel.caption
    panel.epoch.value = 0
    assert "untrained: the kernels" in panel.caption


def test_what_changed_most_and_what_is_mixed_up_are_told():
    classes = ["a", "b", "c"]
    kernels, maps = torch.ones(2, 1, 5, 5), torch.zeros(2, 4, 4)
    before = learning.Seen(kernels, maps, torch.tensor([[4, 0, 0], [3, 1, 0], [0, 2, 2]]))
    moved = kernels * torch.tensor([1.0, 1.5]).reshape(2, 1, 1, 1)
    now = learning.Seen(moved, maps, torch.tensor([[4, 0, 0], [1, 3, 0], [0, 2, 2]]))
    assert learning.change_texts(before, now, classes) == [
        "changed most by this epoch: b, from 25.0% to 75.0% right",
        "kernel 1, by 50.0% of its size",
    ]
    assert learning.mistake_text(now, classes) == "most often, c is taken for b, 2 times"
    right = learning.Seen(kernels, maps, torch.eye(3, dtype=torch.int64))
    assert learning.mistake_text(right, classes) == "no mistake"


def test_the_matrix_is_a_table_with_the_worst_mistake_framed(panel):
    panel.epoch.value = 5
    counts = panel._learned.now.counts
    pattern = r'<td class="([^"]*)" style="--share:([\d.]+)%"[^>]*>(\d+)</td>'
    cells = re.findall(pattern, panel.view.value)
    assert [int(number) for *_, number in cells] == counts.flatten().tolist()
    shares = 100 * counts / counts.sum(1, keepdim=True)
    assert [float(share) for _, share, _ in cells] == pytest.approx(shares.flatten(), abs=0.051)
    framed = [divmod(place, 10) for place, (kinds, *_) in enumerate(cells) if "framed" in kinds]
    assert framed == [panel._learned.now.worst()]


def test_without_a_mistake_no_cell_is_framed(panel):
    seen = panel._learned.now
    right = replace(seen, counts=torch.eye(10, dtype=torch.int64))
    learned = replace(panel._learned, now=right)
    assert "framed" not in learned.html() and learned.png().startswith(b"\x89PNG")


def test_colour_images_have_kernels_of_three_channels():
    data = images(100)
    data.images = data.images.repeat(1, 3, 1, 1)
    panel = Learning(Experiment(data, data))
    assert "untrained" in panel.caption and panel.still().startswith(b"\x89PNG")


def test_a_picture_that_fails_does_not_end_the_run(experiment, panel, monkeypatch):
    monkeypatch.setattr(learning.Learned, "html", lambda _: 1 / 0)
    assert len(train(experiment, width=2)) == 6
    assert "ZeroDivisionError" in panel.caption
    experiment.width.value = 8


@pytest.mark.parametrize("index", [-1, 100])
def test_an_image_that_is_not_there_is_refused(panel, index):
    panel.index.value = index
    assert "the index must be a number from 0 to 99" in panel.caption


def test_it_shows_an_experiment_and_nothing_else():
    with pytest.raises(ValueError, match="shows the runs of an Experiment, not a list"):
        Learning([])
