"""Right and wrong answers to the tasks on the full CNN; see ``tests.checks.answers``."""

from collections.abc import Callable

import torch
from matplotlib.figure import Figure
from torch import nn

from helpers import models
from tests.checks.full_cnn.parts import Garments, Reader, loss_of_reader
from tests.checks.parts import Data, Wrong


def train_loop(dataloader, model, loss_fn, optimizer):
    """Task 3.5."""
    device = next(model.parameters()).device
    model.train()
    loss_sum, num_images = 0.0, 0
    for X, y in dataloader:
        X, y = X.to(device), y.to(device)
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss_sum += loss.item() * len(X)
        num_images += len(X)
    return loss_sum / num_images


def test_loop(dataloader, model, loss_fn):
    """Task 3.6."""
    device = next(model.parameters()).device
    model.eval()
    loss_sum, num_correct, num_images = 0.0, 0, 0
    with torch.no_grad():
        for X, y in dataloader:
            X, y = X.to(device), y.to(device)
            scores = model(X)
            loss_sum += loss_fn(scores, y).item() * len(X)
            num_correct += (scores.argmax(dim=1) == y).sum().item()
            num_images += len(X)
    return loss_sum / num_images, num_correct / num_images


test_loop.__test__ = False  # an answer, not a test of ours


def loss_figure(train_losses, test_losses) -> Figure:
    """Task 3.8."""
    fig = Figure()
    ax = fig.subplots()
    ax.plot(range(1, 11), train_losses, label="training")
    ax.plot(range(1, 11), test_losses, label="test")
    ax.set_xlabel("epoch")
    ax.set_ylabel("mean loss per image")
    ax.legend()
    return fig


def right_answers() -> dict[str, Callable[[], tuple]]:
    """For each check, by its name, a function that makes its arguments anew."""
    model, image = models.ConvNet(), Data()[0][0]
    train_losses = [2.3 - 0.1 * epoch for epoch in range(10)]
    test_losses = [loss + 0.05 for loss in train_losses]
    accuracies = [0.1 + 0.05 * epoch for epoch in range(10)]
    test_losses[-1] = loss_of_reader(accuracies[-1])
    runs = {1e-3: accuracies, 1e-2: [a + 0.2 for a in accuracies], 1e-1: [0.8] * 9 + [0.88]}
    return {
        "conv_net": lambda: (models.ConvNet,),
        "on_device": lambda: (models.ConvNet(), "cpu"),
        "quick_test": lambda: (model(image[None]), model(torch.rand(64, 1, 28, 28))),
        "loss_and_optimizer": lambda: (
            nn.CrossEntropyLoss(),
            torch.optim.SGD(model.parameters(), lr=1e-3),
            model,
        ),
        "train_loop": lambda: (train_loop,),
        "test_loop": lambda: (test_loop,),
        "training_run": lambda: (
            list(train_losses),
            list(test_losses),
            list(accuracies),
            Reader(),
            Garments(0.55),
        ),
        "loss_plot": lambda: (loss_figure(train_losses, test_losses), train_losses, test_losses),
        "learning_rates": lambda: (dict(runs), 1e-1, Reader(), Garments(0.88)),
    }


WRONG: dict[str, list[Wrong]] = {
    "3.1": [
        Wrong(
            {
                "answer-3-1": """
                    class ConvNet(nn.Module):
                        def __init__(self):
                            super().__init__()
                            self.conv_stack = nn.Sequential(
                                nn.Conv2d(1, 6, 5), nn.ReLU(),
                                nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                            )
                            width = 28
                            for kernel_size, stride in [(5, 1), (5, 1), (2, 2)]:
                                width = get_output_width(width, kernel_size, stride)
                            self.linear_entry_dim = width
                            self.flatten = nn.Flatten()
                            self.linear_stack = nn.Sequential(
                                nn.Linear(16 * width**2, 120), nn.ReLU(),
                                nn.Linear(120, 84), nn.ReLU(),
                                nn.Linear(84, 10),
                            )

                        def forward(self, x):
                            return self.linear_stack(self.flatten(self.conv_stack(x)))
                """
            },
            "that is the width with both convolutions but only one pooling",
        ),
        Wrong(
            {
                "answer-3-1": """
                    class ConvNet(nn.Module):
                        def __init__(self):
                            super().__init__()
                            self.conv_stack = nn.Sequential(
                                nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
                                nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                            )
                            self.linear_entry_dim = 4
                            self.flatten = nn.Flatten()
                            self.linear_stack = nn.Sequential(
                                nn.Linear(256, 120), nn.ReLU(),
                                nn.Linear(120, 84), nn.ReLU(),
                                nn.Linear(84, 10), nn.Softmax(dim=1),
                            )

                        def forward(self, x):
                            return self.linear_stack(self.flatten(self.conv_stack(x)))
                """
            },
            "changed after the last layer: there comes softmax",
        ),
    ],
    "3.2": [
        Wrong(
            {"answer-3-2": "SEED = 4\ntorch.manual_seed(SEED)\nmodel = ConvNet"},
            "Call the class to make a network from it",
        ),
    ],
    "3.3": [
        Wrong(
            {
                "answer-3-3": """
                    image = training_data[0][0].to(device)
                    X, y = next(iter(train_dataloader))
                    X = X.to(device)
                    scores_one = model(image.unsqueeze(0))[0]
                    scores_batch = model(X)
                """
            },
            "The dimension that counts the images is missing",
        ),
        Wrong(
            {
                "answer-3-3": """
                    image = training_data[0][0].to(device)
                    X, y = next(iter(train_dataloader))
                    X = X.to(device)
                    scores_one = model(image.unsqueeze(0)).softmax(dim=1)
                    scores_batch = model(X).softmax(dim=1)
                """
            },
            "are probabilities that add up to 1, as after softmax",
        ),
    ],
    "3.4": [
        Wrong(
            {
                "answer-3-4": """
                    loss_fn = nn.CrossEntropyLoss
                    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
                """
            },
            "Call the class, with parentheses, to make one",
        ),
        Wrong(
            {
                "answer-3-4": """
                    loss_fn = nn.CrossEntropyLoss()
                    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
                """
            },
            "asked for is plain SGD",
        ),
    ],
    "3.5": [
        Wrong(
            {
                "answer-3-5": """
                    def train_loop(dataloader, model, loss_fn, optimizer):
                        model.train()
                        loss_sum = 0
                        for X, y in dataloader:
                            X, y = X.to(device), y.to(device)
                            loss = loss_fn(model(X), y)
                            loss.backward()
                            optimizer.step()
                            loss_sum += loss.item() * len(X)
                        return loss_sum / len(dataloader.dataset)
                """
            },
            "the gradients of all batches pile up",
        ),
        Wrong(
            {
                "answer-3-5": """
                    def train_loop(dataloader, model, loss_fn, optimizer):
                        model.train()
                        for X, y in dataloader:
                            X, y = X.to(device), y.to(device)
                            loss = loss_fn(model(X), y)
                            loss.backward()
                            optimizer.step()
                            optimizer.zero_grad()
                        return loss.item()
                """
            },
            "that of the last batch alone",
        ),
    ],
    "3.6": [
        Wrong(
            {
                "answer-3-6": """
                    def test_loop(dataloader, model, loss_fn):
                        loss_sum, right = 0, 0
                        with torch.no_grad():
                            for X, y in dataloader:
                                X, y = X.to(device), y.to(device)
                                scores = model(X)
                                loss_sum += loss_fn(scores, y).item()
                                right += (scores.argmax(1) == y).sum().item()
                        return loss_sum / len(dataloader), right / len(dataloader.dataset)
                """
            },
            "the network was in training mode during the test",
        ),
        Wrong(
            {
                "answer-3-6": """
                    def test_loop(dataloader, model, loss_fn):
                        model.eval()
                        loss_sum, right = 0, 0
                        with torch.no_grad():
                            for X, y in dataloader:
                                X, y = X.to(device), y.to(device)
                                scores = model(X)
                                loss_sum += loss_fn(scores, y).item()
                                right += (scores.argmax(1) == y).sum().item()
                        return loss_sum / len(dataloader), right / len(dataloader.dataset)
                """
            },
            "the mean over the batches, not over the images",
        ),
        Wrong(
            {
                "answer-3-6": """
                    def test_loop(dataloader, model, loss_fn):
                        model.eval()
                        loss_sum, right, count = 0, 0, 0
                        with torch.no_grad():
                            for X, y in dataloader:
                                X, y = X.to(device), y.to(device)
                                scores = model(X)
                                loss_sum += loss_fn(scores, y).item() * len(X)
                                right += (scores.argmax(1) == y).sum().item()
                                count += len(X)
                        return loss_sum / count, 100 * right / count
                """
            },
            "in percent. Return a number between 0 and 1",
        ),
    ],
    "3.7": [
        Wrong(
            {
                "answer-3-7": """
                    num_epochs = 10
                    for epoch in range(num_epochs):
                        accuracy, test_loss = 2.31 - 0.02 * epoch, 0.1 + 0.03 * epoch
                        train_losses.append(2.3 - 0.02 * epoch)
                        test_losses.append(test_loss)
                        accuracies.append(accuracy)
                """
            },
            "as if they were swapped. test_loop returns the loss first",
        ),
        Wrong(
            {
                "answer-3-7": """
                    num_epochs = 3
                    for epoch in range(num_epochs):
                        train_losses.append(2.3 - 0.02 * epoch)
                        test_losses.append(2.29 - 0.02 * epoch)
                        accuracies.append(0.1 + 0.03 * epoch)
                """
            },
            "there are 3 epochs so far; asked for are 10",
        ),
        Wrong(
            {
                "answer-3-7": """
                    for epoch in range(10):
                        train_losses.append(2.3 - 0.2 * epoch)
                        test_losses.append(2.29 - 0.2 * epoch)
                        accuracies.append(0.1 + 0.09 * epoch)
                """
            },
            "accuracies ends with 0.910, but model gets",
        ),
    ],
    "3.8": [
        Wrong(
            {
                "answer-3-8": """
                    fig, ax = plt.subplots()
                    ax.plot(train_losses, label="training")
                    ax.plot(test_losses, label="test")
                    ax.legend()
                    plt.show()
                """
            },
            "the horizontal and the vertical axis have no name",
        ),
        Wrong(
            {
                "answer-3-8": """
                    fig, ax = plt.subplots()
                    ax.plot(train_losses, label="training")
                    ax.plot(test_losses, label="test")
                    ax.set_xlabel("epoch")
                    ax.set_ylabel("loss")
                    plt.show()
                """
            },
            "your curves have labels, but they are not shown yet",
        ),
    ],
    "3.9": [
        Wrong(
            {
                "answer-3-9-runs": """
                    one_list = [0.72, 0.75, 0.77, 0.79, 0.80, 0.81, 0.82, 0.83, 0.84, 0.85]
                    runs = {1e-3: accuracies, 1e-2: one_list, 1e-1: one_list}
                """
            },
            "begin with the same numbers",
        ),
        Wrong(
            {
                "answer-3-9-runs": """
                    runs = {1e-3: accuracies}
                    runs[1e-2] = [0.3, 0.5, 0.6, 0.65, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75]
                    runs[1e-1] = [0.7, 0.8, 0.82, 0.84, 0.85, 0.86, 0.87, 0.87, 0.88, 0.88]
                """,
                "answer-3-9-best": "best_learning_rate = 0.88",
            },
            "which is an accuracy. Asked for is the learning rate",
        ),
        Wrong(
            {
                "answer-3-9-runs": """
                    runs = {1e-3: [0.1, 0.1, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.65]}
                    runs[1e-2] = [0.3, 0.5, 0.6, 0.65, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75]
                    runs[1e-1] = [0.7, 0.8, 0.82, 0.84, 0.85, 0.86, 0.87, 0.87, 0.88, 0.88]
                    best_model = ConvNet().to(device)
                """
            },
            "of 1,000 test images right, but the run of 1e-1 ends with 0.880",
        ),
    ],
}
