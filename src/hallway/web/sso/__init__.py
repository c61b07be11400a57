"""Signing in through connections: where browsers go, come back, and what providers read of us."""
