"""Two further hints for each task, beyond those that the notebooks fold away.

The first is a nudge: a question, a picture, what to print. The second is nearly there: the steps in
order, or the answer to a task that is alike but not the same. None holds the answer itself.
"""

from IPython.display import display

from helpers.checks.core.outcomes import BLUE, Block

HINTS: dict[str, tuple[str, str]] = {
    "1.1": (
        "Read the task as a list: grey images, 8 output channels, a kernel of 5 pixels. It names "
        "the three numbers in the order in which nn.Conv2d takes them.",
        "For colour images, 4 output channels and a kernel of 3 pixels it would be "
        "nn.Conv2d(3, 4, 3). Put in the numbers of this task.",
    ),
    "1.2": (
        "Print conv_layer.weight and conv_layer.bias and look. Which of the two is a row of "
        "numbers, which is a stack of small squares?",
        "For layer = nn.Conv2d(1, 2, 3) the answers would be layer.weight.shape, layer.bias.shape "
        "and layer.weight.numel() + layer.bias.numel(), which is 18 + 2 = 20.",
    ),
    "1.3": (
        "Draw a row of 6 boxes and slide a strip of 3 boxes along it: it fits in 4 places. Find "
        "the rule that gives 4 from 6 and 3.",
        "A row of 6 with a window of 3 has 6 - 3 + 1 = 4 places, a column as well, and each kernel "
        "makes one map: 2 kernels would make (2, 4, 4). For feature_maps, call conv_layer with "
        "image in the parentheses.",
    ),
    "1.4": (
        "Before you multiply, print two shapes: that of your window and that of the kernel. They "
        "must be the same.",
        "Four steps: the kernel is layer.weight[channel]; its height and width are in its shape; "
        "the window is the part of the image that begins at row and column and has this height "
        "and width; multiply the two, sum up, and add the one bias that belongs to the channel.",
    ),
    "1.5": (
        "Build the formula from the inside out and give each part a name: how wide is the image "
        "with its padding? How many pixels does the kernel reach over? How much room is left?",
        "padded = input_width + 2 * padding, and reach = dilation * (kernel_size - 1) + 1. If "
        "reach is larger than padded, raise the error. Else the room, padded - reach, holds "
        "room // stride steps; the number of places is one more than the number of steps.",
    ),
    "1.6": (
        "Only one thing is new: the layer gets one more argument, by its name. What does the word "
        "in the task promise about height and width?",
        "A layer for colour images that keeps their size would be "
        'nn.Conv2d(3, 4, 3, padding="same"), and of one image of 28×28 it makes (4, 28, 28).',
    ),
    "1.7": (
        "Put your finger on a flat area: all nine pixels have the same brightness. Multiply, and "
        "sum up: what must the nine weights add up to? And where the left side is dark and the "
        "right side bright, the sum should be large.",
        "A kernel for horizontal edges has a row of -1.0 at the top, a row of 0.0 in the middle "
        "and a row of 1.0 at the bottom: torch.tensor([[-1.0, -1.0, -1.0], ...]). For vertical "
        "edges the same happens from left to right.",
    ),
    "2.1": (
        "Cut a strip of 28 boxes into pieces of 5. How many whole pieces do you get?",
        "nn.MaxPool2d(3) makes [1, 9, 9] of one image, because 9 windows of 3 fit into 28. A layer "
        "is made first and called then: nn.MaxPool2d(...)(image).",
    ),
    "2.2": (
        "Call get_output_width(28, 5, 1), then with 2, 3, 4, 5 in place of the 1. Which stride "
        "gives what pooling gave in Task 2.1?",
        "Two steps: if stride is None, give it the value that pooling uses; then return "
        "get_output_width with all three numbers. For dropped: with windows of 3, 9 windows cover "
        "27 of the 28 rows, so 1 would be dropped.",
    ),
    "2.3": (
        "plt.subplots(1, 2) gives you a figure and two axes; everything else is said to one of the "
        "axes, not to plt: what to show, and the title.",
        'For the first: axes[0].imshow(image[0], cmap="gray") and axes[0].set_title("image"). Two '
        "more lines of this kind are missing, for the other axes. fig is the first thing that "
        "plt.subplots gives.",
    ),
    "2.4": (
        "Work it out by hand for before = [1, -2] and after = [2, -2]: the change is 1, what was "
        "there is 1 + 2 = 3, so the answer is 1/3. Which functions of tensors did you use?",
        "Three steps: the difference of the two; the sum of its absolute values, .abs().sum(); "
        "divided by the same sum for before. Then send before and after through "
        "nn.MaxPool2d(2), or nn.AvgPool2d(2), and compare what comes out.",
    ),
    "3.1": (
        "Follow one image with a pencil: 28 pixels wide, after the convolution 24, after pooling "
        "12, and so on. Each arrow in the table is one layer, and each convolution or pooling is "
        "one call of get_output_width.",
        "conv_stack is nn.Sequential of six layers: convolution, ReLU, pooling, twice. The width: "
        "width = get_output_width(width, 5) for a convolution, "
        "width = get_output_width(width, 2, 2) for a pooling, in their order. linear_stack is "
        "nn.Sequential of five layers: linear, ReLU, linear, ReLU, linear; the first takes "
        "16 * width**2 numbers. forward passes x through the three parts and returns the result.",
    ),
    "3.2": (
        "You need two things in a row: make a network from the class, and send it to where the "
        "computing happens.",
        "A single layer would be made and moved like this: nn.Linear(2, 3).to(device). Do the "
        "same with your class, which needs nothing in its parentheses.",
    ),
    "3.3": (
        "Print image.shape, image.unsqueeze(0).shape and X.shape. Which two have four entries? "
        "Those are batches.",
        "A layer is called like a function, layer(batch), and so is a network. X is a batch; of "
        "the single image unsqueeze(0) makes one.",
    ),
    "3.4": (
        "Both are objects made from a class, so both need parentheses. Which of the two has to "
        "know your network?",
        "With Adam and another learning rate the second would be "
        "torch.optim.Adam(model.parameters(), lr=0.01). Take the optimizer and the learning rate "
        "of the task. The loss needs nothing in its parentheses.",
    ),
    "3.5": (
        "Tell it as a story, for one batch: move, look, compare, find out what to change, change "
        "it, forget. Each of the six is one line. What has to be prepared before the first batch, "
        "and what is left to do after the last?",
        "Before the loop: the device, model.train(), a sum of 0.0 and a count of 0. For each "
        "X, y in dataloader: both to the device; the loss of model(X) and y; its backward(); the "
        "optimizer's step() and zero_grad(); add loss.item() * len(X) to the sum and len(X) to "
        "the count. After the loop, not inside: return one divided by the other.",
    ),
    "3.6": (
        "Begin with a copy of train_loop and take away all that learns: what is left of the six "
        "lines? Then count two things, not one.",
        "Before the loop: the device, model.eval(), three zeros. The whole loop stands under "
        "with torch.no_grad():. For each batch: move, compute the scores, add the loss times "
        "len(X), add (scores.argmax(dim=1) == y).sum().item(), add len(X). After the loop return "
        "two quotients: loss first, then accuracy.",
    ),
    "3.7": (
        "In one epoch each of your two loops is called once. What does each return, and into "
        "which list does it go?",
        "Six lines inside the for: train_loss = train_loop(...); "
        "test_loss, accuracy = test_loop(...); one append for each of the three lists; run.log. "
        "Look at the first lines of the two functions for what goes into the parentheses, and in "
        "which order.",
    ),
    "3.8": (
        "A picture that others can read answers three questions: what goes to the right, what "
        "goes up, and which line is which.",
        "With accuracies it would be: fig, ax = plt.subplots(); "
        'ax.plot(range(1, len(accuracies) + 1), accuracies, label="accuracy"); '
        'ax.set_xlabel("epoch"); ax.set_ylabel("accuracy"); ax.legend(). You need two curves, and '
        "another name for the axis that goes up.",
    ),
    "3.9": (
        "What does a training need to start from nothing? If something of the last one is used "
        "again, the comparison is not fair.",
        "In the function: a new network on the device, a new SGD for its parameters with "
        "lr=learning_rate, an empty list, the loop of Task 3.7 with the accuracy appended, and at "
        "the end return the network and the list. Call it once for each of the two new rates, and "
        "compare the last numbers of the three lists.",
    ),
    "4.1": (
        "Try model.conv_stack[5] in a cell of its own: it shows the last layer of the stack.",
        "names = ['a', 'b']; names[0] is 'a'. It works the same way with the layers of "
        "model.conv_stack.",
    ),
    "4.2": (
        "Print the smallest and the largest weight. The scale has to reach from minus something "
        "to plus the same, for all six pictures.",
        "Three steps: kernels is first_layer.weight with .detach().cpu(); limit is the largest of "
        "their absolute values, kernels.abs().max().item(), taken once, over all six; then, for "
        "each number and its axes, imshow of kernels[number, 0] with a diverging cmap, "
        "vmin=-limit and vmax=limit.",
    ),
    "4.3": (
        "Three things one after the other: a number, an image, its maps. The image is found with "
        "the number, the maps are made from the image.",
        "For a die it would be torch.randint(6, (1,)).item(), a number from 0 to 5: put the number "
        "of images in place of the 6. The image is the first part of training_data[index]; call "
        "first_layer with it. Then seven axes: the image on the first, and a loop for the maps.",
    ),
    "4.4": (
        "Write the hook first, as a small function of its own: it gets layer, inputs and output, "
        "and appends the output to a list that you made before.",
        "Five steps: an empty list; handle = layer.register_forward_hook(your hook); "
        "model(images), whose result you need not keep; handle.remove(); return the one thing "
        "that is in the list.",
    ),
    "4.5": (
        "The question is always the same: if this pixel were different, how much would the score "
        "of label change? You may try it (cover the pixel and see) or compute it (the gradient).",
        "The gradient in four steps: x = image.clone().requires_grad_(); the score is one entry of "
        "model(x.unsqueeze(0)), in row 0 and column label; torch.autograd.grad(score, x) gives a "
        "tuple with one tensor of the shape of the image; its absolute values, without the "
        "channel, are the map. Image and model must be on the same device.",
    ),
    "4.6": (
        "The matrix is a tally: for each image, one stroke in the row of its label and the column "
        "of its prediction. For the mistakes, answer three questions: how sure, how predicted, "
        "where wrong?",
        "Matrix: torch.zeros(10, 10, dtype=torch.int64), and a loop over the pairs that adds 1. "
        "Mistakes: max(dim=1) gives confidence and predictions; the places where predictions and "
        "labels differ are (...).nonzero()[:, 0]; argsort(descending=True) of the confidence at "
        "these places gives an order among them; take the places in this order, and the first k.",
    ),
    "5.1": (
        "Write down the layers for channels=(6, 16) and for channels=(8,). What repeats for each "
        "number? And which two things does each round have to hand to the next?",
        "Before the loop: layers = [], in_channels = 1, width = 28. In each round: append a "
        "convolution from in_channels to this number, a ReLU, a pooling; compute the new width "
        "(twice get_output_width); this number is the next in_channels. After the loop, "
        "nn.Sequential(*layers, nn.Flatten(), ...) with the three linear layers, the first of "
        "which takes in_channels * width**2 numbers.",
    ),
    "5.2": (
        "Go through ConvNet line by line and ask of each number: does it depend on the colours, "
        "or on the size of the picture? Two do.",
        "Follow the width from 32: get_output_width(32, 5), then pooling by 2, and both once more. "
        "The first linear layer takes 16 times the square of what is left; the first convolution "
        "takes one channel for each colour.",
    ),
    "5.3": (
        "A dropout layer sits in the row of layers like a ReLU does. Where may numbers be missing "
        "without harm, and where not?",
        "For a smaller network it would be nn.Sequential(nn.Linear(8, 6), nn.ReLU(), "
        "nn.Dropout(0.5), nn.Linear(6, 2)). Yours has two ReLUs, so two dropouts.",
    ),
    "5.4": (
        "Two kinds of layers are followed by two kinds of normalisation. What does a convolution "
        "hand on, and what a linear layer?",
        "For a smaller network: nn.Conv2d(1, 3, 5), nn.BatchNorm2d(3), nn.ReLU() in one stack and "
        "nn.Linear(8, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 2) in the other. The number "
        "in a BatchNorm is what the layer before it gives out.",
    ),
    "5.5": (
        "Print where the parameters of your network sit, with "
        "helpers.layers.layer_table(small_net, (1, 28, 28)). Spend them where they see most.",
        "A stage that works: twice convolution 3×3 with padding=1, batch norm and ReLU, then "
        "pooling by 2. Three stages, each with about twice the channels of the last; then "
        "nn.AdaptiveAvgPool2d(1), nn.Flatten() and one linear layer to 10. Train it with AdamW "
        "for as many epochs as you have patience.",
    ),
    "5.6": (
        "Ask of each function what would go wrong without it. All ranks would see the same images; "
        "each would train for itself; each line would be printed several times.",
        "With three ranks and the order 5, 2, 0, 4, 1, 3, rank 1 gets 2 and 1: each third place, "
        "from the second on. DistributedSampler(dataset, num_replicas=..., rank=...) deals out so "
        "and shuffles, anew after its set_epoch(...). DistributedDataParallel(...) takes the "
        "network. And of all ranks, only 0 is in every run.",
    ),
}

_shown: dict[str, int] = {}  # how many hints of each task were asked for, in this kernel


def hint(task: str) -> None:
    """Show a hint for ``task``, such as ``"3.5"``: a nudge, and if asked again nearly the answer.

    Nothing is shown that was not asked for; a third call shows both again.
    """
    task = str(task)
    if task not in HINTS:
        tasks = list(HINTS)
        print(f"There is no task {task}. The tasks are {tasks[0]} to {tasks[-1]}, each in quotes.")
        return
    hints = HINTS[task]
    _shown[task] = min(_shown.get(task, 0) + 1, len(hints))
    for number, sentence in enumerate(hints[: _shown[task]], start=1):
        display(Block(f"? {task} further hint {number} of {len(hints)}", sentence, BLUE))
    if _shown[task] < len(hints):
        print(f'Still stuck? Ask again for the second: checks.hint("{task}")')
    else:
        print("That was the last hint. The complete lesson is in the folder solutions.")
