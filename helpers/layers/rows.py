"""The table of a network's layers, and how far each of them sees."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.nn.utils import parametrize

from helpers.layers.receptive_fields import receptive_fields
from helpers.layers.sizes import count_parameters
from helpers.network_modes import checked_to_watch, evaluation_mode, uncompiled, unwrapped


@dataclass(frozen=True)
class LayerRow:
    """One layer of a network: where it stands, what it is, what it makes of one image."""

    name: str
    kind: str
    input_shape: tuple[int, ...] | None  # without the batch dimension, as the next; None if unclear
    output_shape: tuple[int, ...]
    num_parameters: int
    receptive_field: tuple[int, ...] | None = None  # height and width in pixels; None if not known
    sees: str = "?"  # the same in words: "5×5", "all" of the image, "none" of it, or "?"
    unknown: str = ""  # why the receptive field is not known


def layer_rows(model: nn.Module, input_shape: Sequence[int]) -> list[LayerRow]:
    """The layers of ``model`` in the order in which an image of ``input_shape`` passes them.

    ``input_shape`` is that of one image, ``[C, H, W]``. A layer is a part of the network that calls
    no other part in this run. A layer used twice has its parameters in its first row only.

    The receptive field is the smallest rectangle with all pixels on which a value depends, of the
    value that sees most. It is found by trying (``helpers.layers.receptive_fields``), so it holds
    for whatever ``forward`` does between the layers, for branches, and for layers of any kind.

    Leaves the model's mode and gradients as they were. Raises ``ValueError`` if ``model`` is no
    network whose layers can be watched, and one that names the layer if such an image does not fit.
    """
    model = unwrapped(checked_to_watch(model))
    with torch.no_grad(), evaluation_mode(model), uncompiled():
        rows = _run(model, input_shape)
        fields = receptive_fields(model, input_shape, [row.name for row in rows])
    whole = tuple(input_shape[1:] or input_shape)
    return [
        replace(row, receptive_field=field.size, sees=_sees(field.size, whole), unknown=field.why)
        for row, field in zip(rows, fields, strict=True)
    ]


@dataclass
class _Running:
    """A part of the network while it runs."""

    name: str
    module: nn.Module
    input_shape: tuple[int, ...] | None
    last: str = ""  # the part that it called last

    @property
    def title(self) -> str:
        return f"{self.name or 'this layer'} ({kind_of(self.module)})"


def _run(model: nn.Module, input_shape: Sequence[int]) -> list[LayerRow]:
    """The rows without their receptive fields."""
    rows: list[LayerRow] = []
    running: list[_Running] = []
    counted: set[int] = set()

    def before(name: str):
        def hook(module, inputs):
            shape = next((tuple(x.shape[1:]) for x in inputs if isinstance(x, torch.Tensor)), None)
            running.append(_Running(name, module, shape))

        return hook

    def after(name: str):
        def hook(module, inputs, output):
            while running[-1].name != name:  # ended with an error, which forward has caught
                running.pop()
            part = running.pop()
            if running:
                running[-1].last = part.title
            output = output[0] if isinstance(output, tuple) and output else output  # of an nn.GRU
            container = part.last or (not name and list(module.children()))
            if container or not isinstance(output, torch.Tensor):
                return
            own = [p for p in module.parameters() if p.requires_grad and id(p) not in counted]
            counted.update(map(id, own))
            shape, count = tuple(output.shape[1:]), sum(p.numel() for p in own)
            rows.append(LayerRow(name, kind_of(module), part.input_shape, shape, count))

        return hook

    handles = []
    for name, module in model.named_modules():
        if "parametrizations" not in name.split("."):  # these make the weights of their layer
            handles += [module.register_forward_pre_hook(before(name))]
            handles += [module.register_forward_hook(after(name))]
    first = next(model.parameters(), torch.zeros(()))
    try:
        model(torch.zeros(1, *input_shape, dtype=first.dtype, device=first.device))
    except Exception as error:
        raise ValueError(
            f"an image of shape {_text(input_shape)} does not fit the network: {_place(running)}. "
            f"torch says: {error}"
        ) from error
    finally:
        for handle in handles:
            handle.remove()
    return rows


def _place(running: list[_Running]) -> str:
    """Where the run is that has ended with an error."""
    part = running[-1]
    if part.last:
        return f"after {part.last}, in {kind_of(part.module)}.forward"
    if not part.name and list(part.module.children()):
        return f"before its first layer, in {kind_of(part.module)}.forward"
    shape = "?" if part.input_shape is None else _text(part.input_shape)
    return f"{part.title} cannot take its input of shape {shape}"


def kind_of(module: nn.Module) -> str:
    """The name of its class, also where its weights are computed (as in spectral norm)."""
    return parametrize.type_before_parametrizations(module).__name__


def _sees(size: tuple[int, ...] | None, whole: tuple[int, ...]) -> str:
    if size is None:
        return "?"
    if not all(size):
        return "none"
    return "all" if size == whole else _text(size)


def layer_table(model: nn.Module, input_shape: Sequence[int]) -> str:
    """``layer_rows`` as text: name, kind, output shape, parameters, receptive field."""
    rows = layer_rows(model, input_shape)
    header = ("layer", "kind", "output", "parameters", "sees")
    cells = [
        (
            row.name,
            row.kind,
            _text(row.output_shape),
            f"{row.num_parameters:,}" if row.num_parameters else "–",
            row.sees,
        )
        for row in rows
    ]
    total = ("total", "", "", f"{count_parameters(model):,}", "")
    widths = [max(len(row[i]) for row in [header, *cells, total]) for i in range(5)]
    lines = [
        "  ".join(
            text.rjust(width) if i >= 2 else text.ljust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [header, *cells, total]
    ]
    rule = "─" * max(map(len, lines))
    reasons = [f"?: {why}" for why in dict.fromkeys(row.unknown for row in rows) if why]
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1], *reasons])


def _text(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))
