"""Hallway: open-source single sign-on and user provisioning, both doors of it."""

__version__ = "0.1.0"
