"""Training of the detector of faces and number plates."""
