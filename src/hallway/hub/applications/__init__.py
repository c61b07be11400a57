"""What we issue to: the vendor's applications and API keys, and what each may do."""
