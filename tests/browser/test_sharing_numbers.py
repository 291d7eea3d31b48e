"""The numbers of a page in a real browser are those of PyTorch."""

import base64

import numpy as np
import pytest
import torch

from helpers import sharing
from helpers.datasets import ImageDataset
from helpers.layers import describe_network
from helpers.sharing.program import by_result
from tests.sharing.networks import NETWORKS, make, shape_of

COUNT = 50  # images

# Runs the network of the page on images, one after the other in the same arrays, as the page does,
# and gives what each step makes of them, and the probabilities, as doubles, image by image.
RUN = """([images, each]) => {
    const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer;
    const pixels = new Float64Array(bytes(images)), found = [];
    let made;
    for (let from = 0; from < pixels.length; from += each) {
        made = network.run(pixels.subarray(from, from + each), made);
        found.push(...made.map(values => values.slice()), network.probabilities(made));
    }
    const flat = new Float64Array(found.reduce((sum, part) => sum + part.length, 0));
    let place = 0;
    for (const part of found) { flat.set(part, place); place += part.length; }
    const all = new Uint8Array(flat.buffer), parts = [];
    for (let i = 0; i < all.length; i += 30000)
        parts.push(String.fromCharCode(...all.subarray(i, i + 30000)));
    return btoa(parts.join(''));
}"""


def data_of(shape, count=20) -> ImageDataset:
    """Random images in ten classes."""
    draws = torch.Generator().manual_seed(0)
    images = torch.randint(256, (count, *shape), generator=draws).to(torch.uint8)
    return ImageDataset(images, torch.arange(count) % 10, list("abcdefghij"), "official", "noise")


def run_on_page(page, images: torch.Tensor) -> np.ndarray:
    """``[N, values]``: what each step of the page makes of each image, and the probabilities."""
    sent = base64.b64encode(images.double().numpy().tobytes()).decode()
    found = page.evaluate(RUN, [sent, images[0].numel()])
    return np.frombuffer(base64.b64decode(found)).reshape(len(images), -1)


@pytest.fixture(scope="module")
def tab(chromium):
    tab = chromium.new_page()
    yield tab
    tab.close()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_page_computes_what_the_network_computes(name, tab, tmp_path):
    network, shape = make(name), shape_of(name)
    sharing.page(network, tmp_path / "net.html", data_of(shape))
    tab.goto((tmp_path / "net.html").as_uri())
    assert tab.inner_text("#trouble") == ""
    images = torch.rand(COUNT, *shape, generator=torch.Generator().manual_seed(1))
    images[::5, :, 3:] = 0  # as a drawing has much of
    images[2::5, :, :, 4:] = images[1::5, :, :, 4:]  # as after a stroke: what is the same is kept
    given = images.double() if "double" in name else images
    with torch.no_grad():
        scores = network(given)
    steps = by_result(describe_network(network, given), scores)
    maps = [step.output.flatten(1) for step in steps]
    probabilities = scores if "softmax in" in name else scores.softmax(1)
    found = run_on_page(tab, images)
    expected = torch.cat(maps, 1).numpy()
    assert np.abs(found[:, :-10] - expected).max() < 1e-3
    assert np.abs(found[:, -10:] - probabilities.numpy()).max() < 1e-4
    assert probabilities.std() > 1e-3  # they are not all the same, whatever is computed


def test_there_are_many_networks():
    assert len(NETWORKS) >= 30
