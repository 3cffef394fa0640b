"""A shop of 1,000 products on a server that answers like Shopify: killed again and again, nothing double, and undone.

    python -m benchmarks.shop_crash_recovery [--products 1000] [--seconds-between-kills 20] [--seed 1]
    python -m benchmarks.shop_crash_recovery --recipe sharpen        without a network: the shop's part alone

One picture in four is a PNG whose result is a JPEG, so that a new picture takes its place; the others keep their kind.
The bucket is that of a standard plan (1,000 points, 100 a second), times --speed; of what a query reserves, what its
answer does not use goes back, as at Shopify. Prints what was refused for its cost,
what is double, whether order, alt texts and variants are as before, and whether undo brings the same bytes back.
"""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from benchmarks.common import PHOTO_NAMES, argument_parser, load_photograph
from tests.shops.shopify_mock import TOKEN, MockShop, serve

LIGHT_RECIPE = """
[[steps]]
step = "sharpen"
amount = 80
[[steps]]
step = "save"
format = "jpg"
"""
RECIPE = """
[[steps]]
step = "cut"
model = "fast"
empty = "keep"
[[steps]]
step = "background"
paint = "white"
[[steps]]
step = "save"
format = "jpg"
"""


def fill_shop(shop: MockShop, products: int, rng: random.Random) -> None:
    """Products of one picture, or two, each of another size."""
    sources = [Image.fromarray(load_photograph(name)) for name in PHOTO_NAMES]
    for n in range(products):
        pictures = []
        for k in range(1 + (n % 5 == 0)):
            kind = "png" if (n + k) % 4 == 0 else "jpg"
            file = io.BytesIO()
            width = rng.randrange(100, 200)
            sources[n % 4].resize((width, width * 3 // 4)).save(file, "png" if kind == "png" else "jpeg")
            pictures.append((f"p{n}-{k}.{kind}", file.getvalue()))
        shop.add_product(f"Product {n}", pictures, variant_count=1)


def run_shop(address: str, folder: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "mattebox",
        "shop",
        *words,
        "--shop",
        address,
        "--folder",
        str(folder / "work"),
        "--yes",
    ]
    environment = os.environ | {"MATTEBOX_SHOPIFY_TOKEN": TOKEN}
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def strip_contents(
    snapshot: dict[str, tuple[list[tuple[str, bytes]], dict[str, list[tuple[str, bytes]]]]],
) -> list[object]:
    """Order, alt texts and variants, without the pictures' bytes."""
    return [
        ([alt for alt, _ in media], {v: [alt for alt, _ in shown] for v, shown in variants.items()})
        for media, variants in snapshot.values()
    ]


def run_with_kills(shop: MockShop, folder: Path, pause: float, rng: random.Random) -> tuple[int, int]:
    """Run the command until it ends by itself: kills, and its exit code."""
    kills = 0
    words = ("shopify", "--recipe", str(folder / "recipe.toml"))
    while True:
        process = run_shop(shop.address, folder, *words)
        try:
            return kills, process.wait(rng.uniform(0.5, 1.5) * pause * (1 + kills / 10))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1


def main() -> None:
    parser = argument_parser(__doc__, products=1000, seconds_between_kills=20.0, speed=1.0, seed=1, recipe="cut")
    args = parser.parse_args()
    rng, shop = random.Random(args.seed), MockShop(bucket=1000, rate=100 * args.speed, refunds=True)
    fill_shop(shop, args.products, rng)
    before, count = shop.snapshot(), len(shop.files)
    with tempfile.TemporaryDirectory() as name, serve(shop):
        folder = Path(name)
        (folder / "recipe.toml").write_text(RECIPE if args.recipe == "cut" else LIGHT_RECIPE)
        begin = time.monotonic()
        kills, code = run_with_kills(shop, folder, args.seconds_between_kills, rng)
        seconds = time.monotonic() - begin
        print(f"{args.products} products, {count} pictures, {kills} kills, exit code {code}, {seconds:.0f} s")
        after = shop.snapshot()
        sent = sum(a != b for p in before for (_, a), (_, b) in zip(before[p][0], after[p][0], strict=True))
        made = len(shop.files) - count
        names = [file.filename for file in shop.files.values()]
        print(f"replaced: {sent}; new files: {made}; files of the same name: {len(names) - len(set(names))}")
        print(f"order, alt texts and variants as before: {strip_contents(after) == strip_contents(before)}")
        code = run_shop(shop.address, folder, "undo").wait()
        print(f"undo: exit code {code}; every byte as before: {shop.snapshot() == before}")
    print(f"refused for their cost: {shop.throttled_count}; not valid by the schema: {len(shop.invalid)}")
    print(f"calls: {shop.counts}")


if __name__ == "__main__":
    main()
