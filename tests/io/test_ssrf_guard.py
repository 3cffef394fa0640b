"""Addresses that must never be reached, and some that may; names that hide one."""

import ipaddress

import pytest

from mattebox.errors import UsageError
from mattebox.io.ssrf_guard import is_allowed_address, is_obfuscated_ip, parse_networks

REFUSED = [
    "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "100.127.255.255",
    "192.0.0.1", "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255",
    "192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1", "168.63.129.16", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "::127.0.0.1", "::8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1",
    "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1",
    "2001:1ff::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:808:808", "3fff::1", "3ffe::1", "2620:4f:8000::1", "4000::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2606:4700::1111%1",
]  # fmt: skip
ALLOWED = [
    "8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "11.0.0.1", "198.20.0.1",
    "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::200e", "2001:4860:4860::8888",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_refused(address: str) -> None:
    assert not is_allowed_address(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_allowed(address: str) -> None:
    assert is_allowed_address(address)


def test_python_alone_would_let_some_in() -> None:
    assert any(ipaddress.ip_address(a).is_global for a in REFUSED)


@pytest.mark.parametrize("text", ["", "x", "localhost", "127.1", "0x7f.0.0.1", "8.8.8.8 ", "8.8.8"])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert not is_allowed_address(text)


def test_networks_besides() -> None:
    besides = parse_networks("10.1.0.0/16, fd12::/32")
    assert is_allowed_address("10.1.2.3", besides)
    assert is_allowed_address("fd12::1", besides)
    assert not is_allowed_address("10.2.0.1", besides)
    assert not is_allowed_address("::ffff:10.1.2.3", besides)
    with pytest.raises(UsageError):
        parse_networks("10.1.0.1/16")


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.01", "017700000001", "1.2.3.0x4",
     "256.1.1.1", "127.0.0.1.", "0x"],
)  # fmt: skip
def test_odd_spellings(host: str) -> None:
    assert is_obfuscated_ip(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "example.org", "1.example", "8.8.8.8", "example.org.", "::1", "x0x1"])
def test_plain_spellings(host: str) -> None:
    assert not is_obfuscated_ip(host)
