"""Guard against server-side request forgery: which IP addresses a picture may be fetched from.

Public addresses are allowed, and networks that the operator adds. The refused ranges are IANA's registries of special
purpose addresses and the service addresses of clouds; Python's `is_global` lets some of these pass. IPv6 forms that
embed an IPv4 address are refused altogether.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from mattebox.errors import UsageError

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

NON_PUBLIC_IPV4_NETWORKS = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16"),  # unspecified, loopback, link-local with its metadata
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),  # private, carriers' NAT
            *("192.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),  # protocols, documentation
            *("192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24"),  # AS112, AMT, 6to4 relays
            *("198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),  # benchmarks, multicast, reserved and broadcast
            "168.63.129.16/32",  # a cloud's own service at a public address
        ),
    )
)
PUBLIC_IPV6_NETWORK = IPv6Network(
    "2000::/3"
)  # loopback, mapped, NAT64, private, link-local, multicast and discard lie outside
NON_PUBLIC_IPV6_NETWORKS = tuple(
    map(
        IPv6Network,
        (
            *("2001::/23", "2002::/16"),  # Teredo, benchmarks, ORCHID; 6to4
            *("2001:db8::/32", "3fff::/20", "3ffe::/16"),  # documentation, the former 6bone
            "2620:4f:8000::/48",  # AS112
        ),
    )
)
ISATAP_INTERFACE_IDS = (0x00005EFE, 0x02005EFE)  # bits 64 to 96

NUMERIC_LABEL_PATTERN = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)


def is_public_address(address: IpAddress) -> bool:
    """Whether an address is an ordinary public one."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NON_PUBLIC_IPV4_NETWORKS)
    if (
        address.scope_id
        or address not in PUBLIC_IPV6_NETWORK
        or any(address in network for network in NON_PUBLIC_IPV6_NETWORKS)
    ):
        return False
    return (int(address) >> 32) & 0xFFFFFFFF not in ISATAP_INTERFACE_IDS


def is_allowed_address(address: str, allowed_networks: Iterable[IpNetwork] = ()) -> bool:
    """Whether a resolved address is public or in one of the allowed networks; False for text that is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return is_public_address(parsed) or any(
        parsed in network for network in allowed_networks if network.version == parsed.version
    )


def is_ip_literal(host: str) -> bool:
    """Whether a host is an IP address in its standard notation."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_obfuscated_ip(host: str) -> bool:
    """Whether a host is an IP address in disguise: 0x7f.1, 017700000001 and 2130706433 all mean 127.0.0.1."""
    last = host.rstrip(".").rpartition(".")[2]
    if not NUMERIC_LABEL_PATTERN.fullmatch(last):
        return False
    try:
        ipaddress.IPv4Address(host)  # refuses leading zeros
    except ValueError:
        return True
    return False


def parse_networks(text: str) -> tuple[IpNetwork, ...]:
    """Parse a comma-separated list of networks such as 10.1.0.0/16. Raises UsageError."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise UsageError(
            f"{text[:80]!r} is not a list of networks ({error})", "give e.g. 10.1.0.0/16,fd12::/32"
        ) from None
