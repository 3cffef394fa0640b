"""Compliance of listings: does what a marketplace's preset produces pass that marketplace's check?

    python -m benchmarks.marketplace_listings [--model balanced]

Twenty photographs (scikit-image's four, each as it is, mirrored, turned, darkened and small) go through each
marketplace's preset, are written, read again and checked. Prints every rule that fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import BytesIO

import numpy as np

from benchmarks.common import PHOTO_NAMES, argument_parser, load_photograph
from mattebox.composition.marketplace.rules import load_marketplaces
from mattebox.io.writer import write
from mattebox.models.matte_session import Session
from mattebox.pipeline.marketplace_check import check_listing
from mattebox.pipeline.run import run_recipe
from mattebox.pipeline.save_options import save_options
from mattebox.recipe import presets
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.types import Picture


def photograph_variants() -> Iterator[tuple[str, Picture]]:
    for name in PHOTO_NAMES:
        rgb = load_photograph(name)
        variants = {
            "": rgb,
            "-mirrored": rgb[:, ::-1],
            "-turned": np.rot90(rgb),
            "-dark": rgb // 2,
            "-small": rgb[::2, ::2],
        }
        for suffix, pixels in variants.items():
            yield name + suffix, Picture(np.ascontiguousarray(pixels))


def main() -> None:
    args = argument_parser(__doc__, model="balanced").parse_args()
    session = Session.open(args.model, "cpu")
    passes: Counter[str] = Counter()
    for name, picture in photograph_variants():
        for market, rules in load_marketplaces().items():
            recipe = build_recipe({"empty": "keep"}, presets.find_preset(market))
            file = BytesIO()
            write(run_recipe(picture, recipe, session=session).picture, file, **save_options(recipe.save_step))
            data = file.getvalue()
            verdict = check_listing(data, rules.name)
            passes[market] += verdict.passed
            for finding in verdict.findings:
                if not finding.passed and not finding.advice:
                    print(f"{name} for {market}: {finding.rule}: {finding.measured}")
    for market, count in passes.items():
        print(f"{market}: {count} of 20 pass")


if __name__ == "__main__":
    main()
