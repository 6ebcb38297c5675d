"""Addresses as people write them: where to listen, whom to trust, what an invite names (a leaf).

Checks return why a value is impossible, or an empty string, as those of `config` do.
"""

import ipaddress
import re
from collections.abc import Sequence
from functools import cache


def parse_address(text: str) -> tuple[str, int]:
    """The host (numeric, IPv6 without brackets) and port of "0.0.0.0:7722" or "[::]:7722"."""
    match = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\[\]]+)):([0-9]{1,5})", text)
    if match is None:
        raise ValueError("is not ADDRESS:PORT (an IPv6 address stands in brackets)")
    host, port = match[1] or match[2], int(match[3])
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        raise ValueError("is not a numeric address") from None
    if (version == 6) != bool(match[1]):
        raise ValueError("is not ADDRESS:PORT (an IPv6 address stands in brackets)")
    if port > 65535:
        raise ValueError(f"has port {port}, which does not exist")
    return host, port


def is_loopback(text: str) -> bool:
    return ipaddress.ip_address(parse_address(text)[0]).is_loopback


def host_name(value: str) -> str:
    """What stands between @ and : in an invite: a name, or an address without brackets."""
    if not value or re.fullmatch(r"[0-9A-Za-z]([0-9A-Za-z._-]{0,252}[0-9A-Za-z])?", value):
        return ""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "has to be a name or an address, without a port"
    return ""


def networks(value: list[str]) -> str:
    for text in value:
        try:
            ipaddress.ip_network(text)
        except ValueError:
            return f'"{text}" is no address and no network'
    return ""


def numeric_addresses(value: list[str]) -> str:
    if not value:
        return "names no address to listen on"
    for text in value:
        try:
            parse_address(text)
        except ValueError as error:
            return f'"{text}" {error}'
    return "" if len(set(value)) == len(value) else "names an address twice"


def source_of(host: str) -> str:
    """The source that limits and penalties count: the IPv4 address, or the /64 of an IPv6 one.

    `host` is in the form of inet_ntop(3), so an IPv4 address is its own source.
    """
    if ":" not in host:
        return host
    address = ipaddress.IPv6Address(host.partition("%")[0])
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))


def is_in(host: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks."""
    address = ipaddress.ip_address(host) if networks else None
    return any(address in _network(network) for network in networks)


@cache
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text)
