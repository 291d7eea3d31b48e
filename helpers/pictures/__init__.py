"""A student's own picture, made into what the networks of the course have learned from."""

from helpers.pictures.reading import PictureError, read, read_bytes, short_name
from helpers.pictures.steps import example, is_inverted, steps, to_fashion_mnist, to_tensor

__all__ = [
    "PictureError",
    "example",
    "is_inverted",
    "read",
    "read_bytes",
    "short_name",
    "steps",
    "to_fashion_mnist",
    "to_tensor",
]
