"""What authors run: student notebooks, outputs, images, reference weights, the site."""
