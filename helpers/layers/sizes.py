"""Sizes of layers: the width that comes out, and how many numbers training adjusts."""

from torch import nn

from helpers.network_modes import checked_network


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
    """How many numbers training adjusts in ``module``, a layer or a network.

    Raises ``ValueError`` if it is neither.
    """
    return sum(p.numel() for p in checked_network(module).parameters() if p.requires_grad)
