"""Checks of notebook 01, convolution layers."""
