"""Real camera noise: `--restore auto` on noisy photographs whose clean versions are known, against OpenCV.

    python -m benchmarks.camera_noise PAIRS.tar [--model standard]

PAIRS.tar holds NAME/noisy.jpg and NAME/clean.jpg, such as crops of the PolyU set (Xu et al. 2018). PSNR of all colours
in dB. Where OpenCV is installed (in no lock of ours), its fast non-local means (`fastNlMeansDenoisingColored`) is
measured with its default strength 3 and with 10.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

import mattebox as mb
from mattebox.types import Picture

OPENCV_STRENGTHS = (3, 10)
ALLOWED_LOSS_DECIBELS = 0.2


def read_pairs(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Noisy and clean pictures by name."""
    with tarfile.open(path) as archive:
        files = {m.name: archive.extractfile(m) for m in archive.getmembers() if m.isfile()}
        pixels = {name: np.asarray(Image.open(io.BytesIO(f.read())).convert("RGB")) for name, f in files.items() if f}
    names = sorted({str(Path(name).parent) for name in pixels})
    return {name: (pixels[f"{name}/noisy.jpg"], pixels[f"{name}/clean.jpg"]) for name in names}


def psnr(result: np.ndarray, clean: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((result.astype(np.float64) - clean) ** 2)))


def denoisers(model: str) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What is compared, by name."""
    methods: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "input": lambda noisy: noisy,
        "auto": lambda noisy: np.asarray(
            mb.enhance(Picture(noisy), restore="auto", restore_model=model, balance="none", light="none").picture.rgb
        ),
    }
    if importlib.util.find_spec("cv2"):
        cv2 = importlib.import_module("cv2")
        for strength in OPENCV_STRENGTHS:
            methods[f"OpenCV {strength}"] = lambda noisy, h=strength: cv2.fastNlMeansDenoisingColored(
                np.ascontiguousarray(noisy[..., ::-1]), None, h, h
            )[..., ::-1]
    return methods


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--model", default="standard")
    args = parser.parse_args()
    methods, rows = denoisers(args.model), []
    print(" " * 34 + "".join(f"{name:>11}" for name in methods))
    for name, (noisy, clean) in read_pairs(args.pairs).items():
        rows.append([psnr(denoise(noisy), clean) for denoise in methods.values()])
        print(f"{name:34}" + "".join(f"{value:11.2f}" for value in rows[-1]), flush=True)
    values = np.array(rows)
    print(f"{'mean':34}" + "".join(f"{value:11.2f}" for value in values.mean(0)))
    worse = (values < values[:, :1] - ALLOWED_LOSS_DECIBELS).sum(0)
    print(f"{f'worse than the input by > {ALLOWED_LOSS_DECIBELS:g} dB':34}" + "".join(f"{n:11}" for n in worse))


if __name__ == "__main__":
    main()
