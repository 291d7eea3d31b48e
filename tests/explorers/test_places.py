"""Windows in words: rows and columns by their runs, and the padding by its name."""

import pytest
import torch

from helpers.explorers._places import blocks_of, lines_of, spans, window_text


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([4], "4"), ([3, 4, 5], "3 to 5"), ([0, 1, 27], "0 to 1 and 27"), ([0, 2], "0 and 2"),
        ([1, 3, 5, 7], "1 to 7, every 2nd"), ([0, 4, 8], "0 to 8, every 4th"),
        ([0, 1, 5, 9, 10], "0 to 1, 5 and 9 to 10"),
    ],
)  # fmt: skip
def test_rows_in_words(numbers, said):
    assert spans(numbers) == said


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ([3, 4], [5], "rows 3 to 4, column 5"),
        ([None, 0, 1], [4, 5, 6],
         "rows 0 to 1, columns 4 to 6, beginning in the padding, 1 row above the image"),
        ([None, None, 0], [None, 0, 1],
         "row 0, columns 0 to 1, beginning in the padding, 2 rows above and 1 column left of the "
         "image"),
        ([6, 7, None], [7, None, None],
         "rows 6 to 7, column 7, ending in the padding, 1 row below and 2 columns right of the "
         "image"),
        ([None, 0, None], [3], "row 0, column 3, beginning in the padding, 1 row above the image, "
         "ending in the padding, 1 row below the image"),
        ([None, None], [3, 4], "nothing but padding"),
    ],
)  # fmt: skip
def test_a_window_in_words_calls_the_padding_by_its_name(rows, columns, said):
    assert window_text(rows, columns) == said
    assert "-" not in said


def test_what_is_framed():
    mask = torch.zeros(9, 9, dtype=torch.bool)
    mask[0:2, 3:5] = mask[8, 3:5] = True
    assert blocks_of(*lines_of(mask)) == [(0, 3, 2, 2), (8, 3, 1, 2)]
    assert blocks_of(range(0, 20, 2), range(0, 20, 2)) == [(0, 0, 19, 19)]  # all in one
    assert blocks_of([], []) == []


def test_a_window_of_something():
    said = window_text([None, 0], [1, 2], "the image")
    assert said == ("row 0, columns 1 to 2 of the image, beginning in the padding, 1 row above it")
