"""What holds for every picture: its caption, its size, its texts, and drawing on any thread."""

import base64
import functools
import io
import re
import threading

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from PIL import Image

from helpers import plots
from helpers.plots.text import DPI
from tests.plots.examples import ALL, DRAWN, IMAGE, OFFICIAL, WITHOUT_DATA, below, drawn_once


@functools.cache
def bundle_of(name):
    """What a notebook is given of the picture."""
    return drawn_once(name)[0]._repr_mimebundle_()


@pytest.mark.parametrize("name", ALL)
def test_is_a_picture_with_its_caption_as_text(name):
    picture, png = drawn_once(name)
    assert isinstance(picture, Figure)
    bundle = bundle_of(name)
    assert bundle.keys() == {"image/png", "text/html", "text/plain"}
    assert bundle["image/png"] == png and bundle["text/plain"] == picture.caption
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
def test_on_a_page_its_words_are_text_and_no_pixels(name):
    picture, png = drawn_once(name)
    figure = BeautifulSoup(bundle_of(name)["text/html"], "html.parser").figure
    (image,) = figure.find_all("img")
    assert image["alt"] == picture.caption
    assert figure.figcaption.get_text(" ") == below(picture).replace("−", "-")
    shown = _image(image)
    whole = Image.open(io.BytesIO(png)).convert("RGB")
    assert shown.width == whole.width
    words = np.asarray(whole)[shown.height :]
    assert words.min() < 128 and (words[:10] == 255).all()  # the pixels of the caption, and a gap
    difference = np.asarray(whole)[: shown.height].astype(int) - np.asarray(shown)
    assert np.abs(difference).mean() < 2


@pytest.mark.parametrize("name", ALL)
def test_a_dark_page_turns_all_but_images_and_scales(name):
    picture, png = drawn_once(name)
    figure = BeautifulSoup(bundle_of(name)["text/html"], "html.parser").figure
    style = figure.find(class_="cnn-dark")["style"]
    corners = [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+)% (-?[\d.]+)%", style)]
    _, height = _image(figure.img).size
    whole = Image.open(io.BytesIO(png)).height

    def turned(axes, x, y):
        x, y = axes.transAxes.transform((x, y))
        width = picture.get_size_inches()[0] * DPI
        return _within(corners, 100 * x / width, 100 * (whole - y) / height)

    for axes in picture.axes:
        values = [image.get_array() for image in axes.get_images()]
        for x, y in ((0.03, 0.03), (0.5, 0.47), (0.97, 0.98)):
            rows = [array[int((1 - y) * len(array))] for array in values]  # a blank row is masked
            shades = any(np.ma.count(row) for row in rows) or bool(axes.collections)
            assert turned(axes, x, y) != shades, (axes, x, y)
        assert turned(axes, -0.02, 0.5) and turned(axes, 0.5, 1.02)  # what is written around
        if name == "feature_maps" and len(axes.texts) > 1:  # above each map its number
            for text in axes.texts:
                box = text.get_window_extent().transformed(axes.transAxes.inverted())
                assert turned(axes, (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)


def _within(corners, x, y) -> bool:
    """Whether a ray from the point crosses the closed line an odd number of times."""
    sides = zip(corners, corners[1:] + corners[:1], strict=True)
    return bool(
        sum(
            (y0 > y) != (y1 > y) and x < x0 + (x1 - x0) * (y - y0) / (y1 - y0)
            for (x0, y0), (x1, y1) in sides
        )
        % 2
    )


def _image(tag) -> Image.Image:
    """The image that is written in a page."""
    return Image.open(io.BytesIO(base64.b64decode(tag["src"].split(",")[1]))).convert("RGB")


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


@pytest.mark.parametrize("name", ["images_row", "convolution_step", "heat", "kernels"])
def test_images_in_a_row_stand_at_one_height(name):
    picture, _ = drawn_once(name)
    tops = [axes.get_position().y1 for axes in picture.axes if axes.get_images()]
    assert tops == pytest.approx([tops[0]] * len(tops))
