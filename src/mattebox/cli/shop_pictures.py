"""What `mattebox shop` does: results are made, looked at, and sent; or the originals are put back."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import click
import msgspec

from mattebox.batch.job import LocalJobRunner, sha256_hex
from mattebox.batch.plan import BatchJob
from mattebox.batch.report import hash_recipe
from mattebox.batch.runner import map_in_order
from mattebox.cli.console import EXIT_FAILURES, echo_stderr
from mattebox.core import cpu_threads
from mattebox.errors import MatteboxError, UsageError
from mattebox.io.atomic_write import write_bytes
from mattebox.io.file_formats import find_format
from mattebox.io.sources import read_bytes
from mattebox.io.url_fetch import FetchPolicy, fetch_url
from mattebox.models import matte_session
from mattebox.models.store.settings import is_offline
from mattebox.pipeline import restoration
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.pipeline.signing_keys import load_identity
from mattebox.recipe.presets import find_preset
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import load_recipe
from mattebox.shops.comparison_sheet import render_sheet
from mattebox.shops.ebay_replacement import EbayReplacer
from mattebox.shops.ebay_shop import open_ebay
from mattebox.shops.graphql_client import GraphqlClient
from mattebox.shops.ledger import Ledger, LedgerEntry, open_existing_ledger
from mattebox.shops.originals import fetch_policy, file_stem, save_original
from mattebox.shops.product_image import ProductImage
from mattebox.shops.replacement import PictureReplacer
from mattebox.shops.shopify_login import login_from_environment, site_of
from mattebox.shops.shopify_shop import MIME_TYPES, ShopifyShop
from mattebox.shops.woocommerce_replacement import WooCommerceReplacer
from mattebox.shops.woocommerce_shop import open_woocommerce

WOOCOMMERCE, EBAY = "woocommerce", "ebay"
SHEET_NAME = "before-and-after.html"


@dataclass(frozen=True)
class ResultMaker:
    """Makes the result of a picture, from the shop to the disk."""

    run_job: LocalJobRunner
    ledger: Ledger
    policy: FetchPolicy
    recipe_hash: str
    model_hash: str

    def __call__(self, image: ProductImage) -> LedgerEntry:
        """The entry of a picture whose result lies on the disk, or that failed. OutputError."""
        try:
            if not image.is_ready:
                raise UsageError(f"{image.filename}: the shop has not processed it", "try again later")
            original, original_hash = save_original(image, self.ledger.folder, self.policy)
        except MatteboxError as error:
            return LedgerEntry(image, "failed", error=str(error))
        result = f"results/{file_stem(image)}{self._suffix(image)}"
        outcome = self.run_job(BatchJob(self.ledger.file(original), self.ledger.file(result)))
        entry = LedgerEntry(image, "failed", self.recipe_hash, self.model_hash, original, original_sha256=original_hash)
        if outcome.error is not None or outcome.result is None:
            return msgspec.structs.replace(entry, error=str(outcome.error))
        matte = outcome.result.matte
        return msgspec.structs.replace(
            entry, stage="prepared", result=result, result_sha256=outcome.output_hash, broken=outcome.broken_rules,
            confidence=1.0 if matte is None else round(matte.confidence if matte.found else 0.0, 4),
        )  # fmt: skip

    def is_done(self, image: ProductImage) -> bool:
        """Whether the ledger has this picture's result by the same recipe and model, and it lies on the disk."""
        entry = self.ledger.entries.get(image.id)
        if (
            entry is None
            or entry.stage != "prepared"
            or entry.image.url.partition("?")[0] != image.url.partition("?")[0]
        ):
            return False
        if (entry.recipe, entry.model) != (self.recipe_hash, self.model_hash):
            return False
        with contextlib.suppress(MatteboxError):
            return sha256_hex(read_bytes(self.ledger.file(entry.result))) == entry.result_sha256
        return False

    def _suffix(self, image: ProductImage) -> str:
        """Of the result: the recipe's format, PNG for a cutout, or that of the picture."""
        recipe = self.run_job.recipe
        if recipe.save_step.format != "auto":
            return find_format(recipe.save_step.format).suffixes[0]
        can_stay = recipe.cut_step is None and image.suffix in MIME_TYPES
        return image.suffix if can_stay else ".png"


class PictureChanger(Protocol):
    """Changes a shop's pictures: `PictureReplacer`, `WooCommerceReplacer`, `EbayReplacer`."""

    def send(self, entries: Iterable[LedgerEntry]) -> None: ...
    def undo(self, entries: Iterable[LedgerEntry]) -> None: ...


class PictureShop(Protocol):
    """A shop whose pictures can be listed: `ShopifyShop`, `WooCommerceShop`, `EbayShop`."""

    def images(self, *, collection: str | None = None, query: str | None = None) -> Iterator[ProductImage]: ...


@dataclass(frozen=True)
class OpenShop:
    """A shop, how its pictures are fetched, and what changes them by a ledger."""

    shop: PictureShop
    policy: FetchPolicy
    open_changer: Callable[[Ledger, Callable[[LedgerEntry], None]], PictureChanger]


def improve_pictures(system: str, shop_name: str, folder: Path, options: Mapping[str, Any]) -> int:
    """Make the results of a shop's pictures, and send them unless it is a rehearsal; the exit code."""
    recipe = load_recipe(options["recipe_file"]) if options["recipe_file"] else find_preset(options["preset"])
    check_recipe(recipe)
    opened = open_shop(system, shop_name)
    with contextlib.closing(Ledger(folder)) as ledger:
        entries = _prepare(opened.shop, ledger, recipe, opened.policy, options)
        sheet = ledger.file(SHEET_NAME)
        write_bytes(sheet, render_sheet(shop_name, entries).encode(errors="replace"), overwrite=True)
        failures = [entry for entry in entries if entry.error and entry.stage == "failed"]
        held = [e for e in entries if e.stage == "prepared" and e.broken and not options["include_failing"]]
        for entry in failures:
            echo_stderr(f"{entry.image.title}, {entry.image.filename}: {entry.error}")
        for entry in held:
            echo_stderr(f"{entry.image.title}, {entry.image.filename}: not sent; {'; '.join(entry.broken)}")
        to_send = [e for e in entries if e.stage in ("prepared", "sending") and e not in held]
        echo_stderr(f"{len(to_send)} pictures to send, {len(failures)} failed; look at {sheet}")
        if options["dry_run"] or not to_send:
            return EXIT_FAILURES if failures or held else 0
        if not confirm(f"Replace {len(to_send)} pictures in {shop_name}?", options["yes"]):
            return 0
        refused = change_pictures(opened, ledger, to_send, is_undo=False)
    return EXIT_FAILURES if failures or held or refused else 0


def restore_pictures(system: str, shop_name: str, folder: Path, is_confirmed: bool) -> int:
    """Put the originals of all pictures that were sent back; the exit code."""
    with contextlib.closing(open_existing_ledger(folder)) as ledger:
        entries = [entry for entry in ledger.entries.values() if entry.stage in ("sent", "sending")]
        if not entries:
            echo_stderr("nothing was sent that is not undone")
            return 0
        opened = open_shop(system, shop_name)
        if not confirm(f"Put {len(entries)} originals back into {shop_name}?", is_confirmed):
            return 0
        refused = change_pictures(opened, ledger, entries, is_undo=True)
    return EXIT_FAILURES if refused else 0


def open_shop(system: str, shop_name: str) -> OpenShop:
    """A shop on Shopify, WooCommerce or eBay. UsageError where the network is forbidden or no login is set."""
    if is_offline():
        raise UsageError("a shop needs the network, and it is forbidden", "leave out --offline")
    if system == EBAY:
        ebay = open_ebay(shop_name)
        return OpenShop(
            ebay, fetch_policy(ebay.api), lambda ledger, report: EbayReplacer(shop=ebay, ledger=ledger, on_entry=report)
        )
    if system == WOOCOMMERCE:
        woocommerce = open_woocommerce(shop_name)
        policy = fetch_policy(woocommerce.site)
        return OpenShop(
            woocommerce,
            policy,
            lambda ledger, report: WooCommerceReplacer(shop=woocommerce, ledger=ledger, on_entry=report),
        )
    site = site_of(shop_name)
    shopify, policy = ShopifyShop(GraphqlClient(site, login_from_environment(site))), fetch_policy(site)
    return OpenShop(
        shopify,
        policy,
        lambda ledger, report: PictureReplacer(
            shop=shopify, ledger=ledger, fetch=lambda url: fetch_url(url, policy), on_entry=report
        ),
    )


def confirm(question: str, is_confirmed: bool) -> bool:
    """Whether the user agrees. UsageError where nobody can be asked."""
    if is_confirmed:
        return True
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked whether to change the shop", "look at the sheet, and add --yes")
    return click.confirm(question, err=True)


def change_pictures(opened: OpenShop, ledger: Ledger, entries: Iterable[LedgerEntry], *, is_undo: bool) -> int:
    """Send results, or put originals back, and report each; how many were refused."""
    refused = done = 0

    def report(entry: LedgerEntry) -> None:
        nonlocal refused, done
        is_done = entry.stage in ("sent", "undone")
        refused += not is_done or bool(entry.error)
        done += is_done
        if entry.error:
            echo_stderr(f"{entry.image.title}, {entry.image.filename}: {entry.error}")

    changer = opened.open_changer(ledger, report)
    if is_undo:
        changer.undo(entries)
    else:
        changer.send(entries)
    echo_stderr(f"{done} {'put back' if is_undo else 'sent'}, {refused} refused")
    return refused


def _prepare(
    shop: PictureShop, ledger: Ledger, recipe: Recipe, policy: FetchPolicy, options: Mapping[str, Any]
) -> list[LedgerEntry]:
    """The entries of the chosen pictures that are not sent yet, their results made."""
    concurrency = options["concurrency"] or cpu_threads.process_cpu_count()
    maker = _open_maker(ledger, recipe, policy, options["device"], concurrency)
    images = islice(shop.images(collection=options["collection"], query=options["search"]), options["limit"])
    interrupted: list[LedgerEntry] = []
    own = {entry.new_id for entry in ledger.entries.values() if entry.new_id}

    def make(image: ProductImage) -> LedgerEntry:
        return ledger.entries[image.id] if maker.is_done(image) else maker(image)

    def unsent() -> Iterator[ProductImage]:
        for image in images:
            entry = ledger.entries.get(image.id)
            if entry is not None and entry.stage == "sending":  # interrupted: it goes on where it was
                interrupted.append(entry)
            elif not own & {image.id, image.url} and (entry is None or entry.stage != "sent"):
                yield image

    made = [
        entry if ledger.entries.get(entry.image.id) == entry else ledger.record(entry)
        for entry in map_in_order(make, unsent(), concurrency)
    ]
    seen = {entry.image.id for entry in interrupted}
    interrupted += [  # those that were taken out of their product, and not recorded
        entry for entry in ledger.entries.values() if entry.stage == "sending" and entry.image.id not in seen
    ]
    return [*interrupted, *made]


def _open_maker(ledger: Ledger, recipe: Recipe, policy: FetchPolicy, device: str, concurrency: int) -> ResultMaker:
    """What makes results, its network started. DeviceError."""
    threads = max(1, cpu_threads.process_cpu_count() // concurrency)
    network = recipe.required_model
    session = matte_session.open_session(network, device, threads) if network else None
    if session is not None:
        session.start()
    identity = load_identity(datetime.now(UTC)) if recipe.save_step.sign == "yes" else None
    run_job = LocalJobRunner(
        recipe, session, overwrite=True, concurrency=concurrency, needs_hashes=True, identity=identity
    )
    hashes = [*([session.card.sha256] if session else []), *restoration.weight_hashes(recipe)]
    return ResultMaker(run_job, ledger, policy, hash_recipe(recipe), "+".join(hashes))
