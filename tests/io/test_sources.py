"""The command line's words become files, lazily and in order; the system's errors become ours."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from mattebox.errors import InputMissing, InputTooLarge, InputUnreadable
from mattebox.io.input_items import InputItem, expand_inputs, natural_sort_key
from mattebox.io.sources import read_bytes, source_display_name


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A folder with pictures, subfolders, and what is to be left alone."""
    names = [
        "img10.jpg",
        "img2.JPG",
        "img1.png",
        "notes.txt",
        ".hidden.jpg",
        "sub/a.webp",
        "sub/deep/b.tif",
        ".git/c.jpg",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    return tmp_path


def found(*words: str | Path, recursive: bool = False) -> list[str]:
    items = list(expand_inputs(words, recursive=recursive))
    assert all(isinstance(item, InputItem) for item in items), items
    return [item.relative_path.as_posix() for item in items if isinstance(item, InputItem)]


def problem(*words: str | Path) -> InputMissing:
    (item,) = expand_inputs(words)
    assert isinstance(item, InputMissing)
    return item


def test_a_folder_in_natural_order(album: Path) -> None:
    assert found(album) == ["img1.png", "img2.JPG", "img10.jpg"]


def test_a_tree_keeps_its_shape(album: Path) -> None:
    assert found(album, recursive=True) == ["img1.png", "img2.JPG", "img10.jpg", "sub/a.webp", "sub/deep/b.tif"]


def test_a_named_file_is_taken_whatever_its_suffix(album: Path) -> None:
    (item,) = expand_inputs([album / "notes.txt"])
    assert item == InputItem(album / "notes.txt", Path("notes.txt"))


def test_globs(album: Path) -> None:
    assert found(f"{album}/img*") == ["img1.png", "img2.JPG", "img10.jpg"]
    assert found(f"{album}/**/*.*") == ["img1.png", "img2.JPG", "img10.jpg", "sub/a.webp", "sub/deep/b.tif"]
    assert found(f"{album}/s*/*.webp") == ["sub/a.webp"]
    assert found(f"{album}/s*") == ["sub/a.webp"]


def test_a_file_with_a_bracket_in_its_name(album: Path) -> None:
    (album / "a[1].jpg").write_bytes(b"x")
    assert found(album / "a[1].jpg") == ["a[1].jpg"]


def test_each_picture_once(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(album)
    assert found("img2.JPG", str(album), "./img2.JPG", "-", "-") == ["img2.JPG", "img1.png", "img10.jpg", "stdin"]


def test_standard_input_is_a_source() -> None:
    assert list(expand_inputs(["-"])) == [InputItem(None, Path("stdin"))]


def test_one_wrong_word_does_not_stop_the_rest(album: Path) -> None:
    first, second = expand_inputs([album / "nowhere.jpg", album / "img1.png"])
    assert isinstance(first, InputMissing)
    assert "nowhere.jpg" in str(first)
    assert isinstance(second, InputItem)


def test_an_empty_folder_names_what_is_accepted(album: Path) -> None:
    error = problem(album / "empty")
    assert "no pictures in" in error.problem
    assert ".jpg" in error.remedy
    assert ".heic" in error.remedy
    assert "matches no pictures" in problem(f"{album}/*.jpx").problem


def test_nothing_is_listed_before_it_is_asked_for(album: Path) -> None:
    items = expand_inputs([album / "img1.png", album / "empty"])
    next(items)
    (album / "empty" / "late.png").write_bytes(b"x")
    assert next(items) == InputItem(album / "empty" / "late.png", Path("late.png"))


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_ring_of_folders_ends(album: Path) -> None:
    (album / "sub" / "back").symlink_to(album)
    assert len(found(album, recursive=True)) == 5


def test_natural_order() -> None:
    names = ["b", "a10", "A2", "a1b10", "a1b9", "10", "9"]
    assert sorted(names, key=natural_sort_key) == ["9", "10", "a1b9", "a1b10", "A2", "a10", "b"]


def test_bytes_of_everything(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert [read_bytes(s) for s in (path, str(path), b"abc", io.BytesIO(b"abc"))] == [b"abc"] * 4


def test_too_many_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(101))
    for source in (path, io.BytesIO(bytes(101))):
        with pytest.raises(InputTooLarge):
            read_bytes(source, max_bytes=100)
    assert len(read_bytes(path, max_bytes=101)) == 101


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_what_never_ends_is_refused() -> None:
    with pytest.raises(InputTooLarge, match="/dev/zero"):
        read_bytes("/dev/zero", max_bytes=3 << 20)


def test_errors_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputMissing, match="no such file"):
        read_bytes(tmp_path / "none")
    with pytest.raises(InputMissing, match="spelling"):
        read_bytes("a\0b")
    with pytest.raises(InputUnreadable, match="folder"):
        read_bytes(tmp_path)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(InputUnreadable, match="permission"):
        read_bytes("secret.jpg")


def test_a_closed_file_is_an_error_of_ours() -> None:
    file = io.BytesIO(b"abc")
    file.close()
    with pytest.raises(InputUnreadable, match="closed"):
        read_bytes(file)


def test_names() -> None:
    assert source_display_name("-") == "standard input"
    assert source_display_name(Path("a/b.jpg")) == str(Path("a/b.jpg"))
    assert source_display_name(b"abc") == "the picture"


@pytest.mark.skipif(os.name == "nt", reason="needs links")
@pytest.mark.parametrize("word", ["", "*.jpg", "lost.jpg", "**/l*"])
def test_a_link_to_nothing_is_reported(tmp_path: Path, word: str) -> None:
    (tmp_path / "ok.jpg").write_bytes(b"x")
    (tmp_path / "lost.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "ring.jpg").symlink_to("ring.jpg")
    items = list(expand_inputs([tmp_path / word]))
    errors = [str(item) for item in items if isinstance(item, InputMissing)]
    assert sum("lost.jpg: is a link to a file that does not exist" in e for e in errors) == 1
    assert len(items) - len(errors) == (word in ("", "*.jpg"))


@pytest.mark.parametrize("word", ["sub", "su*"])
def test_a_folder_that_cannot_be_listed_is_reported(album: Path, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    list_folder = os.scandir

    def refuse(path: str | Path) -> object:
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied")
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", refuse)
    items = list(expand_inputs([album / word], recursive=True))
    assert [str(i) for i in items if isinstance(i, InputMissing)] == [
        f"{album}/sub/deep: cannot be listed (Permission denied); check its permissions"
    ]
    assert sum(isinstance(i, InputItem) for i in items) == 1


def test_a_name_that_is_too_long_is_reported(tmp_path: Path) -> None:
    assert "too long" in problem(tmp_path / ("x" * 300)).problem


def test_long_numbers_are_ordered() -> None:
    names = ["1" * 5000, "9" * 4999, "007", "8"]
    assert sorted(names, key=natural_sort_key) == ["007", "8", "9" * 4999, "1" * 5000]
