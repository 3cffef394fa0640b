"""Output paths: beside the photographs, in a tree, by a template or a manifest; and what is refused before any work."""

import os
import zipfile
from pathlib import Path

import pytest

from mattebox.batch.manifest_plan import plan_from_manifest
from mattebox.batch.plan import BatchFailure, BatchJob, OutputNaming, make_plan
from mattebox.errors import UsageError
from mattebox.io.input_items import expand_inputs
from mattebox.io.sources import read_item


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


def failures(plan: list[BatchJob | BatchFailure]) -> list[str]:
    return [str(entry.error) for entry in plan if isinstance(entry, BatchFailure)]


@pytest.mark.parametrize("output", ["../x.png", "a/../../x.png", "/elsewhere/x.png", ".."])
def test_outputs_of_a_manifest_stay_in_their_folder(tmp_path: Path, output: str) -> None:
    touched(tmp_path, "1.jpg", "2.jpg")
    path = tmp_path / "list.csv"
    path.write_text(f"input,output\n1.jpg,{output}\n2.jpg,{tmp_path}/out/deep/y.png\n")
    plan = plan_from_manifest(path, OutputNaming(str(tmp_path / "out")))
    assert targets(plan) == [str(tmp_path / "out/deep/y.png")]
    (error,) = failures(plan)
    assert "line 2" in error
    assert "leads out of the folder" in error


def test_inputs_beside_a_manifest_do_not_lead_their_results_out(tmp_path: Path) -> None:
    touched(tmp_path, "photos/1.jpg", "lists/x")
    path = tmp_path / "lists/list.csv"
    path.write_text("input\n../photos/1.jpg\n")
    assert targets(plan_from_manifest(path, OutputNaming("out"))) == ["out/photos/1.png"]
    assert targets(plan_from_manifest(path, OutputNaming("out", template="{folder}/{stem}"))) == ["out/photos/1.png"]


def test_a_bad_row_is_one_failure(tmp_path: Path) -> None:
    touched(tmp_path, "1.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere")
    path = tmp_path / "list.csv"
    path.write_text(f"output,input\n,{'x' * 300}.jpg\ny.png\n,gone.jpg\n,a\0b.jpg\n{'y' * 300}.png,1.jpg\n,1.jpg\n")
    plan = plan_from_manifest(path, OutputNaming(f"{tmp_path}/out/deep/"))
    assert targets(plan) == [str(tmp_path / "out/deep/1.png")]
    told = ["name too long", "line 3: has no input", "a link to a file that does not exist", "null", "too long"]
    for error, words in zip(failures(plan), told, strict=True):
        assert words in error


def test_a_name_that_is_too_long_is_one_failure(tmp_path: Path) -> None:
    folder = touched(tmp_path, "x" * 248 + ".jpg", "ok.jpg")
    plan = make_plan(expand_inputs([folder]), OutputNaming())
    assert targets(plan) == [str(tmp_path / "ok-cut.png")]
    (error,) = failures(plan)
    assert "choose a shorter name" in error


def test_a_target_that_may_not_be_looked_at_is_one_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = touched(tmp_path, "closed.jpg", "ok.jpg")
    look = os.lstat

    def refuse(path: str | Path, **options: int) -> os.stat_result:
        if "closed-cut" in os.fspath(path):
            raise PermissionError(13, "Permission denied")
        return look(path, **options)

    monkeypatch.setattr(os, "lstat", refuse)
    plan = make_plan(expand_inputs([folder]), OutputNaming())
    assert targets(plan) == [str(tmp_path / "ok-cut.png")]
    assert "change its permissions" in failures(plan)[0]


@pytest.mark.parametrize("template", ["", "{folder}", "/"])
def test_a_template_that_gives_no_name(tmp_path: Path, template: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        make_plan(expand_inputs([touched(tmp_path, "one.jpg")]), OutputNaming("out", template=template))


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_two_links_to_one_file_are_two_jobs(tmp_path: Path) -> None:
    folder = touched(tmp_path, "store/x.jpg", "in/x").joinpath("in")
    for name in ("sku1.jpg", "sku2.jpg"):
        (folder / name).symlink_to("../store/x.jpg")
    assert targets(make_plan(expand_inputs([folder]), OutputNaming("out"))) == ["out/sku1.png", "out/sku2.png"]
    assert targets(make_plan(expand_inputs([folder, folder / "../in/sku1.jpg"]), OutputNaming("out"))) == [
        "out/sku1.png",
        "out/sku2.png",
    ]
