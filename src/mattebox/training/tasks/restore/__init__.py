"""Training of the networks that enlarge and restore photographs."""
