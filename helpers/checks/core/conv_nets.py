"""The networks of this course, layer by layer, and in which way a network that ran differs.

They are convolutions, each with ReLU and 2×2 max pooling, and then three fully-connected layers.
Whether a network is one of them is decided by the numbers that pass from layer to layer; what its
operations did (``what_happens``) gives the words.
"""

from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks.core.describing import counted, listed, sentence, show_size
from helpers.checks.core.values import close
from helpers.checks.core.what_happens import (
    MIXED,
    NORM,
    POOL,
    RELU,
    REORDERED,
    Effect,
    effects,
    pair,
    word_for,
)
from helpers.layers import Operation

HEAD = (120, 84, 10)  # what the fully-connected layers give
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
BENDS = ("activation", "softmax")
WORDS = {"convolution": "convolution", "linear": "fully-connected layer"}
Remark = tuple[str, str]  # a sentence, with {} for the place, and the place


class Layer(NamedTuple):
    """A layer with weights that is asked for, and what is asked for after it, in any order."""

    name: str
    kind: str  # "convolution" or "linear"
    gives: int  # channels or numbers
    kernel_size: int = 0
    after: tuple[str, ...] = ()


def conv_net(channels: Sequence[int], kernel_size: int, norms: bool = False) -> list[Layer]:
    """The layers of a network; with ``norms``, batch normalisation after all but the last."""
    norm = (NORM,) * norms
    layers = [
        Layer(f"the {ordinal} convolution", "convolution", gives, kernel_size, (RELU, POOL, *norm))
        for ordinal, gives in zip(ORDINALS, channels, strict=False)
    ]
    layers += [
        Layer(f"the {ordinal} fully-connected layer", "linear", gives, after=(RELU, *norm))
        for ordinal, gives in zip(ORDINALS, HEAD, strict=False)
    ]
    return [*layers[:-1], layers[-1]._replace(after=())]


def difference(
    path: Sequence[Operation],
    layers: Sequence[Layer],
    images: torch.Tensor,
    scores: torch.Tensor | None = None,
) -> str:
    """In which way a run differs from what ``layers`` do, in sentences; ``""`` if it does not.

    ``path`` is what happened to ``images``, and ``scores`` what came of them: ``None`` if the run
    ended in an error. Then what the run did not come to is not missed.
    """
    places = [place for place, op in enumerate(path) if op.kind in WORDS]
    if said := _other_layers([path[place] for place in places], layers, scores is not None):
        return said
    remarks: list[Remark] = []
    came, start, before = images, 0, None
    for layer, end in zip([*layers, None], [*places, len(path)], strict=False):
        ended = end == len(path)
        arrived = scores if ended else path[end].inputs[0]
        if not _is_as_asked(came, arrived, before, path[start:end]):
            found = effects(path[start:end])
            remarks += _remarks(found, before, layer, arrived is not None)
            if any(effect.word == MIXED for effect in found):
                break  # what comes of mixed images tells nothing more
        if ended:
            break
        wrong = _sizes(layer, path[end], path[end + 1 : end + 2])
        remarks += [(said, "") for said in wrong[:1]]
        if wrong or path[end].output is None:
            break
        came, start, before = path[end].output, end + 1, layer
    return _grouped(remarks)


def _other_layers(found: list[Operation], layers: Sequence[Layer], complete: bool) -> str:
    """What to say if these are more layers than asked for, or fewer, or in another order."""
    for kind, words in WORDS.items():
        have, want = (sum(layer.kind == kind for layer in some) for some in (found, layers))
        if have > want or (complete and have < want):
            verb = "is" if want == 1 else "are"
            return f"the images pass {counted(have, words)}; asked for {verb} {want}."
    for op, layer in zip(found, layers, strict=False):
        if op.kind != layer.kind:
            return f"a {WORDS[op.kind]} comes where {layer.name} is asked for."
    return ""


def _sizes(layer: Layer, op: Operation, following: Sequence[Operation]) -> list[str]:
    """What to say of a layer that has another size than asked for, or none."""
    weight = next((x for x in op.constants if x.dim() > 1), None)
    if weight is None:
        return []
    gives = len(weight) if op.output is None else op.output.shape[1 if weight.dim() > 2 else -1]
    things = "channel" if layer.kind == "convolution" else "number"
    said = []
    if gives != layer.gives:
        said.append(f"{layer.name} gives {counted(gives, things)}; asked for are {layer.gives}.")
    if layer.kind == "convolution":
        said += _kernel(layer, op, weight)
    # In front of a batch normalisation, which subtracts the mean, a bias makes no difference.
    needed = NORM not in layer.after or [other.name for other in following] != ["batch_norm"]
    apart = any(other.parameters and other.kind == "other" for other in following)
    if needed and len(op.constants) < 2 and op.output is not None and not apart:
        said.append(f"{layer.name} has no bias. Leave bias=False out here.")
    return said


def _kernel(layer: Layer, op: Operation, weight: torch.Tensor) -> list[str]:
    size = tuple(weight.shape[2:])
    if size != (layer.kernel_size,) * 2:
        asked = show_size((layer.kernel_size,) * 2)
        return [f"{layer.name} has a kernel of {show_size(size)} pixels; asked for is {asked}."]
    padding = op.settings.get("padding", 0)
    if padding != "valid" and (padding == "same" or any(pair(padding))):
        return [f"{layer.name} pads the image (padding={padding}). Leave padding out here."]
    usual = {"stride": 1, "dilation": 1, "groups": 1}
    return [
        f"{layer.name} has {name}={op.settings[name]}. Leave {name} out here."
        for name, one in usual.items()
        if set(pair(op.settings.get(name, one))) != {one}
    ]


def _is_as_asked(
    came: torch.Tensor, arrived, before: Layer | None, between: Sequence[Operation]
) -> bool:
    """Is what ``arrived`` at the next layer what ``came`` of one becomes by what is asked for?"""
    if arrived is None:  # the run ended in an error here
        return False
    if not isinstance(arrived, torch.Tensor) or arrived.dim() < 2:
        return False
    norms = [op for op in between if op.name == "batch_norm"]
    asked = before.after if before else ()
    if NORM in asked and not norms:
        return False
    for order in permutations(asked):
        expected = came
        for word in order:
            expected = apply(word, expected, norms)
        if close(arrived.flatten(1), expected.flatten(1), 1e-3):
            return True
    return False


def apply(word: str, x: torch.Tensor, norms: Sequence[Operation] = ()) -> torch.Tensor:
    """What ``word`` makes of ``x``; ``NORM`` with the weights of the first of ``norms``."""
    if word == RELU:
        return F.relu(x)
    if word == POOL:
        return F.max_pool2d(x, 2) if x.dim() == 4 and min(x.shape[2:]) > 1 else x
    weights = [p for op in norms[:1] for p in op.constants if isinstance(p, nn.Parameter)]
    if len(weights) != 2 or weights[0].shape != x.shape[1:2]:
        return x
    eps = norms[0].settings.get("eps", 1e-5)
    return F.batch_norm(x, None, None, *weights, training=True, eps=eps)


def _remarks(
    found: list[Effect], before: Layer | None, after: Layer | None, complete: bool
) -> list[Remark]:
    """What to say of all that happened between two layers, or before the first, after the last."""
    names = [effect.word for effect in found]
    unfinished = any(e.operation.parameters and e.operation.kind == "other" for e in found)
    if not complete and (unfinished or not names):  # it may be a layer that is written out
        return []
    mixing = [effect.operation for effect in found if effect.word == MIXED]
    if mixing:
        return [(_mixed(mixing[0], before), before.name if before else "")]
    if before is None:
        return [(_before_the_first(names), after.name if after else "the first layer")]
    if not before.after:
        return [(_after_the_last(names), before.name)] if complete else []
    remarks = list(_missing(found, before.after, complete)) + list(_extra(found, before.after))
    if not remarks and complete:
        listing = listed(names) if names else "nothing"
        remarks = [
            f"what comes after {{}} is {listing}, but the numbers are not those that "
            f"{listed(before.after)} would give."
        ]
    return [(remark, before.name) for remark in remarks]


def _mixed(op: Operation, before: Layer | None) -> str:
    place = "after {}" if before else "before the first layer"
    if len(op.output.shape) and len(op.output) == len(op.inputs[0]):
        return (
            f"the images of the batch are mixed {place}, by {word_for(op)}. The first dimension "
            "counts the images: leave it as it is."
        )
    hint = ", as nn.Flatten() does" if op.kind == "shape" else ""
    return (
        f"{place}, {word_for(op)} changes the first dimension, which counts the images of the "
        f"batch. Leave that dimension as it is{hint}."
    )


def _before_the_first(names: list[str]) -> str:
    if names == [RELU]:
        return (
            "a ReLU comes before {}. Pixels are never negative, so it has nothing to do there; "
            "asked for is one after each layer but the last."
        )
    by = f": there comes {listed(names)}" if names else ""
    return f"the images are changed before they come to {{}}{by}. They should come as they are."


def _after_the_last(names: list[str]) -> str:
    if names[:1] == [RELU]:
        return (
            "there is a ReLU after the last layer, which turns every negative score into zero. "
            "Scores may be negative: leave it out."
        )
    by = f": there comes {listed(names)}" if names else ""
    rest = " The loss function does the rest." if names and "softmax" in names[0] else ""
    return (
        f"the scores are changed after the last layer{by}. Asked for are the scores as that layer "
        f"gives them.{rest}"
    )


def _missing(found: list[Effect], asked: Sequence[str], complete: bool):
    """Sentences on what is asked for and did not happen, or in another way."""
    names = [effect.word for effect in found]
    bends = _other_bends(found)
    pools = [name for name in names if "pool" in name]
    if RELU in asked and RELU not in names and bends:
        yield f"after {{}} comes {bends[0]}; asked for is ReLU."
    elif RELU in asked and RELU not in names and complete:
        yield "there is no ReLU after {}. Asked for is one after each layer but the last."
    if POOL in asked and len(pools) > 1:
        yield f"there are {len(pools)} poolings after {{}}; asked for is one."
    elif POOL in asked and pools == ["2×2 average pooling"]:
        yield "the pooling after {} takes the average of each window; asked for is its maximum."
    elif POOL in asked and pools and pools != [POOL]:
        yield f"after {{}} comes {pools[0]}; asked for is {POOL}."
    elif POOL in asked and not pools and complete:
        yield f"there is no {POOL} after {{}}. Asked for is one after each convolution."
    if NORM in asked and any(e.operation.settings.get("training") is False for e in found):
        yield (
            f"the {NORM} after {{}} does not go by the batch in train() mode. Leave the mode to "
            "train() and eval()."
        )
    if NORM in asked and NORM not in names and complete:
        yield f"there is no {NORM} after {{}}. Asked for is one after each layer but the last."


def _extra(found: list[Effect], asked: Sequence[str]):
    """Sentences on what happened, and is not asked for."""
    words = [effect.word for effect in found]
    known = {*asked, *(() if RELU in words else _other_bends(found))}
    for effect in found:
        if effect.word == REORDERED:
            yield (
                "after {}, the numbers of each image are put into another order, by "
                f"{word_for(effect.operation)}. Leave it out."
            )
        elif effect.word not in known and not ("pool" in effect.word and POOL in asked):
            yield f"after {{}} comes {effect.word}, which is not asked for. Leave it out."
    if NORM in asked and words.count(NORM) > 1:
        yield f"after {{}} comes {NORM} more than once; asked for is one."


def _other_bends(found: list[Effect]) -> list[str]:
    """Activation functions other than ReLU."""
    return [e.word for e in found if e.operation.kind in BENDS and e.word != RELU]


def _grouped(remarks: list[Remark]) -> str:
    """The remarks in their order, each sentence once, with all its places."""
    places: dict[str, list[str]] = {}
    for said, place in dict.fromkeys(remarks):  # an operation may come twice in one place
        places.setdefault(said, []).append(place)
    sentences = [
        said.format(
            (" nor after " if said.startswith("there is no") else " and after ").join(where)
        )
        for said, where in list(places.items())[:3]
    ]
    return " ".join([*sentences[:1], *map(sentence, sentences[1:])])
