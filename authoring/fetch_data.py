"""Fetch the images into the data folder, before anything needs them.

    python -m authoring.fetch_data              fetch what the solutions load and is missing
    python -m authoring.fetch_data cifar10      fetch the named data sets
    python -m authoring.fetch_data --mirrors    fetch nothing: does every mirror answer?

Without a mirror that answers, the notebooks run on the drawn garments: this says so and its exit
status is 0, so that a lost mirror stops no test. With ``--mirrors`` it is 1 if a mirror does not
answer with its first file, which is how one is found to be lost. Needs no torch.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from helpers.datasets import DataError, data_folder
from helpers.datasets.catalogue import CATALOGUE, Entry, loaded_by
from helpers.datasets.downloading import problem
from helpers.datasets.fetching import fetch
from helpers.datasets.saying import say

SOLUTIONS = Path(__file__).resolve().parents[1] / "solutions"


def fetch_all(entries: Iterable[Entry]) -> int:
    """Fetch the files of ``entries``; returns 0, whatever could be had."""
    for entry in entries:
        try:
            fetch(entry, data_folder())
        except DataError as error:
            instead = "drawn garments stand in" if entry.stand_in else "nothing stands in"
            say(f"{error}\nUntil then, {instead} for them.")
        else:
            say(f"{entry.title}: all files are there, with the right sums.")
    return 0


def try_mirrors() -> int:
    """Ask each mirror of the catalogue for its first file; returns 1 if one does not give it."""
    lost = 0
    for entry in CATALOGUE.values():
        for mirror in entry.mirrors:
            reason = problem(mirror + entry.files[0].name)
            lost += reason is not None
            say(f"{'✗' if reason else '✓'} {entry.title}: {mirror}  {reason or ''}".rstrip())
    if lost:
        print(f"{lost} lost: take it out of helpers/datasets/catalogue.py, or find where it went.")
    return 1 if lost else 0


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(CATALOGUE)}; those of the lessons")
    parser.add_argument("--mirrors", action="store_true", help="ask every mirror, fetch nothing")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in CATALOGUE]
    if unknown:
        parser.error(f"there is no data set {unknown[0]!r}, only {', '.join(CATALOGUE)}")
    if options.mirrors:
        return try_mirrors()
    named = [CATALOGUE[name] for name in options.names]
    return fetch_all(named or loaded_by(SOLUTIONS.glob("*.ipynb")))


if __name__ == "__main__":
    sys.exit(main())
