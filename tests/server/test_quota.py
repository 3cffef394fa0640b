"""Monthly quotas: reserved before a picture is processed, counted afterwards."""

from __future__ import annotations

from collections import Counter

import pytest

from mattebox.server.api_keys import ApiKey
from mattebox.server.auth import AccessControl
from mattebox.server.http.problems import Problem
from mattebox.server.quota import PictureQuota
from mattebox.server.usage import UsageStore


@pytest.fixture
def jobs() -> Counter[str]:
    return Counter()


@pytest.fixture
def quota(jobs: Counter[str]) -> PictureQuota:
    access = AccessControl({name: ApiKey(name, name, quota=limit) for name, limit in (("three", 3), ("any", 0))})
    return PictureQuota(access, UsageStore(), lambda caller: jobs[caller])


def test_pictures_in_progress_count(quota: PictureQuota) -> None:
    with quota.reserve_picture("three"), quota.reserve_picture("three"), quota.reserve_picture("three"):
        assert quota.pictures_left("three") == 0
        with pytest.raises(Problem) as error, quota.reserve_picture("three"):
            pass
        assert error.value.code == "quota_used_up"
    assert quota.pictures_left("three") == 3


def test_a_picture_that_fails_is_given_back_and_one_that_is_done_is_counted(quota: PictureQuota) -> None:
    with pytest.raises(ZeroDivisionError), quota.reserve_picture("three"):
        raise ZeroDivisionError
    assert quota.pictures_left("three") == 3
    with quota.reserve_picture("three"):
        quota.usage.add_picture("three", 100, 1.0)
    assert quota.pictures_left("three") == 2


def test_unfinished_jobs_count(quota: PictureQuota, jobs: Counter[str]) -> None:
    jobs["three"] = 2
    assert quota.pictures_left("three") == 1
    jobs["three"] = 5
    assert quota.pictures_left("three") == 0


def test_keys_without_a_quota(quota: PictureQuota) -> None:
    with quota.reserve_picture("any"), quota.reserve_picture("local"):
        assert quota.pictures_left("any") is None
