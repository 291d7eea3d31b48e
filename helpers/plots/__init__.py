"""Pictures for the notebooks: images, kernels, feature maps, curves, maps of a decision, mistakes.

Every function returns a ``Picture``: a matplotlib figure with a caption that says in words and
numbers what it shows. Grey is for pixels (0 black, 1 white), viridis for activations, and red to
blue around zero for whatever has a sign. Images and maps may be tensors on any device, or arrays.

``data=`` names the data set in the caption's last line, which starts with "Data: ", as does all
in a caption that depends on which images were picked.
"""

from helpers.plots.images import convolution_step, images_row, pixel_values, plot_grid, show_image
from helpers.plots.network import feature_maps, heat, kernels
from helpers.plots.picture import Picture
from helpers.plots.results import among, bars, confusion, curves, mistakes

__all__ = [
    "Picture",
    "among",
    "bars",
    "confusion",
    "convolution_step",
    "curves",
    "feature_maps",
    "heat",
    "images_row",
    "kernels",
    "mistakes",
    "pixel_values",
    "plot_grid",
    "show_image",
]
