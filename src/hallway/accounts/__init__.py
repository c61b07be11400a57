"""Accounts: a person who signs in here, with her credentials, her sessions and the links that prove her address."""
