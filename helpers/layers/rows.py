"""The table of a network's layers, and how far each of them sees."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from helpers.layers.sizes import count_parameters
from helpers.network_modes import evaluation_mode

_SLIDING = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.LPPool2d)  # a window moves by its stride
_ONE_BY_ONE = (nn.Flatten, nn.ReLU, nn.Dropout, nn.Identity)  # each value on its own


@dataclass(frozen=True)
class LayerRow:
    """One layer of a network: where it stands, what it is, what it makes of one image."""

    name: str
    kind: str
    output_shape: tuple[int, ...]  # without the batch dimension
    num_parameters: int
    receptive_field: int | None  # pixels of the input along one side; None if not known


def layer_rows(model: nn.Module, input_shape: Sequence[int]) -> list[LayerRow]:
    """The layers of ``model`` in the order in which an image of ``input_shape`` passes them.

    ``input_shape`` is that of one image, ``[C, H, W]``. The receptive field grows by
    (reach − 1) · jump per layer, where jump is the product of the strides before it
    (Dumoulin & Visin, 2016); it is given up to the first layer that does not slide, such as a
    fully-connected one. It is meaningful for layers that follow one another, without branches.
    A layer used twice has its parameters in its first row only.

    Leaves the model's mode and gradients as they were. Raises ``ValueError``, which names the
    layer, if such an image does not fit the model.
    """
    rows: list[LayerRow] = []
    place = "before its first layer"
    counted: set[int] = set()
    field: int | None = 1
    jump = 1

    def before(name: str):
        def hook(module, inputs):
            nonlocal place
            shape = next((_text(x.shape[1:]) for x in inputs if isinstance(x, torch.Tensor)), "?")
            title = f"{name or 'this layer'} ({type(module).__name__})"
            place = f"{title} cannot take its input of shape {shape}"

        return hook

    def after(name: str):
        def hook(module, inputs, output):
            nonlocal field, jump, place
            place = f"after {name or 'this layer'} ({type(module).__name__})"
            output = output[0] if isinstance(output, tuple) else output  # as of an nn.GRU
            if not isinstance(output, torch.Tensor):
                return
            if isinstance(module, _ONE_BY_ONE):
                pass
            elif output.dim() != 4:
                field = None
            elif field and isinstance(module, _SLIDING):
                kernel, stride, dilation = (
                    _last(getattr(module, key, 1)) for key in ("kernel_size", "stride", "dilation")
                )
                field += dilation * (kernel - 1) * jump
                jump *= stride
            elif not inputs or inputs[0].shape[2:] != output.shape[2:]:
                field = None
            own = [p for p in module.parameters() if p.requires_grad and id(p) not in counted]
            counted.update(map(id, own))
            shape, count = tuple(output.shape[1:]), sum(p.numel() for p in own)
            rows.append(LayerRow(name, type(module).__name__, shape, count, field))

        return hook

    handles = []
    for name, module in model.named_modules():
        if not list(module.children()):
            handles += [module.register_forward_pre_hook(before(name))]
            handles += [module.register_forward_hook(after(name))]
    first = next(model.parameters(), torch.zeros(()))
    try:
        with torch.no_grad(), evaluation_mode(model):
            model(torch.zeros(1, *input_shape, dtype=first.dtype, device=first.device))
    except Exception as error:
        if place.startswith(("after", "before")):
            place += f", in {type(model).__name__}.forward"
        raise ValueError(
            f"an image of shape {_text(input_shape)} does not fit the network: {place}. "
            f"torch says: {error}"
        ) from error
    finally:
        for handle in handles:
            handle.remove()
    return rows


def layer_table(model: nn.Module, input_shape: Sequence[int]) -> str:
    """``layer_rows`` as text: name, kind, output shape, parameters, receptive field."""
    header = ("layer", "kind", "output", "parameters", "sees")
    cells = [
        (
            row.name,
            row.kind,
            _text(row.output_shape),
            f"{row.num_parameters:,}" if row.num_parameters else "–",
            _seen(row),
        )
        for row in layer_rows(model, input_shape)
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
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _seen(row: LayerRow) -> str:
    if row.receptive_field:
        return f"{row.receptive_field}×{row.receptive_field}"
    return "–" if len(row.output_shape) == 3 else "all"


def _text(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _last(value) -> int:
    return value[-1] if isinstance(value, tuple) else value
