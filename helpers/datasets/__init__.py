"""Fashion-MNIST and CIFAR-10 as tensors in memory, and loaders over them.

Order: the official files in the data folder, else a download, else garments drawn by code, said
loudly. ``CNN_COURSE_DATASET=official`` never takes drawings, ``drawn`` takes nothing else.
"""

from importlib import import_module

from helpers.datasets.fetching import DataError, data_folder

# What needs torch is imported when it is asked for: ``python -m helpers`` looks at the data on a
# machine where torch may be missing or broken.
_WITH_TORCH = {
    "ImageDataset": "image_dataset",
    "is_in_memory": "image_dataset",
    "loader": "image_dataset",
    "subset": "image_dataset",
    "FASHION_CLASSES": "loading",
    "CIFAR_CLASSES": "loading",
    "fashion_mnist": "loading",
    "cifar10": "loading",
}

__all__ = ["DataError", "data_folder", *_WITH_TORCH]


def __getattr__(name: str):
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_WITH_TORCH[name]}"), name)
    globals()[name] = value
    return value
