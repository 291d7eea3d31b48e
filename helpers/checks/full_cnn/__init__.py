"""Checks of notebook 03, the full CNN."""
