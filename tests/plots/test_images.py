"""Pictures of images and pixels: what they show, their scales, titles and captions."""

import numpy as np
import pytest
import torch

from helpers import plots
from helpers.datasets import CIFAR_CLASSES, FASHION_CLASSES, ImageDataset
from tests.plots.examples import (
    DRAWN_COLOUR,
    IMAGE,
    OFFICIAL,
    colour_bars,
    images_of,
    normal,
    texts_of,
    titles_of,
)


def test_the_grid_shows_nine_different_images_with_their_labels():
    picture = plots.plot_grid(OFFICIAL, seed=5)
    assert len(picture.axes) == 9
    shown = [np.asarray(image.get_array()) for image in images_of(picture)]
    assert len({array.tobytes() for array in shown}) == 9
    for array, title in zip(shown, titles_of(picture), strict=True):
        (index,) = [i for i in range(40) if np.allclose(OFFICIAL[i][0][0], array)]
        assert title == OFFICIAL.classes[OFFICIAL[index][1]]
    assert all(image.get_clim() == (0, 1) for image in images_of(picture))
    assert picture.caption.split("row by row ")[1] == ", ".join(titles_of(picture))


def test_the_grid_never_asks_for_an_image_beyond_the_last():
    class Counting:
        classes = FASHION_CLASSES

        def __init__(self):
            self.asked = set()

        def __len__(self):
            return 10

        def __getitem__(self, index):
            self.asked.add(index)
            return IMAGE, index

    counting = Counting()
    for seed in range(6):
        plots.plot_grid(counting, seed)
    assert counting.asked == set(range(10)), "every image can come, and no other"


def test_the_seed_of_the_grid():
    state = torch.get_rng_state()
    seeded = plots.plot_grid(OFFICIAL, 1).caption
    assert torch.equal(state, torch.get_rng_state())
    assert plots.plot_grid(OFFICIAL, 1).caption == seeded
    assert plots.plot_grid(OFFICIAL, 2).caption != seeded
    first = plots.plot_grid(OFFICIAL).caption
    torch.set_rng_state(state)
    assert plots.plot_grid(OFFICIAL).caption == first
    assert plots.plot_grid(OFFICIAL).caption != first


def test_the_grid_of_few_colour_images():
    few = ImageDataset(
        DRAWN_COLOUR.images[:4], DRAWN_COLOUR.labels[:4], CIFAR_CLASSES, "drawn",
        "drawn colour garments",
    )  # fmt: skip
    picture = plots.plot_grid(few, seed=1)
    assert len(images_of(picture)) == 4
    assert images_of(picture)[0].get_array().shape == (32, 32, 3)
    assert "Data: drawn colour garments, not CIFAR-10" in picture.caption
    assert picture.caption.startswith("4 images")


def test_images_of_one_kind_share_one_scale():
    picture = plots.images_row(
        [IMAGE, normal(4, 4), 3 * normal(5, 5), normal(6, 6).relu()],
        ["image", "weak", "strong", "activations"],
        kinds=["pixels", "signed", "signed", "activations"],
    )
    pixels, weak, strong, activations = images_of(picture)
    assert pixels.get_clim() == (0, 1)
    assert pixels.get_cmap().name == "gray"
    limit = float(3 * normal(5, 5).abs().max())
    assert weak.get_clim() == strong.get_clim() == pytest.approx((-limit, limit))
    assert weak.get_cmap().name == "RdBu_r"
    assert activations.get_clim() == pytest.approx((0, float(normal(6, 6).max())))
    assert activations.get_cmap().name == "viridis"
    assert len(colour_bars(picture)) == 2
    assert titles_of(picture) == ["image", "weak", "strong", "activations"]
    assert [axes.get_xlabel() for axes in picture.axes[:4]] == ["28×28", "4×4", "5×5", "6×6"]
    assert all(image.get_interpolation() == "nearest" for image in images_of(picture))


def test_the_row_says_sizes_and_values():
    image = torch.tensor([[0.0, 0.25], [0.5, 1.0]])
    picture = plots.images_row([image, -image], ["a", "b"], kinds="signed")
    assert (
        picture.caption == "A: 2×2 values from 0.000 to 1.000; b: 2×2 values from -1.000 to 0.000."
    )
    assert plots.images_row([image], ["a"], caption="My own.").caption == "My own."


@pytest.mark.parametrize(
    ("images", "titles", "kinds", "message"),
    [
        ([IMAGE], ["a", "b"], "pixels", "1 images, 2 titles"),
        ([], [], "pixels", "0 images"),
        ([IMAGE], ["a"], "colours", "'pixels', 'activations' or 'signed'"),
        ([torch.zeros(2, 5, 5)], ["a"], "pixels", r"not \[2, 5, 5\]"),
        ([torch.zeros(5)], ["a"], "pixels", r"not \[5\]"),
    ],
)
def test_a_row_of_the_wrong_things_is_refused(images, titles, kinds, message):
    with pytest.raises(ValueError, match=message):
        plots.images_row(images, titles, kinds=kinds)


def test_pixel_values_are_printed_with_their_places():
    picture = plots.pixel_values(IMAGE, 3, 4, size=2)
    assert texts_of(picture) == [f"{value:.2f}" for value in IMAGE[0, 3:5, 4:6].flatten()]
    axes = picture.axes[0]
    assert axes.get_yticks().tolist() == [3, 4]
    assert axes.get_xticks().tolist() == [4, 5]
    assert picture.caption.startswith("Rows 3 to 4 and columns 4 to 5 of an image of 28×28:")


def test_no_picture_says_minus_zero():
    values = torch.tensor([[-0.004, -0.006], [0.004, 0.0]])
    assert texts_of(plots.pixel_values(values, size=2)) == ["0.00", "-0.01", "0.00", "0"]


def test_window_times_kernel_is_what_the_layer_computes():
    kernel = normal(3, 3)
    picture = plots.pixel_values(IMAGE, 3, 4, kernel=kernel, window=(5, 6))
    layer = torch.nn.functional.conv2d(IMAGE[None], kernel[None, None])
    assert f"summed: {layer[0, 0, 5, 6]:.3f}." in picture.caption
    pixels, weights, products = images_of(picture)
    assert np.allclose(products.get_array(), IMAGE[0, 5:8, 6:9] * kernel)
    assert weights.get_clim() == products.get_clim()
    (frame,) = picture.axes[0].patches
    assert (frame.get_x(), frame.get_y()) == (5.5, 4.5)
    assert (frame.get_width(), frame.get_height()) == (3, 3)
    assert pixels.get_clim() == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"row": 22}, "does not lie within the image of 28×28"),
        ({"row": -1}, "does not lie within the image"),
        ({"kernel": torch.ones(5, 5), "window": (3, 0)}, "does not lie within the piece of 7×7"),
        ({"kernel": torch.ones(5)}, r"kernel must have two dimensions"),
    ],
)
def test_pieces_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.pixel_values(IMAGE, **arguments)


def test_a_convolution_step_is_what_the_layer_computes():
    conv = torch.nn.Conv2d(1, 2, 5)
    picture = plots.convolution_step(IMAGE, conv.weight[1], 3, 4, bias=conv.bias[1])
    output = conv(IMAGE)[1].detach()
    assert f"row 3, column 4: {output[3, 4]:.3f}." in picture.caption
    _, _, drawn = images_of(picture)
    assert np.allclose(drawn.get_array(), output, atol=1e-6)
    low, high = drawn.get_clim()
    assert low == -high
    window, pixel = picture.axes[0].patches[0], picture.axes[2].patches[0]
    assert (window.get_x(), window.get_y(), window.get_width()) == (3.5, 2.5, 5)
    centre = (pixel.get_x() + pixel.get_width() / 2, pixel.get_y() + pixel.get_height() / 2)
    assert centre == (4, 3)


def test_a_step_beyond_the_output_is_refused():
    with pytest.raises(ValueError, match="24×24 pixels, so there is none at row 24"):
        plots.convolution_step(IMAGE, torch.ones(5, 5), 24, 0)
    with pytest.raises(ValueError, match="does not fit"):
        plots.convolution_step(IMAGE, torch.ones(29, 29), 0, 0)
