"""The errors of this package."""

from __future__ import annotations

from mattebox.errors import MatteboxError


class ShopError(MatteboxError):
    """A shop refuses, or does not answer."""

    code = "shop_refused"


class ShopUnavailable(ShopError):
    """A shop does not answer, or not to this login: the other pictures need not be tried."""

    code = "shop_unavailable"
