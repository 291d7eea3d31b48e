"""How hard are the drawn garments? Train the course's network and a linear classifier on them.

    python -m authoring.bench.drawn_difficulty [--learning-rate 0.1] [--epochs 10] [--seed 0]

Prints the test accuracy after every epoch, and at the end whether the drawn garments are as hard
as they are meant to be: the network between 80% and 94%, the linear classifier at least five
points below it. On the real Fashion-MNIST the network reaches 87% to 89% with this recipe.
"""

import argparse
import sys
import time

import torch
from torch import nn

from helpers.datasets import drawn
from helpers.models import ConvNet


def load(train: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Images, float32 ``[N, 1, 28, 28]`` in 0 … 1, and labels, int64 ``[N]``."""
    images, labels = drawn.garments(train)
    return torch.from_numpy(images).float() / 255, torch.from_numpy(labels)


def measure(name: str, model: nn.Module, training: tuple, test: tuple, args) -> float:
    """Train with SGD in batches of 64, print the accuracies and return the last, 0 … 1."""
    images, labels = training
    optimizer = torch.optim.SGD(model.parameters(), lr=args.learning_rate)
    order = torch.Generator().manual_seed(args.seed)
    accuracy = 0.0
    for epoch in range(1, args.epochs + 1):
        start = time.perf_counter()
        for batch in torch.randperm(len(images), generator=order).split(64):
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            predicted = torch.cat([model(part).argmax(1) for part in test[0].split(1000)])
        accuracy = (predicted == test[1]).float().mean().item()
        seconds = time.perf_counter() - start
        print(f"{name}, epoch {epoch:2}: {accuracy:.1%} ({seconds:.0f} s)", flush=True)
    return accuracy


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    training, test = load(train=True), load(train=False)
    torch.manual_seed(args.seed)
    linear_model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    linear = measure("linear", linear_model, training, test, args)
    network = measure("ConvNet", ConvNet(), training, test, args)
    right = 0.80 <= network <= 0.94 and linear <= network - 0.05
    print(
        f"version {drawn.VERSION}, seed {args.seed}: ConvNet {network:.1%}, linear {linear:.1%}:",
        "as meant" if right else "NOT as meant (80% to 94%, and five points apart)",
    )
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
