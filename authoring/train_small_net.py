"""Task 5.5 at full length: the best that this course knows within 100,000 parameters.

    python -m authoring.train_small_net [--recipe long|short] [--epochs N] [--seeds N]

Trains one network per seed on the 60,000 official images and tests it once per epoch; prints the
last test accuracy of each, their mean and spread. Recorded runs stand in docs/measurements.md.
``long`` is for a GPU; ``short`` is what two CPU cores do in some minutes.

Both: AdamW with a one-cycle schedule (L. N. Smith & N. Topin, 2019, *Super-Convergence*,
arXiv:1708.07120); labels smoothed by 0.1 (C. Szegedy et al., 2016, arXiv:1512.00567); images
flipped and shifted at random; in evaluation the mean of the scores of an image and of its mirror.
``long`` erases a square from half of the images (T. DeVries & G. W. Taylor, 2017, *Cutout*,
arXiv:1708.04552) and has inverted residuals (M. Sandler et al., 2018, *MobileNetV2*,
arXiv:1801.04381) with squeeze-and-excitation (J. Hu et al., 2018, arXiv:1709.01507).
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

os.environ["CNN_COURSE_DATASET"] = "official"
from helpers import datasets, training
from helpers.layers import count_parameters

SHIFT, SIDE = 2, 9  # pixels
BATCH, RATE, DECAY = 256, 1e-2, 0.05
MEAN, STD = 0.286, 0.353  # of the training images
EXPANSION, SQUEEZE = 3, 4


def flip_and_shift(images: torch.Tensor) -> torch.Tensor:
    """Grey images ``[B, 1, H, W]``, each flipped or not and moved by up to ``SHIFT`` pixels."""
    count, _, height, width = images.shape
    device = images.device
    flipped = torch.rand(count, 1, 1, 1, device=device) < 0.5
    padded = F.pad(torch.where(flipped, images.flip(3), images), (SHIFT,) * 4)[:, 0]
    moves = torch.randint(0, 2 * SHIFT + 1, (2, count, 1), device=device)
    rows = torch.arange(height, device=device) + moves[0]
    columns = torch.arange(width, device=device) + moves[1]
    each = torch.arange(count, device=device).view(-1, 1, 1)
    return padded[each, rows[:, :, None], columns[:, None, :]][:, None]


def flip_shift_and_erase(images: torch.Tensor) -> torch.Tensor:
    """The same, and from half of the images a square of ``SIDE`` pixels is erased."""
    count, _, height, width = images.shape
    device = images.device
    first = torch.randint(-(SIDE // 2), height - SIDE // 2, (2, count, 1), device=device)
    first = torch.where(torch.rand(count, 1, device=device) < 0.5, first, height)
    rows, columns = (
        (torch.arange(size, device=device) >= first[axis])
        & (torch.arange(size, device=device) < first[axis] + SIDE)
        for axis, size in enumerate((height, width))
    )
    square = rows[:, :, None] & columns[:, None, :]
    return flip_and_shift(images).masked_fill(square[:, None], 0)


class Mirrored(nn.Sequential):
    """In evaluation, the mean of the scores of an image and of its mirror image."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores ``[N, 10]`` of images ``[N, 1, H, W]`` from 0 to 1."""
        images = (images - MEAN) / STD
        scores = super().forward(images)
        return scores if self.training else (scores + super().forward(images.flip(3))) / 2


class Residual(nn.Sequential):
    """Adds its input to what its layers make of it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """As many channels as ``x``, of the same size."""
        return x + super().forward(x)


class SqueezeAndExcitation(nn.Module):
    """Weighs the channels by what their means say."""

    def __init__(self, channels: int, squeezed: int):
        super().__init__()
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            nn.SiLU(),
            nn.Conv2d(squeezed, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x``, each channel by its weight from 0 to 1."""
        return x * self.weigh(x)


def convolution(in_channels: int, out_channels: int, size: int, act: type | None, **more) -> list:
    """A convolution without bias, batch normalisation, and an activation if ``act`` is one."""
    layer = nn.Conv2d(in_channels, out_channels, size, padding=size // 2, bias=False, **more)
    return [layer, nn.BatchNorm2d(out_channels), *([act()] if act else [])]


def inverted(in_channels: int, out_channels: int, stride: int = 1) -> list[nn.Module]:
    """Widen, look at each channel by itself, weigh the channels, narrow."""
    wide = EXPANSION * in_channels
    return [
        *convolution(in_channels, wide, 1, nn.SiLU),
        *convolution(wide, wide, 3, nn.SiLU, stride=stride, groups=wide),
        SqueezeAndExcitation(wide, in_channels // SQUEEZE),
        *convolution(wide, out_channels, 1, None),
    ]


def long_net(widths: tuple[int, ...] = (20, 36, 50), blocks: int = 2) -> nn.Module:
    """Stages of inverted residuals, each half as large as the one before."""
    layers = convolution(1, widths[0], 3, nn.SiLU)
    for number, width in enumerate(widths):
        layers += inverted(widths[number - 1], width, stride=2) if number else []
        layers += [Residual(*inverted(width, width)) for _ in range(blocks)]
    return Mirrored(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], 10))


def short_net(widths: tuple[int, ...] = (16, 32, 64)) -> nn.Module:
    """Stages of two 3×3 convolutions with ReLU, each half as large as the one before."""
    layers, before = [], 1
    for width in widths:
        layers += convolution(before, width, 3, nn.ReLU) + convolution(width, width, 3, nn.ReLU)
        layers.append(nn.MaxPool2d(2))
        before = width
    return Mirrored(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


@dataclass(frozen=True)
class Recipe:
    """A network, what is done to its images, and for how many epochs."""

    make: Callable[[], nn.Module]
    augment: Callable[[torch.Tensor], torch.Tensor]
    epochs: int


RECIPES = {
    "long": Recipe(long_net, flip_shift_and_erase, 36),
    "short": Recipe(short_net, flip_and_shift, 16),
}


def train(recipe: Recipe, epochs: int, seed: int, verbose: bool) -> float:
    """The test accuracy of one network after its last epoch, which is also printed."""
    device = training.best_device()
    training_data, test_data = datasets.fashion_mnist(), datasets.fashion_mnist(train=False)
    torch.manual_seed(seed)
    model = recipe.make().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    steps = epochs * -(-len(training_data) // BATCH)
    start = time.perf_counter()
    history = training.fit(
        model,
        training_data,
        test_data,
        epochs,
        optimizer=optimizer,
        scheduler=torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, cycle_momentum=False),
        loss_fn=nn.CrossEntropyLoss(label_smoothing=0.1),
        augment=recipe.augment,
        batch_size=BATCH,
        seed=seed,
        verbose=verbose,
    )
    print(
        f"seed {seed}: {count_parameters(model):,} parameters, {epochs} epochs, "
        f"test accuracy {history.accuracies[-1]:.2%}, "
        f"{time.perf_counter() - start:.0f} s on {device}",
        flush=True,
    )
    return history.accuracies[-1]


def main() -> None:
    """The command."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--recipe", choices=("long", "short"), default="long")
    options.add_argument("--epochs", type=int, help="instead of those of the recipe")
    options.add_argument("--seeds", type=int, default=1)
    options = options.parse_args()
    recipe = RECIPES[options.recipe]
    accuracies = [
        train(recipe, options.epochs or recipe.epochs, seed, verbose=options.seeds == 1)
        for seed in range(options.seeds)
    ]
    if len(accuracies) > 1:
        mean, spread = statistics.mean(accuracies), statistics.stdev(accuracies)
        print(f"mean {mean:.2%}, standard deviation {spread:.2%}")


if __name__ == "__main__":
    main()
