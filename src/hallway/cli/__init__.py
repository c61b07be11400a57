"""The command line: `hallway …`."""

from hallway.cli.main import app, main

__all__ = ["app", "main"]
