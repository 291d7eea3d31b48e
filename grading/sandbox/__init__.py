"""What runs beside an answer: it imports the helpers and nothing else of the course."""
