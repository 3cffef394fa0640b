"""The pipeline: a recipe and a picture in, a picture out."""
