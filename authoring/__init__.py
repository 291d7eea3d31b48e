"""What authors run: the student notebooks, their outputs, the images, the reference weights, the site."""
