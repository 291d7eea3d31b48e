"""What holds for all tests of the checks of notebook 05."""

import pytest
import torch


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(5)
