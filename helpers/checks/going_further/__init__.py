"""Checks of notebook 05, going further."""
