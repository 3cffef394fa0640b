"""Photographs of a tar archive, and random patches of them.

`train.tar` is flat, `val.tar` has a folder for each set.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mattebox.errors import InputMissing, InputUnreadable, UsageError
from mattebox.training.data.tar_shards import open_tar_image


def read_photographs(archive: Path) -> dict[str, list[np.ndarray]]:
    """Read all photographs of an archive.

    Parameters
    ----------
    archive : Path
        A tar of pictures.

    Returns
    -------
    dict
        Name of a folder ("" for files outside folders) -> pictures, H x W x 3 uint8, in the order of their names.

    Raises
    ------
    InputError
        If the archive is missing or broken.
    """
    pictures: dict[str, list[np.ndarray]] = {}
    try:
        with tarfile.open(archive) as tar:
            for member in sorted((m for m in tar.getmembers() if m.isfile()), key=lambda m: m.name):
                pixels = np.asarray(open_tar_image(tar, member).convert("RGB"))
                pictures.setdefault(str(Path(member.name).parent).removeprefix("."), []).append(pixels)
    except FileNotFoundError as error:
        raise InputMissing(f"{archive}: no such file", "give the folder that holds it") from error
    except (tarfile.ReadError, OSError) as error:
        raise InputUnreadable(f"{archive}: not an archive of pictures ({error})", "make it anew with tar") from error
    return pictures


def read_training_photographs(archive: Path, min_side: int) -> list[np.ndarray]:
    """Read the photographs outside folders, H x W x 3 uint8.

    Raises
    ------
    InputError
        If the archive is missing, broken or holds none.
    UsageError
        If one is smaller than a patch of `min_side` pixels.
    """
    pictures = read_photographs(archive).get("", [])
    if not pictures:
        raise InputMissing(f"{archive}: holds no photograph", "photographs to train on lie in no folder")
    if min(min(picture.shape[:2]) for picture in pictures) < min_side:
        raise UsageError(f"{archive}: a photograph is smaller than a patch of {min_side} pixels", "set a smaller side")
    return pictures


class PatchSampler:
    """Samples random square patches of photographs, randomly rotated and mirrored; all photographs stay in memory."""

    def __init__(self, pictures: list[np.ndarray], device: torch.device) -> None:
        self.pictures = [torch.from_numpy(p.copy()).to(device).permute(2, 0, 1).contiguous() for p in pictures]
        areas = torch.tensor([float(p.shape[1] * p.shape[2]) for p in self.pictures])
        self.sampling_weights = areas / areas.sum()

    def sample_batch(self, count: int, side: int) -> Tensor:
        """Sample `count` patches: count x 3 x side x side float32, 0..1."""
        indices = torch.multinomial(self.sampling_weights, count, replacement=True).tolist()
        return torch.stack([self._random_patch(self.pictures[i], side) for i in indices]).float() / 255

    @staticmethod
    def _random_patch(picture: Tensor, side: int) -> Tensor:
        top = int(torch.randint(picture.shape[1] - side + 1, ()))
        left = int(torch.randint(picture.shape[2] - side + 1, ()))
        patch = picture[:, top : top + side, left : left + side]
        orientation = int(torch.randint(8, ()))
        patch = torch.rot90(patch, orientation % 4, (1, 2))
        return patch.flip(2) if orientation >= 4 else patch
