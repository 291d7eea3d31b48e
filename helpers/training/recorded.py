"""The recorded runs of the first recipe of notebook 3: the same training, from many seeds.

They come with the course, beside the reference weights; ``authoring/train_lottery.py`` makes them.
"""

import json
from pathlib import Path

from helpers.checkpoints import WEIGHTS_FOLDER
from helpers.training.history import History


def recorded_runs(source: str) -> dict[int, History]:
    """What each recorded run measured, by its seed: plain SGD at 1e-3 for ten epochs.

    ``source`` is that of the images (``training_data.source``), "official" or "drawn". The seconds
    were not recorded. Raises ``ValueError`` if there are no runs on such images.
    """
    path = runs_path(source)
    if not path.is_file():
        raise ValueError(f"there are no recorded runs on images of the source {source!r}")
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
    return {int(seed): History(**figures) for seed, figures in runs.items()}


def runs_path(source: str) -> Path:
    """The file with the runs on one source of images."""
    return WEIGHTS_FOLDER / f"lottery_{source}.json"
