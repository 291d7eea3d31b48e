"""Convolutions that give other numbers: does a value come from one of them?"""

import torch
from torch.overrides import TorchFunctionMode


class OtherConvolutions(TorchFunctionMode):
    """In its block, PyTorch's convolutions add 1000 where they are handed more than one window.

    Whatever is called, a layer, its copy or a function, calls a function of PyTorch with "conv" in
    its name. What a kernel makes of a window of its own size, which somebody has cut out, stays as
    it is. (A TorchDispatchMode sees the same, but its first use imports torch.compile, which takes
    two seconds.)
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Carry out ``func``, a function of PyTorch, or what is to stand in its place."""
        kwargs = kwargs or {}
        made = func(*args, **kwargs)
        if "conv" not in getattr(func, "__name__", "") or not isinstance(made, torch.Tensor):
            return made
        images, weight = (*args, *(kwargs[name] for name in ("input", "weight") if name in kwargs))[
            :2
        ]
        size = weight.shape[2:]
        return made if images.shape[-len(size) :] == size else made + 1000
