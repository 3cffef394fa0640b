"""All attackers at once, in a process of their own: which attacks there are, and by how many clients each."""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event

from benchmarks.serving.attacks import (
    Attack,
    AttackContext,
    abandon_upscaling,
    ask_for_silent_address,
    drip_upload,
    flood_with_pictures,
    hold_back_last_byte,
    never_read_responses,
    send_broken_picture,
    send_endless_chunks,
    send_hostile_file,
    send_hostile_json,
    send_odd_request,
    stay_silent,
    submit_jobs,
)
from benchmarks.serving.protocol_attacks import (
    break_off,
    pipeline_requests,
    promise_body,
    send_crumbs,
    send_many_headers,
    send_what_is_not_http,
)
from benchmarks.serving.value_attacks import (
    ask_in_odd_words,
    fetch_private_address,
    race_over_job,
    send_broken_clip,
    send_compressed_texts,
    send_extreme_value,
    send_odd_form,
    send_odd_recipe,
)

CLIENTS_BY_ATTACK: dict[Attack, int] = {
    send_hostile_file: 4,
    send_broken_picture: 4,
    send_hostile_json: 2,
    send_odd_request: 4,
    flood_with_pictures: 2,
    abandon_upscaling: 4,
    ask_for_silent_address: 12,
    submit_jobs: 4,
    stay_silent: 40,
    drip_upload: 20,
    hold_back_last_byte: 3,
    send_endless_chunks: 2,
    never_read_responses: 6,
    send_crumbs: 2,
    send_many_headers: 1,
    send_what_is_not_http: 2,
    pipeline_requests: 1,
    promise_body: 4,
    break_off: 2,
    send_extreme_value: 2,
    send_odd_recipe: 1,
    send_odd_form: 2,
    ask_in_odd_words: 1,
    send_broken_clip: 1,
    send_compressed_texts: 1,
    fetch_private_address: 1,
    race_over_job: 2,
}


@dataclass(frozen=True)
class AttackResults:
    """Responses by status (or by how the connection ended), and what must not happen."""

    statuses: Counter[str]
    faults: Counter[str]


def run_attackers(context: AttackContext, intensity: float, finished: Event, results: Queue[AttackResults]) -> None:
    """Run all attacks at once, in a process of low priority: in reality they would run on other machines."""
    os.nice(19)
    threads = [
        threading.Thread(target=repeat_attack, args=(attack, context, random.Random(f"{attack.__name__} {n}")))
        for attack, count in CLIENTS_BY_ATTACK.items()
        for n in range(max(1, round(count * intensity)))
    ]
    for thread in threads:
        thread.daemon = True
        thread.start()
    finished.wait()
    context.stop.set()
    results.put(AttackResults(context.statuses.copy(), context.faults.copy()))


def repeat_attack(attack: Attack, context: AttackContext, rng: random.Random) -> None:
    while not context.stop.is_set():
        try:
            attack(context, rng)
        except OSError:
            context.statuses[f"{attack.__name__} was cut off"] += 1
        context.stop.wait(0.2)
