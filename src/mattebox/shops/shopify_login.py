"""Logins to Shopify's Admin API: a token that one has, or an app's client credentials, exchanged for a day's token."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from mattebox.errors import UsageError
from mattebox.shops.http_exchange import Exchange, send_request, send_with_retries
from mattebox.shops.shop_error import ShopUnavailable

TOKEN_VARIABLE = "MATTEBOX_SHOPIFY_TOKEN"
CLIENT_ID_VARIABLE, CLIENT_SECRET_VARIABLE = "MATTEBOX_SHOPIFY_CLIENT_ID", "MATTEBOX_SHOPIFY_CLIENT_SECRET"
EXPIRY_MARGIN_SECONDS = 300.0
DEFAULT_TOKEN_SECONDS = 86_399.0
SCOPES = "read_products, write_products, write_files"


class Login(Protocol):
    """Gives the current token; with `renew` a new one, after one was refused. ShopUnavailable."""

    def token(self, *, renew: bool = False) -> str: ...


class TokenLogin:
    """A token that does not change, such as of an app that was made in the shop's admin pages."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self, *, renew: bool = False) -> str:
        if renew:
            raise ShopUnavailable("Shopify refuses the token", f"check {TOKEN_VARIABLE} and its scopes: {SCOPES}")
        return self._token


class ClientCredentialsLogin:
    """An app of the shop's own organisation, by its id and secret."""

    def __init__(
        self,
        site: str,
        client_id: str,
        secret: str,
        exchange: Exchange = send_request,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._site, self._id, self._secret = site, client_id, secret
        self._exchange, self._clock, self._sleep = exchange, clock, sleep
        self._token, self._expiry = "", 0.0

    def token(self, *, renew: bool = False) -> str:
        if renew or not self._token or self._clock() > self._expiry:
            self._fetch()
        return self._token

    def _fetch(self) -> None:
        fields = {"client_id": self._id, "client_secret": self._secret, "grant_type": "client_credentials"}
        answer = send_with_retries(
            self._exchange, "POST", f"{self._site}/admin/oauth/access_token", json.dumps(fields).encode(),
            {"Content-Type": "application/json", "Accept": "application/json"}, self._sleep,
        )  # fmt: skip
        try:
            content = json.loads(answer.body)
            self._token = content["access_token"]
        except (ValueError, KeyError, TypeError):
            reason = "shop_not_permitted" if b"shop_not_permitted" in answer.body else f"status {answer.status}"
            raise ShopUnavailable(
                f"{self._site}: Shopify gives no token ({reason})",
                "check the app's id and secret; client credentials work only for shops of the app's own organisation",
            ) from None
        self._expiry = self._clock() + float(content.get("expires_in", DEFAULT_TOKEN_SECONDS)) - EXPIRY_MARGIN_SECONDS


def site_of(shop: str) -> str:
    """The address of a shop by its name, its myshopify.com host, or an address. UsageError."""
    name = shop.strip().rstrip("/")
    if re.fullmatch(r"https?://[\w.:-]+", name):
        return name
    host = name.removesuffix(".myshopify.com").lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", host):
        raise UsageError(f"{shop!r} is no name of a shop", "give the part before .myshopify.com")
    return f"https://{host}.myshopify.com"


def login_from_environment(site: str, environment: Mapping[str, str] = os.environ) -> Login:
    """The login that the environment holds. UsageError where it holds none."""
    token = environment.get(TOKEN_VARIABLE)
    client_id, secret = environment.get(CLIENT_ID_VARIABLE), environment.get(CLIENT_SECRET_VARIABLE)
    if token:
        return TokenLogin(token)
    if client_id and secret:
        return ClientCredentialsLogin(site, client_id, secret)
    raise UsageError(
        "no login for Shopify is set",
        f"set {TOKEN_VARIABLE}, or {CLIENT_ID_VARIABLE} and {CLIENT_SECRET_VARIABLE} of an app with {SCOPES}",
    )
