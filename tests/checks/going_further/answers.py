"""Right and wrong answers to the tasks on going further; see ``tests.checks.answers``."""

from collections.abc import Callable

from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data.distributed import DistributedSampler

from helpers import layers, models
from tests.checks.going_further.parts import labelled
from tests.checks.parts import Wrong


def make_conv_net(channels=(6, 16), kernel_size=5):
    """Task 5.1."""
    parts, in_channels, width = [], 1, 28
    for out_channels in channels:
        parts += [nn.Conv2d(in_channels, out_channels, kernel_size), nn.ReLU(), nn.MaxPool2d(2)]
        width = layers.get_output_width(width, kernel_size) // 2
        in_channels = out_channels
    head = [nn.Linear(in_channels * width**2, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
    return nn.Sequential(*parts, nn.Flatten(), *head, nn.Linear(84, 10))


class RGBConvNet(models.ConvNet):
    """Task 5.2."""

    def __init__(self):
        super().__init__()
        self.conv_stack[0] = nn.Conv2d(3, 6, 5)
        self.linear_stack[0] = nn.Linear(16 * 5**2, 120)


class DropoutConvNet(models.ConvNet):
    """Task 5.3."""

    def __init__(self):
        super().__init__()
        self.linear_stack.insert(2, nn.Dropout(0.5))
        self.linear_stack.insert(5, nn.Dropout(0.5))


class BatchNormConvNet(models.ConvNet):
    """Task 5.4."""

    def __init__(self):
        super().__init__()
        self.conv_stack.insert(1, nn.BatchNorm2d(6))
        self.conv_stack.insert(5, nn.BatchNorm2d(16))
        self.linear_stack.insert(1, nn.BatchNorm1d(120))
        self.linear_stack.insert(4, nn.BatchNorm1d(84))


def make_sampler(dataset, rank, world_size, epoch):
    """Task 5.6."""
    sampler = DistributedSampler(dataset, num_replicas=world_size, rank=rank)
    sampler.set_epoch(epoch)
    return sampler


def wrap(model):
    """Task 5.6."""
    return DistributedDataParallel(model)


def is_logger(rank):
    """Task 5.6."""
    return rank == 0


def small_net_answers(accuracy=0.9, seen=0.9, seen_in_training=0.95):
    """Task 5.5: a network, its accuracy, and data of which it gets these shares right."""
    network = models.ConvNet()
    training_data, test_data = labelled(network, seen_in_training), labelled(network, seen, seed=2)
    return network.train(), accuracy, training_data, test_data


def right_answers() -> dict[str, Callable[[], tuple]]:
    """For each check, by its name, a function that makes its arguments anew."""
    row = {"variant": "a", "parameters": 44_426, "seconds": 3.0, "accuracy": 0.7}
    wide = {"variant": "b", "parameters": 60_074, "seconds": 4.0}
    results = [row, row | wide, row | {"variant": "c", "parameters": 20_862}]
    return {
        "variants": lambda: (make_conv_net, [dict(row) for row in results]),
        "rgb_net": lambda: (RGBConvNet,),
        "dropout": lambda: (DropoutConvNet,),
        "batch_norm": lambda: (BatchNormConvNet,),
        "small_net": small_net_answers,
        "data_parallel": lambda: (make_sampler, wrap, is_logger),
    }


# Three variants of task 5.1 as if they had been trained, with accuracies that are shares.
MEASURED = """
    results = [
        {"variant": "kernel 5", "parameters": 44_426, "seconds": 4.1, "accuracy": 0.71},
        {"variant": "kernel 3", "parameters": 60_074, "seconds": 3.8, "accuracy": 0.74},
        {"variant": "three layers", "parameters": 20_998, "seconds": 4.4, "accuracy": 0.69},
    ]
    for row in results:
        print(row)
"""

WRONG: dict[str, list[Wrong]] = {
    "5.1": [
        Wrong(
            {
                "answer-5-1": """
                    def make_conv_net(channels=(6, 16), kernel_size=5):
                        layers, width = [], 28
                        for number in channels:
                            layers += [nn.Conv2d(1, number, kernel_size), nn.ReLU()]
                            layers += [nn.MaxPool2d(2)]
                            width = (width - kernel_size + 1) // 2
                        return nn.Sequential(
                            *layers, nn.Flatten(),
                            nn.Linear(channels[-1] * width**2, 120), nn.ReLU(),
                            nn.Linear(120, 84), nn.ReLU(),
                            nn.Linear(84, 10),
                        )
                """,
                "answer-5-1-results": MEASURED,
            },
            "It takes in what the layer before it gives out",
        ),
        Wrong(
            {"answer-5-1-results": MEASURED.replace("0.71", "71.3")},
            "a percentage, it seems",
        ),
    ],
    "5.2": [
        Wrong(
            {
                "answer-5-2": """
                    class RGBConvNet(ConvNet):
                        def __init__(self):
                            super().__init__()
                            self.linear_stack[0] = nn.Linear(16 * 5 * 5, 120)

                        def forward(self, x):
                            return super().forward(x.reshape(-1, 1, 32, 32))
                """
            },
            "The 3 colours are treated as 3 images",
        ),
        Wrong(
            {
                "answer-5-2": """
                    class RGBConvNet(nn.Module):
                        def __init__(self):
                            super().__init__()
                            self.conv_stack = nn.Sequential(
                                nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
                                nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                            )
                            self.flatten = nn.Flatten()
                            self.linear_stack = nn.Sequential(
                                nn.Linear(256, 120), nn.ReLU(),
                                nn.Linear(120, 84), nn.ReLU(),
                                nn.Linear(84, 10),
                            )

                        def forward(self, x):
                            return self.linear_stack(self.flatten(self.conv_stack(x)))
                """
            },
            "a linear layer is made for 256 numbers, but gets 400",
        ),
    ],
    "5.3": [
        Wrong(
            {
                "answer-5-3": """
                    class DropoutConvNet(ConvNet):
                        def __init__(self):
                            super().__init__()
                            self.linear_stack = nn.Sequential(
                                nn.Linear(256, 120), nn.ReLU(),
                                nn.Linear(120, 84), nn.ReLU(),
                                nn.Linear(84, 10), nn.Dropout(0.5),
                            )
                """
            },
            "the scores are changed after the last layer",
        ),
        Wrong(
            {
                "answer-5-3": """
                    class DropoutConvNet(ConvNet):
                        def forward(self, x):
                            values = self.flatten(self.conv_stack(x))
                            return self.linear_stack(nn.functional.dropout(values, 0.5))
                """
            },
            "F.dropout needs training=self.training",
        ),
    ],
    "5.4": [
        Wrong(
            {
                "answer-5-4": """
                    class BatchNormConvNet(ConvNet):
                        def __init__(self):
                            super().__init__()
                            self.conv_stack = nn.Sequential(
                                nn.Conv2d(1, 6, 5), nn.BatchNorm1d(6), nn.ReLU(), nn.MaxPool2d(2),
                                nn.Conv2d(6, 16, 5), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool2d(2),
                            )
                """
            },
            "For images with height and width there is nn.BatchNorm2d",
        ),
        Wrong(
            {
                "answer-5-4": """
                    class BatchNormConvNet(ConvNet):
                        def __init__(self):
                            super().__init__()
                            self.conv_stack = nn.Sequential(
                                nn.Conv2d(1, 6, 5), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
                                nn.Conv2d(6, 16, 5), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
                            )
                            self.linear_stack = nn.Sequential(
                                nn.Linear(256, 120), nn.BatchNorm1d(120), nn.ReLU(),
                                nn.Linear(120, 84), nn.BatchNorm1d(84), nn.ReLU(),
                                nn.Linear(84, 10), nn.BatchNorm1d(10),
                            )
                """
            },
            "the scores are changed after the last layer: there comes batch normalisation",
        ),
    ],
    "5.5": [
        Wrong(
            {
                "answer-5-5": """
                    def make_small_net():
                        return nn.Sequential(
                            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                            nn.Flatten(), nn.Linear(32 * 14 * 14, 64), nn.ReLU(), nn.Linear(64, 10),
                        ).to(device)

                    small_net = make_small_net()
                """,
                "answer-5-5-train": "accuracy = 0.91",
            },
            "more than 100,000",
        ),
        Wrong(
            {"answer-5-5-train": "accuracy = 0.931"},
            "So many are right by guessing, as before any training.",
        ),
        Wrong(
            {"answer-5-5-train": "accuracy = [0.71, 0.78, 0.81]"},
            "expected is one number. Take the last, after training",
        ),
    ],
    "5.6": [
        Wrong(
            {
                "answer-5-6": """
                    from torch.nn.parallel import DistributedDataParallel
                    from torch.utils.data import DistributedSampler

                    def make_sampler(dataset, rank, world_size, epoch):
                        return DistributedSampler(dataset, num_replicas=world_size, rank=rank)

                    def wrap(model):
                        return DistributedDataParallel(model)

                    def is_logger(rank):
                        return rank == 0
                """
            },
            "call its set_epoch(epoch)",
        ),
        Wrong(
            {
                "answer-5-6": """
                    from torch.utils.data import DistributedSampler

                    def make_sampler(dataset, rank, world_size, epoch):
                        sampler = DistributedSampler(dataset, world_size, rank)
                        sampler.set_epoch(epoch)
                        return sampler

                    def wrap(model):
                        return model

                    def is_logger(rank):
                        print("rank", rank)
                """
            },
            "the gradient of its own images alone",
        ),
    ],
}
