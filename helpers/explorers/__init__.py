"""The interactive panels of the course, one module each on the small base class in ``_base``.

Each panel works from the keyboard, has a caption that says in words and numbers what it shows, and
is a picture with that caption where there is no kernel: in slides, on a web page, in the tests.
"""

from helpers.explorers._base import lecture
from helpers.explorers.convolution_panel import Convolution
from helpers.explorers.experiment_panel import Experiment
from helpers.explorers.feature_maps_panel import FeatureMaps
from helpers.explorers.layers_panel import Layers
from helpers.explorers.learning_panel import Learning
from helpers.explorers.mistakes_panel import Mistakes
from helpers.explorers.own_picture_panel import OwnPicture
from helpers.explorers.pooling_panel import Pooling
from helpers.explorers.training_panel import Training
from helpers.explorers.why_panel import Why

__all__ = [
    "Convolution",
    "Experiment",
    "FeatureMaps",
    "Layers",
    "Learning",
    "Mistakes",
    "OwnPicture",
    "Pooling",
    "Training",
    "Why",
    "lecture",
]
