"""Set-up links: what a customer's own IT does without an account, and how far it is."""
