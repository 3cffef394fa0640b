"""Training of the scene head: what a picture shows, from an embedded network's features."""
