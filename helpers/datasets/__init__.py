"""Fashion-MNIST and CIFAR-10 as tensors in memory, and loaders over them.

Order: the official files in the data folder, else a download, else garments drawn by code, said
loudly. ``CNN_COURSE_DATASET=official`` never takes drawings, ``drawn`` takes nothing else.
"""

from importlib import import_module

from helpers.datasets.catalogue import CATALOGUE
from helpers.datasets.fetching import DataError, data_folder

FASHION_CLASSES = list(CATALOGUE["fashion_mnist"].classes)
CIFAR_CLASSES = list(CATALOGUE["cifar10"].classes)

# What needs torch is imported when it is asked for: ``python -m helpers`` looks at the data on a
# machine where torch may be missing or broken.
_MODULES = dict.fromkeys(("ImageDataset", "is_in_memory", "loader", "subset"), "image_dataset")
_MODULES |= dict.fromkeys(CATALOGUE, "loading")  # fashion_mnist, cifar10: one for each data set

__all__ = ["CIFAR_CLASSES", "FASHION_CLASSES", "DataError", "data_folder", *_MODULES]


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
