"""Convolutions that give other numbers: does a value come from one of them?"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class OtherConvolutions(TorchDispatchMode):
    """In its block, PyTorch's convolutions add 1000 where they are handed more than one window.

    All of them come to the same few operations, whether a layer is called, its copy, or a function.
    What a kernel makes of a window of its own size, which somebody has cut out, stays as it is.
    """

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Carry out ``func``, an operation of PyTorch, or what is to stand in its place."""
        made = func(*args, **(kwargs or {}))
        if "conv" not in func.__name__ or not isinstance(made, torch.Tensor):
            return made
        images, weight = args[:2]
        size = weight.shape[2:]
        return made if images.shape[-len(size) :] == size else made + 1000
