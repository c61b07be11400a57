"""Accounts: registering, signing in, and what a person sets for herself."""
