"""What `mattebox shop feed` does: pictures of a feed in, files and a new feed out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mattebox.batch.job import sha256_hex
from mattebox.batch.plan import BatchFailure, BatchJob
from mattebox.batch.report import hash_recipe, read_rows
from mattebox.cli.batch import run_batch
from mattebox.cli.batch_options import DEFAULT_BATCH_OPTIONS
from mattebox.cli.console import echo_stderr
from mattebox.errors import UsageError
from mattebox.io.atomic_write import make_folder
from mattebox.io.file_formats import find_format
from mattebox.io.sources import read_bytes
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.recipe.presets import find_preset
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import load_recipe
from mattebox.shops.product_feed import FeedPicture, ProductFeed
from mattebox.shops.shopify_shop import MIME_TYPES
from mattebox.shops.xml_feed import XmlFeed

PICTURES_FOLDER, REPORT_NAME = "pictures", "report.jsonl"


def improve_feed(feed_path: Path, folder: Path, base_url: str, options: Mapping[str, Any]) -> int:
    """Run a recipe on all pictures of a feed, and write the feed with the results' addresses; the exit code."""
    if "://" not in base_url:
        raise UsageError(f"{base_url}: is no address", "give the one under which you publish the folder of pictures")
    recipe = load_recipe(options["recipe_file"]) if options["recipe_file"] else find_preset(options["preset"])
    check_recipe(recipe)
    feed = (XmlFeed if feed_path.suffix.lower() == ".xml" else ProductFeed).read(feed_path)
    pictures = list(feed.pictures())
    make_folder(folder / PICTURES_FOLDER)
    targets = [folder / PICTURES_FOLDER / f"{p.name}{_suffix(p, recipe)}" for p in pictures]
    if len(set(targets)) < len(targets):
        raise UsageError(f"{feed_path}: two products have the same id", "give each its own")
    report = folder / REPORT_NAME
    done = _finished_urls(report, recipe)
    plan: list[BatchJob | BatchFailure] = [
        BatchJob(Path(p.name), target, is_resumed=True, url=p.url)
        for p, target in zip(pictures, targets, strict=True)
        if done.get((p.url, str(target))) != _hash_of(target)
    ]
    echo_stderr(f"{len(pictures)} pictures, {len(pictures) - len(plan)} had been done before")
    batch_options = replace(
        DEFAULT_BATCH_OPTIONS, report=str(report), resume=True, device=options["device"],
        concurrency=options["concurrency"], sheet=str(folder / "sheet.html") if plan else None,
    )  # fmt: skip
    code = run_batch(plan, recipe, batch_options) if plan else 0
    done = _finished_urls(report, recipe)
    base = base_url.rstrip("/")
    feed.replace_links({
        (p.product_id, p.url): f"{base}/{quote(target.name)}"
        for p, target in zip(pictures, targets, strict=True)
        if (p.url, str(target)) in done
    })  # fmt: skip
    feed.write(folder / feed_path.name)
    echo_stderr(
        f"{folder / feed_path.name}: publish {folder / PICTURES_FOLDER} at {base}/; failed pictures keep their links"
    )
    return code


def _finished_urls(report: Path, recipe: Recipe) -> dict[tuple[str, str], str]:
    """The hashes of the results that a report names, by address and file; without failed and rejected ones."""
    if not report.exists():
        return {}
    recipe_hash = hash_recipe(recipe)
    return {
        (row["input"], row["output"]): row["output_sha256"]
        for row in read_rows(report)
        if row.get("recipe") == recipe_hash and row.get("verdict") in ("ok", "doubtful")
    }


def _hash_of(target: Path) -> str:
    return sha256_hex(read_bytes(target)) if target.is_file() else ""


def _suffix(picture: FeedPicture, recipe: Recipe) -> str:
    if recipe.save_step.format != "auto":
        return find_format(recipe.save_step.format).suffixes[0]
    return picture.suffix if recipe.cut_step is None and picture.suffix in MIME_TYPES else ".png"
