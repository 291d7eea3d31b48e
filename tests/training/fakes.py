"""Small images, networks and runs for tests of training."""

import pytest
import torch
from torch import nn

from helpers.datasets import ImageDataset
from helpers.training import History, fit, last_history

LOSS = nn.CrossEntropyLoss()

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")


def fake_images(count: int, seed: int = 0) -> ImageDataset:
    """Pictures of 6×6 that can be learned: a class is a level of grey, with noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 10, (count,), generator=generator)
    noise = torch.randint(0, 26, (count, 1, 6, 6), generator=generator)
    images = (labels.view(-1, 1, 1, 1) * 25 + noise).to(torch.uint8)
    return ImageDataset(images, labels, [str(i) for i in range(10)], "drawn", "fakes")


def small_net(*extra: nn.Module, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 16), nn.ReLU(), *extra, nn.Linear(16, 10))


def sgd(model: nn.Module, rate: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=rate)


def quiet_fit(model, num_epochs=2, **settings) -> History:
    settings = {"batch_size": 16, "verbose": False} | settings
    return fit(model, fake_images(64), fake_images(40, seed=1), num_epochs, **settings)


def stopped(train, *args, **settings) -> History:
    """What a call of ``fit`` leaves behind that is interrupted; the interrupt goes on."""
    with pytest.raises(KeyboardInterrupt) as stop:
        train(*args, **settings)
    assert stop.value.history is last_history()
    assert stop.value._render_traceback_() == [last_history().message]
    return last_history()


class Recorder(nn.Module):
    """Passes its input on and notes the mode, and whether gradients are being recorded."""

    def __init__(self):
        super().__init__()
        self.seen: set[tuple[bool, bool]] = set()

    def forward(self, x):
        self.seen.add((self.training, torch.is_grad_enabled()))
        return x


def interrupt_at(call: int):
    """A layer that raises ``KeyboardInterrupt`` when it is used for the ``call``-th time."""

    class Interrupting(nn.Module):
        calls = 0

        def forward(self, x):
            self.calls += 1
            if self.calls == call:
                raise KeyboardInterrupt
            return x

    return Interrupting()
