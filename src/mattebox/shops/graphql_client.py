"""Client of Shopify's GraphQL API that stays within its budget of query costs.

Every answer says what the query cost and what is left in the shop's leaky bucket. A query is sent only when the bucket
holds what it will cost, so that none is refused; if another program empties the bucket, a refused one is sent again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mattebox.shops.http_exchange import Exchange, HttpAnswer, send_request, send_with_retries
from mattebox.shops.shop_error import ShopError, ShopUnavailable
from mattebox.shops.shopify_login import Login

API_VERSION = "2026-10"
MAX_THROTTLED_ATTEMPTS = 20
MIN_WAIT_SECONDS = 0.05


class GraphqlOperation(NamedTuple):
    """A query or mutation: its text, and what it costs at most, until an answer says so."""

    text: str
    cost: float


class _Bucket:
    """What is left of the budget, as far as the last answer and the time since tell."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._available: float | None = None  # nobody has said yet
        self._maximum = self._rate = 0.0
        self._time = 0.0

    def update(self, status: Mapping[str, Any]) -> None:
        self._available = float(status["currentlyAvailable"])
        self._maximum, self._rate = float(status["maximumAvailable"]), float(status["restoreRate"])
        self._time = self._clock()

    def seconds_until(self, cost: float) -> float:
        """How long to wait for this much; 0 where nobody knows."""
        if self._available is None or self._rate <= 0:
            return 0.0
        needed = min(cost, self._maximum)
        available = min(self._maximum, self._available + (self._clock() - self._time) * self._rate)
        return max(0.0, (needed - available) / self._rate)

    @property
    def is_known(self) -> bool:
        return self._available is not None


class GraphqlClient:
    """Sends operations to a shop.

    Parameters
    ----------
    site : str
        Address of the shop, without a path.
    login : Login
    exchange, clock, sleep : callable
        Replaced in tests.
    """

    def __init__(
        self,
        site: str,
        login: Login,
        exchange: Exchange = send_request,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.site, self.exchange, self.sleep, self.clock = site, exchange, sleep, clock
        self.url = f"{site}/admin/api/{API_VERSION}/graphql.json"
        self._login = login
        self._bucket = _Bucket(clock)
        self._costs: dict[str, float] = {}
        self.throttled_count = 0

    def execute(self, operation: GraphqlOperation, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of an answer. ShopError where the shop refuses the operation."""
        if not self._bucket.is_known and operation is not SHOP_NAME:
            self.execute(SHOP_NAME)  # costs next to nothing, and says what is left
        body = json.dumps({"query": operation.text, "variables": dict(variables or {})}).encode()
        for _ in range(MAX_THROTTLED_ATTEMPTS):
            self._wait_for(self._costs.get(operation.text, operation.cost))
            content = self._send(body)
            cost = content.get("extensions", {}).get("cost") or {}
            if cost.get("throttleStatus"):
                self._bucket.update(cost["throttleStatus"])
            if cost.get("requestedQueryCost"):
                self._costs[operation.text] = float(cost["requestedQueryCost"])
            errors = content.get("errors") or []
            if not errors and isinstance(content.get("data"), dict):
                data: dict[str, Any] = content["data"]
                return data
            if not any((e.get("extensions") or {}).get("code") == "THROTTLED" for e in errors if isinstance(e, dict)):
                raise _refusal(errors)
            self.throttled_count += 1
            self.sleep(
                max(MIN_WAIT_SECONDS, self._bucket.seconds_until(self._costs.get(operation.text, operation.cost)))
            )
        raise ShopUnavailable(f"{self.site} refuses to be asked so much", "wait until its other programs are done")

    def _wait_for(self, cost: float) -> None:
        seconds = self._bucket.seconds_until(cost)
        if seconds > 0:
            self.sleep(max(MIN_WAIT_SECONDS, seconds))

    def _send(self, body: bytes) -> dict[str, Any]:
        answer = self._post(body, self._login.token())
        if answer.status == 401:
            answer = self._post(body, self._login.token(renew=True))
        if answer.status in (401, 403):
            raise ShopUnavailable(f"{self.site} refuses the login ({answer.status})", "check the token and its scopes")
        try:
            content = json.loads(answer.body)
        except ValueError:
            content = None
        if answer.status != 200 or not isinstance(content, dict):
            raise ShopUnavailable(
                f"{self.site} answers {answer.status}", f"check the shop's name, and that it has API {API_VERSION}"
            )
        return content

    def _post(self, body: bytes, token: str) -> HttpAnswer:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Shopify-Access-Token": token,
        }
        return send_with_retries(self.exchange, "POST", self.url, body, headers, self.sleep)


SHOP_NAME = GraphqlOperation("query ShopName { shop { name } }", 1)


def _refusal(errors: list[Any]) -> ShopError:
    messages = "; ".join(str(e.get("message", e)) if isinstance(e, dict) else str(e) for e in errors) or "no data"
    return ShopError(f"Shopify refuses the request ({messages[:300]})", "check the login's scopes")
