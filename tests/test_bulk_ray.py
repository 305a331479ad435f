"""On a Ray cluster the records are those of one machine, though a worker is lost."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.bulk import Fatal, annotate, read_all, write_articles
from vnreport.bulk import Annotator
from vnreport.bulk.engine import Job
from vnreport.bulk.formats import Format, JsonLines
from vnreport.bulk.items import Reading
from vnreport.bulk.parquet import Parquet
from vnreport.bulk.ray_workers import RayActors
from vnreport.cli import app

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'vnreport[ray]'")
pytestmark = pytest.mark.filterwarnings(  # Ray's own
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning:ray"
)


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Room for two workers and for what reads and writes beside them."""
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()
    gc.collect()  # what it leaves open is reported here, where its warnings are let pass


@pytest.mark.parametrize("format", [JsonLines(), Parquet()], ids=lambda f: f.name)
def test_a_lost_worker_changes_nothing(format: Format, tmp_path: Path, small_model: str) -> None:
    articles, flag = tmp_path / "in.jsonl", tmp_path / "lost"
    write_articles(articles, 40, bad=(3, 11))
    here, there = (
        Job([str(articles)], tmp_path / name, format, Reading(id="id"), small_model, shard=4) for name in ("h", "t")
    )
    annotate(here)
    summary = annotate(there, hire=lambda function: RayActors(Fatal(function, "lần 21", once=flag), 2))
    assert flag.exists()
    assert (summary.annotated, summary.errors) == (38, 2)
    assert [*read_all(there.output).values()] == [*read_all(here.output).values()]


def test_the_command_runs_on_the_cluster(tmp_path: Path, small_model: str) -> None:
    articles, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_articles(articles, 5)
    arguments = ["annotate", str(articles), "-o", str(out), "--engine", "ray", "--model", small_model]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 5


def test_ray_data_applies_the_annotator(tmp_path: Path, small_model: str) -> None:
    """As `docs/bulk.md` shows it: read, annotate, write, without a run of ours around it."""
    rows = write_articles(tmp_path / "in.jsonl", 30)
    data = ray.data.read_json(str(tmp_path / "in.jsonl")).map_batches(
        Annotator, fn_constructor_args=[small_model], batch_format="pandas", batch_size=8, concurrency=(1, 2)
    )
    data.write_parquet(str(tmp_path / "out"))
    found = pd.read_parquet(tmp_path / "out").set_index("id")
    expected = Annotator(small_model).records([row["text"] for row in rows])
    assert len(found) == 30
    for row, records in zip(rows, expected, strict=True):
        quantities = json.loads(json.dumps(list(found.loc[row["id"], "quantities"]), default=list))
        assert quantities == records["quantities"]
