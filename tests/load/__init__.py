"""Simulated students on a class server: python -m tests.load --students 25."""
