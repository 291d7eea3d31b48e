"""What a network does with a batch: the operations of a run, in their order.

    for operation in describe_network(ConvNet(), images):
        print(operation.name, operation.kind, tuple(operation.output.shape))

A run tells what the classes of a network's parts do not: what stands in ``forward`` as a function,
what is never used, which operation lets the images of a batch reach one another. Only PyTorch's own
functions are seen: not what happens in NumPy, in scripted code or in a ``torch.autograd.Function``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from helpers.layers.functions import kind_of_function, name_of, named_arguments
from helpers.layers.written_out import with_layers

INPUT = -1  # the source of what comes from the network's own input

_PRODUCTS = {"matmul", "mm", "addmm"}  # with the weights behind: then each row is multiplied


@dataclass(eq=False)
class Operation:
    """One operation of a run: a function of PyTorch's that was called with what came so far.

    ``output`` is ``None`` if the function raised an error. ``across_batch`` is true if the result
    of one image hangs on other images of the batch, or if its first dimension does not count the
    images any more; ``None`` where that cannot be said, as for a batch of one.
    """

    name: str  # of the function: "conv2d", "relu", "flatten"
    kind: str  # one of helpers.layers.functions.KINDS, or "other"
    module: str | None  # the innermost part of the network that it ran in; "" for the network
    inputs: tuple[torch.Tensor, ...]  # copies of what came from other operations
    sources: tuple[int, ...]  # for each of these, the place of its operation, or INPUT
    parts: tuple[int, ...]  # for each of these, which of that operation's results it is
    constants: tuple[torch.Tensor, ...]  # all other tensors that went in: weights, buffers, ...
    parameters: tuple[str, ...]  # the names of those that are the network's parameters
    arguments: dict  # all that went in by its name, else by its place; tensors as above
    again: Callable[..., list[torch.Tensor]]  # its results of others in place of ``inputs``
    output: torch.Tensor | None = None  # a copy
    across_batch: bool | None = None

    def call(self, *inputs: torch.Tensor) -> torch.Tensor:
        """What it makes of others in place of ``inputs``: the first of its results."""
        return self.again(*inputs)[0]

    @property
    def settings(self) -> dict:
        """The arguments that are no tensors, by their names."""
        return {key: value for key, value in self.arguments.items() if not _tensors(value)}


@dataclass
class Recording:
    """The operations of one or more runs, and the result of the last, if it came to an end."""

    operations: list[Operation] = field(default_factory=list)
    result: object = None
    last: int | None = None  # the place of the operation that made the result, or that raised
    parameters: dict[str, nn.Parameter] = field(default_factory=dict)  # the network's, by name

    def path(self) -> list[Operation]:
        """The operations without which the result would not be, in their order.

        Of a run that ended in an error: those that led to it. ``sources`` count within this list.
        What together computes a linear layer or a convolution is one operation.
        """
        wanted, open_places = set(), [self.last]
        while open_places:
            place = open_places.pop()
            if place is not None and place != INPUT and place not in wanted:
                wanted.add(place)
                open_places += self.operations[place].sources
        new = {place: number for number, place in enumerate(sorted(wanted))} | {INPUT: INPUT}
        kept = [self.operations[place] for place in sorted(wanted)]
        path = [replace(op, sources=tuple(new[place] for place in op.sources)) for op in kept]
        return with_layers(path, self.parameters)


def describe_network(network: nn.Module, images: torch.Tensor) -> list[Operation]:
    """The operations by which ``network`` makes its result of ``images``, in their order.

    ``images`` is a batch, ``[N, ...]``; with at least two images, each operation knows whether
    it works across the batch. What does not lead to the result is left out. The network runs in
    the mode in which it is; it and the random numbers are afterwards as they were. An error of the
    network's is not caught.
    """
    return record(network, images).path()


def record(network: nn.Module, images: torch.Tensor) -> Recording:
    """As ``describe_network``, but all operations, each as it was called."""
    modes = [(module, module.training) for module in network.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in network.buffers() if not _is_lazy(buffer)]
    try:
        with torch.no_grad(), recorded(network) as recording, _same_draws(images):
            network(images)
    finally:
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)
        for module, training in modes:
            module.training = training
    return recording


@contextmanager
def recorded(network: nn.Module) -> Iterator[Recording]:
    """Record what ``network`` does whenever it is called in this block.

    The recording grows as the operations happen, so it is there after an error, too. The network
    itself is as it was afterwards; what its own ``forward`` changes is up to the caller.
    """
    recorder = _Recorder(network)
    handles = []
    try:
        for name, module in network.named_modules():
            handles.append(module.register_forward_pre_hook(recorder.enter(name)))
            handles.append(module.register_forward_hook(recorder.leave(name), always_call=True))
        with recorder:
            yield recorder.recording
    finally:
        for handle in handles:
            handle.remove()


class _Recorder(TorchFunctionMode):
    """Sees each function of PyTorch's that is called, and notes those that the images reach."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.recording = Recording(parameters=dict(network.named_parameters()))
        # Of each parameter, and of what is made of parameters alone, by its id: their names.
        self.names = {id(p): (name,) for name, p in self.recording.parameters.items()}
        self.running: list[str] = []  # the parts that run now, the innermost last
        self.batch = 0
        self.made: dict[int, int] = {}  # for a tensor, by its id, the place of its operation
        self.part: dict[int, int] = {}  # and which of that operation's results it is
        self.alive: list = []  # so that no id is given to a second tensor

    def enter(self, name: str):
        """A hook for the part called ``name``: it begins."""

        def hook(module, inputs):
            if not name and not self.running:
                images = [x for x in inputs if isinstance(x, torch.Tensor)]
                self.batch = len(images[0]) if images and images[0].dim() else 0
                self.keep(images, INPUT)
            self.running.append(name)

        return hook

    def leave(self, name: str):
        """A hook for the part called ``name``: it ends, maybe with an error."""

        def hook(module, inputs, output):
            if self.running:
                self.running.pop()
            if not self.running and output is not None:  # it is None after an error, too
                self.recording.result = output
                made = [self.made[id(x)] for x in _tensors(output) if id(x) in self.made]
                self.recording.last = max(made, default=None)

        return hook

    def keep(self, tensors: list[torch.Tensor], place: int) -> None:
        """Remember which operation made ``tensors``."""
        self.alive += tensors
        self.made |= {id(tensor): place for tensor in tensors}
        self.part |= {id(tensor): number for number, tensor in enumerate(tensors)}

    def note(self, operation: Operation, results: list[torch.Tensor]) -> None:
        """Put ``operation`` into the recording, as the one that made ``results``."""
        self.recording.last = len(self.recording.operations)
        self.keep(results, self.recording.last)
        self.recording.operations.append(operation)

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = _tensors((args, kwargs))
        reached = [x for x in tensors if id(x) in self.made]
        others = [x for x in tensors if id(x) not in self.made]
        names = tuple(dict.fromkeys(n for x in others for n in self.names.get(id(x), ())))
        if not self.running or not reached:
            result = func(*args, **kwargs)
            if self.running and names:  # as weight.T
                made = _tensors(result)
                self.alive += made
                self.names |= {id(x): names for x in made}
            return result
        name = name_of(func)
        product = _weights_behind(name, args, others, self.names)
        if product:  # with the weights in the form of a linear layer, whoever wrote it
            others = [x.T if x is args[-1] else x for x in others]
        copies = {id(x): x.detach().clone() for x in reached}
        operation = Operation(
            name,
            "linear" if product else kind_of_function(name),
            self.running[-1],
            tuple(copies[id(x)] for x in reached),
            tuple(self.made[id(x)] for x in reached),
            tuple(self.part[id(x)] for x in reached),
            tuple(others),
            names,
            _with_tensors(named_arguments(func, args, kwargs), lambda x: copies.get(id(x), x)),
            _again(func, args, kwargs, set(copies)),
        )
        probed = self.probe(operation)  # first: the function may work in place
        try:
            result = func(*args, **kwargs)
        except Exception:
            self.note(operation, [])
            raise
        results = [reached[0]] if name == "setitem" else _tensors(result)
        if results:  # not so for a shape, a device, a number
            self.note(operation, results)
            operation.output = results[0].detach().clone()
            operation.across_batch = self.is_across(operation, probed)
        return result

    def probe(self, operation: Operation) -> torch.Tensor | None:
        """What ``operation`` gives for the batch with its last image exchanged, else None."""
        if self.batch < 2:
            return None

        def exchanged(x: torch.Tensor) -> torch.Tensor:
            copy = x.clone()
            if copy.dim() and len(copy) == self.batch:
                copy[-1] = ~copy[-1] if copy.dtype == torch.bool else 1 - 2 * copy[-1]
            return copy

        inputs = operation.inputs
        with suppress(Exception), torch.no_grad(), _same_draws(*inputs, *operation.constants):
            return operation.call(*map(exchanged, inputs))
        return None

    def is_across(self, operation: Operation, probed: torch.Tensor | None) -> bool | None:
        """Whether other images of the batch saw that the last one was exchanged."""
        found, batch = operation.output, self.batch
        whole = [x for x in operation.inputs if x.dim() and len(x) == batch]
        if probed is None or not whole:
            return None
        if found.shape != probed.shape or not found.dim() or len(found) != batch:
            return True
        others, again = (x[:-1].detach().cpu().double() for x in (found, probed))
        return not torch.allclose(others, again, rtol=1e-4, atol=1e-5, equal_nan=True)


def _again(func, args: tuple, kwargs: dict, reached: set[int]) -> Callable:
    """``func`` as a function of what is ``reached``, by id; all else stays as it was."""

    def again(*inputs: torch.Tensor) -> list[torch.Tensor]:
        fresh = iter(inputs)
        # Copies of all: the function may work in place.
        given, named = _with_tensors(
            (args, kwargs), lambda x: (next(fresh) if id(x) in reached else x.detach()).clone()
        )
        result = func(*given, **named)
        return _tensors(given if result is None else result)

    return again


def _weights_behind(name: str, args: tuple, others: list[torch.Tensor], names) -> bool:
    """Whether this is a product of images and, to the right of them, weights."""
    last = args[-1] if args else None
    return name in _PRODUCTS and any(x is last and x.dim() == 2 and id(x) in names for x in others)


def _tensors(value) -> list[torch.Tensor]:
    """All tensors in ``value``, also in tuples, lists and dictionaries."""
    if isinstance(value, torch.Tensor):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    if not isinstance(value, (tuple, list, dict)):
        return []
    return [tensor for item in items for tensor in _tensors(item)]


def _with_tensors(value, change):
    """``value`` with ``change(tensor)`` in place of each tensor in it."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, dict):
        return {key: _with_tensors(item, change) for key, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_with_tensors(item, change) for item in value)
    return value


def _same_draws(*tensors: torch.Tensor):
    """Whatever is drawn in this block will be drawn after it again."""
    devices = {x.device for x in tensors if x.is_cuda}
    return torch.random.fork_rng(devices=[device.index for device in devices])


def _is_lazy(tensor: torch.Tensor) -> bool:
    return nn.parameter.is_lazy(tensor)
