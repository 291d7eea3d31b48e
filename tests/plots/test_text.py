"""Numbers and signs in captions."""

import math

import pytest

from helpers.plots.text import long_minus, number_text


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
