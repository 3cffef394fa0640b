"""The delay of the event loop is counted, and told to Prometheus."""

import asyncio
import gc
import sys
import time

import pytest

from mattebox.server.loop_delay import THREAD_SWITCH_SECONDS, measure_loop_delay, prefer_event_loop
from mattebox.server.metrics import LOOP_DELAY_BUCKETS_SECONDS, Histogram, RequestMetrics


def test_a_loop_that_is_held_up() -> None:
    histogram = Histogram(LOOP_DELAY_BUCKETS_SECONDS)

    async def hold_up() -> None:
        measurement = asyncio.create_task(measure_loop_delay(histogram, 0.01))
        await asyncio.sleep(0.001)
        time.sleep(0.3)
        await asyncio.sleep(0.05)
        measurement.cancel()

    asyncio.run(hold_up())
    assert histogram.count >= 2
    assert histogram.bucket_counts[0.25] < histogram.count
    assert histogram.total_seconds > 0.25


def test_text_of_a_histogram() -> None:
    metrics = RequestMetrics()
    for seconds in (0.004, 0.04, 3.0):
        metrics.loop_delay.observe(seconds)
    metrics.observe("/v1/cutouts", 200, 0.3)
    lines = metrics.to_prometheus_text({}, 0).splitlines()
    assert 'mattebox_event_loop_delay_seconds_bucket{le="0.005"} 1' in lines
    assert 'mattebox_event_loop_delay_seconds_bucket{le="0.05"} 2' in lines
    assert 'mattebox_event_loop_delay_seconds_bucket{le="+Inf"} 3' in lines
    assert "mattebox_event_loop_delay_seconds_sum 3.044000" in lines
    assert 'mattebox_request_seconds_bucket{route="/v1/cutouts",le="0.5"} 1' in lines
    assert 'mattebox_request_seconds_count{route="/v1/cutouts"} 1' in lines


def test_threads_hand_over_sooner_and_libraries_are_not_searched_for_garbage_while_the_server_runs() -> None:
    former = sys.getswitchinterval()
    with prefer_event_loop():
        assert sys.getswitchinterval() == pytest.approx(THREAD_SWITCH_SECONDS)
        assert gc.get_freeze_count() > len(gc.get_objects())
    assert sys.getswitchinterval() == former
    assert gc.get_freeze_count() == 0
