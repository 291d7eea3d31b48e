"""All lessons as pages and slides."""
