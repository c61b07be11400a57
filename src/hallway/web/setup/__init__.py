"""The portal behind a set-up link."""
