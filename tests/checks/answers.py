"""The right answers of all tasks, as a notebook would hand them to the checks; none is trained."""

from collections.abc import Callable

import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data.distributed import DistributedSampler

from helpers import layers, models


class Data:
    """Twenty pictures of a garment that is none, with labels: what a data set is to a notebook."""

    def __init__(self):
        self.images = torch.rand(20, 1, 28, 28, generator=torch.Generator().manual_seed(3))

    def __len__(self):
        return 20

    def __getitem__(self, index):
        return self.images[index], 0


def value_by_hand(image, layer, channel, row, column):
    """Task 1.4."""
    kernel = layer.weight[channel]
    height, width = kernel.shape[1:]
    window = image[:, row : row + height, column : column + width]
    return (window * kernel).sum() + layer.bias[channel]


def get_pooled_width(input_width, kernel_size, stride=None):
    """Task 2.2."""
    return layers.get_output_width(input_width, kernel_size, stride or kernel_size)


def relative_change(before, after):
    """Task 2.4."""
    return ((after - before).abs().sum() / before.abs().sum()).item()


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


def get_activations(model, layer, images):
    """Task 4.4."""
    caught = []
    handle = layer.register_forward_hook(lambda layer, inputs, output: caught.append(output))
    try:
        with torch.no_grad():
            model(images)
    finally:
        handle.remove()
    return caught[0]


def decision_map(model, image, label):
    """Task 4.5."""
    image = image.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(image.unsqueeze(0))[0, label], image)
    return gradient[0].abs()


def confusion_matrix(labels, predictions):
    """Task 4.6."""
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    for label, prediction in zip(labels.tolist(), predictions.tolist(), strict=True):
        matrix[label, prediction] += 1
    return matrix


def confident_mistakes(probabilities, labels, k=10):
    """Task 4.6."""
    confidence, predictions = probabilities.max(dim=1)
    wrong = (predictions != labels).nonzero()[:, 0]
    return wrong[confidence[wrong].argsort(descending=True)[:k]]


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


def figure(pictures, limits=None, titles=True) -> Figure:
    """Pictures side by side, in grey or, with ``limits``, on one diverging scale."""
    fig = Figure()
    axes = fig.subplots(1, len(pictures))
    colours = {"cmap": "RdBu_r", "vmin": -limits, "vmax": limits} if limits else {"cmap": "gray"}
    for number, (ax, picture) in enumerate(zip(axes, pictures, strict=True)):
        ax.imshow(picture.detach(), **colours)
        if titles:
            ax.set_title(f"picture {number}")
    return fig


def edge_layer() -> nn.Conv2d:
    """Task 1.7."""
    layer = nn.Conv2d(1, 1, 3, bias=False)
    nn.init.zeros_(layer.weight)
    with torch.no_grad():
        layer.weight[..., 0], layer.weight[..., 2] = -1, 1
    return layer


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
    layer, model, data = nn.Conv2d(1, 8, 5), models.ConvNet(), Data()
    image = data[0][0]
    pooled = nn.MaxPool2d(5)(image)
    first, first_maps = model.conv_stack[0], model.conv_stack[0](image).detach()
    train_losses = [2.3 - 0.1 * epoch for epoch in range(10)]
    test_losses = [loss + 0.05 for loss in train_losses]
    accuracies = [0.1 + 0.05 * epoch for epoch in range(10)]
    runs = {1e-3: accuracies, 1e-2: [a + 0.2 for a in accuracies], 1e-1: [0.8] * 9 + [0.88]}
    row = {"variant": "a", "parameters": 44_426, "seconds": 3.0, "accuracy": 0.7}
    results = [row, row | {"variant": "b", "seconds": 4.0}, row | {"variant": "c", "accuracy": 0.6}]
    changes = {"convolution": 0.4, "maximum": 0.2, "average": 0.3}
    kernels = [kernel[0] for kernel in first.weight]
    largest = first.weight.abs().max().item()
    return {
        "conv_layer": lambda: (nn.Conv2d(1, 8, 5),),
        "conv_parameters": lambda: ((8, 1, 5, 5), (8,), 208),
        "conv_output": lambda: ((8, 24, 24), layer(image), layer, image),
        "value_by_hand": lambda: (value_by_hand,),
        "output_width": lambda: (layers.get_output_width,),
        "same_padding": lambda: (nn.Conv2d(1, 8, 5, padding="same"), (8, 28, 28)),
        "vertical_edges": lambda: (edge_layer(),),
        "max_pool": lambda: ((1, 5, 5), pooled, image),
        "pooled_width": lambda: (get_pooled_width, 3),
        "side_by_side": lambda: (figure([image[0], pooled[0]]), image, pooled),
        "shift_changes": lambda: (relative_change, dict(changes)),
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
        "training_run": lambda: (list(train_losses), list(test_losses), list(accuracies)),
        "loss_plot": lambda: (loss_figure(train_losses, test_losses), train_losses, test_losses),
        "learning_rates": lambda: (dict(runs), 1e-1),
        "first_layer": lambda: (first, model),
        "kernel_pictures": lambda: (figure(kernels, limits=largest), first),
        "feature_maps": lambda: (0, first_maps, figure([image[0], *first_maps]), first, data),
        "activations": lambda: (get_activations,),
        "decision_map": lambda: (decision_map,),
        "mistakes": lambda: (confusion_matrix, confident_mistakes),
        "variants": lambda: (make_conv_net, [dict(row) for row in results]),
        "rgb_net": lambda: (RGBConvNet,),
        "dropout": lambda: (DropoutConvNet,),
        "batch_norm": lambda: (BatchNormConvNet,),
        "small_net": lambda: (models.ConvNet(), 0.9),
        "data_parallel": lambda: (make_sampler, wrap, is_logger),
    }
