"""A report of provenance in words, for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from mattebox.provenance.source_types import parse_source_type
from mattebox.provenance.verification import ActionRecord, ManifestRecord, ProvenanceReport

STATE_WORDS = {
    "trusted": "trusted: signed by {signer}, unchanged since",
    "valid": "valid, but the signer is unknown: {signer}; unchanged since",
    "altered": "altered: it is not what was signed",
    "none": "no Content Credentials",
}


def describe_report(report: ProvenanceReport) -> list[str]:
    """Lines in words: the verdict, then the history, the newest first.

    Parameters
    ----------
    report : ProvenanceReport
        Of `verify_content`.
    """
    signer = _signer_words(report.manifests[0]) if report.manifests else ""
    lines = [STATE_WORDS[report.state].format(signer=signer)]
    for number, manifest in enumerate(report.manifests):
        lines += [f"  {line}" for line in _manifest_lines(manifest, is_newest=number == 0)]
    if report.address:
        lines.append(
            f"  it says that they lie at {report.address}, which is not called: save that beside it as NAME.c2pa"
        )
    if report.damage:
        lines.append(f"  {report.damage}")
    if report.watermark:
        lines.append(f"  watermark in the pixels: {report.watermark}{_binding_words(report)}")
    if report.source_type:
        source_type = parse_source_type(report.source_type)
        lines.append(f"  its XMP says: {source_type.value if source_type else report.source_type}")
    return lines


def _manifest_lines(manifest: ManifestRecord, is_newest: bool) -> Iterator[str]:
    if is_newest:
        yield f"made by {manifest.generator or 'an unnamed program'}"
    else:
        state = "which had been altered when it was opened" if manifest.state == "altered" else "intact"
        generator = manifest.generator or "an unnamed program"
        yield f"before that, {generator}, signed by {_signer_words(manifest)} ({state})"
    yield from (f"  {problem}" for problem in manifest.problems)
    if manifest.signed_at:
        yield f"  time stamp: {_time_words(manifest.signed_at)}"
    yield from (f"  {_action_words(action)}" for action in manifest.actions)
    models = manifest.recipe.get("models") or ()
    if models:
        names = ", ".join(f"{m.get('name', '?')} (sha256 {str(m.get('sha256', ''))[:12]})" for m in models)
        yield f"  networks: {names}"
    if manifest.ingredients:
        yield f"  from: {', '.join(title or 'a picture without a name' for title in manifest.ingredients)}"


def _time_words(stated: str) -> str:
    """The minute, in UTC, of a time in ISO 8601; anything else as it is."""
    try:
        return f"{datetime.fromisoformat(stated).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return stated


def _action_words(action: ActionRecord) -> str:
    words = action.description or {"c2pa.opened": "Opened", "c2pa.created": "Created"}.get(action.name, action.name)
    source_type = parse_source_type(action.source_type)
    kind = source_type.value if source_type else action.source_type.rpartition("/")[2]
    return f"{words} [{kind}]" if kind else words


def _signer_words(manifest: ManifestRecord) -> str:
    names = [n for n in (manifest.signer, manifest.issuer) if n]
    return " of ".join(dict.fromkeys(names)) or "nobody who is named"


def _binding_words(report: ProvenanceReport) -> str:
    bound = report.manifests[0].watermark if report.manifests else ""
    if not bound:
        return ""
    return ", as its credentials say" if bound == report.watermark else f", but its credentials say {bound}"
