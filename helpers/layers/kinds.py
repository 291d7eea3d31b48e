"""What PyTorch's functions are called here: their kinds, and the names of their arguments."""

import torch

# The words for what PyTorch's functions are. Whatever is not here is of the kind "other".
KINDS = {
    "convolution": "conv1d conv2d conv3d",
    "transposed convolution": "conv_transpose1d conv_transpose2d conv_transpose3d",
    "linear": "linear bilinear",
    "max pooling": "max_pool1d max_pool2d max_pool3d adaptive_max_pool1d adaptive_max_pool2d "
    "adaptive_max_pool3d fractional_max_pool2d",
    "average pooling": "avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d "
    "adaptive_avg_pool3d lp_pool1d lp_pool2d lp_pool3d",
    "activation": "relu relu6 leaky_relu prelu rrelu elu selu celu gelu silu mish tanh sigmoid "
    "hardtanh hardswish hardsigmoid softplus softsign logsigmoid tanhshrink threshold glu",
    "softmax": "softmax log_softmax softmin gumbel_softmax",
    "normalisation": "batch_norm layer_norm group_norm instance_norm local_response_norm rms_norm",
    "dropout": "dropout dropout1d dropout2d dropout3d alpha_dropout feature_dropout "
    "feature_alpha_dropout",
    "shape": "flatten unflatten view view_as reshape reshape_as ravel squeeze unsqueeze contiguous",
    "order": "transpose permute t T mT H adjoint swapaxes swapdims movedim moveaxis flip fliplr "
    "flipud roll rot90",
}
_KIND_OF = {name: kind for kind, names in KINDS.items() for name in names.split()}

# The names of arguments that PyTorch's built-in functions take by their place.
_CONVOLUTION = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
_MAX_POOLING = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode")
_ARGUMENTS = {
    **dict.fromkeys(KINDS["convolution"].split(), _CONVOLUTION),
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d"), _MAX_POOLING),
    **dict.fromkeys(
        ("avg_pool1d", "avg_pool2d", "avg_pool3d"), ("input", "kernel_size", "stride", "padding")
    ),
    **dict.fromkeys(KINDS["dropout"].split(), ("input", "p", "training")),
}


def kind_of_function(name: str) -> str:
    """One of ``KINDS``, or "other"."""
    return _KIND_OF.get(name, "other")


def name_of(func) -> str:
    """``relu`` for ``F.relu``, ``torch.relu_`` and ``Tensor.relu``; ``T`` for the attribute."""
    name = getattr(func, "__name__", type(func).__name__)
    if name == "__get__":
        name = getattr(func.__self__, "__name__", name)
    return name.strip("_").removesuffix("_with_indices")


def settings_of(name: str, args: tuple, kwargs: dict) -> dict:
    """The arguments of function ``name`` that are no tensors, by their names if known."""
    named = dict(zip(_ARGUMENTS.get(name, ()), args, strict=False)) | kwargs
    return {key: value for key, value in named.items() if not isinstance(value, torch.Tensor)}
