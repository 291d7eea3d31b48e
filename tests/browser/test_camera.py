"""The camera button of the panel for an own picture, with the browser's own false camera.

From the keyboard, in JupyterLab and in Notebook 7.
"""

import pytest
from PIL import Image
from playwright.sync_api import expect

from authoring.chromium import CHROMIUM, FLAGS
from helpers import pictures
from tests.browser.lab import (
    LAB,
    NOTEBOOK_7,
    Notebook,
    jupyterlab,
    skip_without,
    write_notebook,
)

FALSE_CAMERA = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"
REFUSED = "--use-fake-ui-for-media-stream=deny"

# A network that says the same of all pictures; the trained one is not the matter here.
SOURCE = """
import torch
from torch import nn
from helpers import explorers
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
nn.init.zeros_(model[1].weight)
explorers.OwnPicture(model, list("abcdefghij"))
"""

# Each camera that is turned on is noted, to see whether it is off in the end.
NOTE = """
window.streams = [];
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async wanted => {
    const stream = await ask(wanted);
    window.streams.push(stream);
    return stream;
};
"""
LIVE = (
    "() => window.streams.flatMap(s => s.getTracks()).filter(t => t.readyState === 'live').length"
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab with the panel, and the film that the false camera shows."""
    folder = tmp_path_factory.mktemp("camera")
    frame = Image.new("RGB", (640, 480), "white")
    frame.paste(pictures.example(), (140, 60))
    frame.save(folder / "frame.jpg")
    film = folder / "film.mjpeg"
    film.write_bytes((folder / "frame.jpg").read_bytes() * 5)
    write_notebook(folder / "camera.ipynb", [SOURCE])
    with jupyterlab(folder) as address:
        yield address, film


@pytest.fixture
def opened(request, lab, chromium):
    """Gives the notebook, its panel and the camera button, in a browser with these flags."""
    place, *flags = request.param
    skip_without(place)
    address, film = lab
    if flags:
        flags.append(f"--use-file-for-fake-video-capture={film}")
    launch = chromium.browser_type.launch
    with launch(executable_path=CHROMIUM, args=[*FLAGS, *flags]) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.add_init_script(NOTE)
        notebook = Notebook(page, address, "camera.ipynb", place)
        notebook.run_all()
        panel = page.locator(".cnn-explorer")
        expect(panel.locator(".cnn-caption")).to_contain_text("The drawn example")
        yield notebook, panel, panel.get_by_role("button", name="camera", exact=True)


@pytest.mark.parametrize(
    "opened",
    [
        (LAB, FALSE_CAMERA, ALLOWED),
        pytest.param((NOTEBOOK_7, FALSE_CAMERA, ALLOWED), marks=pytest.mark.slower),
    ],
    indirect=True,
)
def test_a_shot_goes_the_way_of_an_upload(opened):
    notebook, panel, camera = opened
    page, caption = notebook.page, panel.locator(".cnn-caption")
    take = panel.get_by_role("button", name="take the picture")

    expect(camera).to_be_visible()
    before = len(notebook.errors)  # Notebook 7 has some of its own when it starts
    camera.focus()
    page.keyboard.press("b")  # elsewhere, a new cell
    page.keyboard.press("Enter")
    expect(take).to_be_focused()
    assert page.evaluate(LIVE) == 1
    page.keyboard.press("Escape")
    expect(camera).to_be_focused()
    assert page.evaluate(LIVE) == 0

    page.keyboard.press("Space")
    expect(take).to_be_focused()
    page.keyboard.press("Enter")
    expect(caption).to_contain_text("Your picture camera.jpg, 640×480 pixels.")
    expect(caption).to_contain_text("Data: the network says")
    expect(camera).to_be_focused()
    assert page.evaluate(LIVE) == 0
    assert len(notebook.counts()) == 1
    assert notebook.errors[before:] == []


@pytest.mark.parametrize("opened", [(LAB, FALSE_CAMERA, ALLOWED)], indirect=True)
def test_the_camera_goes_off_with_its_panel(opened):
    notebook, panel, camera = opened
    camera.press("Enter")
    panel.get_by_role("button", name="close the camera").wait_for()
    assert notebook.page.evaluate(LIVE) == 1
    notebook.run_all()
    notebook.page.wait_for_function(f"() => ({LIVE})() === 0")


@pytest.mark.parametrize("opened", [(LAB, FALSE_CAMERA, REFUSED)], indirect=True)
def test_a_refusal_is_a_sentence(opened):
    _, panel, camera = opened
    camera.press("Enter")
    expect(panel.locator(".cnn-camera")).to_contain_text("This page was not allowed to use")
    expect(panel.locator("video")).to_be_hidden()
    expect(camera).to_be_focused()


@pytest.mark.parametrize("opened", [(LAB,)], indirect=True)
def test_without_a_camera_there_is_no_button(opened):
    notebook, panel, camera = opened
    assert (
        notebook.page.evaluate(
            "async () => await navigator.mediaDevices.enumerateDevices()"
            ".then(all => all.filter(d => d.kind === 'videoinput'))"
        )
        == []
    )
    expect(panel.locator(".cnn-camera")).to_have_count(1)
    expect(camera).to_have_count(0)
