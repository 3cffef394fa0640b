"""Training, evaluation and export of mattebox's networks, with PyTorch.

The rest of mattebox does not import it.
"""
