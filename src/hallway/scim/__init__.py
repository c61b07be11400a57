"""SCIM 2.0 (RFC 7643, 7644, 9865) as pure functions: bytes and values in, values out.

Rules: no sockets, files, database, clock, randomness or environment; time, ids and keys are arguments.
Imports nothing of Hallway outside this package.
"""
