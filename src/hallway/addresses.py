"""Which IP addresses belong to the internet at large, and which to somebody's own network or machine.

Rules: what is not known to be public is private; an IPv6 address that carries an IPv4 address is what that one is.
"""

import ipaddress
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEVER: Final = tuple(
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8",
        "169.254.0.0/16",  # link-local: metadata of most clouds
        "168.63.129.16/32",  # metadata of Azure
        "100.100.100.200/32",  # metadata of Alibaba Cloud
        "192.0.0.192/32",  # metadata of Oracle Cloud
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "::/128",
        "fe80::/10",
        "fd00:ec2::/32",  # metadata of AWS
        "ff00::/8",
    )
)
_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(one)
    for one in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001::/23",  # Teredo and other assignments of the protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)
_GLOBAL: Final = ipaddress.ip_network("2000::/3")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


def address(text: str) -> Address:
    """An address, reduced to the IPv4 address that it carries. Raises `ValueError`; a zone is none."""
    if "%" in text:
        raise ValueError("an address with a zone")
    return _reduced(ipaddress.ip_address(text))


def is_public(one: Address) -> bool:
    """Whether the address is one of the internet."""
    if is_never_reached(one) or any(one in network for network in _NOT_PUBLIC):
        return False
    return one.version == 4 or one in _GLOBAL


def is_never_reached(one: Address) -> bool:
    """Whether no deployment reaches the address, not even by name: link-local, metadata, multicast, reserved."""
    return any(one in network for network in _NEVER)


def _reduced(one: Address) -> Address:
    if isinstance(one, ipaddress.IPv4Address):
        return one
    if one.ipv4_mapped is not None:
        return one.ipv4_mapped
    return ipaddress.IPv4Address(int(one) & 0xFFFFFFFF) if one in _NAT64 else one
