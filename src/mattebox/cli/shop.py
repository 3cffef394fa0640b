"""`mattebox shop`: a shop's product pictures, cut out or on white, back in their places; and the way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mattebox.cli import environment
from mattebox.cli.command_group import SuggestingGroup
from mattebox.cli.console import CONTEXT_SETTINGS
from mattebox.cli.value_completion import complete_files, complete_presets

EXAMPLES = """
\b
Examples:
  mattebox shop shopify --shop my-shop --dry-run            makes all results, changes nothing in the shop
  mattebox shop shopify --shop my-shop --collection mugs --preset shopify
  mattebox shop undo --shop my-shop                         the pictures as they were
  mattebox shop feed products.tsv -o new/ --base-url https://cdn.example.com/products/
"""

shop_option = click.option(
    "--shop", "shop_name", required=True, metavar="NAME", help="The name before .myshopify.com, or an address."
)
folder_option = click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Where originals, results and the ledger are kept.  [default: NAME-pictures]",
)  # fmt: skip
yes_option = click.option("--yes", is_flag=True, help="Do not ask before the shop is changed.")


@click.group("shop", cls=SuggestingGroup, epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS)
def command() -> None:
    """Make the pictures of a shop's products better, in their places; and undo it.

    \b
    The login for Shopify comes from the environment: MATTEBOX_SHOPIFY_TOKEN, or MATTEBOX_SHOPIFY_CLIENT_ID and
    MATTEBOX_SHOPIFY_CLIENT_SECRET of an app with the scopes read_products, write_products and write_files.
    """


def picture_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of the commands that make a shop's pictures better."""
    options = (
        shop_option,
        click.option("--preset", metavar="NAME", default="shopify", show_default=True, shell_complete=complete_presets,
                     help="A built-in recipe; `mattebox recipes` lists them."),
        click.option("--recipe", "recipe_file", metavar="FILE", shell_complete=complete_files,
                     help="Your own recipe (.toml, .json) in its place."),
        click.option("--collection", metavar="NAME",
                     help="Only this collection's products: Shopify's handle, WooCommerce's number of a category."),
        click.option("--search", metavar="QUERY", help='Only the products that the shop\'s search finds: "tag:new".'),
        click.option("--limit", type=click.IntRange(1), metavar="N", help="At most this many pictures."),
        folder_option,
        click.option("--dry-run", is_flag=True, help="Make the results and the sheet, and change nothing in the shop."),
        click.option("--include-failing", is_flag=True,
                     help="Send results, too, that break the recipe's marketplace rules."),
        yes_option,
        click.option("--device", default="auto", show_default=True,
                     help="cpu, cuda, ...; auto is the fastest available."),
        click.option("--jobs", "concurrency", type=click.IntRange(1),
                     help="Pictures at a time.  [default: one per processor]"),
        environment.commercial_option,
        environment.no_cache_option,
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@command.command("shopify", context_settings=CONTEXT_SETTINGS)
@picture_options
def shopify(shop_name: str, folder: Path | None, **options: Any) -> int:
    """Take products' pictures from Shopify, run a recipe on them, and put the results in their places.

    First everything is made, and a sheet shows all pictures before and after; then you are asked. Killed or failed,
    the same command goes on where it was. Alt texts, order and links to variants stay; a copy of each original is kept
    in the folder, and `mattebox shop undo` puts them back.
    """
    from mattebox.cli import shop_pictures

    return shop_pictures.improve_pictures("shopify", shop_name, folder or default_folder(shop_name), options)


@command.command("woocommerce", context_settings=CONTEXT_SETTINGS)
@picture_options
def woocommerce(shop_name: str, folder: Path | None, **options: Any) -> int:
    """The same for a shop on WooCommerce, by its address.

    New pictures take the places of the old ones, which stay in the library. The login comes from the environment:
    MATTEBOX_WOOCOMMERCE_KEY and MATTEBOX_WOOCOMMERCE_SECRET, and MATTEBOX_WORDPRESS_USER with an application password
    in MATTEBOX_WORDPRESS_PASSWORD.
    """
    from mattebox.cli import shop_pictures

    return shop_pictures.improve_pictures("woocommerce", shop_name, folder or default_folder(shop_name), options)


@command.command("ebay", context_settings=CONTEXT_SETTINGS)
@picture_options
def ebay(shop_name: str, folder: Path | None, **options: Any) -> int:
    """The same for a seller's items on eBay (Inventory and Media API). NAME is your own name for the folder.

    Items' pictures are chosen by SKU with --search. Give --preset ebay. The login comes from the environment:
    MATTEBOX_EBAY_TOKEN, or MATTEBOX_EBAY_CLIENT_ID, MATTEBOX_EBAY_CLIENT_SECRET and MATTEBOX_EBAY_REFRESH_TOKEN. The
    name `sandbox` is eBay's sandbox.
    """
    from mattebox.cli import shop_pictures

    return shop_pictures.improve_pictures("ebay", shop_name, folder or default_folder(shop_name), options)


@command.command("undo", context_settings=CONTEXT_SETTINGS)
@shop_option
@click.option("--on", "system", type=click.Choice(["shopify", "woocommerce", "ebay"]), default="shopify",
              show_default=True, help="Where the shop is.")  # fmt: skip
@folder_option
@yes_option
def undo(shop_name: str, system: str, folder: Path | None, yes: bool) -> int:
    """Put the originals of all pictures that were sent back into the shop."""
    from mattebox.cli import shop_pictures

    return shop_pictures.restore_pictures(system, shop_name, folder or default_folder(shop_name), yes)


@command.command("feed", context_settings=CONTEXT_SETTINGS)
@click.argument("feed", type=click.Path(path_type=Path), metavar="FEED")
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR",
    help="The folder of the new feed and its pictures.",
)  # fmt: skip
@click.option("--base-url", required=True, metavar="URL", help="The address at which you will publish the pictures.")
@click.option("--preset", metavar="NAME", default="google", show_default=True, shell_complete=complete_presets,
              help="A built-in recipe; `mattebox recipes` lists them.")  # fmt: skip
@click.option("--recipe", "recipe_file", metavar="FILE", shell_complete=complete_files,
              help="Your own recipe (.toml, .json) in its place.")  # fmt: skip
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, ...; auto is the fastest available.")
@click.option("--jobs", "concurrency", type=click.IntRange(1), help="Pictures at a time.  [default: one per processor]")
@environment.commercial_option
@environment.no_cache_option
def feed(feed: Path, folder: Path, base_url: str, **options: Any) -> int:
    """Make the pictures of a product feed better: Google Merchant Center's or Meta's, as CSV, TSV
    or XML (RSS or Atom).

    The pictures are downloaded, a recipe runs on them, and the new feed links to the results, which you publish. Run
    again, it does what is missing. Pictures that fail keep their links.
    """
    from mattebox.cli import shop_feed

    return shop_feed.improve_feed(feed, folder, base_url, options)


def default_folder(shop_name: str) -> Path:
    """The folder of a shop, named after it."""
    name = shop_name.split("://")[-1].removesuffix(".myshopify.com")
    return Path("".join(c if c.isalnum() or c in "-_." else "-" for c in name) + "-pictures")
