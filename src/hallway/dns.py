"""DNS, asked for TXT records, and the list of public suffixes that comes with its package.

Rules: a question has an end (`SECONDS`), an answer has limits; an alias is reported, never followed to somebody else's
records; of several resolvers all that answer must say the same for a record to count.
"""

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from publicsuffixlist import PublicSuffixList

from hallway.hub.organizations.domains import TextAnswer

SECONDS: Final = 5.0
MOST_RECORDS: Final = 100
LONGEST_RECORD: Final = 1000

_UNANSWERED: Final = TextAnswer(unanswered=True)


class DnsRecords:
    """See `hallway.hub.organizations.domains.TextRecords`; without resolvers, those of the machine."""

    def __init__(self, resolvers: Sequence[tuple[str, int]] = (), seconds: float = SECONDS) -> None:
        self._resolvers = tuple(resolvers)
        self._seconds = seconds

    async def texts(self, name: str) -> TextAnswer:
        """What every resolver that answers says; a record that one of them does not have is left out."""
        answers = await asyncio.gather(*(self._asked(one, name) for one in self._made()))
        spoken = [one for one in answers if not one.unanswered]
        if not spoken:
            return _UNANSWERED
        shared = set.intersection(*(set(one.texts) for one in spoken))
        return TextAnswer(
            tuple(text for text in spoken[0].texts if text in shared), any(one.alias for one in spoken)
        )  # fmt: skip

    def _made(self) -> list[dns.asyncresolver.Resolver]:
        if not self._resolvers:
            try:
                return [dns.asyncresolver.Resolver()]
            except dns.resolver.NoResolverConfiguration:
                return []
        made = []
        for address, port in self._resolvers:
            one = dns.asyncresolver.Resolver(configure=False)
            one.nameservers = [address]
            one.port = port
            made.append(one)
        return made

    async def _asked(self, resolver: dns.asyncresolver.Resolver, name: str) -> TextAnswer:
        try:
            asked = dns.name.from_text(name)
            answer = await resolver.resolve(
                asked, dns.rdatatype.TXT, raise_on_no_answer=False, lifetime=self._seconds, search=False
            )
        except dns.resolver.NXDOMAIN:
            return TextAnswer()
        except (dns.exception.DNSException, OSError, ValueError, EOFError):
            return _UNANSWERED
        if answer.canonical_name != asked:
            return TextAnswer(alias=True)
        records = list(answer.rrset or ())[:MOST_RECORDS]
        texts = [b"".join(record.strings)[:LONGEST_RECORD].decode("latin-1") for record in records]
        return TextAnswer(tuple(texts))


class PublicSuffixes:
    """See `hallway.hub.organizations.domains.Suffixes`."""

    def is_public(self, name: str) -> bool:
        """Whether anybody may register a name below it."""
        return "." not in name or self._list.privatesuffix(name) is None

    @cached_property
    def _list(self) -> PublicSuffixList:
        return PublicSuffixList()
