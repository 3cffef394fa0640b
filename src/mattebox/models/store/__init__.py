"""Model weights on disk: download, verification, installation, conversion, environment settings."""
