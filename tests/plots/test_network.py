"""Pictures of what is inside a network: kernels, feature maps and heat."""

import numpy as np
import pytest
import torch

from helpers import plots
from tests.plots.examples import IMAGE, colour_bars, images_of, normal, texts_of, titles_of


def test_kernels_share_one_symmetric_scale():
    weights = normal(6, 1, 5, 5)
    picture = plots.kernels(torch.nn.Parameter(weights))
    assert len(images_of(picture)) == 6
    limit = float(weights.abs().max())
    for image, kernel in zip(images_of(picture), weights, strict=True):
        assert np.allclose(image.get_array(), kernel[0])
        assert image.get_clim() == pytest.approx((-limit, limit))
        assert image.get_cmap().name == "RdBu_r"
    assert titles_of(picture) == list("012345")
    (bar,) = colour_bars(picture)
    assert [label.get_text() for label in bar.get_yticklabels()] == [
        f"−{limit:.3g}", "0", f"{limit:.3g}",
    ]  # fmt: skip
    assert f"on one scale of ±{limit:.3f}" in picture.caption


def test_kernels_of_several_channels_stand_in_one_mosaic():
    weights = normal(4, 3, 5, 5)
    picture = plots.kernels(weights)
    (image,) = images_of(picture)
    mosaic = image.get_array()
    assert mosaic.shape == (3 * 6, 4 * 6 - 1)
    for kernel in range(4):
        for channel in range(3):
            top, left = channel * 6 + 1, kernel * 6
            tile = mosaic[top : top + 5, left : left + 5]
            assert np.allclose(tile, weights[kernel, channel])
    low, high = image.get_clim()
    assert low == -high
    axes = picture.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("kernel", "channel")
    assert axes.get_xticks().tolist() == [2, 8, 14, 20]
    assert axes.get_yticks().tolist() == [3, 9, 15]


def test_weights_of_a_linear_layer_are_refused():
    with pytest.raises(ValueError, match=r"\[kernels, channels, height, width\]"):
        plots.kernels(torch.rand(10, 84))


def test_feature_maps_are_numbered_and_stand_beside_the_image():
    maps = normal(6, 24, 24)
    picture = plots.feature_maps(maps.unsqueeze(0), IMAGE, title="First convolution")
    image, mosaic = images_of(picture)
    assert np.allclose(image.get_array(), IMAGE[0])
    assert texts_of(picture) == list("012345")
    assert picture.get_suptitle() == "First convolution"
    for label, single in zip(picture.axes[1].texts, maps, strict=True):
        left, top = (round(place + 0.5) for place in label.get_position())
        tile = mosaic.get_array()[top : top + 24, left : left + 24]
        assert np.allclose(tile, single)
    assert len(colour_bars(picture)) == 1


def test_the_scale_of_feature_maps_follows_their_sign():
    maps = normal(6, 4, 4)
    before, after = (images_of(plots.feature_maps(m))[0] for m in (maps, maps.relu()))
    low, high = before.get_clim()
    assert (low, before.get_cmap().name) == (-high, "RdBu_r")
    assert (after.get_clim()[0], after.get_cmap().name) == (0, "viridis")
    assert images_of(plots.feature_maps(maps.relu(), signed=True))[0].get_cmap().name == "RdBu_r"


@pytest.mark.parametrize("maps", [torch.zeros(6, 24, 24), torch.full((6, 24, 24), torch.nan)])
def test_silent_and_broken_maps_can_be_drawn(maps):
    picture = plots.feature_maps(maps)
    assert picture.png()
    assert images_of(picture)[0].get_clim() == (0, 1)


def test_maps_of_several_images_are_refused():
    with pytest.raises(ValueError, match=r"\[1, K, h, w\], not \[2, 6, 24, 24\]"):
        plots.feature_maps(torch.rand(2, 6, 24, 24))


def test_heat_shows_image_map_and_both():
    heat = normal(28, 28)
    picture = plots.heat(IMAGE, heat, title="Coat: 98.7%", label="drop in probability")
    assert titles_of(picture) == ["image", "drop in probability", "both"]
    assert picture.get_suptitle() == "Coat: 98.7%"
    image, alone, under, over = images_of(picture)
    assert np.allclose(image.get_array(), under.get_array())
    assert np.allclose(alone.get_array(), over.get_array())
    assert alone.get_clim() == over.get_clim()
    assert alone.get_clim()[0] == -alone.get_clim()[1]
    top = divmod(int(heat.argmax()), 28)
    assert f"largest at row {top[0]}, column {top[1]}" in picture.caption
    assert f"from {heat.min():.3f} to {heat.max():.3f}" in picture.caption


def test_heat_of_another_size_is_refused():
    with pytest.raises(ValueError, match="they must be equal"):
        plots.heat(IMAGE, torch.rand(24, 24))
