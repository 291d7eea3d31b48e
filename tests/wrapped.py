"""Networks in the wrappers that PyTorch has."""

from unittest import mock

from torch import nn


def data_parallel(model: nn.Module) -> nn.DataParallel:
    """As on a machine without GPUs, wherever the test runs: with one, the network would move."""
    available = "torch.nn.parallel.data_parallel._get_available_device_type"
    with mock.patch(available, return_value=None):
        return nn.DataParallel(model)
