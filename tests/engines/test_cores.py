"""The number of cores, also where the system does not tell on which a process may run."""

import os

from voicelab.engines.pool.cores import available_cores


def test_the_cores_are_those_on_which_the_process_may_run(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 5, 6}, raising=False)
    assert available_cores() == 3


def test_without_that_information_all_cores_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    assert available_cores() == 12
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores() == 1
