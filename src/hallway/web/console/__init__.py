"""The console of an organization: its settings and its directories."""
