"""A network as the list of steps that the page's program computes, read from a run of it."""

import copy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from helpers.layers import INPUT, Operation, count_parameters, describe_network
from helpers.network_modes import NO_NUMBERS, as_written, checked_to_watch, suited, widened
from helpers.sharing.rules import CannotHold, Step, step_of

LARGEST = 5_000_000  # bytes of weights
_PRECISE = 1e-4  # how exactly the operations, one after another, give what the network gives


class SharingError(ValueError):
    """A page that cannot be made: why, and what to do now."""

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in place of a traceback."""
        return f"✗ {self}".splitlines()


@dataclass(frozen=True)
class Program:
    """A network for the page: steps in their order, the weights by name, and what comes out.

    Each step names its part of the network, the function, its sources among the steps (``INPUT``
    for the image) and the shape of what it makes of one image. ``probabilities`` is ``[N,
    classes]``, of the images it was read with.
    """

    steps: list[Step]
    weights: dict[str, Tensor]  # float32 or int32
    gives_probabilities: bool  # or scores, which softmax makes probabilities of
    probabilities: Tensor
    parameters: int


def read_program(model: nn.Module, images: Tensor) -> Program:
    """The program of ``model``, by what it does with ``images``, ``[N, C, H, W]``, N of 4 or more.

    It runs in eval mode, and is afterwards as it was. Raises ``SharingError``, which names what the
    page cannot hold.
    """
    try:
        checked_to_watch(model)
    except ValueError as error:
        raise SharingError(f"{error}.") from None
    _check_size(model)
    with as_written(model) as network, torch.no_grad():
        network = _exact(network)
        images = suited(images, network)
        first, second = images.tensor_split(2)
        try:
            scores = [network(part) for part in (first, second)]
            operations = describe_network(network, first)
        except Exception as error:
            shape = "×".join(map(str, images.shape[1:]))
            raise SharingError(
                f"the network does not take images of {shape}: {error}. Give page the data that "
                "it was trained on, page(model, path, test_data)."
            ) from error
        for part, found in zip((first, second), scores, strict=True):
            _check_scores(found, len(part))
        operations = by_result(operations, scores[0])
        steps, weights = _steps_of(operations)
        _check_way(operations, second, scores[1])
    scores = widened(torch.cat(scores)).cpu()
    sums = scores.sum(1)
    certain = bool((scores >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-3)
    probabilities = scores if certain else scores.softmax(1)
    return Program(steps, weights, certain, probabilities, count_parameters(model))


def _check_size(model: nn.Module) -> None:
    if any(nn.parameter.is_lazy(x) for x in (*model.parameters(), *model.buffers())):
        raise SharingError(
            "the network has layers that have no weights yet, such as LazyLinear. Call it once, on "
            "a batch of images, and train it, before sharing it."
        )
    if any(x.is_meta for x in (*model.parameters(), *model.buffers())):
        raise SharingError(f"{NO_NUMBERS}, and train it, before sharing it.")
    numbers = sum(x.numel() for x in (*model.parameters(), *model.buffers()))
    if 4 * numbers >= LARGEST:
        raise SharingError(
            f"the network has {numbers:,} numbers, {4 * numbers / 1e6:.1f} MB; a page holds less "
            f"than {LARGEST / 1e6:.0f} MB, so that a phone opens it and computes while one draws. "
            "Share a smaller network: fewer channels, or smaller linear layers."
        )


def _exact(network: nn.Module) -> nn.Module:
    """``network``, or a copy on the CPU, in float32 if it is in half precision.

    A GPU may round the factors of a convolution (TF32); a page does not.
    """
    numbers = [*network.parameters(), *network.buffers()]
    half = any(x.dtype in (torch.float16, torch.bfloat16) for x in numbers)
    if half or any(x.device.type != "cpu" for x in numbers):
        network = copy.deepcopy(network).cpu()
    return network.float() if half else network


def _check_scores(scores, count: int) -> None:
    if not isinstance(scores, Tensor) or scores.dim() != 2 or len(scores) != count:
        found = list(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        raise SharingError(
            f"for {count} images, the network gives {found}; a page shows a network that gives "
            f"one score for each class, [{count}, classes]."
        )
    if not scores.isfinite().all():
        raise SharingError(
            "the network gives scores that are no numbers (NaN or infinite). Train it anew, with a "
            "smaller learning rate, before sharing it."
        )


def by_result(operations: list[Operation], scores: Tensor) -> list[Operation]:
    """``operations``, each once for every result of it that is used, as of ``x.chunk(2, 1)``.

    ``sources`` count within this list; the last one makes ``scores``.
    """
    used: list[set[int]] = [set() for _ in operations]
    for operation in operations:
        for place, part in zip(operation.sources, operation.parts, strict=True):
            if place != INPUT:
                used[place].add(part)
    if operations:
        results = operations[-1].again(*operations[-1].inputs)
        used[-1] = {next((n for n, x in enumerate(results) if torch.equal(x, scores)), 0)}
    numbers: dict[tuple[int, int], int] = {}
    single = []
    for place, (operation, parts) in enumerate(zip(operations, used, strict=True)):
        sources = tuple(
            numbers.get(key, INPUT) for key in zip(operation.sources, operation.parts, strict=True)
        )
        for part in sorted(parts):
            numbers[place, part] = len(single)
            single.append(_with_result(replace(operation, sources=sources), part))
    return single


def _with_result(operation: Operation, part: int) -> Operation:
    """An operation that has one result: number ``part`` of those of ``operation``."""
    if not part:
        return operation
    return replace(
        operation,
        again=lambda *inputs: [operation.again(*inputs)[part]],
        output=operation.again(*operation.inputs)[part],
        name=f"{operation.name}[{part}]",
    )


def _check_way(operations: list[Operation], images: Tensor, expected: Tensor) -> None:
    """Do the operations, on images they were not read from, give what the network gives?"""
    made: list[Tensor] = []
    why = ""
    try:
        for operation in operations:
            inputs = [images if place == INPUT else made[place] for place in operation.sources]
            made.append(operation.call(*inputs))
        found = made[-1] if made else images
        largest = max(1.0, float(expected.abs().max()))
        if found.shape == expected.shape and torch.allclose(
            found, expected, rtol=0, atol=_PRECISE * largest
        ):
            return
    except Exception as error:
        why = f" ({error})"
    raise SharingError(
        "the network does other things with other images, or something that is not PyTorch's, such "
        f"as NumPy{why}. A page holds a fixed list of operations: in forward, use PyTorch's "
        "functions alone, no random numbers, and no if that asks for values."
    )


def _steps_of(operations: list[Operation]) -> tuple[list[Step], dict[str, Tensor]]:
    """The steps, in which a weight is the name that it has in the dictionary."""
    steps, weights, refused = [], {}, {}
    for number, operation in enumerate(operations):
        try:
            step = step_of(operation)
        except CannotHold as reason:
            where = f" in {operation.module}" if operation.module else " in forward"
            because = f" ({reason})" if str(reason) else ""
            refused.setdefault(f"{operation.name}{where}", because)  # once: the first reason
            continue
        for key, value in step.items():
            if isinstance(value, Tensor):
                step[key] = f"{number}.{key}"
                exact = torch.float32 if value.is_floating_point() else torch.int32
                weights[step[key]] = value.detach().to("cpu", exact).contiguous().clone()
        steps.append(
            {
                "part": operation.module,
                "function": operation.name,
                "from": list(operation.sources),
                "shape": list(operation.output.shape[1:]),
                **step,
            }
        )
    if refused:
        named = ", ".join(map("".join, refused.items()))
        raise SharingError(
            f"a page cannot hold {named}. Its program computes convolutions in two dimensions, "
            "linear layers, pooling, activations, normalisations, sums, means, and whatever only "
            "moves values. Replace the others, or share another network."
        )
    return steps, weights
