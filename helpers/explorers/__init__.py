"""The interactive panels of the course, one module each."""
