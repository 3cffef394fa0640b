"""The one place that holds the version: hatch reads it for the wheel, `mattebox.__version__` for everybody else."""

__version__ = "0.1.0"
