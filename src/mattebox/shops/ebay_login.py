"""Logins to eBay's REST interfaces: a user token, or an app's id and secret with the seller's refresh token."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from mattebox.errors import UsageError
from mattebox.shops.http_exchange import Exchange, send_request, send_with_retries
from mattebox.shops.shop_error import ShopUnavailable

TOKEN_VARIABLE = "MATTEBOX_EBAY_TOKEN"
CLIENT_ID_VARIABLE, CLIENT_SECRET_VARIABLE = "MATTEBOX_EBAY_CLIENT_ID", "MATTEBOX_EBAY_CLIENT_SECRET"
REFRESH_TOKEN_VARIABLE = "MATTEBOX_EBAY_REFRESH_TOKEN"
SCOPE = "https://api.ebay.com/oauth/api_scope/sell.inventory"
EXPIRY_MARGIN_SECONDS = 300.0
DEFAULT_TOKEN_SECONDS = 7200.0


class EbayLogin:
    """Gives the current user token, renewed by the refresh token where there is one.

    Parameters
    ----------
    api : str
        Address of eBay's interfaces.
    token : str
        A user token; empty to get the first one by the refresh token.
    client_id, secret, refresh_token : str
        Of the app and the seller; empty for a token that is not renewed.
    exchange, clock, sleep : callable
        Replaced in tests.
    """

    def __init__(
        self,
        api: str,
        token: str = "",
        client_id: str = "",
        secret: str = "",
        refresh_token: str = "",
        exchange: Exchange = send_request,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api, self._token, self._refresh_token = api, token, refresh_token
        self._credentials = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        self._exchange, self._clock, self._sleep = exchange, clock, sleep
        self._expiry = float("inf")

    def token(self, *, renew: bool = False) -> str:
        """The token; with `renew` a new one, after one was refused. ShopUnavailable."""
        if renew or not self._token or self._clock() > self._expiry:
            self._fetch()
        return self._token

    def _fetch(self) -> None:
        if not self._refresh_token:
            raise ShopUnavailable("eBay refuses the token", f"set a new {TOKEN_VARIABLE}; it lasts two hours")
        fields = {"grant_type": "refresh_token", "refresh_token": self._refresh_token, "scope": SCOPE}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {self._credentials}"}
        answer = send_with_retries(
            self._exchange, "POST", f"{self._api}/identity/v1/oauth2/token", urlencode(fields).encode(), headers,
            self._sleep,
        )  # fmt: skip
        try:
            content = json.loads(answer.body)
            self._token = content["access_token"]
        except (ValueError, KeyError, TypeError):
            raise ShopUnavailable(
                f"eBay gives no token (status {answer.status})", "check the app's id and secret, and the refresh token"
            ) from None
        self._expiry = self._clock() + float(content.get("expires_in", DEFAULT_TOKEN_SECONDS)) - EXPIRY_MARGIN_SECONDS


def ebay_login_from_environment(api: str, environment: Mapping[str, str] = os.environ) -> EbayLogin:
    """The login that the environment holds. UsageError where it holds none."""
    names = (CLIENT_ID_VARIABLE, CLIENT_SECRET_VARIABLE, REFRESH_TOKEN_VARIABLE)
    client_id, secret, refresh_token = (environment.get(name, "") for name in names)
    token = environment.get(TOKEN_VARIABLE, "")
    if token or (client_id and secret and refresh_token):
        return EbayLogin(api, token, client_id, secret, refresh_token if client_id and secret else "")
    raise UsageError("no login for eBay is set", f"set {TOKEN_VARIABLE}, or {', '.join(names)}")
