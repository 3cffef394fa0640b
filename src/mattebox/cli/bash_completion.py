"""Completion in bash, which hands over `--option=value` as three words: `--option`, `=` and `value`."""

from __future__ import annotations

from click.shell_completion import BashComplete, add_completion_class


@add_completion_class
class SplitOptionBashComplete(BashComplete):
    """Click's completion for bash, which completes the value in `--option=value`, too."""

    def get_completion_args(self) -> tuple[list[str], str]:
        words, incomplete = super().get_completion_args()
        return [word for word in words if word != "="], incomplete
