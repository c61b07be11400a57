"""`python -m hallway`."""

from hallway.cli import main

main()
