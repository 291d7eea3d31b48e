"""What one value inside a network sees: the values below, layer by layer, down to the image.

    sight = Sight(model, image)
    place = sight.place_of("conv_stack.3")
    for step in sight.way(place, (9, 1, 2)): ...

The masks and the sums are those of the operations of one run (``helpers.layers.operations``), so
they hold for whatever stands between the layers, and for branches.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from helpers.layers.dependence import Dependence, NotKnown
from helpers.layers.operations import INPUT, Operation, record
from helpers.layers.terms import Made, made_of
from helpers.network_modes import as_written, suited

Node = tuple[int, int]  # the place of an operation in the run, and which of its results
IMAGE: Node = (INPUT, 0)


@dataclass(frozen=True)
class Step:
    """One station on the way from a value down to the image.

    ``index`` is the value that is followed, the one that counted most above; ``seen`` are all
    values here that the first one of the way sees.
    """

    operation: Operation | None  # that made the values here; None: they are the image's
    values: Tensor
    seen: Tensor  # a mask of the shape of values
    index: tuple[int, ...]
    made: Made | None  # how the value that is followed was made, if that is known
    why: str = ""  # it is not known what is seen below


class Sight:
    """Of ``network``, in evaluation mode, and ``image``, ``[C, H, W]``. Leaves both as they were.

    All values have a first dimension of 1, that of the batch.
    """

    def __init__(self, network: nn.Module, image: Tensor):
        with as_written(network) as model:
            self.image = suited(image, model)[None]
            self.operations = record(model, self.image).operations
        self._dependences: dict[Node, Dependence] = {}

    def place_of(self, layer: str, values: Tensor | None = None) -> int | None:
        """The last operation in the part called ``layer``; if given, one that makes ``values``."""
        for place in range(len(self.operations) - 1, -1, -1):
            operation = self.operations[place]
            inside = operation.module == layer or f"{operation.module}.".startswith(f"{layer}.")
            if inside and operation.output is not None and _same(operation.output, values):
                return place
        return None

    def values(self, node: Node) -> Tensor:
        """What there is at ``node``, on the CPU."""
        if node == IMAGE:
            return self.image.cpu()
        operation = self.operations[node[0]]
        if node[1] == 0:
            return operation.output.cpu()
        with torch.no_grad():
            return operation.again(*[x.clone() for x in operation.inputs])[node[1]].cpu()

    def below(self, node: Node, chosen: Tensor) -> list[tuple[Node, Tensor]]:
        """The values that the ``chosen`` ones at ``node`` are made of: nodes and masks of these.

        Raises ``NotKnown`` with a reason.
        """
        masks = self._dependence(node).below(chosen)
        return list(zip(_sources(self.operations[node[0]]), masks, strict=True))

    def _dependence(self, node: Node) -> Dependence:
        if node not in self._dependences:
            self._dependences[node] = Dependence(self.operations[node[0]], node[1])
        return self._dependences[node]

    def seen(self, node: Node, chosen: Tensor) -> tuple[dict[Node, Tensor], str]:
        """All values that the ``chosen`` ones at ``node`` see, and where that is not known, why."""
        seen, why = {node: chosen}, ""
        for place in range(node[0], INPUT, -1):  # whoever is made later stands behind
            for here in [here for here in seen if here[0] == place and bool(seen[here].any())]:
                try:
                    found = self.below(here, seen[here])
                except NotKnown as reason:
                    why = why or f"{title_of(self.operations[place])}: {reason}"
                    continue
                for source, mask in found:
                    seen[source] = seen[source] | mask if source in seen else mask
        return seen, why

    def pixels(self, node: Node, chosen: Tensor) -> tuple[Tensor, str]:
        """The pixels that the ``chosen`` values see, ``[H, W]``, and where not known, why."""
        seen, why = self.seen(node, chosen)
        mask = seen.get(IMAGE, torch.zeros(self.image.shape, dtype=torch.bool))
        return mask[0].any(0), why

    def way(self, place: int, index: tuple[int, ...]) -> Iterator[Step]:
        """From the value at ``index`` (without the batch) down to the image, by what counts most.

        The last step is the image's, or one that says why the way ends.
        """
        node, index = (place, 0), (0, *index)
        chosen = torch.zeros(self.values(node).shape, dtype=torch.bool)
        chosen[index] = True
        seen, _ = self.seen(node, chosen)
        while node != IMAGE:
            operation, values = self.operations[node[0]], self.values(node)
            only = torch.zeros(values.shape, dtype=torch.bool)
            only[index] = True
            try:
                below = [mask for _, mask in self.below(node, only)]
                made = made_of(self._dependence(node), index, float(values[index]), below)
            except NotKnown as reason:
                yield Step(operation, values, seen[node], index, None, str(reason))
                return
            yield Step(operation, values, seen[node], index, made)
            if not len(made.values):
                return  # it hangs on nothing
            strongest = made.strongest
            node, index = _sources(operation)[made.inputs[strongest]], made.places[strongest]
        yield Step(None, self.image.cpu(), seen[IMAGE], index, None)


def _sources(operation: Operation) -> list[Node]:
    return list(zip(operation.sources, operation.parts, strict=True))


def title_of(operation: Operation) -> str:
    """Such as "conv_stack.0 (conv2d)"."""
    return f"{operation.module} ({operation.name})" if operation.module else operation.name


def _same(output: Tensor, values: Tensor | None) -> bool:
    if values is None:
        return True
    output = output.detach().cpu().float()
    return output.shape == values.shape and torch.allclose(
        output, values, rtol=1e-3, atol=1e-4, equal_nan=True
    )
