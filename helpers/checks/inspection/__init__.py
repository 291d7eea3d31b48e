"""Checks of notebook 04, inspection."""
