"""Exchanges: requests and answers that people may read; redacted, kept for a while."""
