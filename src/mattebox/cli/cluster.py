"""--on ray: the batch on a Ray cluster, as it would be here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mattebox.batch.ray_runner import (
    LOCAL_ADDRESS,
    REMOTE_PREFIX,
    RayJobRunner,
    RayOptions,
    count_actors,
    open_cluster,
)
from mattebox.cli.batch_options import BatchOptions, needs_hashes
from mattebox.errors import UsageError
from mattebox.io.store_address import is_output_address, is_store_address
from mattebox.models import matte_session
from mattebox.pipeline import restoration
from mattebox.recipe.recipe import Recipe


def check_cluster_options(options: BatchOptions) -> None:
    """UsageError for what cannot be combined with --on."""
    address = options.cluster
    if address is None:
        return
    if address != LOCAL_ADDRESS and not address.startswith(REMOTE_PREFIX):
        raise UsageError(f"--on {address} is no cluster", "give ray for this machine, or ray://HOST:10001")
    for name in ("server", "watch", "explain"):
        if getattr(options, name):
            raise UsageError(f"--on and --{name} are both given", "choose one")
    if options.as_json:
        raise UsageError("--on and --json: Ray writes to standard output, too", "take the JSON lines of --report FILE")
    is_remote = address != LOCAL_ADDRESS
    places = [*options.inputs, options.manifest or "s3://", options.output or ""]
    if is_remote and not all(is_store_address(p) or (p == options.output and is_output_address(p)) for p in places):
        raise UsageError(
            "nodes of a cluster do not see this machine's disk", "give inputs and -o in a store: s3://, ..."
        )


@contextmanager
def open_cluster_runner(recipe: Recipe, options: BatchOptions) -> Iterator[tuple[RayJobRunner, str]]:
    """A runner on a cluster, and the hashes of its weights, as of a local one, for the report."""
    if recipe.save_step.sign == "yes":
        raise UsageError("the signing key does not leave this machine", "leave out --sign, or --on")
    network = recipe.required_model
    session = matte_session.open_session(network, "cpu", 1) if network else None  # checks the model; does not start
    hashes = [*([session.card.sha256] if session else []), *restoration.weight_hashes(recipe)]
    threads = options.threads or 1
    actor_options = RayOptions(
        recipe, options.device, threads, options.max_pixels, options.metadata, options.overwrite,
        "keep" if options.keep_hidden else "zero", needs_hashes(options),
    )  # fmt: skip
    with open_cluster(options.cluster or LOCAL_ADDRESS):
        count = options.concurrency or count_actors(threads, options.device)
        yield RayJobRunner(actor_options, count), "+".join(hashes)
