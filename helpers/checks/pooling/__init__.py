"""Checks of notebook 02, pooling."""
