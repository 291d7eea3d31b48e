"""The training panel: it says what happened, keeps what there is, and never breaks a training."""

import io
import math
import re
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from helpers import training
from helpers.explorers import _curves, _run_texts, _runs
from helpers.explorers import training_panel as panel_module
from helpers.explorers.training_panel import Training


def train(panel, name="a run", num_epochs=None, losses=None):
    """Log ``num_epochs`` epochs without training anything."""
    with panel.run(name) as run:
        for epoch in run.epochs(num_epochs):
            loss = losses[epoch - 1] if losses else 2.0 / epoch
            run.log(loss, loss + 0.1, 1 - 0.9 / epoch)
    return run


@pytest.fixture
def panel(capsys):
    return Training(num_epochs=3)


# ------------------------------------------------------------------------------------- captions


def test_without_a_run_the_caption_says_so(panel):
    assert panel.caption.startswith("No epoch yet")
    assert panel.still().startswith(b"\x89PNG")  # empty axes, for where the panel cannot move


def test_a_run_is_told_from_its_first_epoch_to_its_last(panel):
    train(panel)
    assert (
        "a run: 3 of 3 epochs, training loss from 2.000 to 0.667, test loss from 2.100 to 0.767, "
        "test accuracy from 10.0% to 70.0%, 0.0 s per epoch." in panel.caption
    )
    assert panel.runs["a run"].train_losses == [2.0, 1.0, 2.0 / 3]
    assert panel.still().startswith(b"\x89PNG")


def test_one_epoch_has_no_from_and_to(panel):
    train(panel, num_epochs=1)
    assert "1 of 1 epoch, training loss 2.000, test loss 2.100" in panel.caption


def test_a_panel_that_was_closed_breaks_no_training_and_its_still_is_renewed(panel):
    renewed = []
    shown = SimpleNamespace(update=lambda bundle, raw: renewed.append(bundle))
    panel._stills.append((shown, "what the cell has shown"))
    panel.close()
    train(panel)
    assert len(panel.runs["a run"]) == 3
    (bundle,) = renewed
    assert bundle["text/plain"] == "what the cell has shown"
    assert "a run: 3 of 3 epochs" in bundle["text/html"]


def test_runs_of_the_same_name_are_numbered(panel):
    for _ in range(3):
        train(panel, "same")
    assert list(panel.runs) == ["same", "same (2)", "same (3)"]


def test_the_histories_are_those_that_the_plots_take(panel):
    train(panel, "one")
    assert isinstance(panel.runs["one"], training.History)
    assert len(panel.runs["one"].seconds) == 3


def test_what_is_shown_can_be_chosen(panel):
    train(panel)
    pictures = set()
    for show in panel.show.options:
        panel.show.value = show
        assert panel.caption.startswith(_curves.SAID[show])
        pictures.add(panel.still())
    assert len(pictures) == 3


def test_a_highlighted_run_tells_all_its_accuracies_and_stays_chosen(panel):
    train(panel, "one")
    panel.highlight.value = "one"
    train(panel, "two")
    assert panel.highlight.value == "one"
    assert "Highlighted: one. Its test accuracies by epoch: 10.0%, 55.0%, 70.0%." in panel.caption


def test_names_are_drawn_and_said_as_they_are(panel):
    train(panel, "_$x$ <b>bold</b>\n" + "long " * 30)
    assert "_$x$ <b>bold</b> long" in panel.caption
    assert "<b>" not in panel._words.value
    assert panel.still().startswith(b"\x89PNG")


def test_more_runs_than_colours_can_be_drawn(panel):
    for number in range(9):
        train(panel, f"run {number}")
    assert "run 8: 3 of 3 epochs" in panel.caption


# ------------------------------------------------------------------------------------- endings


def test_an_interrupt_keeps_the_complete_epochs_and_ends_the_cell(panel):
    with pytest.raises(KeyboardInterrupt) as stop, panel.run("stopped") as run:
        for epoch in run.epochs():
            if epoch == 3:
                raise KeyboardInterrupt
            run.log(1.0, 1.0, 0.5)
    assert panel.runs["stopped"].accuracies == [0.5, 0.5]
    assert panel.runs["stopped"].interrupted
    said = "Stopped by you after 2 of 3 epochs: the network keeps what it has learned so far."
    assert said in panel.caption
    (line,) = stop.value._render_traceback_()  # what IPython shows in place of a traceback
    assert line == f'stopped: {said} The panel keeps the figures in its runs["stopped"].'
    assert stop.value.history == panel.runs["stopped"]
    train(panel, "afterwards")
    assert len(panel.runs["afterwards"]) == 3


def test_an_interrupt_within_an_epoch_is_an_interrupt_too(panel):
    def interrupted():
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), panel.run() as run:
        for _ in run.epochs():
            list(run.batches(interrupted()))
    assert "no epoch yet. Stopped by you after 0 of 3 epochs" in panel.caption


def test_an_interrupt_while_drawing_keeps_the_epoch(panel, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(_curves, "draw_curves", interrupt)
        with panel.run("one") as run:
            run.log(1.0, 1.0, 0.5)
    panel.redraw()
    assert len(panel.runs["one"]) == 1
    assert "one: 1 of 3 epochs" in panel.caption


def some_epochs(panel, model, stop_before=None):
    """The loop of Task 3.7: as many epochs as are asked for, or until a stop; their numbers."""
    numbers = []
    try:
        with panel.run("rate", model) as run:
            for epoch in run.epochs():
                if epoch == stop_before:
                    raise KeyboardInterrupt
                numbers.append(epoch)
                run.log(2.0 / epoch, 2.0, 0.5)
    except KeyboardInterrupt:
        assert stop_before is not None
    return numbers


def test_the_same_network_goes_on_in_the_same_run(panel, capsys):
    model = torch.nn.Linear(1, 1)
    assert some_epochs(panel, model, stop_before=3) == [1, 2]
    assert panel.runs["rate"].interrupted
    capsys.readouterr()
    assert some_epochs(panel, model) == [3], "what is missing of the three epochs"
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "rate goes on after 2 epochs. So far:"
    assert [line[:9] for line in printed[1:]] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert list(panel.runs) == ["rate"] and panel.runs["rate"].train_losses == [2.0, 1.0, 2.0 / 3]
    assert not panel.runs["rate"].interrupted and "topped" not in panel.caption
    assert some_epochs(panel, model, stop_before=5) == [4], "and as many again"
    assert "Stopped by you after 4 of 6 epochs" in panel.caption
    assert some_epochs(panel, model) == [5, 6]


def test_a_stop_before_the_first_epoch_goes_on_too(panel):
    model = torch.nn.Linear(1, 1)
    assert some_epochs(panel, model, stop_before=1) == []
    assert some_epochs(panel, model) == [1, 2, 3]
    assert list(panel.runs) == ["rate"] and panel.runs["rate"].message == ""


@pytest.mark.parametrize("other", [torch.nn.Linear(1, 1), None, ..., "a text"])
def test_another_network_begins_a_new_run(panel, other):
    model = torch.nn.Linear(1, 1)
    some_epochs(panel, model, stop_before=3)
    assert some_epochs(panel, other) == [1, 2, 3]
    assert list(panel.runs) == ["rate", "rate (2)"]
    assert some_epochs(panel, model) == [1, 2, 3], "the last run was that of another"
    assert some_epochs(panel, model, stop_before=5) == [4]
    assert list(panel.runs) == ["rate", "rate (2)", "rate (3)"]


def test_other_exceptions_pass_and_are_told(panel):
    with pytest.raises(RuntimeError, match="shapes"), panel.run("broken") as run:
        run.log(1.0, 1.0, 0.5)
        raise RuntimeError("the shapes\ndo not fit")
    assert "Ended in epoch 2 of 3 by RuntimeError: the shapes do not fit." in panel.caption
    assert len(panel.runs["broken"]) == 1


def test_an_early_break_and_a_loop_without_log_are_told(panel):
    with panel.run("early") as run:
        for _ in run.epochs():
            run.log(1.0, 1.0, 0.5)
            break
    assert "It ended before epoch 2 of 3." in panel.caption
    with panel.run("silent") as run:
        for _ in run.epochs():
            pass
    assert "silent: no epoch yet. It ended without one: call run.log" in panel.caption


def test_a_run_can_be_longer_than_the_panel_says(panel):
    train(panel, "fifty", num_epochs=5)
    assert "fifty: 5 of 5 epochs" in panel.caption
    with panel.run("range") as run:
        for _ in range(4):
            run.log(1.0, 1.0, 0.5)
    assert "range: 4 of 4 epochs" in panel.caption


def test_epochs_are_counted_from_one_and_go_on(panel):
    run = panel.run("twice")
    numbers = []
    for _ in range(2):
        for epoch in run.epochs(2):
            numbers.append(epoch)
            run.log(1.0, 1.0, 0.5)
    assert numbers == [1, 2, 3, 4]


# ------------------------------------------------------------------------------- what is logged


@pytest.mark.parametrize("lost", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_is_a_gap(panel, lost):
    train(panel, losses=[2.0, lost, lost])
    assert "In 2 epochs, first in epoch 2, a loss was not a finite number" in panel.caption
    assert panel.still().startswith(b"\x89PNG")
    train(panel, losses=[lost] * 3)
    assert panel.still().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "value", [1, 1.0, np.float32(1), torch.tensor(1.0), np.float64(1), torch.tensor([1.0])]
)
def test_numbers_of_all_kinds_are_taken(panel, value):
    panel.run("one").log(value, value, value)
    assert panel.runs["one"].test_losses == [1.0]
    assert type(panel.runs["one"].test_losses[0]) is float


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "not None: does your loop return its result"),
        ("1.0", "not str '1.0'"),
        (True, "not bool 'True'"),
        ((1.0, 0.5), r"not a tuple of 2 values: test_loop returns two, test_loss, accuracy ="),
        (torch.ones(2), r"not a tensor of the shape \[2\]"),
        (torch.ones((), requires_grad=True) * 2, r"computation graph.*return loss_sum.item\(\)"),
    ],
)
def test_what_is_not_a_number_is_refused(panel, value, said):
    for place, name in enumerate(("train_loss", "test_loss", "accuracy")):
        figures = [0.5, 0.5, 0.5]
        figures[place] = value
        with pytest.raises(ValueError, match=f"^{name} must be a number.*{said}"):
            panel.run("wrong").log(*figures)
    assert not any(map(len, panel.runs.values()))


@pytest.mark.parametrize("accuracy", [84.1, -0.1, math.inf])
def test_an_accuracy_is_a_share(panel, accuracy):
    with pytest.raises(ValueError, match="between 0 and 1"):
        panel.run().log(1.0, 1.0, accuracy)


@pytest.mark.parametrize("num_epochs", [0, -1, "ten", 2.5, None, True])
def test_the_number_of_epochs_is_a_whole_number(panel, num_epochs):
    with pytest.raises(ValueError, match="num_epochs must be a whole number of at least 1"):
        Training(num_epochs)
    if num_epochs is not None:
        with pytest.raises(ValueError, match="whole number"):
            panel.run().epochs(num_epochs)


def test_a_name_is_a_text(panel):
    with pytest.raises(ValueError, match="must be a text"):
        panel.run(0.1)
    panel.run("  ")
    assert list(panel.runs) == ["training"]


# ------------------------------------------------------------------------------------ the loader


def test_the_batches_are_those_of_the_loader(panel):
    dataset = list(range(20))
    loader = torch.utils.data.DataLoader(dataset, batch_size=8)
    batches = panel.run().batches(loader)
    assert len(batches) == len(list(batches)) == 3
    assert batches.dataset is dataset and batches.batch_size == 8
    with pytest.raises(ValueError, match="takes a data loader, not None"):
        panel.run().batches(None)


def test_a_loader_without_a_length_will_do(panel):
    assert list(panel.run().batches(i for i in range(3))) == [0, 1, 2]


def test_the_bar_moves_within_an_epoch(panel, monkeypatch):
    monkeypatch.setattr(_runs, "EVERY", 0.0)
    seen = []
    with panel.run("one") as run:
        for _ in run.epochs():
            for _ in run.batches(range(4)):
                seen.append(panel.progress.value)
            run.log(1.0, 1.0, 0.5)
    values = [float(re.search(r'value="([\d.]+)"', html)[1]) for html in seen]
    assert values == sorted(values) and 0 < values[1] < 1 < values[-1] < 3
    assert "epoch 2 of 3, batch 3 of 4, about 1 s left" in seen[7]
    assert "one: ended, 3 of 3 epochs" in panel.progress.value
    assert 'aria-label="training progress"' in panel.progress.value


def test_the_bar_is_left_alone_in_between(panel, monkeypatch):
    monkeypatch.setattr(_runs, "EVERY", 1000.0)
    with panel.run() as run:
        for _ in run.epochs(1):
            before = panel.progress.value
            list(run.batches(range(1000)))
            assert panel.progress.value == before


def test_curves_are_not_drawn_for_every_short_epoch(panel, monkeypatch):
    drawn = []
    draw = _curves.draw_curves
    monkeypatch.setattr(_curves, "draw_curves", lambda *a: drawn.append(a) or draw(*a))
    train(panel, num_epochs=100)
    assert len(drawn) <= 5  # the end, and what a slow computer has time for


@pytest.mark.parametrize(
    ("seconds", "total", "elapsed", "fraction", "left"),
    [
        ([], 10, 5.0, 0.0, math.inf),
        ([], 10, 5.0, 0.5, 95.0),
        ([10.0, 12.0], 10, 1.0, 0.1, 87.0),
        ([10.0], 1, 0.0, 0.0, 0.0),
        ([1.0], 2, 30.0, 0.5, 0.0),
    ],
)
def test_the_time_left(seconds, total, elapsed, fraction, left):
    assert _run_texts.seconds_left(seconds, total, elapsed, fraction) == pytest.approx(left)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (45, "45 s"), (100, "2 min"), (3600, "60 min"), (6000, "1 h 40 min")],
)
def test_durations(seconds, text):
    assert _run_texts.time_text(seconds) == text


# ------------------------------------------------------------------------------ shown or printed


def test_a_terminal_gets_a_line_for_each_epoch(panel, capsys):
    panel._repr_mimebundle_()
    train(panel, "one")
    assert capsys.readouterr().out.splitlines()[:2] == [
        "one:",
        "epoch 1/3   training loss 2.000   test loss 2.100   test accuracy 10.0%   0.0 s",
    ]


def test_a_kernel_gets_lines_only_if_the_panel_is_not_shown(panel, capsys, monkeypatch):
    monkeypatch.setattr(panel_module, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    train(panel)
    assert capsys.readouterr().out
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"] == panel.caption and "image/png" in bundle
    train(panel)
    assert capsys.readouterr().out == ""


def test_a_stop_is_told_once(panel, capsys):
    said = pytest.raises(KeyboardInterrupt, match="one: Stopped by you after 0 of 3 epochs")
    with said, panel.run("one"):
        raise KeyboardInterrupt
    assert "Stopped" not in capsys.readouterr().out


# --------------------------------------------------------------------------------------- threads


def test_controls_and_training_on_different_threads(panel):
    def choose():
        for number in range(6):
            panel.show.value = panel.show.options[number % 3]

    thread = threading.Thread(target=choose)
    thread.start()
    for number in range(3):
        train(panel, f"run {number}")
    thread.join(timeout=60)
    assert not thread.is_alive()
    panel.redraw()
    assert "run 2: 3 of 3 epochs" in panel.caption
    assert "cannot be shown" not in panel.caption


def test_real_loops_train_as_they_do_without(panel):
    def images():
        generator = torch.Generator().manual_seed(0)
        pairs = torch.utils.data.TensorDataset(
            torch.rand(40, 1, 4, 4, generator=generator), torch.arange(40) % 10
        )
        return torch.utils.data.DataLoader(pairs, batch_size=16)

    def losses(wrap):
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 10))
        loss_fn = torch.nn.CrossEntropyLoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        return [training.train_loop(wrap(images()), model, loss_fn, optimizer) for _ in range(2)]

    assert losses(lambda loader: loader) == losses(panel.run().batches)


# --------------------------------------------------------------------------------- pointing at it


def image_of(png):
    return Image.open(io.BytesIO(png))


def point(panel, **at):
    panel.view.pointed = {"number": panel.view.answered + 1, "name": "the curves", **at}


def place_of(panel, epoch, what=0):
    """Where an epoch is in one of the axes."""
    box = panel._curves.axes[what]
    share = (epoch - 0.5) / panel._curves.epochs
    return {"x": box.left + share * (box.right - box.left), "y": (box.top + box.bottom) / 2}


@pytest.mark.parametrize("what", [0, 1])
@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_an_epoch_that_is_pointed_at_is_told_of_all_runs(panel, epoch, what):
    train(panel, "fast")
    train(panel, "cut", num_epochs=1)
    before = panel.view.value
    point(panel, kind="over", **place_of(panel, epoch, what))
    loss, share = 2.0 / epoch, 1 - 0.9 / epoch
    figures = f"training loss {loss:.3f}, test loss {loss + 0.1:.3f}, test accuracy {share:.1%}"
    cut = "training loss 2.000, test loss 2.100, test accuracy 10.0%"
    assert panel.caption.endswith(
        f"Epoch {epoch}: fast, {figures}; cut, {cut if epoch == 1 else '1 epoch only'}."
    )
    assert panel.view.value != before  # a line stands there
    point(panel, kind="over", name="")
    assert "Epoch" not in panel.caption and panel.view.value == before


def test_the_line_stands_at_the_epoch_that_matplotlib_has_drawn_there(panel):
    train(panel)
    curves = panel._curves
    marked = curves.pixels[..., :3] != np.asarray(image_of(curves.png(2)))[..., :3]
    columns = np.flatnonzero(marked.any(axis=(0, 2))) / curves.pixels.shape[1]
    for box in curves.axes:
        inside = [x for x in columns if box.left < x < box.right]
        assert np.mean(inside) == pytest.approx((box.left + box.right) / 2, abs=0.001)


def test_a_name_hides_its_curves_and_shows_them_again(panel):
    for name in ("first", "second"):
        train(panel, name)
    both = panel._curves.pixels
    box = panel._curves.names["second"]
    at = {"x": (box.left + box.right) / 2, "y": (box.top + box.bottom) / 2}
    point(panel, kind="press", **at)
    assert "Hidden: second." in panel.caption
    assert panel._curves.names["second"].holds(**at), "so that a second click shows it again"
    first = panel._curves.pixels
    assert (first != both).any()
    point(panel, kind="press", **at)
    assert "Hidden" not in panel.caption and (panel._curves.pixels == both).all()

    point(panel, kind="press", **at)
    train(panel, "second (again)")  # one that is trained is seen
    assert "Hidden: second." in panel.caption


def test_by_keys_as_by_pointer(panel):
    train(panel, "first")
    train(panel, "second")
    point(panel, kind="choose")
    assert panel.caption == "No run is chosen yet: the arrow keys up and down choose one."
    point(panel, kind="key", row=0, column=-1)
    assert "Epoch 3: " in panel.caption
    point(panel, kind="key", row=0, column=-9)
    assert "Epoch 1: " in panel.caption
    point(panel, kind="key", row=1, column=0)
    assert panel.caption.endswith("A click on its name, or Enter, hides first.")
    point(panel, kind="key", row=1, column=0)
    point(panel, kind="choose")
    assert "Hidden: second." in panel.caption
    assert panel.caption.endswith("A click on its name, or Enter, shows second.")
    assert panel.caption.count("Epoch 1: ") == 1  # it is still there


def test_an_epoch_stays_chosen_while_a_run_goes_on(panel):
    train(panel, num_epochs=2)
    point(panel, kind="key", row=0, column=1)
    train(panel, "another")
    assert "Epoch 1: a run, training loss 2.000" in panel.caption
    assert "another, training loss 2.000" in panel.caption
