"""`python -m mattebox` is the command line."""

from mattebox.cli.main import main

if __name__ == "__main__":
    main()
