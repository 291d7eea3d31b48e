"""Fetch the images into the data folder, before anything needs them.

    python -m authoring.fetch_data              fetch what is missing
    python -m authoring.fetch_data --mirrors    fetch nothing: does every mirror answer?

Without a mirror that answers, the notebooks run on the drawn garments: this says so and its exit
status is 0, so that a lost mirror stops no test. With ``--mirrors`` it is 1 if a mirror does not
answer with its first file, which is how one is found to be lost. Needs no torch.
"""

import argparse
import sys

from helpers.datasets.downloading import problem
from helpers.datasets.fetching import CIFAR10, FASHION_MNIST, DataError, data_folder, fetch

COLLECTIONS = (FASHION_MNIST, CIFAR10)


def fetch_all() -> int:
    """Fetch every collection; returns 0, whatever could be had."""
    for collection in COLLECTIONS:
        try:
            fetch(collection, data_folder())
        except DataError as error:
            print(f"{error}\nUntil then, drawn garments stand in for them.")
        else:
            print(f"{collection.title}: all files are there, with the right sums.")
    return 0


def try_mirrors() -> int:
    """Ask each mirror for its first file; returns 1 if one of them does not give it."""
    lost = 0
    for collection in COLLECTIONS:
        for mirror in collection.mirrors:
            reason = problem(mirror + collection.files[0].name)
            lost += reason is not None
            print(f"{'✗' if reason else '✓'} {collection.title}: {mirror}  {reason or ''}".rstrip())
    if lost:
        print(f"{lost} lost: take it out of helpers/fetching.py, or find where it went.")
    return 1 if lost else 0


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirrors", action="store_true", help="ask every mirror, fetch nothing")
    return try_mirrors() if parser.parse_args().mirrors else fetch_all()


if __name__ == "__main__":
    sys.exit(main())
