"""`mattebox verify` on files that are empty, cut off or of another kind: never "altered" without cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run

pytest.importorskip("c2pa")

SUFFIXES = ("jpg", "png", "webp", "avif", "tif")
REMOTE_XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="https://example.com/a.c2pa"/></rdf:RDF>'
    b'</x:xmpmeta><?xpacket end="w"?>'
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_HOME", str(tmp_path / "home"))


def cut_off(path: Path, kept: float) -> Path:
    """The file's first share, beside it."""
    content = path.read_bytes()
    short = path.with_name(f"short{path.suffix}")
    short.write_bytes(content[: int(len(content) * kept)])
    return short


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "is empty; copy"), (b"no picture", "is text"), (b"%PDF-1.7\n", "a PDF"), (b"\0" * 5000, "unknown format"),
     (b"\xff\xd8\xff", "JPEG file with a broken header, or cut off; export")],
)  # fmt: skip
def test_what_is_no_picture_is_an_error(run: Run, content: bytes, told: str) -> None:
    Path("a.jpg").write_bytes(content)
    ran = run("verify", "a.jpg")
    assert (ran.code, ran.out) == (3, "")
    assert ran.error.startswith("mattebox: a.jpg is ")
    assert told in ran.error


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0.02, 0.5])
def test_a_picture_that_is_cut_off_is_no_picture_without_credentials(
    run: Run, photo: Path, suffix: str, kept: float
) -> None:
    whole = Path(f"whole.{suffix}")
    Image.open(photo).resize((640, 480)).save(whole)
    assert run("verify", whole).out == f"{whole}: no Content Credentials\n"
    ran = run("verify", cut_off(whole, kept))
    assert (ran.code, ran.out) == (3, "")
    assert "cut off" in ran.error
    assert "again" in ran.error


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif"])
def test_a_signed_picture_that_is_cut_off_says_both(run: Run, photo: Path, suffix: str) -> None:
    run("provenance", "init")
    Image.open(photo).resize((640, 480)).save(photo, quality=95)
    run("enhance", photo, "--sharpen", 50, "--sign", "-o", f"signed.{suffix}")
    short = cut_off(Path(f"signed.{suffix}"), 0.8)
    ran = run("verify", short, "--json")
    report = json.loads(ran.out)
    assert (ran.code, report["state"]) == (1, "altered")
    assert report["damage"].startswith(f"{short} is ")
    assert "cut off" in run("verify", short).out


def test_credentials_elsewhere_are_named_and_not_called(run: Run, photo: Path) -> None:
    Image.open(photo).save(photo, xmp=REMOTE_XMP)
    ran = run("verify", photo)
    assert ran.code == 0
    assert ran.out.startswith(f"{photo}: no Content Credentials\n  it says that they lie at https://example.com/a.c2pa")
    assert json.loads(run("verify", photo, "--json").out)["address"] == "https://example.com/a.c2pa"


def test_a_clip_that_is_cut_off(run: Run) -> None:
    boxes = b"\0\0\0\x14ftypisom\0\0\0\0isom" + b"\0\0\0\x40mdat" + b"\1" * 56
    Path("clip.mp4").write_bytes(boxes)
    assert run("verify", "clip.mp4").out == "clip.mp4: no Content Credentials\n"
    Path("clip.mp4").write_bytes(boxes[:-10])
    assert "clip.mp4 is a clip that is cut off; copy" in run("verify", "clip.mp4").error
    Path("clip.mkv").write_bytes(b"\x1aE\xdf\xa3" + b"\0" * 60)
    assert run("verify", "clip.mkv").out == "clip.mkv: no Content Credentials\n"


@pytest.mark.parametrize(
    "content", [b"partner", b"\xff\xd8\xff\xe0", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_anchors_that_are_no_certificates(run: Run, photo: Path, content: bytes) -> None:
    run("provenance", "init")
    run("enhance", photo, "--sharpen", 50, "--sign", "-o", "signed.png")
    Path("partner.pem").write_bytes(content)
    ran = run("verify", "signed.png", "--anchors", "partner.pem")
    assert ran.code == 2
    assert "anchors are no certificates" in ran.error
