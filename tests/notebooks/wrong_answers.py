"""Wrong answers as students type them, for the student walk: one to three for each task.

None of them trains: where a right answer is measured in a long run, the numbers here are made up.
Sources are indented as they stand here; IPython takes that off, as it does in a browser.
"""

from typing import NamedTuple


class Wrong(NamedTuple):
    """A wrong answer, and a part of the message that is meant for it.

    ``sources`` are those of cells with a blank, by their ids; all others are as in the solution.
    """

    sources: dict[str, str]
    fragment: str


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
    "1.1": [
        Wrong(
            {"answer-1-1": "conv_layer = nn.Conv2d(8, 1, 5)\nprint(conv_layer)"},
            "it should be the other way round",
        ),
        Wrong(
            {"answer-1-1": "conv_layer = nn.Conv2d(28, 8, 5)\nprint(conv_layer)"},
            "28 is their width, which the layer need not know",
        ),
    ],
    "1.2": [
        Wrong(
            {
                "answer-1-2": """
                    weight_shape = (1, 8, 5, 5)
                    bias_shape = (8,)
                    num_parameters = 208
                """
            },
            "the channels that come out stand first",
        ),
        Wrong(
            {
                "answer-1-2": """
                    weight_shape = conv_layer.weight.shape
                    bias_shape = conv_layer.bias.shape
                    num_parameters = conv_layer.weight.numel()
                """
            },
            "these are the weights alone; the biases are learned, too",
        ),
    ],
    "1.3": [
        Wrong(
            {
                "answer-1-3": """
                    image, label = training_data[0]
                    predicted_shape = (8, 28, 28)
                    feature_maps = conv_layer(image)
                """
            },
            "without padding the window cannot start at every pixel",
        ),
        Wrong(
            {
                "answer-1-3": """
                    image, label = training_data[0]
                    predicted_shape = (8, 24, 24)
                    feature_maps = conv_layer
                """
            },
            "call the layer like a function, with the image in the parentheses",
        ),
    ],
    "1.4": [
        Wrong(
            {
                "answer-1-4": """
                    def value_by_hand(image, layer, channel, row, column):
                        size = layer.kernel_size[0]
                        window = image[0, row : row + size, column : column + size]
                        return (window * layer.weight[channel, 0]).sum()
                """
            },
            "The bias of the channel is still missing",
        ),
        Wrong(
            {
                "answer-1-4": """
                    def value_by_hand(image, layer, channel, row, column):
                        return layer(image)[channel, row, column]
                """
            },
            "the value is right, but the layer computed it",
        ),
    ],
    "1.5": [
        Wrong(
            {
                "answer-1-5": """
                    def get_output_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
                        reach = dilation * (kernel_size - 1) + 1
                        if reach > input_width + padding:
                            raise ValueError("the kernel does not fit")
                        return (input_width + padding - reach) // stride + 1
                """
            },
            "Padding is added on both sides of the image",
        ),
        Wrong(
            {
                "answer-1-5": """
                    def get_output_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
                        reach = dilation * (kernel_size - 1) + 1
                        return (input_width + 2 * padding - reach) // stride + 1
                """
            },
            "it should raise a ValueError with a sentence that says so",
        ),
    ],
    "1.6": [
        Wrong(
            {
                "answer-1-6": """
                    same_layer = nn.Conv2d(1, 8, 5, padding=1)
                    same_shape = (8, 28, 28)
                """
            },
            "the output is smaller than the image. padding also takes a word",
        ),
        Wrong(
            {
                "answer-1-6": """
                    same_layer = nn.Conv2d(1, 8, 5, padding="same")
                    same_shape = (8, 24, 24)
                """
            },
            "that is the shape without padding",
        ),
    ],
    "1.7": [
        Wrong(
            {
                "answer-1-7": """
                    edge_kernel = torch.tensor([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
                    edge_layer = nn.Conv2d(1, 1, 3, bias=False)
                    with torch.no_grad():
                        edge_layer.weight[0, 0] = edge_kernel
                """
            },
            "your kernel finds horizontal edges",
        ),
        Wrong(
            {
                "answer-1-7": """
                    edge_kernel = torch.tensor([[0, 1, 0], [0, 1, 0], [0, 1, 0]])
                    edge_layer = nn.Conv2d(1, 1, 3, bias=False)
                    with torch.no_grad():
                        edge_layer.weight[0, 0] = edge_kernel
                """
            },
            "All weights have the same sign",
        ),
    ],
    "2.1": [
        Wrong(
            {
                "answer-2-1": """
                    predicted_shape = (1, 24, 24)
                    pooled = nn.MaxPool2d(5)(image)
                """
            },
            "that is the size after a convolution",
        ),
        Wrong(
            {
                "answer-2-1": """
                    predicted_shape = (1, 5, 5)
                    pooled = nn.MaxPool2d(5, stride=1)(image)
                """
            },
            "the window moved by 1 pixel only",
        ),
    ],
    "2.2": [
        Wrong(
            {
                "answer-2-2": """
                    def get_pooled_width(input_width, kernel_size, stride=None):
                        if stride is None:
                            return get_output_width(input_width, kernel_size)
                        return get_output_width(input_width, kernel_size, stride)

                    dropped = 3
                """
            },
            "If no stride is given, pooling does not take 1",
        ),
        Wrong(
            {
                "answer-2-2": """
                    def get_pooled_width(input_width, kernel_size, stride=None):
                        return get_output_width(input_width, kernel_size, stride or kernel_size)

                    dropped = get_pooled_width(28, 5)
                """
            },
            "that is the number of windows in a row",
        ),
    ],
    "2.3": [
        Wrong(
            {
                "answer-2-3": """
                    fig = plt.figure()
                    plt.imshow(image[0])
                    plt.title("image")
                    plt.imshow(pooled[0])
                    plt.title("pooled")
                    plt.show()
                """
            },
            "where the second hides the first",
        ),
        Wrong(
            {
                "answer-2-3": """
                    fig, axes = plt.subplots(1, 2)
                    axes[0].imshow(image[0])
                    axes[1].imshow(pooled[0])
                    plt.title("image")
                    plt.title("pooled")
                    plt.show()
                """
            },
            "the image has no title",
        ),
    ],
    "2.4": [
        Wrong(
            {
                "answer-2-4": """
                    def relative_change(before, after):
                        return (after - before).sum().abs() / before.sum().abs()

                    with torch.no_grad():
                        before, after = conv_layer(images), conv_layer(shifted)
                    mean, maximum = nn.AvgPool2d(2), nn.MaxPool2d(2)
                    changes = {
                        "convolution": relative_change(before, after),
                        "maximum": relative_change(maximum(before), maximum(after)),
                        "average": relative_change(mean(before), mean(after)),
                    }
                """
            },
            "take absolute values first, then sum",
        ),
        Wrong(
            {
                "answer-2-4": """
                    def relative_change(before, after):
                        return ((after - before).abs().sum() / before.abs().sum()).item()

                    with torch.no_grad():
                        before, after = conv_layer(images), conv_layer(shifted)
                    maximum = nn.MaxPool2d(2)
                    changes = {
                        "convolution": relative_change(before, after),
                        "maximum": relative_change(maximum(before), maximum(after)),
                        "average": relative_change(maximum(before), maximum(after)),
                    }
                """
            },
            "the same number for 'maximum' and 'average'",
        ),
    ],
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
            "your network ends with a softmax",
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
            "they are swapped. test_loop returns the loss first",
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
                    best_learning_rate = 1e-1
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
                    best_learning_rate = 0.88
                """
            },
            "which is an accuracy. Asked for is the learning rate",
        ),
    ],
    "4.1": [
        Wrong(
            {"answer-4-1": "first_layer = model.conv_stack[1]\nprint(first_layer)"},
            "Python counts from 0",
        ),
        Wrong(
            {"answer-4-1": "first_layer = model.conv_stack[0].weight\nprint(first_layer)"},
            "leave out what follows the index, such as .weight",
        ),
    ],
    "4.2": [
        Wrong(
            {
                "answer-4-2": """
                    fig, axes = plt.subplots(1, 6)
                    for ax, kernel in zip(axes, first_layer.weight.detach().cpu()):
                        ax.imshow(kernel[0], cmap="RdBu_r")
                    plt.show()
                """
            },
            "each picture has its own colour scale",
        ),
        Wrong(
            {
                "answer-4-2": """
                    kernels = first_layer.weight.detach().cpu()
                    limit = kernels.abs().max()
                    fig, axes = plt.subplots(1, 6)
                    for ax, kernel in zip(axes, kernels):
                        ax.imshow(kernel[0], cmap="gray", vmin=-limit, vmax=limit)
                    plt.show()
                """
            },
            "the colour map gray has no neutral middle for 0",
        ),
    ],
    "4.3": [
        Wrong(
            {
                "answer-4-3": """
                    index = torch.randint(59_999, (1,)).item()
                    image, label = training_data[index + 1]
                    feature_maps = first_layer(image.to(device)).detach().cpu()
                """
            },
            "Draw index once, then use it for the image and the maps",
        ),
        Wrong(
            {
                "answer-4-3-figure": """
                    fig, axes = plt.subplots(1, 6)
                    for ax, feature_map in zip(axes, feature_maps):
                        ax.imshow(feature_map, cmap="RdBu_r")
                    plt.show()
                """
            },
            "fig has 6 pictures; expected are 7",
        ),
    ],
    "4.4": [
        Wrong(
            {
                "answer-4-4": """
                    def get_activations(model, layer, images):
                        caught = []
                        layer.register_forward_hook(lambda *args: caught.append(args[2]))
                        with torch.no_grad():
                            model(images)
                        return caught[0]
                """
            },
            "leaves its hook on the layer",
        ),
        Wrong(
            {
                "answer-4-4": """
                    def get_activations(model, layer, images):
                        with torch.no_grad():
                            return layer(images)
                """
            },
            "what the layer makes of the images directly",
        ),
    ],
    "4.5": [
        Wrong(
            {
                "answer-4-5": """
                    def decision_map(model, image, label):
                        batch = image.unsqueeze(0).requires_grad_()
                        score = model(batch).max()
                        return torch.autograd.grad(score, batch)[0][0, 0].abs()
                """
            },
            "Use the score of the given label",
        ),
        Wrong(
            {
                "answer-4-5": """
                    def decision_map(model, image, label):
                        heat = torch.zeros(28, 28)
                        with torch.no_grad():
                            before = model(image.unsqueeze(0))[0, label]
                            for row in range(0, 28, 4):
                                for column in range(0, 28, 4):
                                    covered = image.clone()
                                    covered[:, row : row + 4, column : column + 4] = 0
                                    after = model(covered.unsqueeze(0))[0, label]
                                    heat[row : row + 4, column : column + 4] = after - before
                        return heat
                """
            },
            "its sign is turned round",
        ),
    ],
    "4.6": [
        Wrong(
            {
                "answer-4-6": """
                    def confusion_matrix(labels, predictions):
                        matrix = torch.zeros(10, 10, dtype=torch.int64)
                        for label, prediction in zip(labels, predictions):
                            matrix[prediction, label] += 1
                        return matrix

                    def confident_mistakes(probabilities, labels, k=10):
                        confidence, predictions = probabilities.max(dim=1)
                        wrong = (predictions != labels).nonzero()[:, 0]
                        return wrong[confidence[wrong].argsort(descending=True)[:k]]
                """
            },
            "rows and columns are swapped",
        ),
        Wrong(
            {
                "answer-4-6": """
                    def confusion_matrix(labels, predictions):
                        return torch.bincount(10 * labels + predictions, minlength=100).view(10, 10)

                    def confident_mistakes(probabilities, labels, k=10):
                        confidence, predictions = probabilities.max(dim=1)
                        wrong = predictions != labels
                        return confidence[wrong].argsort(descending=True)[:k]
                """
            },
            "the indices count within the mistakes only",
        ),
    ],
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
            "dropout comes after the last layer",
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
            "a BatchNorm comes after the last linear layer",
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
            "each rank trains for itself",
        ),
    ],
}
