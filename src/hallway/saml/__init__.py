"""SAML 2.0, pure: bytes and values in, values out. Time, ids and keys are arguments.

Rules: nothing is read from a message before its octets, its shape and its signature were judged; identity comes only
from `Verified`, which is parsed anew out of the octets that the signature covers; keys come from the caller, never
from the message.
"""
