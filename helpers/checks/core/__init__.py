"""What all checks share: it knows no lesson."""
