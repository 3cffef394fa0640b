"""The payload: an identifier of 32 bits and a checksum of 32 bits (CRC-32), with correction of unsure bits.

Correction after Chase, "A class of algorithms for decoding block codes with channel measurement information", IEEE
Transactions on Information Theory, 1972: the least reliable bits are tried both ways until the checksum holds.
"""

from __future__ import annotations

import zlib
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats

ID_BYTES, CHECKSUM_BYTES = 4, 4
PAYLOAD_BITS = 8 * (ID_BYTES + CHECKSUM_BYTES)
CHECKSUM_PREFIX = b"mattebox watermark 1"
UNSURE_BITS, MAX_CORRECTED_BITS = 12, 3


def payload_bits(identifier: int) -> NDArray[np.uint8]:
    """The 64 bits, 0 or 1, of an identifier of 32 bits and its checksum."""
    word = identifier.to_bytes(ID_BYTES, "big")
    return np.unpackbits(np.frombuffer(word + _checksum(word), np.uint8))


def read_payload(soft: Floats, *, corrects: bool) -> int | None:
    """The identifier that soft bits hold.

    Parameters
    ----------
    soft : (64,) float32
        One value for each bit: positive for 0, negative for 1, the larger the surer.
    corrects : bool
        Whether up to MAX_CORRECTED_BITS of the least sure bits may be turned, which a chance match of the checksum is
        some 300 times as likely with.

    Returns
    -------
    int or None
        None where the checksum does not hold.
    """
    bits = (soft < 0).astype(np.uint8)
    weakest = np.argsort(np.abs(soft))[:UNSURE_BITS]
    for count in range(MAX_CORRECTED_BITS + 1 if corrects else 1):
        for turned in combinations(weakest, count):
            candidate = bits.copy()
            candidate[list(turned)] ^= 1
            packed = np.packbits(candidate).tobytes()
            if _checksum(packed[:ID_BYTES]) == packed[ID_BYTES:]:
                return int.from_bytes(packed[:ID_BYTES], "big")
    return None


def _checksum(word: bytes) -> bytes:
    return zlib.crc32(CHECKSUM_PREFIX + word).to_bytes(CHECKSUM_BYTES, "big")
