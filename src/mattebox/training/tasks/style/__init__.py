"""Where the style network is made."""
