"""What the pictures show: axes, scales, titles and captions, and that they stay small."""

import functools
import io
import math
import re
import threading

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from helpers import plots
from helpers.datasets import CIFAR_CLASSES, FASHION_CLASSES, ImageDataset
from helpers.plots.text import DPI, long_minus, number_text

IMAGE = torch.rand(1, 28, 28, generator=torch.Generator().manual_seed(0))


def dataset(count=40, source="official", name="Fashion-MNIST", channels=1):
    generator = torch.Generator().manual_seed(1)
    size = 28 if channels == 1 else 32
    return ImageDataset(
        torch.randint(256, (count, channels, size, size), generator=generator, dtype=torch.uint8),
        torch.arange(count) % 10,
        FASHION_CLASSES if channels == 1 else CIFAR_CLASSES,
        source,
        name,
    )


OFFICIAL = dataset()
DRAWN = dataset(source="drawn", name="drawn garments")
DRAWN_COLOUR = dataset(source="drawn", name="drawn colour garments", channels=3)
PROBABILITIES = torch.randn(40, 10, generator=torch.Generator().manual_seed(2)).softmax(dim=1)


def normal(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


ALL = {
    "plot_grid": lambda data: plots.plot_grid(data, seed=1),
    "show_image": lambda data: plots.show_image(IMAGE, "Coat", data=data),
    "images_row": lambda data: plots.images_row(
        [IMAGE, IMAGE[0, :5, :5], normal(24, 24), normal(12, 12).relu()],
        ["image", "a corner of the image with a long title", "signed", "activations"],
        kinds=["pixels", "pixels", "signed", "activations"],
        data=data,
    ),
    "pixel_values": lambda data: plots.pixel_values(IMAGE, 3, 4, data=data),
    "pixel_values with a kernel": lambda data: plots.pixel_values(
        IMAGE, 3, 4, kernel=normal(5, 5), window=(4, 5), data=data
    ),
    "convolution_step": lambda data: plots.convolution_step(IMAGE, normal(5, 5), 3, 4, data=data),
    "kernels": lambda data: plots.kernels(normal(8, 1, 5, 5), title="First convolution"),
    "kernels of many channels": lambda data: plots.kernels(normal(16, 6, 5, 5)),
    "feature_maps": lambda data: plots.feature_maps(normal(32, 10, 10), IMAGE, data=data),
    "heat": lambda data: plots.heat(IMAGE, normal(28, 28), title="Coat: 98.7%", data=data),
    "curves": lambda data: plots.curves({"training": [2, 1], "test": [2, 1.5]}, data=data),
    "confusion": lambda data: plots.confusion(
        np.arange(100).reshape(10, 10) * 10, FASHION_CLASSES, data=data
    ),
    "mistakes": lambda data: plots.mistakes(data, range(10), PROBABILITIES),
    "bars": lambda data: plots.bars(PROBABILITIES[0], FASHION_CLASSES, label=3, data=data),
}
WITHOUT_DATA = {"kernels", "kernels of many channels"}


def images_of(picture):
    """The images drawn, without colour bars."""
    return [image for axes in picture.axes for image in axes.get_images()]


def titles_of(picture):
    return [axes.get_title() for axes in picture.axes if axes.get_title()]


def texts_of(picture):
    return [text.get_text() for axes in picture.axes for text in axes.texts]


def below(picture):
    """The text drawn under the picture, without its line breaks."""
    return picture.texts[0].get_text().replace("\n", " ")


def colour_bars(picture):
    return [axes for axes in picture.axes if axes.get_label() == "<colorbar>"]


# -------------------------------------------------------------------------------- all of them


@functools.cache
def drawn_once(name):
    """The picture and its PNG: drawing each once keeps the tests short."""
    picture = ALL[name](OFFICIAL)
    return picture, picture.png()


@pytest.mark.parametrize("name", ALL)
def test_is_a_picture_with_its_caption_as_text(name):
    picture, png = drawn_once(name)
    assert isinstance(picture, Figure)
    bundle = picture._repr_mimebundle_()
    assert bundle == {"image/png": png, "text/plain": picture.caption}
    assert repr(picture) == picture.caption
    sentence, *rest = picture.caption.split("\n")
    assert sentence.endswith(".")
    assert re.search(r"\d", sentence)
    if name in WITHOUT_DATA:
        assert not rest
    else:
        assert len(rest) == 1
        assert rest[0].startswith("Data: Fashion-MNIST, official files")


@pytest.mark.parametrize("name", ALL)
def test_is_small_white_and_the_same_on_every_run(name):
    _, png = drawn_once(name)
    assert len(png) < 60_000
    assert png == ALL[name](OFFICIAL).png()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    assert 300 <= image.width <= 900
    assert 100 <= image.height <= 800
    pixels = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (edge == 255).all(), "something is cut off at an edge"


@pytest.mark.parametrize("name", ALL)
def test_no_text_is_too_small_cut_off_or_on_another(name):
    picture, _ = drawn_once(name)
    width, height = picture.get_size_inches() * DPI
    texts = [picture.texts[0], *([picture._suptitle] if picture._suptitle else [])]
    for axes in picture.axes:
        texts += [axes.title, *axes.texts, axes.xaxis.label, axes.yaxis.label]
        texts += axes.get_legend().get_texts() if axes.get_legend() else []
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            texts += [
                tick.label1 if tick.label1.get_visible() else tick.label2
                for tick in axis.get_major_ticks()
                if low <= tick.get_loc() <= high
            ]
    texts = [text for text in texts if text.get_text() and text.get_visible()]
    assert texts
    boxes = [text.get_window_extent().padded(-1) for text in texts]
    for text, box in zip(texts, boxes, strict=True):
        assert text.get_fontsize() >= 11, text
        assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height, text
    # The boxes of slanted names overlap, the names do not.
    level = [
        (text, box)
        for text, box in zip(texts, boxes, strict=True)
        if text.get_rotation() in (0, 90)
    ]
    for index, (text, box) in enumerate(level):
        for other, other_box in level[index + 1 :]:
            assert not box.overlaps(other_box), (text, other)


@pytest.mark.parametrize("name", sorted(ALL.keys() - WITHOUT_DATA))
def test_drawn_data_are_named_in_the_picture_and_in_the_text(name):
    picture = ALL[name](DRAWN)
    assert "Data: drawn garments, not Fashion-MNIST" in below(picture)
    sentence, last = picture.caption.split("\n")
    assert last.startswith("Data: drawn garments, not Fashion-MNIST")
    assert sentence == drawn_once(name)[0].caption.split("\n")[0]


def test_the_caption_is_drawn_under_the_picture():
    picture = plots.convolution_step(IMAGE, -torch.ones(5, 5), 3, 4)
    assert below(picture).replace("−", "-") == picture.caption
    picture.draw_without_rendering()
    caption = picture.texts[0].get_window_extent()
    lowest = min(axes.get_tightbbox().y0 for axes in picture.axes)
    assert caption.y1 < lowest


def test_a_dollar_sign_is_no_formula():
    assert plots.show_image(IMAGE, "$\\frac$", caption="It costs $\\frac$.").png()


def test_a_dark_style_does_not_reach_the_background():
    import matplotlib

    with matplotlib.rc_context({"figure.facecolor": "black"}):
        image = Image.open(io.BytesIO(plots.show_image(IMAGE).png())).convert("RGB")
    assert image.getpixel((1, 1)) == (255, 255, 255)


def test_no_pyplot_figure_is_left_open():
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    ALL["heat"](OFFICIAL).png()
    assert pyplot.get_fignums() == before


def test_pictures_can_be_drawn_on_other_threads():
    _, expected = drawn_once("show_image")
    drawn = []
    threads = [
        threading.Thread(target=lambda: drawn.append(ALL["show_image"](OFFICIAL).png()))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [expected] * 3


# ---------------------------------------------------------------------------- images and pixels


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


@pytest.mark.parametrize("name", ["images_row", "convolution_step", "heat", "kernels"])
def test_images_in_a_row_stand_at_one_height(name):
    picture, _ = drawn_once(name)
    tops = [axes.get_position().y1 for axes in picture.axes if axes.get_images()]
    assert tops == pytest.approx([tops[0]] * len(tops))


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


def test_bytes_are_shown_like_the_numbers_they_stand_for():
    picture = plots.show_image(torch.tensor([[0, 255]], dtype=torch.uint8))
    assert images_of(picture)[0].get_array().tolist() == [[0.0, 1.0]]


def test_gradients_and_other_precisions_do_not_matter():
    for image in (IMAGE.clone().requires_grad_(), IMAGE.half(), IMAGE.bfloat16(), IMAGE.numpy()):
        assert plots.show_image(image).png()


def test_pixel_values_are_printed_with_their_places():
    picture = plots.pixel_values(IMAGE, 3, 4, size=2)
    assert texts_of(picture) == [f"{value:.2f}" for value in IMAGE[0, 3:5, 4:6].flatten()]
    axes = picture.axes[0]
    assert axes.get_yticks().tolist() == [3, 4]
    assert axes.get_xticks().tolist() == [4, 5]
    assert picture.caption.startswith("Rows 3 to 4 and columns 4 to 5 of an image of 28×28:")


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


# -------------------------------------------------------------------------- inside a network


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


# ------------------------------------------------------------------------ training and results


def test_curves_start_at_epoch_one_and_differ_without_colour():
    series = {str(i): np.linspace(2.3, 1 / (i + 1), 10) for i in range(6)}
    picture = plots.curves(series, title="Six")
    lines = picture.axes[0].get_lines()
    assert all(list(line.get_xdata()) == list(range(1, 11)) for line in lines)
    looks = {(str(line.get_linestyle()), line.get_marker()) for line in lines}
    assert len(looks) == 6
    picture.draw_without_rendering()
    assert all(float(tick).is_integer() for tick in picture.axes[0].get_xticks())
    assert picture.axes[0].get_xlabel() == "epoch"


def test_curves_say_where_they_begin_and_end():
    picture = plots.curves(
        {"training": [2.302, 0.7], "test": [2.301, 0.71]},
        reference=(math.log(10), "guessing, ln 10"),
    )
    assert picture.caption == (
        "Loss over 2 epochs: training from 2.302 to 0.700; test from 2.301 to 0.710. "
        "The dotted line: guessing, ln 10, 2.303."
    )
    labels = [text.get_text() for text in picture.axes[0].get_legend().get_texts()]
    assert labels == ["training, at last 0.700", "test, at last 0.710", "guessing, ln 10: 2.303"]
    assert picture.axes[0].get_ylabel() == "loss"


def test_curves_of_shares_are_percentages():
    picture = plots.curves({"test": [0.1, 0.875]}, ylabel="accuracy", percent=True)
    assert picture.caption == "Accuracy over 2 epochs: test from 10.0% to 87.5%."
    picture.draw_without_rendering()
    assert all(label.get_text().endswith("%") for label in picture.axes[0].get_yticklabels())


@pytest.mark.parametrize("values", [[0.5], [2.3, math.nan, math.inf]])
def test_one_epoch_and_a_run_that_broke_can_be_drawn(values):
    picture = plots.curves({"training": values})
    assert picture.png()
    assert "inf" not in picture.caption.replace("finite", "")


@pytest.mark.parametrize("series", [{}, {"training": []}])
def test_nothing_to_draw_is_said(series):
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.curves(series)


def test_confusion_prints_every_count():
    matrix = torch.tensor([[8, 2], [1, 9]])
    picture = plots.confusion(matrix, ["Coat", "Bag"])
    assert texts_of(picture) == ["8", "2", "1", "9"]
    places = [text.get_position() for text in picture.axes[0].texts]
    assert places == [(0, 0), (1, 0), (0, 1), (1, 1)], "rows are the true classes"
    assert "85.0% were recognised" in picture.caption
    assert picture.caption.endswith("Data: most often, Coat was taken for Bag, 2 times")
    axes = picture.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Coat", "Bag"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Coat", "Bag"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


def test_confusion_of_an_empty_class_and_without_mistakes():
    picture = plots.confusion(torch.diag(torch.tensor([3, 0])), ["Coat", "Bag"])
    assert picture.png()
    assert picture.caption.endswith("no mistakes")


def test_confusion_of_another_number_of_classes_is_refused():
    with pytest.raises(ValueError, match="must be 10×10"):
        plots.confusion(torch.zeros(2, 2), FASHION_CLASSES)


def test_mistakes_show_true_and_predicted_class():
    probabilities = torch.zeros(40, 10)
    probabilities[:, 8] = 0.987
    probabilities[:, 0] = 0.013
    picture = plots.mistakes(OFFICIAL, torch.tensor([4, 9]), probabilities)
    assert titles_of(picture) == ["Coat →\nBag, 98.7%", "Ankle Boot →\nBag, 98.7%"]
    for image, index in zip(images_of(picture), (4, 9), strict=True):
        assert np.allclose(image.get_array(), OFFICIAL[index][0][0])
    assert picture.caption.endswith("Coat → Bag, 98.7%, Ankle Boot → Bag, 98.7%")


def test_no_mistake_is_a_picture_too():
    picture = plots.mistakes(OFFICIAL, [], PROBABILITIES)
    assert picture.caption.startswith("There is no mistake to show.")
    assert picture.png()


def test_mistakes_of_other_images_are_refused():
    with pytest.raises(ValueError, match="40 images, but there are probabilities for 5"):
        plots.mistakes(OFFICIAL, [0], PROBABILITIES[:5])


def test_bars_print_each_probability_and_mark_the_true_class():
    probabilities = torch.tensor([[0.25, 0.7, 0.05]])
    picture = plots.bars(probabilities, ["Coat", "Bag", "Shirt"], label=0, title="Mine")
    assert texts_of(picture) == ["25.0%", "70.0%", "5.0%"]
    names = [label.get_text() for label in picture.axes[0].get_yticklabels()]
    assert names == ["Coat (true)", "Bag", "Shirt"]
    assert picture.caption == (
        "Probabilities of 3 classes; the largest is 70.0%, that of the true class 25.0%.\n"
        "Data: predicted Bag, true Coat"
    )
    top, bottom = picture.axes[0].patches[0], picture.axes[0].patches[-1]
    assert top.get_y() < bottom.get_y()
    assert picture.axes[0].yaxis_inverted(), "the first class stands at the top"


def test_bars_of_several_images_are_refused():
    with pytest.raises(ValueError, match="10 classes, but 20 probabilities"):
        plots.bars(PROBABILITIES[:2], FASHION_CLASSES)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.500"),
        (-0.0, "0.000"),
        (-1.23456, "-1.235"),
        (0.0000090312, "0.00000903"),
        (1e-30, "0.000000000000"),
        (math.nan, "not a finite number"),
    ],
)
def test_numbers_have_three_decimals_or_three_digits(value, text):
    assert number_text(value) == text


def test_a_minus_is_put_only_before_numbers():
    assert long_minus("T-Shirt -0.5, Fashion-MNIST, 3-4") == "T-Shirt −0.5, Fashion-MNIST, 3-4"
