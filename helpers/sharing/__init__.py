"""A trained network as a page: one HTML file that runs anywhere, without Python and a network.

``page(model, "my_network.html")`` writes it. On it one draws, sees what the network says and what
each layer makes of the picture, and points at any value to see what it is computed from.
"""

from helpers.sharing.html_page import Page, page
from helpers.sharing.program import SharingError

__all__ = ["Page", "SharingError", "page"]
