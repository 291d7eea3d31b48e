"""The convolution panel: right numbers, a sentence for every bad input, never dead afterwards."""

import base64
import io
import itertools

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from helpers.explorers._sliding import Sliding, equals, parse_rows, show, show_weight
from helpers.explorers.convolution_panel import KERNELS, OWN, Convolution
from helpers.layers import get_output_width


@pytest.fixture
def panel() -> Convolution:
    return Convolution(predict=False)


def drawings(panel, action) -> int:
    """How often ``action`` draws the panel."""
    count, look = [0], panel.look

    def counted():
        count[0] += 1
        return look()

    panel.look = counted
    action()
    panel.look = look
    return count[0]


def output(panel) -> list[list[str]]:
    return panel._grids[-1].rows


def shown(panel) -> bool:
    return panel.view.value.count("<table") > 1 and "?" not in output(panel)[0]


# The numbers


def test_the_output_is_that_of_torch_with_bias_and_channels(panel):
    settings = itertools.product((3, 2), (1, 4), (0, 2), (1, 2), (1, 3), (0.0, -2.5))
    for size, stride, padding, dilation, channels, bias in settings:
        for control, value in (
            (panel.kernel_size, size), (panel.stride, stride), (panel.padding, padding),
            (panel.dilation, dilation), (panel.channels, channels), (panel.bias, bias),
        ):  # fmt: skip
            control.value = value
        image = torch.tensor([[(7 * i + 3 * j + i * j) % 10 for j in range(6)] for i in range(6)])
        image = torch.stack([image.roll(c, 1) for c in range(channels)]).double()
        first = torch.zeros(size, size).double()
        first[:, 0], first[:, -1] = -1, 1
        kernels = torch.stack([first.rot90(c) for c in range(channels)])
        expected = F.conv2d(
            image[None], kernels[None], torch.tensor([bias]).double(), stride, padding, dilation
        )[0, 0]
        assert output(panel) == [[show(x) for x in row] for row in expected.tolist()]
        assert f"{expected.shape[0]}×{expected.shape[0]}" in panel.caption


def test_the_arithmetic_of_one_value_stands_in_one_line_with_the_bias(panel):
    panel.bias.value = -2
    panel.place.value = 1
    assert (
        "Output value 1, row 0, column 1 (all counted from 0): 3·(−1) + 6·0 + 9·1 + 1·(−1) + 5·0 + "
        "9·1 + 9·(−1) + 4·0 + 9·1 + bias (−2) = 12."
    ) in panel.caption
    panel.channels.value = 2
    assert "channel 0: 3·(−1)" in panel.caption and "= 14; channel 1: 0·1 + 3·1" in panel.caption
    assert "together 14 + (−8) + bias (−2) = 4." in panel.caption


def test_what_is_rounded_is_not_called_equal(panel):
    panel.kernel.value = "mean"
    assert "4·1/9 + bias 0 ≈ 4.33." in panel.caption
    panel.values.value = "0.333 0 0; 0 0 0; 0 0 3"
    assert "≈" in panel.caption
    assert equals(0.25, 1, 2) == "= 0.25" and equals(1 / 3, 1) == "≈ 0.33"
    assert show_weight(-1 / 9) == "−1/9" and show_weight(0.5) == "0.5" and show(-0.001) == "0"


def test_a_very_long_sum_is_cut(panel):
    panel.width.value, panel.kernel_size.value = 12, 7
    assert "… (49 in all) + bias 0 =" in panel.caption and len(panel.caption) < 400


def test_what_no_window_reaches_is_grey_at_the_end_and_between(panel):
    panel.stride.value = 2
    assert "No window reaches row and column 5 (grey" in panel.caption
    assert {p for p in panel._grids[0].dropped if p[0] == 0} == {(0, 5)}
    assert panel.view.value.count('class="dropped"') == 11
    panel.kernel_size.value, panel.stride.value = 1, 3
    assert "rows and columns 1, 2, 4, 5" in panel.caption
    assert Sliding(6, 3).unreached == []


# Stepping and playing


def test_each_change_draws_once(panel):
    assert drawings(panel, panel.step.click) == 1
    assert drawings(panel, lambda: setattr(panel.clock, "value", 5)) == 1
    assert panel.place.value == 5
    assert drawings(panel, lambda: setattr(panel.kernel, "value", "mean")) == 1
    assert drawings(panel, lambda: setattr(panel.kernel_size, "value", 2)) == 1
    assert drawings(panel, lambda: setattr(panel.values, "value", "1 2; 3 4")) == 1
    panel.place.value = 25
    assert drawings(panel, lambda: setattr(panel.stride, "value", 3)) == 1


def test_steps_go_round_and_back(panel):
    panel.back.click()
    assert panel.place.value == 15 and "Output value 15, row 3, column 3" in panel.caption
    panel.step.click()
    assert panel.place.value == 0


def test_playing_ends_at_the_last_value_and_starts_where_one_is(panel):
    assert panel.clock.max == 15 and not panel.clock.repeat
    panel.place.value = 7
    panel.play.click()
    assert panel.clock.value == 7
    panel.place.value = 3  # pointed at meanwhile
    assert panel.clock.value == 3
    assert panel.clock.playing and panel.play.description == "pause"
    panel.clock.playing = False  # as the browser does at the end
    assert panel.play.description == "play"
    panel.clock.value = 15
    panel.stride.value = 3  # fewer values than that
    assert (panel.clock.max, panel.place.value) == (3, 0)
    assert "Output value 0, row 0, column 0" in panel.caption


# The kernel's values


def test_no_change_of_kernel_or_size_ever_shows_an_error(panel):
    captions = []
    panel._words.observe(lambda change: captions.append(panel.caption), "value")
    for size, name in itertools.product((1, 5, 2, 4, 3, 6), KERNELS):
        panel.kernel_size.value = size
        panel.kernel.value = name
    assert len(captions) > 20 and all("the output is" in caption for caption in captions)


def test_own_values_survive_other_changes(panel):
    own = "1 2 3; 4 5 6; 7 8 9"
    panel.values.value = own
    assert panel.kernel.value == OWN
    panel.stride.value, panel.padding.value, panel.image.value = 2, 1, "a spot"
    panel.channels.value = 2
    assert panel.values.value == own and shown(panel)
    panel.kernel_size.value = 2
    assert panel.values.value == "1 2; 4 5" and shown(panel)
    panel.kernel_size.value = 4
    assert panel.values.value == "1 2 3 0; 4 5 6 0; 7 8 9 0; 0 0 0 0" and shown(panel)
    panel.kernel_size.value = 3
    assert panel.values.value == own
    panel.kernel.value = "copy"
    assert panel.values.value != own
    panel.kernel.value = OWN
    assert panel.values.value == own


def test_choosing_own_values_first_changes_nothing(panel):
    before = panel.values.value
    panel.kernel.value = OWN
    assert panel.values.value == before and shown(panel)


def test_ways_to_write_kernel_values():
    assert parse_rows("1, 0; −1 1/2;") == [[1, 0], [-1, 0.5]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 x 0; 0 0 0; 0 0 0", "The kernel values hold 'x', which is no number."),
        ("1 2; 3 4", "The kernel values are 2 rows of 2 numbers; a kernel of 3 needs 3 rows of 3."),
        ("1 2 3; 4 5; 6 7 8", "3 rows of 2 or 3 numbers"),
        ("", "0 rows of no numbers"),
        ("1/0 0 0; 0 0 0; 0 0 0", "'1/0', which is no number"),
        ("nan 0 0; 0 0 0; 0 0 0", "too large"),
        ("1e9 0 0; 0 0 0; 0 0 0", "too large"),
    ],
)
def test_bad_kernel_values_are_told_and_the_panel_goes_on(panel, text, sentence):
    panel.values.value = text
    assert sentence in panel.caption and "cnn-former" in panel.view.value and panel.still() is None
    panel.step.click()
    assert sentence in panel.caption
    panel.place.value = 0
    panel.values.value = "1 0 0; 0 1 0; 0 0 1"
    assert shown(panel) and "+ bias 0 = 5." in panel.caption
    panel.values.value = text
    panel.kernel.value = "copy"
    assert shown(panel)


@pytest.mark.parametrize(
    ("control", "value", "sentence"),
    [
        ("kernel_size", 9, "A kernel of 9 reaches over 9 pixels, but the image"),
        ("kernel_size", 0, "The kernel size is 0; this panel shows 1 to 12."),
        ("kernel_size", 10**12, "The kernel size is 1000000000000"),
        ("stride", 0, "With a stride of 0 the window would never move on."),
        ("stride", -1, "The stride is -1"),
        ("width", 1000, "The width is 1000"),
        ("padding", -1, "The padding is -1"),
        ("padding", 99, "The padding is 99"),
        ("dilation", 0, "The dilation is 0"),
        ("dilation", 5, "A kernel of 3 with dilation 5 reaches over 11 pixels"),
        ("place", -1, "There is no output value -1: they are counted from 0 to 15"),
        ("place", 16, "There is no output value 16"),
        ("bias", 1e300, "The bias is too large"),
        ("bias", float("nan"), "The bias is too large"),
    ],
)
def test_bad_settings_are_told_and_the_panel_goes_on(panel, control, value, sentence):
    good = getattr(panel, control).value
    getattr(panel, control).value = value
    assert sentence in panel.caption and "cnn-former" in panel.view.value
    panel.step.click()
    panel.back.click()
    getattr(panel, control).value = good
    assert shown(panel)


def test_a_wrong_place_is_forgotten_with_the_next_setting(panel):
    panel.place.value = 99
    panel.stride.value = 2
    assert panel.place.value == 0 and shown(panel)


# Predict first


def test_the_output_is_hidden_until_a_prediction_for_these_settings():
    panel = Convolution()
    assert "how wide is the output?" in panel.caption and output(panel) == [["?"]]
    assert "4×4" not in panel.caption and "table" in panel.view.value
    panel.prediction.value = 4
    stepping = [panel.place, panel.back, panel.step, panel.play]
    assert all(control.disabled for control in stepping)
    panel.step.click()
    assert not shown(panel)
    panel.answer.click()
    assert shown(panel) and panel.caption.startswith("You predicted 4: right.")
    assert not any(control.disabled for control in stepping)
    for control, value in (("stride", 2), ("padding", 1), ("width", 8), ("kernel_size", 2)):
        getattr(panel, control).value = value
        assert not shown(panel) and "right" not in panel.caption
    panel.answer.click()
    assert shown(panel) and "You predicted 4; it is 5." in panel.caption
    panel.kernel.value, panel.bias.value = "copy", 1  # the width is the same
    assert shown(panel)


def test_an_answer_for_impossible_settings_reveals_nothing():
    panel = Convolution()
    panel.kernel_size.value = 9
    panel.answer.click()
    assert "does not fit" in panel.caption
    panel.kernel_size.value = 3
    assert not shown(panel)


def test_a_lecturer_can_switch_predictions_off_also_in_a_lecture():
    panel = Convolution()
    hidden = panel.children[2].children  # the second row of controls is not shown in a lecture
    assert panel.predict not in hidden and panel.values in hidden
    panel.predict.value = False
    assert shown(panel) and panel.answer.layout.display == "none"
    panel.predict.value = True
    assert not shown(panel) and panel.prediction.layout.display == ""


# The student's own function


def verdict(function) -> str:
    panel = Convolution(function, predict=False)
    assert shown(panel)
    return panel.caption


def test_a_right_function_agrees():
    def mine(w, k, stride=1, padding=0, dilation=1):
        return (w + 2 * padding - dilation * (k - 1) - 1) // stride + 1

    assert verdict(mine).endswith("Your get_output_width says 4, too.")
    assert "Your get_output_width" not in verdict(get_output_width)
    assert verdict(lambda *a: torch.tensor(mine(*a))).endswith("says 4, too.")


def raising(*_):
    raise KeyError("oh")


class Odd:
    def __repr__(self):
        raise RuntimeError("no repr")


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda w, k, s, p, d: w - k + 1, "But for input_width=6, kernel_size=3, stride=1, "
         "padding=0, dilation=2 it says 4; torch makes 2."),
        (lambda *a: 3, "Your get_output_width says 3 here; torch makes 4."),
        (lambda *a: None, "returns None (it needs a return with the width) here"),
        (lambda *a: ..., "returns Ellipsis"),
        (lambda *a: 4.0, "returns 4.0, which is no whole number, here; torch makes 4."),
        (lambda *a: True, "returns True"),
        (lambda *a: object(), "returns <object object>"),
        (lambda *a: Odd(), "raises RuntimeError: no repr"),
        (lambda w, k: 4, "raises TypeError"),
        (raising, "raises KeyError: 'oh' here"),
        (4, "is no function"),
        (..., "is no function"),
    ],
)  # fmt: skip
def test_a_wrong_function_is_told(function, sentence):
    caption = verdict(function)
    assert sentence in caption and " at 0x" not in caption


def test_what_a_function_prints_does_not_pile_up(capsys):
    assert "says 4" in verdict(lambda *a: (print("debug"), 4)[1])
    assert capsys.readouterr().out == ""


# Where there is no kernel


def test_the_bundle_holds_the_caption_and_a_picture():
    for panel in (Convolution(), Convolution(predict=False)):
        panel.channels.value = 2
        bundle = panel._repr_mimebundle_()
        assert bundle["text/plain"] == panel.caption
        picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
        assert picture.format == "PNG" and picture.width >= 700
        assert bundle["text/plain"] == _again(panel).caption


def _again(panel) -> Convolution:
    again = Convolution(predict=panel.predict.value)
    again.channels.value = 2
    return again


def test_every_control_says_what_it_is(panel):
    rows = panel.children[1].children + panel.children[2].children
    for control in rows:
        assert control.layout.display == "none" or control.description
