"""`provenance init`, `--sign` and `verify` as a user meets them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from PIL import Image

import mattebox as mb
from tests.cli.conftest import Run

pytest.importorskip("c2pa")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MATTEBOX_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_key_is_made_used_and_verified(run: Run, photo: Path, home: Path) -> None:
    assert "mattebox provenance init" in run("cut", photo, "--sign").error
    done = run("provenance", "init", "--name", "Studio Test")
    assert done.code == 0
    assert stat.S_IMODE((home / "signing/key.pem").stat().st_mode) == 0o600
    assert "there is a signing key already" in run("provenance", "init").error

    assert run("cut", photo, "--sign", "-o", "a.png").err == ""
    told = run("verify", "a.png").out
    assert told.startswith("a.png: trusted: signed by Studio Test, unchanged since")
    for words in ("Background removed [algorithmicallyEnhanced]", "networks: fake", "from: photo.jpg"):
        assert words in told


def test_credentials_are_lost_without_sign_and_chained_with_it(run: Run, photo: Path) -> None:
    run("provenance", "init")
    run("cut", photo, "--sign", "-o", "a.png")
    lost = run("cut", "a.png", "--background", "white", "-o", "b.jpg")
    assert "Content Credentials (C2PA) are not in the result" in lost.err
    assert run("verify", "b.jpg").out == "b.jpg: no Content Credentials\n"
    assert run("verify", "b.jpg", "--require", "signed").code == 1

    kept = run("cut", "a.png", "--background", photo, "--size", 64, "--sign", "-o", "sub/c.bmp", "--json")
    assert "Content Credentials" not in kept.err
    assert Path("sub/c.c2pa").exists()
    told = json.loads(run("verify", "sub/c.bmp", "--json").out)
    assert (told["state"], len(told["manifests"])) == ("trusted", 2)
    actions = {a["name"]: a for a in told["manifests"][0]["actions"]}
    assert actions["c2pa.placed"]["source_type"].endswith("/compositeCapture")
    assert actions["c2pa.resized"]["description"] == "160 x 120 pixels became 64 x 48"
    recipe = json.dumps(told["manifests"][0]["recipe"])
    assert "photo.jpg" in recipe
    assert str(photo.parent) not in recipe

    content = bytearray(Path("a.png").read_bytes())
    content[len(content) // 2] ^= 1
    Path("a.png").write_bytes(content)
    altered = run("verify", "a.png")
    assert (altered.code, altered.out.split("\n")[0]) == (1, "a.png: altered: it is not what was signed")


def test_what_changed_nothing_is_not_said_to_have(run: Run, photo: Path) -> None:
    run("provenance", "init")
    run("enhance", photo, "--exposure", "0", "--sharpen", "0", "--light", "none", "--sign", "-o", "same.png")
    told = json.loads(run("verify", "same.png", "--json").out)
    assert [a["name"] for a in told["manifests"][0]["actions"]] == ["c2pa.opened", "c2pa.transcoded"]


def test_python_signs_too(run: Run, photo: Path) -> None:
    run("provenance", "init")
    result = mb.enhance(photo, saturation=40)
    result.save("d.webp", sign=True)
    report = mb.verify("d.webp")
    assert report.state == "trusted"
    assert [a.description for a in report.manifests[0].actions[1:]] == ["Saturation adjusted"]
    assert report.manifests[0].ingredients == ("photo.jpg",)
    result.save("e.webp")
    assert mb.verify("e.webp").state == "none"


def test_a_watermark_is_read_by_verify_and_bound_to_the_manifest(run: Run, photo: Path) -> None:
    run("provenance", "init")
    Image.open(photo).resize((640, 480)).save(photo, quality=95)
    assert run("cut", photo, "--background", "grey", "--watermark", "c0ffee", "--sign", "-o", "w.jpg").err == ""
    told = run("verify", "w.jpg").out
    assert "watermark in the pixels: 00c0ffee, as its credentials say" in told
    assert "Invisible watermark 00c0ffee embedded" in told
    assert "hexadecimal" in run("cut", photo, "--watermark", "beach").error
    assert "layers" in run("cut", photo, "--watermark", "1", "--format", "psd").error
