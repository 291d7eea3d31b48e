"""What one rank makes of the others, and of its share."""

import pytest
import torch

from helpers.distributed import ranks

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available(), reason="this PyTorch is built without torch.distributed"
)


def test_a_rank_that_loses_the_others_says_so(capsys, tmp_path):
    ranks.report(3, RuntimeError("[gloo/transport] Connection closed by peer [::1]:1"), tmp_path)
    assert capsys.readouterr().err == (
        "✗ rank 3 lost the others: one has ended, or gave no sign for 20 s\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["error-3.json"]


def test_the_images_of_a_rank():
    assert ranks._share(iter(range(7)), 3, 2) == [[0, 1], [2, 3], [4, 5]]
    assert ranks._share(torch.arange(4), 2, 2) == [[0, 1], [2, 3]]
