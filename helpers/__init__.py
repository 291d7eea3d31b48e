"""What the notebooks of the course import: data, plots, checks, training.

Importing ``helpers`` itself loads nothing heavy; each module brings what it needs.
"""
