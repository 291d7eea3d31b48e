"""In which way a run differs from the layers asked for: what holds for all networks."""

import pytest
import torch
from torch import nn

from helpers.checks.core.conv_nets import HEAD, conv_net, difference
from helpers.checks.core.network_runs import draw_images, draw_weights, run_difference
from helpers.checks.core.seeds import other_inputs
from helpers.layers import get_output_width, recorded


def network(channels, kernel_size, norms=False, width=28) -> nn.Sequential:
    """The network that ``conv_net`` lists the layers of."""
    layers, before = [], 1
    for after in channels:
        norm = [nn.BatchNorm2d(after)] if norms else []
        layers += [nn.Conv2d(before, after, kernel_size), *norm, nn.ReLU(), nn.MaxPool2d(2)]
        width = get_output_width(get_output_width(width, kernel_size), 2, 2)
        before = after
    layers.append(nn.Flatten())
    before *= width**2
    for after in HEAD:
        norm = [nn.BatchNorm1d(after)] if norms else []
        layers += [nn.Linear(before, after), *norm, nn.ReLU()]
        before = after
    return nn.Sequential(*layers[: -2 if norms else -1])


def said(net, layers, batch=4) -> str:
    """What is said of a run of ``net``, also if it ends in an error."""
    draw_weights(net, 1)
    images = draw_images(net, 2, (batch, 1, 28, 28))
    with torch.no_grad(), recorded(net) as recording:
        try:
            net(images)
        except RuntimeError:
            assert recording.result is None
    return difference(recording.path(), layers, images, recording.result)


NETWORKS = [((6, 16), 5), ((8,), 5), ((5, 7), 3), ((4, 6, 8), 3), ((2, 3), 1)]


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("norms", [False, True])
@pytest.mark.parametrize("sizes", NETWORKS, ids=str)
def test_of_the_network_itself_nothing_is_said(sizes, norms, shift):
    with other_inputs(shift):
        assert said(network(*sizes, norms), conv_net(*sizes, norms)) == ""


@pytest.mark.parametrize("sizes", NETWORKS, ids=str)
@pytest.mark.parametrize("other", NETWORKS, ids=str)
def test_of_every_other_network_something_is_said(sizes, other):
    assert (said(network(*sizes), conv_net(*other)) == "") == (sizes == other)


@pytest.mark.parametrize("place", [*range(6), *range(7, 11)])  # 6 is nn.Flatten: a crash
def test_without_any_of_its_steps_a_network_is_another_one(place):
    layers = list(network((6, 16), 5))
    del layers[place]
    sentence = said(nn.Sequential(*layers), conv_net((6, 16), 5))
    kind = type(network((6, 16), 5)[place])
    # A layer with weights that is missing does not let the run come to its end.
    words = {nn.ReLU: "there is no ReLU", nn.MaxPool2d: "there is no 2×2 max pooling"}
    assert words.get(kind, "") in sentence
    assert sentence or kind in (nn.Linear, nn.Conv2d)


def test_sentences_of_one_kind_are_one_and_each_begins_with_a_capital_letter():
    layers = [m for m in network((6, 16), 5) if not isinstance(m, nn.ReLU)]
    layers[1] = nn.AvgPool2d(2)
    assert said(nn.Sequential(*layers), conv_net((6, 16), 5)) == (
        "there is no ReLU after the first convolution nor after the second convolution nor after "
        "the first fully-connected layer nor after the second fully-connected layer. Asked for is "
        "one after each layer but the last. The pooling after the first convolution takes the "
        "average of each window; asked for is its maximum."
    )


class OneByOne(nn.Module):
    """``net`` in a loop over the images, in the order of ``places``."""

    def __init__(self, net, places=(0, 1, 2, 3)):
        super().__init__()
        self.net, self.places = net, places

    def forward(self, x):
        return torch.cat([self.net(x[i : i + 1]) for i in self.places if i < len(x)])


def test_images_may_be_taken_one_by_one():
    layers, net = conv_net((6, 16), 5), network((6, 16), 5)
    images = draw_images(net, 2, (4, 1, 28, 28))
    draw_weights(net, 1)
    assert run_difference(net, layers, images) == ""
    assert run_difference(OneByOne(net), layers, images) == ""
    assert run_difference(OneByOne(net, (1, 0, 2, 3)), layers, images) != ""
    assert run_difference(OneByOne(net[:-2]), layers, images) != ""
    normed = network((6, 16), 5, norms=True)
    assert run_difference(normed, conv_net((6, 16), 5, norms=True), images) == ""
    assert run_difference(normed, layers, images) != ""  # and norms want more than one image


def test_of_a_run_that_ended_early_the_rest_is_not_missed():
    layers = list(network((6, 16), 5))
    assert said(nn.Sequential(*layers[:4], nn.Linear(7, 7)), conv_net((6, 16), 5)) != ""
    layers[3] = nn.Conv2d(7, 16, 5)
    assert said(nn.Sequential(*layers), conv_net((6, 16), 5)) == ""
    layers[2] = nn.MaxPool2d(30)
    assert "comes 30×30 max pooling" in said(nn.Sequential(*layers), conv_net((6, 16), 5))
