"""Signing in through a connection: the request that waits, the answer that is judged, and who that is here."""
