"""The pictures of the site for the docs, made anew if ``CNN_COURSE_IMAGES`` names their folder."""

import os

import pytest
from PIL import Image

from authoring.facts import ROOT

LAPTOP, SLIDE, PHONE = (1366, 768), (1280, 720), (390, 844)
# Each picture: the page and the place on it, the size of the window, light or dark.
PICTURES = {
    "site-light": ("index.html", LAPTOP, "light"),
    "site-dark": ("index.html", LAPTOP, "dark"),
    "site-phone": ("index.html", PHONE, "light"),
    "lesson-light": ("solutions/01_convolution_layers.html#task-1.4", LAPTOP, "light"),
    "lesson-dark": ("solutions/01_convolution_layers.html#task-1.4", LAPTOP, "dark"),
    "slide-1": ("slides/01_convolution_layers.html#/0", SLIDE, "light"),
    "slide-2": ("slides/01_convolution_layers.html#/8/1", SLIDE, "light"),
    "slide-3": ("slides/02_pooling.html#/1/3", SLIDE, "dark"),
    "slide-4": ("slides/03_full_cnn.html#/10/1", SLIDE, "light"),
    "slide-5": ("slides/04_inspection.html#/8/2", SLIDE, "dark"),
}


@pytest.mark.skipif("CNN_COURSE_IMAGES" not in os.environ, reason="no folder for pictures is named")
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_for_the_docs(name, site, chromium):
    where, (width, height), scheme = PICTURES[name]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    tab = context.new_page()
    page, _, place = where.partition("#")
    tab.goto(f"{(site / page).as_uri()}#{place}")
    tab.wait_for_timeout(1500)  # the network of the first page computes, a slide is laid out
    target = ROOT / os.environ["CNN_COURSE_IMAGES"] / f"{name}.png"
    tab.screenshot(path=target)
    context.close()
    Image.open(target).convert("RGB").quantize(256).save(target, optimize=True)
