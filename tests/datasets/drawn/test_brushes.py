"""The brushes of the drawn garments: random numbers of a key, and curves."""

import numpy as np

from helpers.datasets.drawn.brushes import Dice, arc, cover, polyline, ramp, under, wave


def test_dice_are_fixed_by_their_key_and_stay_in_range():
    a, b, c = (Dice(key, 4_000).uniform(2, 5) for key in ((1, 2), (1, 2), (1, 3)))
    assert np.array_equal(a, b) and not np.array_equal(a, c)
    assert a.dtype == np.float32 and a.min() >= 2 and a.max() <= 5 and abs(a.mean() - 3.5) < 0.1
    assert abs(Dice((4,), 4_000).chance(0.3).mean() - 0.3) < 0.04
    noise = Dice((5,), 100).noise(6, 7)
    assert noise.shape == (6, 7, 100) and noise.min() == -1 and noise.max() == 1


def test_curves():
    t = np.array([-2, 0, 0.5, 1, 3], np.float32)
    assert cover(t).tolist() == [0, 0.5, 1, 1, 1]
    assert ramp(t, 0, 2).tolist() == [0, 0, 0.25, 0.5, 1]
    assert polyline(t, (0, 1), (1, 3), (2, 0)).tolist() == [1, 1, 2, 3, 0]
    assert wave(np.array([0, 0.25, 0.5, 1.0], np.float32)).tolist() == [1, 0, -1, 1]
    assert np.allclose(arc(t, 0, 1) ** 2 + (1 - ramp(t, 0, 1)) ** 2, 1)


def test_distance_under_a_slope_of_45_degrees():
    curve = np.arange(8, dtype=np.float32).reshape(1, 8, 1)
    y = np.full((1, 1, 1), 10, np.float32)
    assert np.allclose(under(y, curve)[0, 1:-1, 0], (10 - curve[0, 1:-1, 0]) / np.sqrt(2))
