"""What goes wrong, goes wrong in one clear line with the remedy, its own exit code, and nothing half-written."""

from __future__ import annotations

import json
import resource
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Run


def png_bomb() -> bytes:
    """178 megapixels of nothing in about 22 KB."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress(bytes((13344 // 8 + 1) * 13340), 9)
    header = struct.pack(">IIBBBBB", 13344, 13340, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BROKEN = {
    "text.jpg": (b"this is no picture", "is text"),
    "empty.jpg": (b"", "is empty"),
    "bomb.png": (png_bomb(), "--max-pixels"),
    "cut-off.jpg": (None, "cut off, damaged"),
    "paper.pdf": (b"%PDF-1.7\n", "PDF"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_picture_is_named_and_the_rest_is_done(run: Run, photo: Path, name: str) -> None:
    content, told = BROKEN[name]
    Path(name).write_bytes(photo.read_bytes()[: photo.stat().st_size // 2] if content is None else content)
    ran = run("cut", name, photo, "-o", "out/")
    assert ran.code == 3
    assert ran.error.startswith("mattebox: ")
    assert name in ran.error
    assert told in ran.error
    assert [p.name for p in Path("out").iterdir()] == ["photo.png"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("ctu", "photo.jpg"), "did you mean `mattebox cut`"),
     (("cut", "photo.jpg", "--shadow", "soft"), "Did you mean --shadow contact --shadow-softness 8"),
     (("cut", "photo.jpg", "--fill", "85"), "did you mean 85%?")],
)  # fmt: skip
def test_what_was_probably_meant_is_named(run: Run, photo: Path, arguments: tuple[str, ...], told: str) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert told in ran.error


def test_a_missing_file(run: Run, photo: Path) -> None:
    ran = run("cut", "none.jpg", photo, "-o", "out/")
    assert ran.code == 3
    assert "none.jpg" in ran.error
    assert Path("out/photo.png").exists()


def test_a_folder_without_pictures(run: Run) -> None:
    Path("bare").mkdir()
    ran = run("cut", "bare")
    assert ran.code == 3
    assert "no pictures in bare" in ran.error


def test_no_subject(run: Run) -> None:
    Image.new("RGB", (80, 60), (90, 90, 90)).save("wall.png")
    ran = run("cut", "wall.png", "--json")
    assert ran.code == 4
    assert "wall.png: no subject found" in ran.error
    assert json.loads(ran.out)["error"]["class"] == "NoSubject"
    assert [p.name for p in Path().iterdir()] == ["wall.png"]


def test_a_doubtful_subject_is_a_note_and_not_an_error(run: Run) -> None:
    wall = Image.new("RGB", (80, 60), (90, 90, 90))
    wall.paste((136, 90, 90), (20, 15, 60, 45))  # for the fake network a third of a subject
    wall.save("veil.png")
    ran = run("cut", "veil.png", "--by", "network", "--json")
    assert (ran.code, json.loads(ran.out)["found"]) == (0, False)
    assert ran.error.startswith("note: veil.png: it is not clear what the subject is (confidence 0.09): please check")
    assert json.loads(ran.out)["notes"] == [ran.error.removeprefix("note: veil.png: ")]
    kept = run("cut", "veil.png", "--by", "network", "--empty", "keep", "-o", "kept.png")
    assert (kept.code, kept.err) == (0, "")
    assert Path("kept.png").read_bytes() == Path("veil-cut.png").read_bytes()
    assert "--empty warn" in run("cut", "veil.png", "--by", "network", "--empty", "refuse", "-o", "refused.png").error
    assert not Path("refused.png").exists()


def test_different_failures_give_one(run: Run, photo: Path) -> None:
    Image.new("RGB", (80, 60), (90, 90, 90)).save("wall.png")
    assert run("cut", "wall.png", "none.jpg", photo, "-o", "out/").code == 1


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["-o", "out.xyz"], 5, "'.xyz' is not a format that can be written; choose one of: .png"),
        (["--format", "gif"], 5, "choose one of"),
        (["-o", "missing.jpg"], 5, "JPEG has no transparency"),
        (["--background", "bleu"], 2, "did you mean blur or blue"),
        (["--model", "balancd"], 6, "did you mean balanced?"),
        (["--model", "none.json"], 6, "none.json: cannot be read"),
        (["--quality", "101"], 2, "--quality"),
        (["--max-pixels", "lots"], 2, "not a number of pixels"),
        (["--edges", "soft"], 2, "'soft' is not one of"),
        (["--modle", "fast"], 2, "--model"),
        (["--recipe", "none.toml"], 2, "none.toml: cannot be read"),
        (["--matte-only", "--background", "red"], 2, "a matte has no background"),
        (["-o", "/proc/out.png"], 5, "cannot be written"),
        (["-o", "photo.jpg/deeper/"], 5, "photo.jpg"),
        (["--max-pixels", "10k"], 3, "--max-pixels"),
    ],
)
def test_one_line_with_the_remedy(run: Run, photo: Path, words: list[str], code: int, told: str) -> None:
    before = photo.read_bytes()
    ran = run("cut", "photo.jpg", *words)
    assert ran.code == code
    assert told in ran.error
    assert ran.out == ""
    assert [p.name for p in photo.parent.iterdir()] == ["photo.jpg"]
    assert photo.read_bytes() == before


def test_the_input_is_never_the_output(run: Run, photo: Path) -> None:
    before = photo.read_bytes()
    Path("same.jpg").symlink_to(photo)
    for target in ("photo.jpg", "./photo.jpg", "same.jpg"):
        ran = run("cut", photo, "-o", target, "--background", "white", "--overwrite")
        assert ran.code == 5
        assert "input itself" in ran.error
    assert photo.read_bytes() == before


def test_several_pictures_do_not_fit_into_one_file(run: Run, photo: Path) -> None:
    Path("other.jpg").write_bytes(photo.read_bytes())
    ran = run("cut", "photo.jpg", "other.jpg", "-o", "out.png")
    assert ran.code == 2
    assert "-o FOLDER/" in ran.error


def test_json_and_a_picture_do_not_share_standard_output(run: Run, photo: Path) -> None:
    ran = run("cut", photo, "-o", "-", "--json")
    assert ran.code == 2
    assert "give a file with -o" in ran.error


def test_the_device_is_strict(child: Run, photo: Path) -> None:
    ran = child("cut", "photo.jpg", "--device", "cuda")
    assert ran.code == 7
    assert "device cuda is not available here; install onnxruntime-gpu" in ran.error


def test_a_full_disk_leaves_nothing(child: Run, tmp_path: Path) -> None:
    from skimage import data

    Image.fromarray(data.astronaut()).save(tmp_path / "photo.jpg")

    def small_disk() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    ran = child("cut", "photo.jpg", preexec_fn=small_disk)
    assert ran.code == 5
    assert "photo-cut.png: cannot be written" in ran.error
    assert [p.name for p in tmp_path.iterdir()] == ["photo.jpg"]


def test_the_bomb_stays_small(child: Run, tmp_path: Path) -> None:
    """Refused within a quarter of the memory that decoding it would take."""
    (tmp_path / "bomb.png").write_bytes(png_bomb())

    def little_memory() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (700_000_000, 700_000_000))

    ran = child("cut", "bomb.png", "--threads", 1, preexec_fn=little_memory)
    assert ran.code == 3
    assert "178" in ran.error


def test_an_error_of_ours_is_said_as_such(run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mattebox.batch.job.run_recipe", lambda *_, **__: 1 / 0)
    ran = run("cut", photo)
    assert ran.code == 70
    assert "internal error (ZeroDivisionError" in ran.error
    assert "Traceback" in run("cut", photo, "--debug").err


def test_interrupted(run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mattebox.batch.job.run_recipe", stop)
    ran = run("cut", photo)
    assert ran.code == 130
    assert ran.err.strip().splitlines() == [
        "mattebox: interrupted; finished files are complete, and none is half-written"
    ]


def test_sixteen_bits_stay(run: Run) -> None:
    import tifffile

    rgb = np.zeros((60, 80, 3), np.uint16)
    rgb[...] = (5000, 15000, 56000)
    rgb[15:45, 20:60] = (56001, 15003, 5007)
    tifffile.imwrite("deep.tif", rgb, photometric="rgb")
    assert run("cut", "deep.tif", "-o", "deep-cut.tif").code == 0
    made = tifffile.imread("deep-cut.tif")
    assert made.dtype == np.uint16
    assert made[30, 40].tolist() == [56001, 15003, 5007, 65535]
