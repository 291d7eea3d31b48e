"""PyTorch's functions: what they are, and what their arguments are called."""

import inspect
from functools import cache

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
    "hardtanh hardswish hardsigmoid softplus softsign log_sigmoid tanhshrink threshold glu",
    "softmax": "softmax log_softmax softmin gumbel_softmax",
    "normalisation": "batch_norm layer_norm group_norm instance_norm local_response_norm rms_norm",
    "dropout": "dropout dropout1d dropout2d dropout3d alpha_dropout feature_dropout "
    "feature_alpha_dropout",
    "shape": "flatten unflatten view view_as reshape reshape_as ravel squeeze unsqueeze contiguous",
    "order": "transpose permute t T mT H adjoint swapaxes swapdims movedim moveaxis flip fliplr "
    "flipud roll rot90",
}
_KIND_OF = {name: kind for kind, names in KINDS.items() for name in names.split()}

# The names of arguments that functions without a signature, which are not written in Python, take
# by their place.
_PLACES = {
    "conv1d conv2d conv3d": "input weight bias stride padding dilation groups",
    "linear": "input weight bias",
    "max_pool1d max_pool2d max_pool3d": "input kernel_size stride padding dilation ceil_mode",
    "avg_pool1d avg_pool2d avg_pool3d": "input kernel_size stride padding ceil_mode "
    "count_include_pad divisor_override",
    "adaptive_avg_pool2d adaptive_max_pool2d": "input output_size",
    "dropout": "input p training",
    "batch_norm": "input weight bias running_mean running_var training momentum eps cudnn",
    "layer_norm": "input normalized_shape weight bias eps cudnn",
    "group_norm": "input num_groups weight bias eps cudnn",
    "softmax log_softmax": "input dim dtype",
    "leaky_relu": "input negative_slope",
    "celu": "input alpha",
    "prelu": "input weight",
    "softplus": "input beta threshold",
    "clamp clip": "input min max",
    "hardtanh": "input min_val max_val",
    "threshold": "input threshold value",
    "hardshrink softshrink": "input lambd",
    "add sub rsub mul div true_divide pow maximum minimum": "input other",
    "mean sum amax amin": "input dim keepdim",
    "cat concat concatenate": "tensors dim",
}
_NAMES = {name: line.split() for names, line in _PLACES.items() for name in names.split()}
_ANY_NUMBER = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


def name_of(function) -> str:
    """``relu`` for ``F.relu``, ``torch.relu_`` and ``Tensor.relu``; ``T`` for the attribute."""
    name = getattr(function, "__name__", type(function).__name__)
    if name == "__get__":
        name = getattr(function.__self__, "__name__", name)
    return name.strip("_").removesuffix("_with_indices")


def kind_of_function(name: str) -> str:
    """One of ``KINDS``, or "other"."""
    return _KIND_OF.get(name, "other")


def named_arguments(function, args: tuple, kwargs: dict) -> dict:
    """What ``function`` is called with, by name, or by its place where the name is not known.

    Where the function tells its names, also what it takes if nothing is given.
    """
    signature = _signature(function)
    if signature is not None:
        bound = signature.bind_partial(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)
    names = _NAMES.get(name_of(function), [])
    return dict(zip([*names, *range(len(names), len(args))], args, strict=False)) | kwargs


@cache
def _signature(function) -> inspect.Signature | None:
    """The signature, if there is one that names the arguments."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    return None if kinds & set(_ANY_NUMBER) else signature
