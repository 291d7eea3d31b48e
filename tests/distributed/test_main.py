"""``python -m helpers.distributed`` is one rank, which torchrun starts."""

import pytest
import torch

from helpers.distributed.__main__ import main

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available(), reason="this PyTorch is built without torch.distributed"
)


def test_started_without_torchrun_it_says_how(monkeypatch, capsys):
    monkeypatch.delenv("RANK", raising=False)
    assert main(["--student", "x.py"]) == 2
    assert "torchrun --standalone --nproc-per-node=2 -m helpers.distributed" in (
        capsys.readouterr().err
    )
