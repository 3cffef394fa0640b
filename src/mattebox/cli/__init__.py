"""The command line: one module for each command; the work is done by the packages below."""
