"""Model weights on disk: paths, verification, download, conversion, installation, and the settings for them."""
