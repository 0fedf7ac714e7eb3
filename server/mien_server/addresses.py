"""Addresses that the server and its commands may speak to: `https`, or plain `http` on this machine; no user, no fragment."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from mien.errors import SettingsError

MAX_URL: Final = 500
_VISIBLE: Final = re.compile(r"[!-~]+")


def checked(url: str, whose: str) -> str:
    """The address, when the server may speak to it. `whose` names it in the message, such as `webhook`. Raises `SettingsError`."""
    if len(url) > MAX_URL or not _VISIBLE.fullmatch(url):
        msg = f"a {whose}'s address has at most {MAX_URL} visible ASCII characters"
        raise SettingsError(msg)
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        msg = f"the {whose} is no address; write `https://host/path`"
        raise SettingsError(msg) from error
    if not host or "@" in parts.netloc or parts.fragment:
        msg = (
            f"a {whose}'s address names a host, no user and no fragment; write `https://host/path`"
        )
        raise SettingsError(msg)
    if parts.scheme != "https" and not (parts.scheme == "http" and _here(host)):
        msg = f"a {whose} is spoken to over `https`; plain `http` is for this machine only"
        raise SettingsError(msg)
    return url


def base(url: str, whose: str) -> str:
    """The same for an address that paths are put behind: no query, and no slash at its end. Raises `SettingsError`."""
    if "?" in url:
        msg = f"the {whose}'s address has a query; leave it out"
        raise SettingsError(msg)
    return checked(url, whose).rstrip("/")


def _here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
