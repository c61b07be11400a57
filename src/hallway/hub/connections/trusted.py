"""Which keys of a provider count: taken from metadata, staged, approved, rejected.

Rules: what an administrator gives counts at once, and what it replaces goes on beside it; what appears by itself waits
a day, or for her; a rejected key stays rejected while it is in the metadata; at most four keys are trusted.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate

from hallway.hub.connections.model import STAGED, KeyState, ProviderKey, SamlSettings
from hallway.saml.metadata import IdentityProvider, SigningKey
from hallway.saml.signature import MOST_KEYS

MOST_KEPT: Final = 12


@dataclass(frozen=True, slots=True)
class Compared:
    """The keys after metadata was read again: `new` appeared, `gone` are not in it any more since just now."""

    keys: tuple[ProviderKey, ...]
    new: tuple[ProviderKey, ...] = ()
    gone: tuple[ProviderKey, ...] = ()


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate as consoles show it: pairs of digits with colons between."""
    return hashlib.sha256(certificate).digest().hex(":").upper()


def key_name(certificate: bytes) -> str:
    """What addresses and commands name a key by: the digits of its fingerprint."""
    return hashlib.sha256(certificate).hexdigest()


def same_key(one: bytes, other: bytes) -> bool:
    """Whether two certificates carry the same key."""
    return one == other or _spki(one) == _spki(other)


def _spki(certificate: bytes) -> bytes:
    key = load_der_x509_certificate(certificate).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def given(settings: SamlSettings, provider: IdentityProvider, now: int) -> SamlSettings:
    """The settings after an administrator gave metadata: its keys count at once; those of before go on beside them
    where it is the same provider, as many as fit.
    """
    fresh = tuple(ProviderKey(key.certificate, KeyState.TRUSTED, now, key.expires_at) for key in provider.keys)
    before = settings.keys if provider.entity_id == settings.idp_entity_id else ()
    kept = [
        replace(one, missing_since=one.missing_since or now)
        for one in before
        if one.state is KeyState.TRUSTED and not _is_among(one.certificate, provider.keys)
    ]
    kept.sort(key=lambda one: -one.since)
    return replace(described(settings, provider, now), keys=(*fresh, *kept[: MOST_KEYS - len(fresh)]))


def described(settings: SamlSettings, provider: IdentityProvider, now: int) -> SamlSettings:
    """The settings with the addresses of the metadata; keys stay as they are."""
    return replace(
        settings,
        idp_entity_id=provider.entity_id,
        redirect_url=provider.redirect_url,
        post_url=provider.post_url,
        logout_redirect_url=provider.logout_redirect_url,
        logout_post_url=provider.logout_post_url,
        logout_response_url=provider.logout_response_url,
        wants_signed_requests=provider.wants_signed_requests,
        metadata_read_at=now,
        metadata_finding="",
    )


def compared(
    keys: Sequence[ProviderKey], listed: Sequence[SigningKey], now: int, state: KeyState = KeyState.STAGED
) -> Compared:
    """The keys after metadata was read again by itself; what is new is in `state`."""
    kept: list[ProviderKey] = []
    gone: list[ProviderKey] = []
    for one in keys:
        if _is_among(one.certificate, listed):
            kept.append(replace(one, missing_since=None))
        elif one.state is KeyState.TRUSTED:
            kept.append(one if one.missing_since is not None else replace(one, missing_since=now))
            if one.missing_since is None:
                gone.append(kept[-1])
    known = [one.certificate for one in kept]
    new = [
        ProviderKey(key.certificate, state, now, key.expires_at)
        for key in listed
        if not any(same_key(key.certificate, certificate) for certificate in known)
    ]
    return Compared((*kept, *new)[:MOST_KEPT], tuple(new), tuple(gone))


def ripened(keys: Sequence[ProviderKey], now: int) -> tuple[tuple[ProviderKey, ...], tuple[ProviderKey, ...]]:
    """The keys, those that were staged for a day being trusted, and which those are; only where there is room."""
    room = MOST_KEYS - sum(one.state is KeyState.TRUSTED for one in keys)
    found: list[ProviderKey] = []
    ripe: list[ProviderKey] = []
    for one in keys:
        if one.state is KeyState.STAGED and now - one.since >= STAGED and one.missing_since is None and room > 0:
            room -= 1
            ripe.append(replace(one, state=KeyState.TRUSTED, since=now))
            found.append(ripe[-1])
        else:
            found.append(one)
    return tuple(found), tuple(ripe)


def _is_among(certificate: bytes, listed: Sequence[SigningKey]) -> bool:
    return any(same_key(certificate, key.certificate) for key in listed)
