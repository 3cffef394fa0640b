"""Where the enlarging and the restoring networks are made."""
