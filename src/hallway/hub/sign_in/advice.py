"""Why a sign-in was refused, for the administrator who mends it: one sentence, and which side changes what.

Rules: one line for every code; the sentence is the code's own, and the remedy never is to trust what arrived.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from hallway.hub.directories.phrase import Phrase, said


class Side(Enum):
    """Who changes something."""

    PROVIDER = "provider"
    HERE = "here"
    BOTH = "both"
    PERSON = "person"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Advice:
    """`field` is the value of ours that is compared, "" for none: `acs`, `entity_id`, `idp_entity_id`, `name_id`,
    `attributes`; pages say it in the provider's own words.
    """

    sentence: Phrase
    side: Side
    remedy: Phrase
    field: str = ""


_BROKEN: Final = said(
    "What your provider sends is not a SAML response as the standard has it. Try again; if it "
    "repeats, show its support the code."
)
_SIGN: Final = said("Let your provider sign the assertion, or the response, with RSA-SHA256 or stronger.")
_KEY: Final = said(
    "Read the metadata again from your provider, and compare the fingerprints with its console. "
    "Never take the certificate that came with a message."
)
NOTHING: Final = said(
    "Somebody changed the message on its way, or made it up. There is nothing to set; if it repeats, "
    "ask where it comes from."
)
_ENCRYPTION: Final = said("Give your provider our certificate again, from our metadata, or turn encryption off there.")
_IDP_ENTITY: Final = said(
    "Compare how your provider names itself with what is kept here: paste its metadata again, or "
    "correct the entity ID there."
)
_ACS: Final = said("Give your provider our address for responses exactly as it stands here.")
_ENTITY: Final = said(
    "Give your provider our entity ID exactly as it stands here: with or without a slash at its end is another one."
)
REFUSED: Final = said("Your provider turned the person away: look whether she is assigned to the application there.")
_UNSOLICITED: Final = said(
    "Begin at our address to sign in, or allow sign-ins that begin at the provider in the settings of this connection."
)
_AGAIN: Final = said("Try again from the start: the answer came late, twice, or to another window.")
_SUBJECT: Final = said(
    "Let your provider send one NameID for each person, best her e-mail address or a persistent one."
)
CLOCK: Final = said("Look at the clock of your provider: it and ours are more than a few minutes apart.")
_CONDITION: Final = said("Turn off the condition that is named, in your provider's settings of this application.")
_STATEMENT: Final = said("Let your provider say when and how the person signed in (an AuthnStatement).")
_FRESH: Final = said("Let your provider ask for the credentials again where we demand it (ForceAuthn).")
_METADATA: Final = said("Copy the metadata of this application again from your provider's console.")
_ENDPOINT: Final = said("The addresses in the metadata have to begin with https://.")
_LOGOUT: Final = said("Compare the address for logout, and whether your provider signs its logout messages.")
_MEMBER: Final = said(
    "Invite the person, let a directory add her, or let this connection make members at their first sign-in."
)
_DEACTIVATED: Final = said(
    "A deactivated person stays out. Reactivate her where she was deactivated: in the directory, or among the members."
)
_SEVERAL: Final = said("Look among the members: two have this address. Remove the one that is not needed.")
_ADDRESS: Final = said(
    "Send the e-mail address as an attribute, and name that attribute in the settings of this connection."
)
_VERIFIED: Final = said(
    "Let your provider send email_verified as true: verify the address there, or turn that on for this application."
)
_DOMAIN: Final = said("Prove the domain of this address, or send an address in a domain that is proved.")
_CONFIRM: Final = said("She signs in here with her own password or passkey once, in the same browser.")
_DIRECTORY: Final = said("Let the directory add the person; it decides who is a member.")
_CONNECTION: Final = said("Complete this connection, and turn it on.")
_PLAN: Final = said("Ask for a plan that has single sign-on.")
_UNREACHABLE: Final = said("Look whether your provider works; we try again with the next sign-in.")

ADVICE: Final[dict[str, Advice]] = {
    "too_large": Advice(said("The message is larger than is taken."), Side.PROVIDER, _BROKEN),
    "not_base64": Advice(said("The message is not base64."), Side.PROVIDER, _BROKEN),
    "not_utf8": Advice(said("The message is not UTF-8."), Side.PROVIDER, _BROKEN),
    "forbidden_markup": Advice(
        said("The message has a DTD, a comment, a processing instruction or CDATA."), Side.PROVIDER, _BROKEN
    ),
    "not_xml": Advice(said("The message is not well-formed XML."), Side.PROVIDER, _BROKEN),
    "out_of_bounds": Advice(
        said("The message has more, or deeper, or longer parts than any real one."), Side.PROVIDER, _BROKEN
    ),
    "wrong_shape": Advice(said("The message is not put together as SAML demands."), Side.PROVIDER, _BROKEN),
    "duplicate_id": Advice(said("Two elements of the message have the same ID."), Side.PROVIDER, _BROKEN),
    "not_signed": Advice(said("Nothing in the message is signed."), Side.PROVIDER, _SIGN),
    "signature_shape": Advice(
        said("The signature is not put together as our profile demands."), Side.PROVIDER, _BROKEN
    ),
    "signature_algorithm": Advice(said("The signature uses an algorithm that is not taken."), Side.PROVIDER, _SIGN),
    "signature_reference": Advice(
        said("The signature covers something other than the element that it stands in."), Side.PROVIDER, _BROKEN
    ),
    "wrong_key": Advice(said("The signature was not made with a key of this connection."), Side.PROVIDER, _KEY),
    "wrong_digest": Advice(said("The signed element was changed after it was signed."), Side.NOBODY, NOTHING),
    "not_decrypted": Advice(said("The encrypted assertion could not be opened."), Side.PROVIDER, _ENCRYPTION),
    "wrong_version": Advice(said("The message is not of SAML 2.0."), Side.PROVIDER, _BROKEN),
    "wrong_issuer": Advice(
        said("The message is from another identity provider."), Side.BOTH, _IDP_ENTITY, "idp_entity_id"
    ),
    "wrong_destination": Advice(said("The response was sent to another address."), Side.PROVIDER, _ACS, "acs"),
    "not_success": Advice(said("The identity provider answers that the sign-in failed."), Side.PROVIDER, REFUSED),
    "unsolicited": Advice(
        said("The response answers no request of ours, and this connection does not take such."),
        Side.HERE,
        _UNSOLICITED,
    ),
    "wrong_request": Advice(said("The response answers another request."), Side.PERSON, _AGAIN),
    "no_assertion": Advice(said("The response has no assertion, or more than one."), Side.PROVIDER, _BROKEN),
    "wrong_subject": Advice(
        said("The assertion does not say in one NameID who it is about."), Side.PROVIDER, _SUBJECT, "name_id"
    ),
    "not_confirmed": Advice(
        said("The assertion may not be used by its bearer, here and now."), Side.PROVIDER, _ACS, "acs"
    ),
    "wrong_audience": Advice(said("The assertion was meant for someone else."), Side.PROVIDER, _ENTITY, "entity_id"),
    "too_early": Advice(said("The assertion is not valid yet."), Side.PROVIDER, CLOCK),
    "too_late": Advice(said("The assertion is not valid any more."), Side.PROVIDER, CLOCK),
    "unknown_condition": Advice(said("The assertion has a condition that we do not know."), Side.PROVIDER, _CONDITION),
    "no_authentication": Advice(
        said("The assertion does not say that somebody signed in, or the sign-in has ended."), Side.PROVIDER, _STATEMENT
    ),
    "not_fresh": Advice(
        said("The sign-in that the assertion tells of is older than was asked for."), Side.PROVIDER, _FRESH
    ),
    "wrong_instant": Advice(said("An instant in the message is none."), Side.PROVIDER, _BROKEN),
    "wrong_parameters": Advice(
        said("The address has a parameter twice, or parameters that exclude each other."), Side.PROVIDER, _BROKEN
    ),
    "not_deflated": Advice(
        said("The message in the address is not compressed as the redirect binding says."), Side.PROVIDER, _BROKEN
    ),
    "not_metadata": Advice(said("This is not the metadata of an identity provider."), Side.PROVIDER, _METADATA),
    "metadata_expired": Advice(said("The metadata is not valid any more."), Side.PROVIDER, _METADATA),
    "no_usable_key": Advice(said("The metadata has no signing key that can be trusted."), Side.PROVIDER, _METADATA),
    "wrong_endpoint": Advice(said("An address in the metadata cannot be used."), Side.PROVIDER, _ENDPOINT),
    "wrong_logout": Advice(said("The logout message does not fit."), Side.BOTH, _LOGOUT),
    "nobody_here": Advice(said("Nobody in this organization is this person."), Side.HERE, _MEMBER),
    "deactivated": Advice(said("This person is deactivated in this organization."), Side.HERE, _DEACTIVATED),
    "several": Advice(said("Several members have this address."), Side.HERE, _SEVERAL),
    "no_address": Advice(
        said("The answer has no e-mail address where the connection expects it."), Side.PROVIDER, _ADDRESS, "attributes"
    ),
    "email_unverified": Advice(
        said("The provider does not vouch for this person's e-mail address."), Side.PROVIDER, _VERIFIED
    ),
    "domain_unproved": Advice(
        said("The address is not in a domain that this organization has proved."), Side.HERE, _DOMAIN
    ),
    "confirm_first": Advice(
        said("An administrator confirms with her own password or passkey, once, that this is she."),
        Side.PERSON,
        _CONFIRM,
    ),
    "transient": Advice(
        said("The provider sends another name for this person at each sign-in."), Side.PROVIDER, _SUBJECT, "name_id"
    ),
    "directory_decides": Advice(
        said("A directory of this organization decides who is a member."), Side.HERE, _DIRECTORY
    ),
    "no_request": Advice(
        said("The answer belongs to no sign-in that waits: it took too long, or was used already."), Side.PERSON, _AGAIN
    ),
    "other_browser": Advice(
        said("The answer came back in another browser than the one that began."), Side.PERSON, _AGAIN
    ),
    "replayed": Advice(said("This very answer was used before."), Side.PERSON, _AGAIN),
    "connection_off": Advice(said("This connection is switched off, or not set up yet."), Side.HERE, _CONNECTION),
    "plan": Advice(said("The plan of this organization does not have single sign-on."), Side.HERE, _PLAN),
    "provider_refused": Advice(said("The provider answers that the sign-in failed."), Side.PROVIDER, REFUSED),
    "provider_unreachable": Advice(said("The provider did not answer us."), Side.PROVIDER, _UNREACHABLE),
}
"""Every code of `hallway.saml` and of sign-ins."""

UNKNOWN: Final = Advice(said("The sign-in was refused."), Side.BOTH, said("See what was expected and received."))
