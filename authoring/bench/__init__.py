"""How long things take, and how hard they are: run these on a quiet machine."""
