"""How many threads a network uses, and that the program around it keeps its own."""

from __future__ import annotations

import numpy
import pytest
from threadpoolctl import ThreadpoolController

from vnreport.threads import SingleThread, cores, threads


def blas_threads() -> set[int]:
    numpy.ones((2, 2)) @ numpy.ones((2, 2))
    return {library["num_threads"] for library in ThreadpoolController().select(user_api="blas").info()}


can_be_told = pytest.mark.skipif(not blas_threads(), reason="numpy's BLAS cannot be told how many threads to use")


@pytest.mark.parametrize(("given", "expected"), [("3", 3), ("1", 1)])
def test_threads_follow_the_environment(given: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert threads() == expected


@pytest.mark.parametrize("given", ["", "0", "4,2"])
def test_without_a_number_every_processor_is_used(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert threads() == cores()


@can_be_told
def test_the_limit_ends_when_the_last_has_left() -> None:
    single = SingleThread()
    with ThreadpoolController().limit(limits=3, user_api="blas"):
        before = blas_threads()
        single.__enter__()
        single.__enter__()
        assert blas_threads() == {1}
        single.__exit__()
        assert blas_threads() == {1}
        single.__exit__()
        assert blas_threads() == before != {1}
