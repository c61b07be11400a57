"""The pages of an organization's settings."""
