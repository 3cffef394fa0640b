"""Command line of the training tasks: shared arguments, and errors in one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from mattebox.errors import MatteboxError
from mattebox.training.core.distributed import DistributedContext, open_distributed_context
from mattebox.training.core.settings import S, build_settings, override_budget, read_settings, write_settings


def training_parser(description: str | None, prog: str | None = None) -> argparse.ArgumentParser:
    """A parser with the arguments of all training tasks: another budget, and threads."""
    parser = argparse.ArgumentParser(
        prog, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, help="another budget than the recipe's")
    parser.add_argument("--steps", type=int, help="a budget of steps instead, so that runs can be compared")
    parser.add_argument("--threads", type=int, help="threads of the processor to use")
    return parser


def recipe_parser(description: str | None, data: str = "data") -> argparse.ArgumentParser:
    """A parser for `RECIPE DATA OUT`, as all tasks but the cutout's are called."""
    parser = training_parser(description)
    parser.add_argument("recipe", type=Path, help="a TOML file; see runs/")
    parser.add_argument(data, type=Path)
    parser.add_argument("out", type=Path, help="folder of the run; given again, the run goes on")
    return parser


def read_recipe(kind: type[S], args: argparse.Namespace, distributed: DistributedContext) -> S:
    """The settings of `args.recipe` with the budget of the command line, recorded in the run's folder. UsageError."""
    values = override_budget(read_settings(kind, args.recipe, args.out), args.minutes, args.steps)
    settings = build_settings(kind, values)
    if distributed.is_main:
        write_settings(values, args.out)
    return settings


def run_training(args: argparse.Namespace, train: Callable[[DistributedContext], None]) -> None:
    """Train in the processes that there are; whatever goes wrong ends the command with one line and a remedy."""
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        with open_distributed_context() as distributed:
            train(distributed)
    except MatteboxError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {error.filename or 'a file'}: {error.strerror or error}; check the path and the disk")
    except KeyboardInterrupt:
        sys.exit("stopped; give the same command again to go on from the last checkpoint")
