"""Sizes of layers: output width, receptive field, and the table of a network's layers."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn


def get_output_width(
    input_width: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Width (or height) in pixels after a convolution or a pooling.

    ⌊(input_width + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1, in whole numbers,
    as in the documentation of ``torch.nn.Conv2d``; derived in Dumoulin & Visin (2016).
    ``padding`` counts the pixels added on each side.

    Raises ``ValueError`` if the kernel does not fit into the padded image, or if an argument
    is not a whole number in its range.
    """
    for name, value, least in (
        ("input_width", input_width, 1),
        ("kernel_size", kernel_size, 1),
        ("stride", stride, 1),
        ("padding", padding, 0),
        ("dilation", dilation, 1),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
    padded = input_width + 2 * padding
    reach = dilation * (kernel_size - 1) + 1
    if reach > padded:
        raise ValueError(
            f"the kernel reaches over {reach} pixels, but the padded image has only {padded}"
        )
    return (padded - reach) // stride + 1


def count_parameters(module: nn.Module) -> int:
    """How many numbers training adjusts in ``module``."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


@dataclass(frozen=True)
class LayerRow:
    """One layer of a network: where it stands, what it is, what it makes of one image."""

    name: str
    kind: str
    output_shape: tuple[int, ...]  # without the batch dimension
    num_parameters: int
    receptive_field: int | None  # pixels of the input along one side; None after flattening


def layer_rows(model: nn.Module, input_shape: Sequence[int]) -> list[LayerRow]:
    """The layers of ``model`` in the order in which an image of ``input_shape`` passes them.

    ``input_shape`` is that of one image, ``[C, H, W]``. The receptive field grows by
    (reach − 1) · jump per layer, where jump is the product of the strides before it
    (Dumoulin & Visin, 2016); it is given while the output still has height and width.
    It is meaningful for layers that follow one another, without branches.
    Leaves the model's mode and gradients as they were.
    """
    rows: list[LayerRow] = []
    field, jump = 1, 1

    def record(name: str):
        def hook(module, _inputs, output):
            nonlocal field, jump
            window = getattr(module, "kernel_size", None)
            if window is not None and isinstance(output, torch.Tensor) and output.dim() == 4:
                kernel, stride, dilation = (
                    _last(getattr(module, key, 1)) for key in ("kernel_size", "stride", "dilation")
                )
                field += dilation * (kernel - 1) * jump
                jump *= stride
            has_width = output.dim() == 4
            rows.append(
                LayerRow(
                    name,
                    type(module).__name__,
                    tuple(output.shape[1:]),
                    count_parameters(module),
                    field if has_width else None,
                )
            )

        return hook

    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    handles = [module.register_forward_hook(record(name)) for name, module in leaves]
    first = next(model.parameters(), torch.zeros(()))
    was_training = {m: m.training for m in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            model(torch.zeros(1, *input_shape, dtype=first.dtype, device=first.device))
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in was_training.items():
            module.training = mode
    return rows


def layer_table(model: nn.Module, input_shape: Sequence[int]) -> str:
    """``layer_rows`` as text: name, kind, output shape, parameters, receptive field."""
    header = ("layer", "kind", "output", "parameters", "sees")
    cells = [
        (
            row.name,
            row.kind,
            "×".join(map(str, row.output_shape)),
            f"{row.num_parameters:,}" if row.num_parameters else "–",
            f"{row.receptive_field}×{row.receptive_field}" if row.receptive_field else "all",
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


def _last(value) -> int:
    return value[-1] if isinstance(value, tuple) else value
