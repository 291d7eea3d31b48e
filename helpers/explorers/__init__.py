"""The interactive panels of the course, one module each on the small base class in ``_base``.

Each panel works from the keyboard, has a caption that says in words and numbers what it shows, and
is a picture with that caption where there is no kernel: in slides, on a web page, in the tests.
"""

from helpers.explorers._base import lecture
from helpers.explorers.convolution import Convolution
from helpers.explorers.feature_maps import FeatureMaps
from helpers.explorers.layers import Layers
from helpers.explorers.mistakes import Mistakes
from helpers.explorers.own_picture import OwnPicture
from helpers.explorers.pooling import Pooling
from helpers.explorers.training import Training
from helpers.explorers.why import Why

__all__ = [
    "Convolution",
    "FeatureMaps",
    "Layers",
    "Mistakes",
    "OwnPicture",
    "Pooling",
    "Training",
    "Why",
    "lecture",
]
