"""The command line: a window that looks into the house and holds no furniture."""
