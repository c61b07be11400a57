"""OpenID Connect for who relies on it and for who provides it, pure: bytes and values in, values out.

Time, randomness and keys are arguments.

Rules: nothing is read from a token before its octets, its header and its signature were judged; claims come only from
`Verified`; keys come from the caller, never from the token; what is asked and what is judged are pairs.
"""
