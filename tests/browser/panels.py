"""The panels, and the keys that are pressed on each in a browser; plain data, without one."""

SETUP = """
import torch
from helpers import checkpoints, datasets, explorers
from helpers.layers import get_output_width

test_data = datasets.fashion_mnist(train=False)
few = datasets.subset(test_data, 500)
model, _ = checkpoints.trained_conv_net(test_data.source, "cpu")
"""

# For each panel: how it is made, which keys are pressed on which control, and what the caption says
# in the end.
PANELS = {
    "Convolution": (
        "explorers.Convolution(lambda *settings: get_output_width(*settings))",
        [
            ("spinbutton", "stride", "2"),
            ("spinbutton", "output width", "2"),
            ("button", "check my prediction", "Enter"),
            ("button", "step", "Enter"),
        ],
        "Output value 1, row 0, column 1",
    ),
    "Pooling": (
        "explorers.Pooling()",
        [
            ("button", "step", "Enter"),
            ("checkbox", "shift the image by one pixel", "Space"),
        ],
        "shift",
    ),
    "Layers": ("explorers.Layers(model)", [("combobox", "layer", "4")], "2,416"),
    "Training": (
        """panel = explorers.Training(num_epochs=3)
display(panel)
with panel.run("learning rate 0.1") as run:
    for epoch in run.epochs():
        run.log(2.3 / epoch, 2.4 / epoch, 0.3 * epoch)""",
        [("combobox", "highlight", "learning rate 0.1")],
        "Highlighted: learning rate 0.1",
    ),
    "Experiment": (
        "experiment = explorers.Experiment(few, few)\nexperiment",
        [("combobox", "learning rate", "1"), ("button", "train", "Enter")],
        "rate 1, batch 64, max pooling, width 8: 5 of 5 epochs",
    ),
    "FeatureMaps": (
        "explorers.FeatureMaps(model, few)",
        [("combobox", "layer", "conv_stack.3"), ("spinbutton", "image index", "7")],
        "16 feature maps of 8×8",
    ),
    "Why": (
        "explorers.Why(model, few)",
        [
            ("combobox", "method", "gradient"),
            ("spinbutton", "image index", "49"),
            ("combobox", "method", "occlusion"),
        ],
        "image 49, ",
    ),
    "Learning": (
        "experiment = explorers.Experiment(few, few)\nexperiment.train.click()\n"
        "explorers.Learning(experiment)",
        [("spinbutton", "image index", "7")],
        "after epoch 5",
    ),
    "Mistakes": (
        "explorers.Mistakes(model, few)",
        [("combobox", "true class", "Pullover"), ("combobox", "predicted class", "Shirt")],
        "Pullover → Shirt",
    ),
    "OwnPicture": (
        "explorers.OwnPicture(model, test_data.classes)",
        [("combobox", "rotate", "90")],
        "90",
    ),
}
