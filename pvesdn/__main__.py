"""`python -m pvesdn`."""

from pvesdn.cli import main

if __name__ == "__main__":
    main()
