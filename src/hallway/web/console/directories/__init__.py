"""The pages of directories."""
