"""Directories: an organization's SCIM source, its tokens, and the users and groups that it pushed."""
