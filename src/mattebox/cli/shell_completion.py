"""Completion of values in `--option=value`, which click completes in no shell, and of what has commas in fish.

bash hands the option over as three words: `--option`, `=` and `value`; zsh and fish as one, of which the part up to `=`
must stay.
"""

from __future__ import annotations

from click.shell_completion import BashComplete, CompletionItem, FishComplete, ZshComplete, add_completion_class

FISH_LOOP = "    for completion in $response;"


@add_completion_class
class SplitOptionBashComplete(BashComplete):
    """bash: the words without `=`."""

    def get_completion_args(self) -> tuple[list[str], str]:
        words, incomplete = super().get_completion_args()
        return [word for word in words if word != "="], incomplete


@add_completion_class
class OptionValueZshComplete(ZshComplete):
    """zsh: what precedes `=` is put before each value; for files the script sets it aside."""

    source_template = ZshComplete.source_template.replace("_path_files", "compset -P 1 '--*='; _path_files")

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        option, equals, _ = incomplete.partition("=") if incomplete.startswith("--") else ("", "", "")
        items = super().get_completions(args, incomplete)
        for item in items if equals else ():
            if item.type == "plain":
                item.value = f"{option}={item.value}"
        return items


@add_completion_class
class OptionValueFishComplete(FishComplete):
    """fish: what precedes `=` is put before each value, and only the first comma of an answer separates its kind."""

    source_template = (
        FishComplete.source_template.replace('string split ","', 'string split -m 1 ","')
        .replace(FISH_LOOP, f"    set -l option (string match -r -- '^--[^=]*=' (commandline -t));\n\n{FISH_LOOP}")
        .replace(
            "__fish_complete_directories $metadata[2]",
            'string replace -r -- "^" "$option" (__fish_complete_directories $metadata[2])',
        )
        .replace(
            "__fish_complete_path $metadata[2]",
            'string replace -r -- "^" "$option" (__fish_complete_path $metadata[2])',
        )
        .replace("echo $metadata[2]", 'echo "$option$metadata[2]"')
    )
