"""What the page's program can compute: a step of it for an operation of a network.

A step is a dictionary with its name in ``engine.js`` under "op", the settings that it needs there,
and its weights as tensors. Shapes, places and axes are those of one image, without the batch.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from helpers.layers import Operation

Step = dict


class CannotHold(ValueError):
    """An operation that the page's program cannot compute; says which and why, if there is more."""


# Functions of one number, with the settings that they take, and what these are if nothing is given.
_PLAIN = (
    "relu relu6 silu mish tanh sigmoid hardswish hardsigmoid softsign log_sigmoid tanhshrink selu "
    "abs neg exp log sqrt rsqrt square reciprocal sign erf sin cos log1p expm1"
)
_UNARY: dict[str, dict] = {
    **{name: {} for name in _PLAIN.split()},
    "leaky_relu": {"negative_slope": 0.01},
    "elu": {"alpha": 1.0},
    "celu": {"alpha": 1.0},
    "gelu": {"approximate": "none"},
    "hardtanh": {"min_val": -1.0, "max_val": 1.0},
    "clamp": {"min": None, "max": None},
    "clip": {"min": None, "max": None},
    "softplus": {"beta": 1.0, "threshold": 20.0},
    "threshold": {"threshold": None, "value": None},
    "hardshrink": {"lambd": 0.5},
    "softshrink": {"lambd": 0.5},
}
# Functions of two numbers: their names on the page, and whether the operands change places.
_BINARY = {
    **{name: (name, False) for name in ("add", "sub", "mul", "div", "pow", "maximum", "minimum")},
    **{f"r{name}": (name, True) for name in ("add", "sub", "mul", "div", "pow")},
    "true_divide": ("div", False),
    "truediv": ("div", False),
    "rtruediv": ("div", True),
}
_REDUCED = {"mean": "mean", "sum": "sum", "amax": "max", "amin": "min"}


def step_of(operation: Operation) -> Step:
    """The step that computes what ``operation`` does for one image; raises ``CannotHold``."""
    if operation.across_batch is not False:
        raise CannotHold(_of_the_batch(operation))
    arguments = operation.arguments
    if operation.kind == "dropout" and arguments.get("training", True) and arguments.get("p") != 0:
        raise CannotHold("it is random in eval mode, too: give F.dropout training=self.training")
    name = operation.name
    rule = _RULES.get(name)
    for names, of_its_kind in ((_UNARY, _unary), (_BINARY, _binary), (_REDUCED, _reduced)):
        if name in names:
            rule = of_its_kind
    if rule is None:
        return _moved(operation)
    if any(key for key in arguments if isinstance(key, int)):  # other than the first, the image
        raise CannotHold("called in a way that hides its settings")
    return rule(operation)


def _of_the_batch(operation: Operation) -> str:
    """Why the result for one image cannot be told; nothing where that is not known."""
    if not operation.across_batch:
        return ""
    if operation.output.shape[:1] not in [x.shape[:1] for x in operation.inputs]:
        return "the first dimension of what it makes does not count each image of a batch"
    return "it does not treat each image of a batch by itself"


# ------------------------------------------------------------------------------------- the rules


def _convolution(operation: Operation) -> Step:
    given = operation.arguments
    weight, bias = given["weight"], given.get("bias")
    dilation = _pair(given.get("dilation", 1))
    padding = given.get("padding", 0)
    if padding == "same":  # half of it in front, less if it is odd; the rest follows from the shape
        reach = zip(dilation, weight.shape[2:], strict=True)
        padding = [d * (size - 1) // 2 for d, size in reach]
    return {
        "op": "conv",
        "kernel": list(weight.shape[2:]),
        "stride": _pair(given.get("stride", 1)),
        "padding": [0, 0] if padding == "valid" else _pair(padding),
        "dilation": dilation,
        "groups": given.get("groups", 1),
        "weight": weight,
        "bias": torch.zeros(len(weight)) if bias is None else bias,
    }


def _linear(operation: Operation) -> Step:
    weight, bias = (operation.arguments.get(name) for name in ("weight", "bias"))
    if not isinstance(weight, Tensor) or weight.dim() != 2:
        raise CannotHold("its weights are not where the page looks for them")
    return {
        "op": "linear",
        "weight": weight,
        "bias": torch.zeros(len(weight)) if bias is None else bias,
    }


def _pooling(operation: Operation) -> Step:
    given = operation.arguments
    kernel = _pair(given["kernel_size"])
    return {
        "op": "pool",
        "f": "max" if operation.name == "max_pool2d" else "mean",
        "kernel": kernel,
        "stride": _pair(given.get("stride") or kernel),
        "padding": _pair(given.get("padding", 0)),
        "dilation": _pair(given.get("dilation", 1)),
        "counted": given.get("count_include_pad", True),
        "divisor": given.get("divisor_override"),
    }


def _adaptive_pooling(operation: Operation) -> Step:
    return {"op": "adaptive", "f": "max" if "max" in operation.name else "mean"}


def _batch_norm(operation: Operation) -> Step:
    """In eval mode it is a factor and a shift for each channel."""
    given, channels = operation.arguments, operation.output.shape[1]
    mean, variance = (given[name].detach().double() for name in ("running_mean", "running_var"))
    weight, bias = given.get("weight"), given.get("bias")
    spread = (variance + given.get("eps", 1e-5)).sqrt()
    factor = (torch.ones(channels).to(mean) if weight is None else weight.detach()) / spread
    shift = (0 if bias is None else bias.detach()) - mean * factor
    return {"op": "scale", "factor": factor, "shift": shift}


def _norm(operation: Operation) -> Step:
    """Of blocks of numbers, each over itself: layer, group and instance normalisation."""
    given, whole = operation.arguments, operation.output[0]
    if operation.name == "instance_norm" and not given.get("use_input_stats", True):
        return _batch_norm(operation)
    if operation.name == "layer_norm":
        block = int(torch.Size(given["normalized_shape"]).numel())
    else:
        groups = given["num_groups"] if operation.name == "group_norm" else len(whole)
        block = whole.numel() // groups
    by_value = operation.name == "layer_norm"
    step = {"op": "norm", "block": block, "eps": given.get("eps", 1e-5), "by_value": by_value}
    size = block if by_value else len(whole)
    for name, usual in (("weight", torch.ones), ("bias", torch.zeros)):
        value = given.get(name)
        step[name] = usual(size) if value is None else value
    return step


def _softmax(operation: Operation) -> Step:
    axis = operation.arguments.get("dim")
    if axis is None:
        raise CannotHold("it is not told its dim")
    return {"op": "softmax", "axis": _axes(operation, axis)[0], "log": "log" in operation.name}


def _prelu(operation: Operation) -> Step:
    weight = operation.arguments["weight"]
    shape = [len(weight)] + [1] * (operation.output.dim() - 2)  # a number for each channel
    return {
        "op": "binary",
        "f": "prelu",
        "a": {"source": 0, "shape": list(operation.output.shape[1:])},
        "b": {"shape": shape},
        "b_values": weight,
    }


def _rrelu(operation: Operation) -> Step:
    given = operation.arguments
    if given.get("training", False):
        raise CannotHold("it is random in eval mode, too")
    return {"op": "unary", "f": "leaky_relu", "settings": [(given["lower"] + given["upper"]) / 2]}


_RULES: dict[str, Callable[[Operation], Step]] = {
    "conv2d": _convolution,
    "linear": _linear,
    "max_pool2d": _pooling,
    "avg_pool2d": _pooling,
    "adaptive_max_pool2d": _adaptive_pooling,
    "adaptive_avg_pool2d": _adaptive_pooling,
    "batch_norm": _batch_norm,
    "layer_norm": _norm,
    "group_norm": _norm,
    "instance_norm": _norm,
    "softmax": _softmax,
    "log_softmax": _softmax,
    "prelu": _prelu,
    "rrelu": _rrelu,
}


def _unary(operation: Operation) -> Step:
    settings = [
        operation.arguments.get(name, usual) for name, usual in _UNARY[operation.name].items()
    ]
    if any(isinstance(value, Tensor) for value in settings):
        raise CannotHold("one of its settings is a tensor")
    return {"op": "unary", "f": operation.name, "settings": settings}


def _binary(operation: Operation) -> Step:
    given = operation.arguments
    if given.get("rounding_mode"):
        raise CannotHold("it rounds")
    first, second = list(given.values())[:2]
    name, swapped = _BINARY[operation.name]
    step = {"op": "binary", "f": name, "alpha": given.get("alpha", 1)}
    operands = (second, first) if swapped else (first, second)
    for place, value in zip("ab", operands, strict=True):
        step |= _operand(operation, place, value)
    return step


def _operand(operation: Operation, place: str, value) -> Step:
    """What the page takes for ``value``: a number, a weight, or what an earlier step has made."""
    for number, made in enumerate(operation.inputs):
        if made is value:
            return {place: {"source": number, "shape": list(made.shape[1:])}}
    if not isinstance(value, Tensor):
        return {place: {"number": float(value), "shape": []}}
    if value.dim() == operation.output.dim():  # its first dimension is that of the batch
        if len(value) != 1:
            raise CannotHold("it has a number for each image of a batch")
        value = value[0]
    return {place: {"shape": list(value.shape)}, f"{place}_values": value}


def _reduced(operation: Operation) -> Step:
    axes = operation.arguments.get("dim")
    if axes is None:
        raise CannotHold("it is not told its dim")
    return {"op": "reduce", "f": _REDUCED[operation.name], "axes": _axes(operation, axes)}


def _moved(operation: Operation) -> Step:
    """Of whatever only moves values, such as ``flatten``, ``cat``, padding: where each is from.

    Found by trying: numbers that count the values of one image show where each has come from, and
    what stays when all are raised is a constant, such as padding by zeros.
    """
    count = len(operation.output)
    if not all(x.dim() and x.is_floating_point() and len(x) == count for x in operation.inputs):
        raise CannotHold
    sizes = [x[0].numel() for x in operation.inputs]
    total = sum(sizes)
    counted = torch.arange(total, dtype=torch.float64).split(sizes)

    def call(*rows: Tensor) -> Tensor:
        like = zip(rows, operation.inputs, strict=True)
        return operation.call(*(row.to(x).expand(len(x), -1).reshape(x.shape) for row, x in like))

    try:
        places = call(*counted)[0].double().flatten()
        raised = call(*(row + total for row in counted))[0].double().flatten()
    except Exception as error:
        raise CannotHold from error
    moved = raised - places == total
    index = torch.where(moved, places, 0).long()
    fixed = torch.where(moved, 0, places)
    if not ((index >= 0) & (index < total)).all() or (raised != places)[~moved].any():
        raise CannotHold
    draws = torch.Generator().manual_seed(0)
    others = [torch.randn(x.shape, generator=draws).to(x) for x in operation.inputs]
    for inputs in (operation.inputs, others):
        flat = torch.cat([x.flatten(1) for x in inputs], 1)
        expected = torch.where(moved, flat[:, index].double(), fixed)
        found = operation.call(*inputs).flatten(1).double()
        if found.shape != expected.shape or not torch.equal(found, expected):
            raise CannotHold
    if torch.equal(index, torch.arange(total)) and moved.all():
        return {"op": "take"}  # all, in their order
    step = {"op": "take", "index": torch.where(moved, index, -1).int()}
    return step | ({} if moved.all() else {"fixed": fixed.float()})


def _pair(value) -> list[int]:
    """``2`` as ``[2, 2]``, as PyTorch reads it."""
    values = list(value) if isinstance(value, (tuple, list)) else [value]
    return values * 2 if len(values) == 1 else values


def _axes(operation: Operation, dims) -> list[int]:
    """The dimensions ``dims`` of a batch, as axes of one image."""
    count = operation.inputs[0].dim()
    chosen = dims if isinstance(dims, (tuple, list)) else [dims]
    axes = sorted(dim % count - 1 for dim in chosen)
    if axes[:1] == [-1]:
        raise CannotHold("it works over the batch")
    return axes
