"""`mattebox check`: check pictures against a marketplace's rules; each with its measurement and remedy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mattebox.cli.console import CONTEXT_SETTINGS, combine_exit_codes, json_option, recursive_option, report_error
from mattebox.cli.value_completion import complete_files, complete_marketplaces
from mattebox.errors import InputMissing, MatteboxError

if TYPE_CHECKING:
    from mattebox.composition.marketplace.compliance import ComplianceReport, RuleFinding
    from mattebox.composition.marketplace.rules import MarketplaceRules
    from mattebox.io.input_items import InputItem

EXIT_CHECK_FAILED = 1


@click.command("check", context_settings=CONTEXT_SETTINGS)
@click.argument("inputs", nargs=-1, metavar="IN...", shell_complete=complete_files)
@click.option(
    "--for",
    "market",
    metavar="NAME",
    shell_complete=complete_marketplaces,
    help="amazon, ebay, etsy, google, shopify, walmart or zalando.",
)
@recursive_option
@json_option
@click.option("--rules", "show_rules", is_flag=True, help="Print the rules, their sources, and when they were read.")
def command(inputs: tuple[str, ...], market: str | None, recursive: bool, as_json: bool, show_rules: bool) -> int:
    """Check pictures against a marketplace's rules. Exit code 0 when all pass, 1 when one does not.

    \b
      mattebox check mug.jpg --for amazon
      mattebox cut mug.jpg --preset amazon -o mug-amazon.jpg      makes one that passes
      mattebox check --for amazon --rules
    """
    from mattebox.composition.marketplace.rules import find_rules, load_marketplaces
    from mattebox.io.input_items import expand_inputs

    if market is None:
        raise click.UsageError(f"choose a marketplace with --for: {', '.join(load_marketplaces())}")
    rules = find_rules(market)
    if show_rules:
        _print_rules(rules)
        return 0
    if not inputs:
        raise click.UsageError("give at least one picture")
    codes = [_check_input(item, rules, as_json) for item in expand_inputs(inputs, recursive=recursive)]
    return combine_exit_codes(codes)


def _check_input(item: InputItem | InputMissing, rules: MarketplaceRules, as_json: bool) -> int:
    """Check one picture, print the findings, and return its exit code."""
    try:
        if isinstance(item, InputMissing):
            raise item
        verdict = _check_item(item, rules.name)
    except MatteboxError as error:
        return report_error(error)
    path = "-" if item.path is None else item.name
    if as_json:
        rows = [{k: getattr(f, k) for k in f.__dataclass_fields__} for f in verdict.findings]
        click.echo(json.dumps({"input": path, "for": rules.name, "passed": verdict.passed, "rules": rows}))
    else:
        _print_verdict(path, verdict)
    return 0 if verdict.passed else EXIT_CHECK_FAILED


def _check_item(item: InputItem, marketplace: str) -> ComplianceReport:
    from mattebox.io.sources import read_item
    from mattebox.pipeline import marketplace_check

    return marketplace_check.check_listing(read_item(item.path, item.member, item.url), marketplace, item.name)


def _print_verdict(name: str, verdict: ComplianceReport) -> None:
    click.echo(f"{name}: {'passes' if verdict.passed else 'does not pass'} for {verdict.marketplace}")
    width = max(len(f.rule) for f in verdict.findings)
    for finding in verdict.findings:
        click.echo(
            f"  {_finding_label(finding)}  {finding.rule.ljust(width)}  {finding.measured}{_remedy_text(finding)}"
        )


def _finding_label(finding: RuleFinding) -> str:
    return "ok  " if finding.passed else "note" if finding.advice else "FAIL"


def _remedy_text(finding: RuleFinding) -> str:
    if finding.passed:
        return ""
    return f"  (wanted: {finding.wanted}; remedy: {finding.remedy})"


def _print_rules(rules: MarketplaceRules) -> None:
    import msgspec

    click.echo(rules.title)
    for name, value in msgspec.to_builtins(rules).items():
        if name not in ("name", "title", "sources") and value not in (None, False, (), []):
            shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
            click.echo(f"  {name.replace('_', ' ')}: {shown}")
    for source in rules.sources:
        click.echo(f"  read {source.read}: {source.address}" + (f" ({source.note})" if source.note else ""))
