"""Routes for the web hooks of shops: the pictures of a new product become jobs. Only with a secret in the settings."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from mattebox.errors import UsageError
from mattebox.io.file_formats import find_format
from mattebox.recipe.presets import find_preset
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import load_recipe
from mattebox.server.api_keys import JOBS_SCOPE
from mattebox.server.auth import LOCAL_CALLER, AccessControl, require_scope
from mattebox.server.event_markers import EventMarkers
from mattebox.server.http.problems import Problem
from mattebox.server.job_submission import store_job
from mattebox.server.settings import ENVIRONMENT_PREFIX, Settings
from mattebox.server.shop_events import (
    SHOPIFY,
    WOOCOMMERCE,
    NewProduct,
    ProductPicture,
    ShopSystem,
    is_signed,
    read_product,
)
from mattebox.server.state import AppState, get_state
from mattebox.server.workers.protocol import OUTPUT_KEY, WorkerTask
from mattebox.server.workers.referenced_source import prepare_referenced_task

MAX_BODY_BYTES = 2_000_000
MAX_AGE_SECONDS = 2 * 86_400.0  # of a product that counts as new; Shopify repeats an announcement for four hours
PING_PATTERN = re.compile(rb"webhook_id=\d{1,12}")  # WooCommerce's first request, without a signature


def create_shop_router(settings: Settings, access: AccessControl) -> APIRouter:
    """The routes of the shops whose secret is set. UsageError for a recipe or key that there is not."""
    router = APIRouter(prefix="/hooks", include_in_schema=False)
    secrets = {SHOPIFY: settings.shopify_secret, WOOCOMMERCE: settings.woocommerce_secret}
    if not any(secrets.values()):
        return router
    recipe = _load_recipe(settings.shop_recipe)
    find_owner(settings, access)
    for system, secret in secrets.items():
        if secret:
            router.add_api_route(f"/{system.name}", _hook_endpoint(system, secret, recipe), methods=["POST"])
    return router


def find_owner(settings: Settings, access: AccessControl) -> str:
    """The caller whose jobs pictures of new products are. UsageError where the key does not exist any more."""
    if not access.requires_key:
        return LOCAL_CALLER
    found = [key.hash for key in access.keys.values() if settings.shop_key and settings.shop_key in (key.id, key.name)]
    if len(found) != 1:
        raise UsageError(
            f"{len(found)} keys in use are called {settings.shop_key!r}",
            f"give {ENVIRONMENT_PREFIX}SHOP_KEY an id from `mattebox keys list`",
        )
    return found[0]


def _hook_endpoint(system: ShopSystem, secret: str, recipe: Recipe) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def receive_event(request: Request) -> JSONResponse:
        state = get_state(request)
        state.check_not_stopping()
        async with state.upload_limiter.admit(request, MAX_BODY_BYTES) as upload:
            content = await state.upload_limiter.read_body(request, upload, MAX_BODY_BYTES)
        body = await asyncio.to_thread(content.read)
        signature = request.headers.get(system.signature_header)
        if system is WOOCOMMERCE and signature is None and PING_PATTERN.fullmatch(body):
            return _answer(0)
        if not is_signed(body, signature, secret):
            raise Problem(401, "signature_wrong", "the signature is not that of the body", "check the shop's secret")
        if request.headers.get(system.topic_header, "").lower() != system.topic:
            return _answer(0)
        product = await asyncio.to_thread(read_product, system, body)
        return _answer(await _queue_pictures(state, system, product, recipe))

    return receive_event


async def _queue_pictures(state: AppState, system: ShopSystem, product: NewProduct, recipe: Recipe) -> int:
    """Store a job for each picture of a product that was not announced before; how many. MatteboxError, Problem."""
    owner = find_owner(state.settings, state.access)
    require_scope(state.access, owner, JOBS_SCOPE)
    markers = EventMarkers(state.settings.data_folder() / "shop-events", 2 * MAX_AGE_SECONDS)
    event = f"{system.name}/{product.id}"
    is_old = time.time() - product.created_at > MAX_AGE_SECONDS
    if is_old or await asyncio.to_thread(markers.is_marked, event):
        return 0
    for picture in product.pictures:
        with state.quota.reserve_picture(owner):
            task = await asyncio.to_thread(_prepare_task, state.settings, product, picture, recipe)
            await store_job(state, owner, task, f"{event}/{picture.id}")
    await asyncio.to_thread(markers.mark, event)  # last: an announcement that fails part way is sent again
    return len(product.pictures)


def _prepare_task(settings: Settings, product: NewProduct, picture: ProductPicture, recipe: Recipe) -> WorkerTask:
    task = prepare_referenced_task(settings, recipe, {"url": picture.url})
    if not settings.shop_output:
        return task
    save_format = recipe.save_step.format
    suffix = find_format("png" if save_format == "auto" else save_format).suffixes[0]
    name = f"{settings.shop_output.rstrip('/')}/{product.slug}-{product.id}-{picture.id}{suffix}"
    return replace(task, header=task.header | {OUTPUT_KEY: {"object": name, "overwrite": False}})


def _answer(count: int) -> JSONResponse:
    return JSONResponse({"queued": count})


def _load_recipe(name: str) -> Recipe:
    """A preset, or a recipe file. UsageError."""
    return load_recipe(name) if Path(name).suffix in (".toml", ".json") else find_preset(name)
