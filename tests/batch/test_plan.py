"""Output paths: beside the photographs, in a tree, by a template or a manifest; and what is refused before any work."""

import zipfile
from pathlib import Path

import pytest

from mattebox.batch.plan import BatchFailure, BatchJob, OutputNaming, make_plan, plan_from_manifest
from mattebox.errors import UsageError
from mattebox.io.sources import expand_inputs, read_item


def touched(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def targets(plan: list[BatchJob | BatchFailure]) -> list[str]:
    return [str(entry.target) for entry in plan if isinstance(entry, BatchJob)]


def test_templates(tmp_path: Path) -> None:
    folder = touched(tmp_path / "in", "a/one.jpg", "a/two.png", "three.jpg")
    found = list(expand_inputs([folder], recursive=True))
    named = make_plan(found, OutputNaming("out", ".webp", "{folder}/{stem}-{index:03}"))
    assert targets(named) == ["out/a/one-001.webp", "out/a/two-002.webp", "out/three-003.webp"]
    assert targets(make_plan(found, OutputNaming("out", ".png", "{index}.{format}.{suffix}")))[0] == "out/1.jpg.png"


@pytest.mark.parametrize("template", ["same", "{nothing}", "{stem.__class__}", "../{stem}", "{stem", "{0}"])
def test_templates_that_make_no_sense(tmp_path: Path, template: str) -> None:
    folder = touched(tmp_path, "one.jpg", "two.jpg")
    if template == "{stem.__class__}":
        plan = make_plan(expand_inputs([folder]), OutputNaming("out", ".png", "{stem.__class__}{index}"))
        assert all("class" in t for t in targets(plan))
        return
    with pytest.raises(UsageError, match="--name"):
        make_plan(expand_inputs([folder]), OutputNaming("out", ".png", template))


def test_a_manifest(tmp_path: Path) -> None:
    touched(tmp_path, "one.jpg", "sub/two.jpg")
    path = tmp_path / "list.csv"
    path.write_text("input,output\none.jpg,first.png\nsub/two.jpg,\nlost.jpg,x.png\n")
    plan = plan_from_manifest(path, OutputNaming("out", ".png"))
    assert targets(plan) == ["out/first.png", "out/sub/two.png"]
    assert isinstance(plan[2], BatchFailure)
    assert "lost.jpg" in str(plan[2].error)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "input,output\n1.jpg,x.png\n2.jpg,x.png\n"])
def test_manifests_that_make_no_sense(tmp_path: Path, text: str) -> None:
    touched(tmp_path, "1.jpg", "2.jpg")
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(UsageError):
        plan_from_manifest(path, OutputNaming("out"))
    with pytest.raises(UsageError, match=r"none\.csv"):
        plan_from_manifest(tmp_path / "none.csv", OutputNaming())


def test_an_archive_is_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "shoot.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("b/2.jpg", "b/10.jpg", "a.png", "notes.txt", "../evil.jpg", "/etc/evil.png", ".hidden.jpg"):
            archive.writestr(name, name)
    plan = make_plan(expand_inputs([path]), OutputNaming("out", ".png"))
    assert targets(plan) == ["out/shoot/a.png", "out/shoot/b/2.png", "out/shoot/b/10.png"]
    first = plan[1]
    assert isinstance(first, BatchJob)
    assert first.name == f"{path}/b/2.jpg"
    assert first.member is not None
    assert read_item(path, first.member) == b"b/2.jpg"


def test_a_broken_archive_is_one_failure(tmp_path: Path) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(b"PK\x03\x04 nothing")
    (entry,) = make_plan(expand_inputs([path]), OutputNaming("out"))
    assert isinstance(entry, BatchFailure)
    assert "pack it again" in str(entry.error)


def test_results_of_an_earlier_run_are_jobs_again(tmp_path: Path) -> None:
    folder = touched(tmp_path, "one.jpg")
    out = touched(tmp_path / "out", "one.png")
    (entry,) = make_plan(expand_inputs([folder / "one.jpg"]), OutputNaming(f"{out}/", ".png"))
    assert isinstance(entry, BatchFailure)
    (entry,) = make_plan(expand_inputs([folder / "one.jpg"]), OutputNaming(f"{out}/", ".png", resume=True))
    assert isinstance(entry, BatchJob)
    assert entry.is_resumed
