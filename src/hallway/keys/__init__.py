"""Keys: secrets at rest under a ring of data keys, which a master key wraps.

Rules: the master key never enters the database; what is encrypted names the data key in its header, so that a
rotation reads everything that was written before it; each ciphertext is bound to the place it is kept at.
"""
