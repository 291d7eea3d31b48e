"""A garment is found, and only it, whatever lies behind and around it."""

import numpy as np
import pytest
from PIL import Image

from helpers import pictures
from helpers.pictures import background, parts
from helpers.pictures.garment import find
from helpers.pictures.turning import tilt

HEIGHT, WIDTH = 400, 300
BOX = TOP, BOTTOM, LEFT, RIGHT = 80, 330, 70, 220
Y, X = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
RNG = np.random.default_rng(0)
COARSE = Image.fromarray(RNG.normal(0, 12, (HEIGHT // 12, WIDTH // 12)).astype(np.float32))
BACKGROUNDS = {
    "plain": 0 * X,
    "fine noise": RNG.normal(0, 18, X.shape),
    "coarse texture": np.asarray(COARSE.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)),
    "gradient": -0.3 * X,
    "both ways": -0.2 * X + 0.1 * (Y - HEIGHT),
    "vignette": -80 * ((X / WIDTH - 0.5) ** 2 + (Y / HEIGHT - 0.5) ** 2) * 2,
    "boards": np.array([0, -25, 10, -15, 5])[(X // 60).astype(int)],
    "boards across": np.array([0, -25, 10, -15, 5])[(Y // 80).astype(int)],
    "wood": 15 * np.sin(X / 4 + np.sin(Y / 80)),
}


def on(rest: np.ndarray, light: bool = True) -> np.ndarray:
    """A box, 150 darker than its background of 210, or the negative of that."""
    picture = 210 + np.array(rest, np.float32)
    picture[TOP:BOTTOM, LEFT:RIGHT] -= 150
    return (picture if light else 255 - picture).clip(0, 255)


def box_of(grey: np.ndarray) -> np.ndarray:
    found = find(grey.astype(np.float32))
    rows, columns = np.nonzero(found.stands_out > 0.3)
    return np.array([rows.min(), rows.max() + 1, columns.min(), columns.max() + 1])


@pytest.mark.parametrize("light", [True, False])
@pytest.mark.parametrize("name", BACKGROUNDS)
def test_a_garment_is_found_on_any_of_these_backgrounds(name, light):
    grey = on(BACKGROUNDS[name], light)
    assert np.abs(box_of(grey) - BOX).max() <= 6, box_of(grey)
    assert find(grey).light == light
    inside = find(grey).stands_out[TOP + 10 : BOTTOM - 10, LEFT + 10 : RIGHT - 10]
    assert np.median(inside) > 0.75


@pytest.mark.parametrize("upright", [False, True])
def test_stripes_behind_a_garment_are_followed_where_they_bend_and_taken_away(upright):
    stripes = 20 * np.sin(X / 3 + 2 * np.sin(Y / 80)) if upright else 20 * np.sin(Y / 3 + X / 60)
    inside = find(on(stripes)).stands_out[TOP + 10 : BOTTOM - 10, LEFT + 10 : RIGHT - 10]
    assert inside.std() < 0.05, inside.std()


@pytest.mark.parametrize("light", [True, False])
@pytest.mark.parametrize("covers", [True, False])
def test_a_garment_of_one_shade_stays_even_whether_it_covers_the_light_or_lets_it_through(
    covers, light
):
    grey = on(BACKGROUNDS["gradient"])
    if covers:
        grey[TOP:BOTTOM, LEFT:RIGHT] = 100
    found = find(grey if light else 255 - grey)
    inside = found.stands_out[TOP + 10 : BOTTOM - 10, LEFT + 10 : RIGHT - 10]
    assert inside.std() < 0.03 and found.light == light


def test_what_is_lighter_than_the_background_belongs_to_a_dark_garment_too():
    dress = (Y >= TOP) & (Y < BOTTOM) & (np.abs(X - 145) < 30 + (Y - TOP) / 5)
    grey = np.where(dress, 50, 150).astype(np.float32)
    grey[150:200, 130:160] = 150
    grey[dress & (Y >= 250) & (Y < 300)] = 200
    shown = find(grey).stands_out[[120, 175, 275], 145]
    assert np.abs(shown - (1, 1 / 3, 0)).max() < 0.05  # by how dark they are
    assert find(grey).stands_out[: TOP - 8].max() == 0


def test_noise_is_taken_out_of_a_garment_but_not_what_is_clearer_than_noise():
    grey = on(BACKGROUNDS["coarse texture"])
    grey[190:220, LEFT:RIGHT] += 80  # a belt
    shown = find(grey).stands_out
    assert shown[230 : BOTTOM - 10, LEFT + 10 : RIGHT - 10].std() < 0.04
    assert shown[240:260, 145].mean() - shown[195:215, 145].mean() > 0.35


FLAWS = {
    "a speck": [np.s_[5:9, 5:9]],
    "crumbs": [np.s_[3:12, 100:109], np.s_[380:390, 20:25], np.s_[200:208, 288:296]],
    "a frame": [np.s_[:3], np.s_[-3:], np.s_[:, :3], np.s_[:, -3:]],
    "a wide frame": [np.s_[:25], np.s_[-25:], np.s_[:, :25], np.s_[:, -25:]],
    "bars": [np.s_[:60], np.s_[-50:]],
    "bars at the sides": [np.s_[:, :50], np.s_[:, -40:]],
}


@pytest.mark.parametrize("colour", [0, 255])
@pytest.mark.parametrize("light", [True, False])
@pytest.mark.parametrize("name", FLAWS)
def test_specks_and_frames_are_no_part_of_it(name, light, colour):
    grey = on(BACKGROUNDS["plain"], light)
    for place in FLAWS[name]:
        grey[place] = colour
    assert np.abs(box_of(grey) - BOX).max() <= 3, box_of(grey)


def test_the_parts_of_a_pair_belong_together_and_holes_to_what_is_around_them():
    grey = np.full((200, 200), 230.0)
    grey[60:140, 20:80] = grey[60:140, 120:180] = 40
    grey[90:110, 40:60] = 230
    columns = np.nonzero(find(grey).stands_out > 0.5)[1]
    assert (columns.min(), columns.max()) == (20, 179)
    assert find(grey).stands_out[100, 50] == 0  # a hole shows the background, which is black then


def test_a_garment_may_reach_an_edge_and_even_two():
    grey = np.full((200, 200), 230.0)
    grey[60:, 60:140] = 60
    assert np.abs(box_of(grey) - (60, 200, 60, 140)).max() <= 2
    grey[:, 60:140] = 60
    assert np.abs(box_of(grey) - (0, 200, 60, 140)).max() <= 2


def test_what_looks_like_a_frame_may_be_the_background():
    grey = np.full((200, 200), 230.0)
    grey[20:180, 15:185] = 60  # nearly as wide as the picture: its rows begin at once
    assert len(background.insides(grey)) == 2
    assert np.abs(box_of(grey) - (20, 180, 15, 185)).max() <= 2


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 2), (8, 8)])
@pytest.mark.parametrize("value", [0, 255])
def test_small_and_even_pictures_show_nothing(size, value):
    assert find(np.full(size, value, np.float32)) is None


def shirt() -> np.ndarray:
    return np.asarray(pictures.steps(pictures.example())["cut"], np.float32) / 255


@pytest.mark.parametrize("angle", [-15, -10, 10, 15])
def test_what_leans_is_turned_upright(angle):
    leaning = Image.fromarray(shirt()).rotate(angle, Image.Resampling.BICUBIC, expand=True)
    assert abs(tilt(np.asarray(leaning).clip(0, 1)) + angle) <= 4


def test_what_is_upright_or_round_or_leans_too_far_stays_as_it_is():
    disc = (np.hypot(*np.mgrid[-40:41, -40:41]) < 40).astype(np.float32)
    for garment in (shirt(), np.ones((80, 50), np.float32), disc):
        assert tilt(garment) == 0


def test_parts_are_told_apart_and_kept_by_their_weight():
    mask = np.zeros((30, 30), bool)
    mask[2:10, 2:10] = mask[20:22, 20:22] = mask[20:24, 5:9] = True
    assert len(np.unique(parts.label(mask))) == 4
    kept = parts.largest(mask, mask * 1.0, 1, 0.2)
    assert kept.sum() == 64 + 16 and not kept[20, 20]
    assert parts.largest(mask, mask * 1.0, 6, 0.2).sum() == mask.sum()  # all hang together now
    ring = mask.copy()
    ring[4:8, 4:8] = False
    assert parts.filled(ring)[5, 5] and parts.filled(ring).sum() == mask.sum()


def test_a_part_without_a_sure_pixel_goes_and_a_hole_with_a_narrow_way_out_is_filled():
    mask = np.zeros((30, 30), bool)
    mask[2:20, 2:20] = True
    mask[6:16, 6:16] = False
    mask[10, 2:6] = False  # the way out
    mask[25:28, 25:28] = True
    kept = parts.with_any(mask, np.pad([[True]], (2, 27)))
    assert kept[2, 2] and not kept[26, 26]
    assert not parts.filled(kept)[8, 8] and parts.filled(kept, 1)[2:20, 2:20].all()
    assert not parts.filled(kept, 1)[20:].any()
