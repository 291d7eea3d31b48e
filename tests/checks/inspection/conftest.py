"""What holds for all tests of the checks of notebook 04."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(4)


@pytest.fixture(autouse=True)
def _close_figures():
    with matplotlib.rc_context():
        yield
    plt.close("all")
