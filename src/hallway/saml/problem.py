"""Why a message is refused: a closed set of codes, each with a heading in the docs."""

from typing import Final

CODES: Final = {
    "too_large": "The message is larger than is taken.",
    "not_base64": "The message is not base64.",
    "not_utf8": "The message is not UTF-8.",
    "forbidden_markup": "The message has a DTD, a comment, a processing instruction or CDATA.",
    "not_xml": "The message is not well-formed XML.",
    "out_of_bounds": "The message has more, or deeper, or longer parts than any real one.",
    "wrong_shape": "The message is not put together as SAML demands.",
    "duplicate_id": "Two elements of the message have the same ID.",
    "not_signed": "Nothing in the message is signed.",
    "signature_shape": "The signature is not put together as our profile demands.",
    "signature_algorithm": "The signature uses an algorithm that is not taken.",
    "signature_reference": "The signature covers something other than the element that it stands in.",
    "wrong_key": "The signature was not made with a key of this connection.",
    "wrong_digest": "The signed element was changed after it was signed.",
    "not_decrypted": "The encrypted assertion could not be opened.",
    "wrong_version": "The message is not of SAML 2.0.",
    "wrong_issuer": "The message is from another identity provider.",
    "wrong_destination": "The response was sent to another address.",
    "not_success": "The identity provider answers that the sign-in failed.",
    "unsolicited": "The response answers no request of ours, and this connection does not take such.",
    "wrong_request": "The response answers another request.",
    "no_assertion": "The response has no assertion, or more than one.",
    "wrong_subject": "The assertion does not say in one NameID who it is about.",
    "not_confirmed": "The assertion may not be used by its bearer, here and now.",
    "wrong_audience": "The assertion was meant for someone else.",
    "too_early": "The assertion is not valid yet.",
    "too_late": "The assertion is not valid any more.",
    "unknown_condition": "The assertion has a condition that we do not know.",
    "no_authentication": "The assertion does not say that somebody signed in, or the sign-in has ended.",
    "not_fresh": "The sign-in that the assertion tells of is older than was asked for.",
    "wrong_instant": "An instant in the message is none.",
    "wrong_parameters": "The address has a parameter twice, or parameters that exclude each other.",
    "not_deflated": "The message in the address is not compressed as the redirect binding says.",
    "not_metadata": "This is not the metadata of an identity provider.",
    "metadata_expired": "The metadata is not valid any more.",
    "no_usable_key": "The metadata has no signing key that can be trusted.",
    "wrong_endpoint": "An address in the metadata cannot be used.",
    "wrong_logout": "The logout message does not fit.",
}
"""Every code. `docs/reference/problems.md` has a heading for each."""


class SamlProblem(Exception):
    """A message that is refused: `code` for programs, what was expected and what came for the administrator.

    `received` may hold what a stranger wrote: it is shown, never acted on. `signed` says that a trusted key signed what
    is refused.
    """

    def __init__(self, code: str, expected: str = "", received: str = "") -> None:
        super().__init__(CODES[code])
        self.code = code
        self.expected = expected
        self.received = received[:2000]
        self.signed = False
