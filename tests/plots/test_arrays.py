"""What counts as an image: bytes, tensors of any precision, arrays."""

import torch

from helpers import plots
from tests.plots.examples import IMAGE, images_of


def test_bytes_are_shown_like_the_numbers_they_stand_for():
    picture = plots.show_image(torch.tensor([[0, 255]], dtype=torch.uint8))
    assert images_of(picture)[0].get_array().tolist() == [[0.0, 1.0]]


def test_gradients_and_other_precisions_do_not_matter():
    for image in (IMAGE.clone().requires_grad_(), IMAGE.half(), IMAGE.bfloat16(), IMAGE.numpy()):
        assert plots.show_image(image).png()
