"""Task 3.1: right ways, mistakes and their messages, blanks, traces."""

import copy
from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers import models
from helpers.checks import (
    conv_net,
)
from helpers.layers import get_output_width
from tests.checks.full_cnn.parts import (
    ConvNet,
    Lazy,
    conv,
    conv_layers,
    linear,
    linear_layers,
    replaced,
    variant,
    width_of_map,
)
from tests.checks.tables import (
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


def finish(action):
    return variant(finish=action)


def setting(**parts):
    """The solution, after which the parts are set to something else."""

    def finish(self):
        for name, value in parts.items():
            if isinstance(value, nn.Module):
                value = copy.deepcopy(value)
            delattr(self, name)
            setattr(self, name, value)

    return variant(finish=finish)


def without(*names):
    def finish(self):
        for name in names:
            delattr(self, name)

    return variant(finish=finish)


class PoolFirst(ConvNet):
    """ReLU after pooling: the same values."""

    def conv(self):
        c1, relu, pool, c2, *_ = conv_layers()
        return [c1, pool, relu, c2, pool, relu]


class Functional(ConvNet):
    """ReLU, pooling and flattening in forward; named parts with only the layers with weights."""

    def __init__(self):
        super().__init__()
        self.conv_stack = nn.ModuleList([nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)])
        self.linear_stack = nn.ModuleList(linear_layers()[::2])

    def forward(self, x):
        for layer in self.conv_stack:
            x = F.max_pool2d(F.relu(layer(x)), 2)
        x = x.view(len(x), -1)
        for layer in self.linear_stack[:-1]:
            x = F.relu(layer(x))
        return self.linear_stack[-1](x)


class Named(nn.Module):
    """Names for the layers, tuples for the kernels, all defaults spelled out, other order."""

    def __init__(self, in_channels=1):
        nn.Module.__init__(self)
        self.linear_entry_dim = torch.tensor(width_of_map())
        entry = 16 * int(self.linear_entry_dim) ** 2
        self.linear_stack = nn.Sequential(
            OrderedDict(
                first=nn.Linear(entry, 120),
                bend1=nn.ReLU(inplace=True),
                second=nn.Linear(120, 84),
                bend2=nn.ReLU(inplace=True),
                third=nn.Linear(84, 10),
            )
        )
        self.conv_stack = nn.Sequential(
            nn.Sequential(
                nn.Conv2d(in_channels, 6, kernel_size=(5, 5), stride=1, padding="valid"),
                nn.ReLU(inplace=True),
                nn.MaxPool2d((2, 2), stride=2),
            ),
            nn.Sequential(nn.Conv2d(6, 16, (5, 5), padding=0), nn.ReLU(), nn.MaxPool2d(2, 2)),
        )
        self.flatten = nn.Flatten(start_dim=1)

    def forward(self, images):
        print("shape:", images.shape)
        features = self.flatten(self.conv_stack(images))
        return self.linear_stack(features)


class ByTrying(ConvNet):
    """The width is read from maps, and layers are used from attributes of their own."""

    def __init__(self):
        nn.Module.__init__(self)
        self.relu, self.pool = nn.ReLU(), nn.MaxPool2d(2, 2)
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.conv_stack = nn.Sequential(
            self.conv1, self.relu, self.pool, self.conv2, self.relu, self.pool
        )
        with torch.no_grad():
            maps = self.conv_stack(torch.zeros(1, 1, 28, 28))
        self.linear_entry_dim = maps.shape[-1]
        self.flatten = torch.nn.Flatten()
        self.linear_stack = nn.Sequential(
            nn.Linear(maps.numel(), 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()
        )
        self.linear_stack.append(nn.Linear(84, 10))


class ByArithmetic(nn.Sequential):
    """A subclass of nn.Sequential, and plain arithmetic from 28."""

    def __init__(self, num_classes=10):
        super().__init__()
        self.conv_stack = nn.Sequential(*conv_layers())
        width = (28 - 4) // 2
        width = (width - 4) // 2
        self.linear_entry_dim: int = width
        self.flatten = nn.Flatten()
        self.linear_stack = nn.Sequential(
            nn.Linear(in_features=16 * ((28 - 4) // 2 - 4) ** 2 // 4, out_features=120),
            *linear_layers()[1:-1],
            nn.Linear(84, num_classes),
        )


class ByMethods(ConvNet):
    """Helper methods; forward without the flatten layer."""

    def features(self, x):
        return self.conv_stack(x)

    def forward(self, x):
        x = self.features(x)
        return self.linear_stack(x.view(-1, 16 * self.linear_entry_dim**2))


class ByComparing(ConvNet):
    """ReLU as a maximum, a product and a clamp; windows and rows by reshaping."""

    def forward(self, x):
        first, _, _, second, *_ = self.conv_stack
        x = first(x)
        x = torch.maximum(x, torch.zeros_like(x)).unflatten(2, (12, 2)).unflatten(4, (12, 2))
        x = second(x.amax((3, 5)))
        x = F.max_pool2d(x * (x > 0), kernel_size=(2, 2), stride=2)
        x = torch.flatten(x, 1)
        for layer in self.linear_stack[:-1:2]:
            x = layer(x).clamp(min=0)
        return self.linear_stack[-1](x)


class ThereAndBack(ConvNet):
    """Steps that change nothing: two transpositions, ReLU twice, rows in two steps."""

    def conv(self):
        return [*conv_layers(), nn.ReLU(), nn.Identity()]

    def forward(self, x):
        x = self.conv_stack(x.transpose(2, 3).transpose(2, 3))
        return self.linear_stack(x.flatten(2).flatten(1).unsqueeze(0).squeeze(0))


class OneByOne(ConvNet):
    """A loop over the images."""

    def forward(self, x):
        return torch.stack([ConvNet.forward(self, image[None])[0] for image in x])


class WithSubclasses(ConvNet):
    """Layers of the student's own, made from PyTorch's, in a Sequential of Sequentials."""

    class Block(nn.Sequential):
        def __init__(self, before, after):
            super().__init__(nn.Conv2d(before, after, 5), nn.MaxPool2d(2))

        def forward(self, x):
            return super().forward(x).relu()

    def conv(self):
        return [self.Block(1, 6), nn.Sequential(self.Block(6, 16))]


RIGHT = [
    OneByOne,
    ByComparing,
    ThereAndBack,
    WithSubclasses,
    models.ConvNet,
    ConvNet,
    PoolFirst,
    Functional,
    Named,
    ByTrying,
    ByArithmetic,
    ByMethods,
    Lazy,
]


@pytest.mark.parametrize("right", RIGHT)
def test_conv_net_accepts(right):
    assert "44,426" in assert_passes(conv_net, right)
    assert_no_trace(conv_net, right)


class NoSuper(ConvNet):
    def __init__(self):
        self.conv_stack = nn.Sequential(*conv_layers())


class NoSuperNumberOnly(nn.Module):
    def __init__(self):
        self.linear_entry_dim = 4


class LazyNorm(ConvNet):
    def __init__(self):
        super().__init__()
        self.conv_stack.append(nn.LazyBatchNorm2d())


class Misspelled(nn.Module):
    def _init_(self):
        super().__init__()


class NoForward(ConvNet):
    forward = nn.Module.forward  # as if it had not been defined


class ForgottenSelf(ConvNet):
    def forward(x):
        return x


class NeedsArgument(ConvNet):
    def __init__(self, device):
        super().__init__()


class InTheClass(ConvNet):
    conv_stack = nn.Sequential(nn.Conv2d(1, 6, 5))


class ClassInSequential(ConvNet):
    def conv(self):
        return replaced(conv_layers(), _1=nn.ReLU)


class ListInSequential(ConvNet):
    def __init__(self):
        nn.Module.__init__(self)
        self.conv_stack = nn.Sequential(conv_layers())


class LocalWidth(ConvNet):
    """Uses self.linear_entry_dim without having set it."""

    def __init__(self):
        nn.Module.__init__(self)
        self.linear_stack = nn.Linear(16 * self.linear_entry_dim**2, 120)


class TypedWidth(ConvNet):
    def __init__(self):
        super().__init__()
        width = 28
        width = 4
        self.linear_entry_dim = width
        self.linear_stack = nn.Sequential(nn.Linear(16 * width**2, 120), *linear_layers()[1:])


class TypedEntry(ConvNet):
    def __init__(self):
        super().__init__()
        self.linear_stack = nn.Sequential(nn.Linear(16 * 4**2, 120), *linear_layers()[1:])


class TypedEntryByName(ConvNet):
    def __init__(self):
        super().__init__()
        self.linear_stack = nn.Sequential(
            nn.Linear(in_features=256, out_features=120), *linear_layers()[1:]
        )


class SwappedArguments(ConvNet):
    def __init__(self):
        super().__init__()
        self.linear_entry_dim = get_output_width(get_output_width(28, 1, 5), 7, 1)


class LayersInForward(ConvNet):
    def forward(self, x):
        return nn.Linear(256, 10)(self.flatten(self.conv_stack(x)))


class UnusedLayer(ConvNet):
    def forward(self, x):
        first, bend, _, _, last = self.linear_stack
        return last(bend(first(self.flatten(self.conv_stack(x))))[:, :84])


class TwiceThroughALayer(ConvNet):
    def forward(self, x):
        scores = ConvNet.forward(self, x)
        return scores + self.linear_stack[4](self.linear_stack[2].bias.expand(len(x), -1))


class LayerTwice(ConvNet):
    def forward(self, x):
        return 0 * self.conv_stack(x).mean() + ConvNet.forward(self, x)


class OtherWeights(ConvNet):
    """Uses the weights of its layers, but does not call the layers."""

    def forward(self, x):
        x = self.flatten(self.conv_stack(x))
        for layer in self.linear_stack[::2]:
            x = F.linear(x, layer.weight, layer.bias)
        return x


def forward(function):
    return variant(forward=function)


def prints(self, x):
    print(self.linear_stack(self.flatten(self.conv_stack(x))))


def dropped(self, x):
    return self.linear_stack(F.dropout(self.flatten(self.conv_stack(x)), 0.5, self.training))


def between(function):
    """``function`` in place of the flatten layer, in forward."""
    return forward(lambda self, x: self.linear_stack(function(self.conv_stack(x))))


def lazy(*layers, flatten=None):
    """A network of lazy layers, which take whatever comes in."""

    class ConvNet(Lazy):
        def conv(self):
            lazy_layers = {1: nn.LazyConv2d(6, 5), 2: nn.LazyConv2d(16, 5)}
            chosen = layers or (1, nn.ReLU(), nn.MaxPool2d(2), 2, nn.ReLU(), nn.MaxPool2d(2))
            return [lazy_layers.get(layer, layer) for layer in copy.deepcopy(chosen)]

        def forward(self, x):
            return self.linear_stack((flatten or self.flatten)(self.conv_stack(x)))

    return ConvNet


relu, pool = nn.ReLU(), nn.MaxPool2d(2)

NETS = {
    "ReLU before in place of after": (
        conv(_0=nn.Sequential(nn.ReLU(), nn.Conv2d(1, 6, 5)), _1=None),
        "a ReLU comes before the first convolution. Pixels are never negative",
    ),
    "ReLU before, too": (
        conv(_0=nn.Sequential(nn.ReLU(), nn.Conv2d(1, 6, 5))),
        "a ReLU comes before the first convolution. Pixels are never negative",
    ),
    "ReLU at the beginning of forward": (
        forward(lambda self, x: ConvNet.forward(self, F.relu(x))),
        "a ReLU comes before the first convolution. Pixels are never negative",
    ),
    "images normalised": (
        forward(lambda self, x: ConvNet.forward(self, x - 0.5)),
        "before they come to the first convolution: there comes a subtraction",
    ),
    "images by their mean": (
        forward(lambda self, x: ConvNet.forward(self, x - x.mean())),
        "before the first layer, mean changes the first dimension",
    ),
    "images turned": (
        forward(lambda self, x: ConvNet.forward(self, x.transpose(2, 3))),
        "before they come to the first convolution: there comes another order",
    ),
    "transposed maps": (
        between(lambda x: x.transpose(2, 3).flatten(1)),
        "after the second convolution, the numbers of each image are put into another order, by tr",
    ),
    "channels last": (
        between(lambda x: x.permute(0, 2, 3, 1).flatten(1)),
        "the numbers of each image are put into another order, by permute",
    ),
    "images mixed in a reshape": (
        between(lambda x: x.reshape(256, -1).T),
        "after the second convolution, reshape changes the first dimension",
    ),
    "images mixed in a transpose": (
        between(lambda x: x.transpose(0, 1).reshape(len(x), -1)),
        "after the second convolution, transpose changes the first dimension",
    ),
    "images mixed in a permute": (
        between(lambda x: x.permute(1, 2, 3, 0).reshape(-1, 256)),
        "after the second convolution, permute changes the first dimension",
    ),
    "images turned round": (
        between(lambda x: x.flip(0).flatten(1)),
        "the images of the batch are mixed after the second convolution, by flip",
    ),
    "lazy, the batch in one row": (
        lazy(flatten=torch.flatten),
        "after the second convolution, flatten changes the first dimension",
    ),
    "lazy, pooling before the convolution": (
        lazy(pool, 1, relu, pool, 2, relu),
        "before they come to the first convolution: there comes 2×2 max pooling",
    ),
    "lazy, one pooling": (
        lazy(1, relu, 2, relu, pool),
        "there is no 2×2 max pooling after the first convolution.",
    ),
    "lazy, pooling by 3": (
        lazy(1, relu, nn.MaxPool2d(3), 2, relu, pool),
        "after the first convolution comes 3×3 max pooling",
    ),
    "lazy, pooling that moves by 1": (
        lazy(1, relu, nn.MaxPool2d(2, 1), 2, relu, pool),
        "after the first convolution comes 2×2 max pooling that moves by 1×1",
    ),
    "lazy, pooling twice": (
        lazy(1, relu, pool, pool, 2, relu),
        "there are 2 poolings after the first convolution; asked for is one.",
    ),
    "lazy, pooling by strides": (
        lazy(1, relu, nn.AdaptiveMaxPool2d(7), 2, relu, pool),
        "after the first convolution comes adaptive_max_pool2d; asked for is",
    ),
    "pooling before the convolution": (
        forward(lambda self, x: ConvNet.forward(self, F.max_pool2d(x, 2))),
        "before they come to the first convolution: there comes 2×2 max pooling",
    ),
    "padded by hand": (
        forward(lambda self, x: ConvNet.forward(self, F.pad(x[..., 1:], (0, 1)))),
        "there comes a selection with [...] and padding",
    ),
    "a view for one image": (
        between(lambda x: x.view(256)),
        "raised RuntimeError on a batch of 3 images: shape '[256]' is invalid for input of size",
    ),
    "maps multiplied": (
        between(lambda x: (2 * x).flatten(1)),
        "after the second convolution comes a multiplication, which is not asked for",
    ),
    "local normalisation": (
        between(lambda x: F.layer_norm(x, (4, 4)).flatten(1)),
        "after the second convolution comes layer_norm, which is not asked for",
    ),
    "one image for all": (
        forward(lambda self, x: ConvNet.forward(self, x[:1].expand_as(x))),
        "before the first layer, a selection with [...] changes the first dimension",
    ),
    "an instance": (ConvNet(), "Leave out the parentheses"),
    "a function": (lambda: ConvNet(), "expected is a class of networks"),
    "another class": (dict, "the class dict; expected"),
    "no super": (NoSuper, "super().__init__()"),
    "no super, only a number": (NoSuperNumberOnly, "super().__init__()"),
    "__init__ misspelled": (Misspelled, "misspelled"),
    "lazy batch normalisation": (LazyNorm, "without Lazy in its name"),
    "__init__ wants a device": (NeedsArgument, "asks for further arguments"),
    "parts in the class": (InTheClass, "outside of __init__"),
    "class in Sequential": (ClassInSequential, "with parentheses"),
    "list in Sequential": (ListInSequential, "brackets of their own"),
    "width not set": (LocalWidth, "before the line that uses it"),
    "one part missing": (without("linear_entry_dim"), "has no linear_entry_dim"),
    "two parts missing": (without("flatten", "linear_stack"), "no flatten and no linear_stack"),
    "a Python list": (setting(conv_stack=conv_layers()), "Python list"),
    "not layers": (setting(linear_stack="layers"), "nn.Sequential"),
    "flatten a class": (setting(flatten=nn.Flatten), "with parentheses"),
    "flatten a number": (setting(flatten=1), "expected is the layer nn.Flatten"),
    "one convolution": (conv(_3=None), "holds 1 convolution layer ("),
    "colour images": (conv(_0=nn.Conv2d(3, 6, 5)), "grey"),
    "first swapped": (conv(_0=nn.Conv2d(6, 1, 5)), "the other way round"),
    "8 channels": (conv(_0=nn.Conv2d(1, 8, 5)), "8 channels out; asked for are 6"),
    "second takes 1": (conv(_3=nn.Conv2d(1, 16, 5)), "what the first one gives out"),
    "kernel 3": (conv(_3=nn.Conv2d(6, 16, 3)), "3×3"),
    "kernel 3, and the width that it leaves": (
        variant(
            conv=staticmethod(lambda: replaced(conv_layers(), _3=nn.Conv2d(6, 16, 3))),
            linear=staticmethod(lambda: replaced(linear_layers(), _0=nn.Linear(400, 120))),
            finish=lambda self: setattr(self, "linear_entry_dim", 5),
        ),
        "the second convolution has a kernel of 3×3 pixels; asked for is 5×5.",
    ),
    "padding": (conv(_0=nn.Conv2d(1, 6, 5, padding="same")), "leave padding out"),
    "stride": (conv(_0=nn.Conv2d(1, 6, 5, stride=2)), "leave stride out"),
    "no bias": (conv(_0=nn.Conv2d(1, 6, 5, bias=False)), "no bias"),
    "width 28": (setting(linear_entry_dim=28), "the image itself"),
    "width 256": (setting(linear_entry_dim=256), "how many numbers enter"),
    "width 8": (setting(linear_entry_dim=8), "one pooling only"),
    "width 16": (setting(linear_entry_dim=16), "number of channels"),
    "width 14": (setting(linear_entry_dim=14), "from the last result"),
    "width 18": (setting(linear_entry_dim=18), "a stride of 2"),
    "width 20": (setting(linear_entry_dim=20), "without any pooling"),
    "width 24": (setting(linear_entry_dim=24), "the first convolution only"),
    "width 12": (setting(linear_entry_dim=12), "its pooling"),
    "width 10": (setting(linear_entry_dim=10), "only one pooling"),
    "width 4 typed": (TypedWidth, "is 4, typed in"),
    "width from swapped arguments": (SwappedArguments, "in this order"),
    "16 * 4**2 typed": (TypedEntry, "16 * 4 ** 2, typed in"),
    "256 typed": (TypedEntryByName, "takes 256, typed in"),
    "pooling in one dimension": (conv(_2=nn.MaxPool1d(2)), "take MaxPool2d"),
    "width 5": (setting(linear_entry_dim=5), "Start at 28"),
    "width 4.5": (setting(linear_entry_dim=4.5), "a whole number"),
    "two linear layers": (linear(_2=None), "holds 2 fully-connected"),
    "16·4": (linear(_0=nn.Linear(64, 120)), "as high"),
    "4²": (linear(_0=nn.Linear(16, 120)), "one map, or one pixel"),
    "4": (linear(_0=nn.Linear(4, 120)), "one row of one map"),
    "784": (linear(_0=nn.Linear(784, 120)), "number of pixels of the image"),
    "other entry": (linear(_0=nn.Linear(100, 120)), "channels × height × width"),
    "linear swapped": (linear(_2=nn.Linear(84, 120)), "the other way round"),
    "linear do not fit": (linear(_2=nn.Linear(128, 84)), "as many as the layer before gives"),
    "100 numbers": (linear(_4=nn.Linear(84, 100)), "gives 100 numbers"),
    "linear without bias": (linear(_4=nn.Linear(84, 10, bias=False)), "no bias"),
    "one pooling": (conv(_2=None), "There is no 2×2 max pooling after the first convolution."),
    "pooling too often": (
        forward(
            lambda self, x: self.linear_stack(self.flatten(F.max_pool2d(self.conv_stack(x), 2)))
        ),
        "64 numbers per image (16 maps of 2×2)",
    ),
    "no pooling": (conv(_2=None, _5=None), "16 maps of 20×20"),
    "the second pooling moves by 1, which leaves as many numbers as an image has": (
        conv(_5=nn.MaxPool2d(2, 1)),
        "784 numbers per image (16 maps of 7×7) come to a fully-connected layer that takes 256. "
        "After the second convolution comes 2×2 max pooling that moves by 1×1; asked for is",
    ),
    "pooling by 3": (
        conv(_5=nn.MaxPool2d(3)),
        "comes 3×3 max pooling; asked for is 2×2 max pooling",
    ),
    "no forward": (NoForward, "has no forward"),
    "forward without self": (ForgottenSelf, "def forward(self, x)"),
    "forward prints": (forward(prints), "returns nothing"),
    "forward forgets flatten": (
        forward(lambda self, x: self.linear_stack(self.conv_stack(x))),
        "self.flatten",
    ),
    "conv_stack forgotten": (
        forward(lambda self, x: self.linear_stack(self.flatten(x))),
        "as if conv_stack had not seen them",
    ),
    "flattens first": (
        forward(lambda self, x: self.linear_stack(self.conv_stack(self.flatten(x)))),
        "flatten after that",
    ),
    "a name misspelled": (
        forward(lambda self, x: self.conv_stck(x)),
        "the names that you set in __init__",
    ),
    "argmax": (
        forward(lambda self, x: ConvNet.forward(self, x).argmax(1)),
        "changed after the last layer: there comes argmax",
    ),
    "mean over the batch": (
        forward(lambda self, x: ConvNet.forward(self, x).mean(0)),
        "After the third fully-connected layer, mean changes the first dimension",
    ),
    "flattens the batch": (setting(flatten=nn.Flatten(0)), "all but the first dimension"),
    "flattens too little": (setting(flatten=nn.Flatten(2)), "all but the first dimension"),
    "batch size typed in": (
        forward(lambda self, x: self.linear_stack(self.conv_stack(x).view(1, -1))),
        "all but the first dimension",
    ),
    "self forgotten": (
        forward(lambda self, x: linear_stack(self.conv_stack(x))),  # noqa: F821 (the mistake itself)
        "need self. in front",
    ),
    "forward raises": (forward(lambda self, x: 1 / 0), "ZeroDivisionError"),
    "forward raises before lazy layers": (
        type("ConvNet", (Lazy,), {"forward": lambda self, x: 1 / 0}),
        "ZeroDivisionError",
    ),
    "ModuleList called": (
        setting(conv_stack=nn.ModuleList(conv_layers())),
        "cannot be called",
    ),
    "forward stops early": (
        forward(lambda self, x: self.flatten(self.conv_stack(x))),
        "[3, 256]",
    ),
    "returns a tuple": (forward(lambda self, x: (x, x)), "the tensor of scores"),
    "dropout": (conv(_2=nn.Sequential(nn.MaxPool2d(2), nn.Dropout(0.2))), "Dropout"),
    "batch norm": (conv(_2=nn.Sequential(nn.MaxPool2d(2), nn.BatchNorm2d(6))), "BatchNorm2d"),
    "dropout in forward": (forward(dropped), "draws at random"),
    "one by one, turned round": (
        forward(
            lambda self, x: torch.cat([ConvNet.forward(self, x[i : i + 1]) for i in (2, 1, 0)])
        ),
        "forward does not pass the images once through each layer",
    ),
    "one by one, without ReLU": (
        type("ConvNet", (OneByOne,), {"conv": lambda self: replaced(conv_layers(), _1=None)}),
        "forward does not pass the images once through each layer",
    ),
    "another network in training": (
        forward(lambda self, x: ConvNet.forward(self, x) * (1 + self.training)),
        "other scores in train() mode than in eval() mode",
    ),
    "divided by zero": (
        between(lambda x: x.flatten(1) / 0),
        "are not finite (nan or inf), although the images and all weights are. After the second "
        "convolution comes a division",
    ),
    "logarithm": (between(lambda x: x.log().flatten(1)), "comes log, which is not asked for"),
    "layers made in forward": (LayersInForward, "a layer that is made there"),
    "a layer unused": (UnusedLayer, "the second fully-connected layer is never used"),
    "a layer's result added": (TwiceThroughALayer, "there comes an addition"),
    "a layer used twice": (LayerTwice, "each once"),
    "weights without ReLU": (OtherWeights, "nor after the second fully-connected layer"),
    "gradients cut off": (
        forward(lambda self, x: ConvNet.forward(self, x).detach()),
        "training could not reach all layers",
    ),
    "gradients cut off in the middle": (
        forward(lambda self, x: self.linear_stack(self.flatten(self.conv_stack(x).detach()))),
        "training could not reach all layers",
    ),
    "weights frozen": (finish(lambda self: self.requires_grad_(False)), "are frozen"),
    "a further layer": (finish(lambda self: setattr(self, "fc", nn.Linear(2, 2))), "fc.weight"),
    "no ReLU": (conv(_1=None), "no ReLU after the first convolution."),
    "no ReLU in linear_stack": (linear(_1=None, _3=None), "nor after the second fully-connected"),
    "ReLU at the end": (linear(_4=nn.Sequential(nn.Linear(84, 10), nn.ReLU())), "every negative"),
    "softmax": (
        linear(_4=nn.Sequential(nn.Linear(84, 10), nn.Softmax(1))),
        "there comes softmax. Asked for",
    ),
    "softmax in forward": (
        forward(lambda self, x: F.log_softmax(ConvNet.forward(self, x), dim=1)),
        "there comes log-softmax",
    ),
    "sigmoid at the end": (
        forward(lambda self, x: ConvNet.forward(self, x).sigmoid()),
        "there comes sigmoid",
    ),
    "tanh at the end": (
        forward(lambda self, x: ConvNet.forward(self, x).tanh()),
        "there comes tanh",
    ),
    "softmax over the batch": (
        forward(lambda self, x: ConvNet.forward(self, x).softmax(0)),
        "there comes softmax over the batch",
    ),
    "scores multiplied": (
        forward(lambda self, x: 2 * ConvNet.forward(self, x)),
        "there comes a multiplication",
    ),
    "average pooling": (conv(_2=nn.AvgPool2d(2), _5=nn.AvgPool2d(2)), "average of each window"),
    "average pooling once": (conv(_5=nn.AvgPool2d(2)), "average of each window"),
    "tanh": (
        conv(_1=nn.Tanh(), _4=nn.Tanh()),
        "after the first convolution and after the second convolution comes tanh",
    ),
    "sigmoid": (conv(_1=nn.Sigmoid()), "comes sigmoid"),
    "leaky ReLU": (conv(_4=nn.LeakyReLU()), "the second convolution comes leaky ReLU"),
    "ELU": (linear(_1=nn.ELU()), "comes ELU"),
    "GELU": (linear(_3=nn.GELU()), "comes GELU"),
    "softmax in between": (linear(_3=nn.Softmax(1)), "comes softmax"),
    "softplus": (linear(_3=nn.Softplus()), "comes softplus; asked for is ReLU"),
    "images changed": (
        forward(lambda self, x: ConvNet.forward(self, x / 255)),
        "the images are changed before they come to the first convolution: there comes a div",
    ),
}


@pytest.mark.parametrize("answer, fragment", NETS.values(), ids=NETS)
def test_conv_net_explains(answer, fragment):
    assert_incorrect(conv_net, fragment, answer)


class Stub(nn.Module):
    """What the student finds: parts and forward blank."""

    def __init__(self):
        super().__init__()
        self.conv_stack = (
            ...  # your code here
        )
        width = 28
        ...  # your code here
        self.linear_entry_dim = width
        self.flatten = nn.Flatten()
        self.linear_stack = (
            ...  # your code here
        )

    def forward(self, x): ...


class EmptyInit(nn.Module):
    def __init__(self): ...


class EmptyClass(nn.Module): ...


class HalfSequential(ConvNet):
    def linear(self):
        return [..., nn.ReLU()]


@pytest.mark.parametrize(
    "blank",
    [
        ...,
        None,
        Stub,
        EmptyInit,
        EmptyClass,
        HalfSequential,
        setting(linear_entry_dim=...),
        setting(linear_stack=None),
        forward(Stub.forward),
        forward(lambda self, x: ...),
    ],
)
def test_conv_net_blank(blank):
    assert_blank(conv_net, blank)


def test_conv_net_does_not_touch_shared_layers():
    shared = nn.Conv2d(1, 6, 5)
    before = copy.deepcopy(shared.state_dict())
    assert_passes(conv_net, conv(_0=shared))
    assert shared.training
    assert all(torch.equal(value, before[name]) for name, value in shared.state_dict().items())
