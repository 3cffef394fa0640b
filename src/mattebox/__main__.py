"""Runs the command line as `python -m mattebox`."""

from mattebox.cli.main import main

if __name__ == "__main__":
    main()
