"""Do listings made by a marketplace's preset pass its check?

    python -m benchmarks.marketplace_listings [--model balanced]

Twenty photographs: scikit-image's four, each as it is, mirrored, turned, darkened and small. Each goes through every
marketplace's preset, is written, read again and checked. Prints what does not pass.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import skimage.data

from mattebox.api import save_options
from mattebox.composition.marketplace.compliance import check_compliance
from mattebox.composition.marketplace.rules import load_marketplaces
from mattebox.io import header_check
from mattebox.io.reader import read
from mattebox.io.writer import write
from mattebox.models.matte_session import Session
from mattebox.pipeline.run import run_recipe
from mattebox.recipe import presets
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.types import Picture


def photograph_variants() -> Iterator[tuple[str, Picture]]:
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        rgb = getattr(skimage.data, name)()
        changed = {
            "": rgb,
            "-mirrored": rgb[:, ::-1],
            "-turned": np.rot90(rgb),
            "-dark": rgb // 2,
            "-small": rgb[::2, ::2],
        }
        for change, pixels in changed.items():
            yield name + change, Picture(np.ascontiguousarray(pixels))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="balanced")
    session = Session.open(parser.parse_args().model, "cpu")
    passed: Counter[str] = Counter()
    for name, picture in photograph_variants():
        for market, rules in load_marketplaces().items():
            recipe = build_recipe({"empty": "keep"}, presets.find_preset(market))
            file = BytesIO()
            write(run_recipe(picture, recipe, session=session).picture, file, **save_options(recipe.save_step))
            data = file.getvalue()
            verdict = check_compliance(read(data), header_check.read_header(data, name).format, len(data), rules)
            passed[market] += verdict.passed
            for finding in verdict.findings:
                if not finding.passed and not finding.advice:
                    print(f"{name} for {market}: {finding.rule}: {finding.measured}")
    for market, count in passed.items():
        print(f"{market}: {count} of 20 pass")


if __name__ == "__main__":
    main()
