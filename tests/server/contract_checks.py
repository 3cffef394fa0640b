"""A check for Schemathesis: whatever is refused, is refused for a reason that the document gives for that route."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.check
def documented_reason(_: Any, response: Any, case: Any) -> None:
    """The code of an error stands in the description of its status."""
    if response.status_code < 400 or response.request.method == "HEAD":
        return
    described = case.operation.definition.raw["responses"].get(str(response.status_code), {}).get("description", "")
    error = response.json()
    code = error["errors"][0]["code"] if "errors" in error else error["code"]
    unrouted = response.status_code in (404, 405) and code in ("no_such_place", "method_not_allowed")
    assert f"`{code}`" in described or unrouted, f"{response.status_code} {code} is not documented"
