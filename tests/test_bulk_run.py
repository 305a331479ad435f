"""A run that can be left alone: nothing that ends it early, or happens in its way, changes what it writes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from tests.bulk import Fatal, Inline, annotate, outputs, read_all, write_articles
from vnreport.bulk.engine import Job, Stop, Unfinished, run
from vnreport.bulk.formats import Csv, DocBins, Format, JsonLines
from vnreport.bulk.items import Reading
from vnreport.bulk.output import RunError
from vnreport.bulk.parquet import Parquet
from vnreport.bulk.report import Report
from vnreport.bulk.sources import read_inputs
from vnreport.bulk.store import Entry
from vnreport.bulk.workers import Processes, WorkersError

FORMATS: list[Format] = [JsonLines(), Parquet(), Csv(), DocBins()]


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    write_articles(path, 20, bad=(3, 11))
    return path


def job(articles: Path, name: str, model: str, **options: Any) -> Job:
    options.setdefault("format", JsonLines())
    return Job([str(articles)], articles.parent / name, model=model, reading=Reading(id="id"), shard=4, **options)


def command(articles: Path, out: Path, model: str, *more: str) -> list[str]:
    options = ["--id", "id", "--shard-size", "4", "--log-json", *more]
    program = [sys.executable, "-m", "vnreport.cli", "annotate"]
    return [*program, str(articles), "-o", str(out), "--model", model, *options]


def written(out: Path) -> dict[str, bytes]:
    """What a run has written, under names that do not hold that of the output."""
    return {name.replace(out.name, "OUT"): data for name, data in outputs(out).items()}


@pytest.mark.parametrize("format", [JsonLines(), Parquet()], ids=lambda f: f.name)
def test_this_process_and_two_others_write_the_same_bytes(format: Format, articles: Path, small_model: str) -> None:
    one, two = (job(articles, name, small_model, format=format) for name in ("one", "two"))
    assert annotate(one).annotated == annotate(two, hire=lambda function: Processes(function, 2)).annotated == 18
    assert written(one.output) == written(two.output)
    assert not any(".work" in name for name in written(one.output))


def test_the_manifest_says_how_to_reproduce_the_run(articles: Path, small_model: str) -> None:
    task = job(articles, "out.jsonl", small_model)
    summary = annotate(task)
    manifest = json.loads((articles.parent / "out.jsonl.manifest.json").read_text(encoding="utf-8"))
    assert (summary.annotated, summary.errors) == (manifest["annotated"], manifest["errors"]) == (18, 2)
    assert manifest["run"]["model"]["name"] == "vi_report_sm"
    assert len(manifest["run"]["model"]["sha256"]) == 64
    assert manifest["run"]["reading"] == {"text": "text", "id": "id", "format": "txt"}
    assert [(row["name"], row["articles"]) for row in manifest["inputs"]] == [(str(articles), 20)]
    assert sum(row["articles"] for row in manifest["shards"]) == 18
    assert manifest["syllables"] > 18 * 10
    assert {"python", "spacy", "numpy"} <= manifest["environment"].keys()


def test_articles_that_are_set_aside_are_named_with_stage_and_reason(articles: Path, small_model: str) -> None:
    annotate(job(articles, "out.jsonl", small_model))
    rows = [json.loads(line) for line in (articles.parent / "out.jsonl.errors.jsonl").read_text().splitlines()]
    assert [(row["id"], row["source"], row["stage"]) for row in rows] == [
        (f"{articles}#4", str(articles), "reading"),
        (f"{articles}#12", str(articles), "reading"),
    ]
    assert all(row["reason"].startswith("holds no text") for row in rows)


def test_a_complete_run_has_nothing_left_to_do(articles: Path, small_model: str) -> None:
    task = job(articles, "out.jsonl", small_model)
    annotate(task)
    before = {path: path.stat().st_mtime_ns for path in articles.parent.iterdir()}
    assert annotate(task).idle
    assert before == {path: path.stat().st_mtime_ns for path in articles.parent.iterdir()}


def write_rows(path: Path, *names: Any) -> None:
    rows = ({"id": name, "text": f"Xã trồng {number} ha rừng."} for number, name in enumerate(names))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_an_article_that_is_named_as_an_earlier_one_is_set_aside(articles: Path, small_model: str) -> None:
    more = articles.parent / "more.csv"
    more.write_text("id,text\na,Xã họp.\nc,Xã họp.\n", encoding="utf-8")
    write_rows(articles, "a", "b", 1, "a", "1")
    inputs = [str(articles), str(more)]
    task = Job(inputs, articles.parent / "out.jsonl", JsonLines(), Reading(id="id"), small_model, shard=2)
    report = StopAfter(1)
    with pytest.raises(Unfinished):
        run(task, Inline, report, report.stop)
    summary = annotate(task)
    assert [json.loads(line)["id"] for line in task.output.read_text("utf-8").splitlines()] == ["a", "b", "1", "c"]
    errors = [json.loads(line) for line in summary.errors_file.read_text("utf-8").splitlines()]
    assert [(row["id"], row["stage"]) for row in errors] == [
        (f"{articles}#4", "reading"),
        (f"{articles}#5", "reading"),
        (f"{more}#1", "reading"),
    ]
    assert errors[0]["reason"] == "an earlier article has 'a' in the column 'id' too; make its values differ"
    assert annotate(task).idle


def test_names_are_distinct_however_the_accents_of_their_column_are_stored(articles: Path, small_model: str) -> None:
    asked, stored = "Mã số", normalize("NFD", "Mã số")
    lines = (json.dumps({stored: name, "text": "Xã họp."}) + "\n" for name in "aba")
    articles.write_text("".join(lines), encoding="utf-8")
    task = Job([str(articles)], articles.parent / "out.jsonl", JsonLines(), Reading(id=asked), small_model)
    summary = annotate(task)
    assert (summary.annotated, summary.errors) == (2, 1)


class StopAfter(Report):
    """Asks to stop after a number of shards."""

    def __init__(self, shards: int) -> None:
        super().__init__()
        self.stop = Stop()
        self._shards = shards

    def done(self, entry: Entry, weight: float, errors: Any = (), reused: bool = False) -> None:
        super().done(entry, weight, errors, reused)
        self._shards -= 1
        self.stop.asked = self._shards <= 0


@pytest.mark.parametrize("format", FORMATS, ids=lambda f: f.name)
def test_a_run_that_is_stopped_goes_on_where_it_was(format: Format, articles: Path, small_model: str) -> None:
    whole, parts = (job(articles, name, small_model, format=format) for name in ("whole", "parts"))
    annotate(whole)
    for shards in (1, 3):
        report = StopAfter(shards)
        with pytest.raises(Unfinished, match="stopped"):
            run(parts, Inline, report, report.stop)
        assert not parts.output.exists()
    annotate(parts)
    assert written(parts.output) == written(whole.output)


def run_until_killed(arguments: list[str], shards: int, delay: float) -> int | None:
    """Start the command, kill it and its workers some time after a number of shards; its exit code if it was faster."""
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            shards -= '"shard"' in line
            if shards <= 0:
                time.sleep(delay)
                break
    finally:
        code = process.poll()
        if code is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stderr.close()
    return code


@pytest.mark.parametrize("format", [JsonLines(), Parquet()], ids=lambda f: f.name)
def test_a_run_that_is_killed_again_and_again_ends_like_an_undisturbed_one(
    format: Format, tmp_path: Path, small_model: str
) -> None:
    articles = tmp_path / "in.jsonl"
    write_articles(articles, 120, bad=(3, 11, 77))
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    more = ["--format", format.name, "--jobs", "2"]
    assert run_to_the_end(command(articles, undisturbed, small_model, *more)) == 1
    chance = random.Random(format.name)
    for shards in (chance.randint(0, 9), chance.randint(10, 19), chance.randint(20, 29), 30):
        run_until_killed(command(articles, killed, small_model, *more), shards, chance.expovariate(50))
        assert not killed.exists() or [*read_all(killed).values()] == [*read_all(undisturbed).values()]
    assert run_to_the_end(command(articles, killed, small_model, *more)) == 1
    assert written(killed) == written(undisturbed)


def run_to_the_end(arguments: list[str]) -> int:
    return subprocess.run(arguments, stderr=subprocess.PIPE).returncode


def test_ctrl_c_ends_after_the_shard_and_says_how_to_go_on(tmp_path: Path, small_model: str) -> None:
    articles, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_articles(articles, 200)
    arguments = command(articles, out, small_model, "--jobs", "1")
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    events = []
    for line in process.stderr:
        events.append(json.loads(line))
        if events[-1]["event"] == "shard":
            os.killpg(process.pid, signal.SIGINT)
            break
    events += [json.loads(line) for line in process.stderr]
    process.stderr.close()
    assert process.wait() == 3
    assert events[-1]["event"] == "unfinished"
    assert events[-1]["command"].startswith(f"vnreport annotate {articles} -o {out} ")
    assert not out.exists()
    assert run_to_the_end(command(articles, out, small_model)) == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 200


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a file system cannot be mounted here")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_full_disk_ends_the_run_and_loses_nothing(small_disk: Path, tmp_path: Path, small_model: str) -> None:
    articles = tmp_path / "in.jsonl"
    write_articles(articles, 60)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(990 << 10))
    task = Job([str(articles)], small_disk / "out.jsonl", JsonLines(), model=small_model, shard=4)
    for size in (940 << 10, 850 << 10):
        with pytest.raises(Unfinished, match="No space left on device"):
            annotate(task)
        assert not task.output.exists()
        os.truncate(ballast, size)
    ballast.unlink()
    annotate(task)
    elsewhere = Job([str(articles)], tmp_path / "out.jsonl", JsonLines(), model=small_model, shard=4)
    annotate(elsewhere)
    assert written(task.output) == written(elsewhere.output)


@pytest.mark.parametrize("kilobytes", [2, 20])
def test_a_limit_on_files_ends_the_run_and_loses_nothing(kilobytes: int, tmp_path: Path, small_model: str) -> None:
    """The shards are too large for the first limit, the assembled file for the second."""
    articles, out, whole = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    write_articles(articles, 40)
    limited = ["bash", "-c", f'ulimit -f {kilobytes}; exec "$@"', "bash", *command(articles, out, small_model)]
    process = subprocess.run(limited, stderr=subprocess.PIPE, text=True)
    assert process.returncode == 3
    assert "File too large" in process.stderr.splitlines()[-1]
    assert not out.exists()
    assert run_to_the_end(command(articles, out, small_model)) == 0
    assert run_to_the_end(command(articles, whole, small_model)) == 0
    assert written(out) == written(whole)


def test_a_worker_that_is_killed_is_replaced(articles: Path, small_model: str, tmp_path: Path) -> None:
    undisturbed, disturbed = (job(articles, name, small_model) for name in ("undisturbed", "disturbed"))
    annotate(undisturbed)
    flag = tmp_path / "killed"
    annotate(disturbed, hire=lambda function: Processes(Fatal(function, "lần 9", once=flag), 2))
    assert flag.exists()
    assert written(disturbed.output) == written(undisturbed.output)


def test_an_article_that_kills_its_process_is_set_aside_alone(articles: Path, small_model: str) -> None:
    task = job(articles, "out.jsonl", small_model)
    summary = annotate(task, hire=lambda function: Processes(Fatal(function, "lần 9"), 2))
    rows = [json.loads(line) for line in summary.errors_file.read_text(encoding="utf-8").splitlines()]
    assert (summary.annotated, summary.errors) == (17, 3)
    assert [(row["id"], row["stage"]) for row in rows if row["stage"] != "reading"] == [(f"{articles}#10", "process")]
    assert "SIGKILL" in rows[1]["reason"]


class Broken:
    """Cannot be loaded."""

    def load(self) -> None:
        raise MemoryError("no room for the model")

    def __call__(self, task: Any) -> Any:
        raise AssertionError


def test_workers_that_cannot_begin_end_the_run(articles: Path, small_model: str) -> None:
    with pytest.raises(WorkersError, match="no room for the model"):
        annotate(job(articles, "out.jsonl", small_model), hire=lambda _: Processes(Broken(), 2))


OTHER = {
    "model": "vi_report_sm",
    "reading": Reading(id="year"),
    "shard": 5,
    "inputs": ["elsewhere.txt"],
}


@pytest.mark.parametrize("finished", [True, False], ids=["complete", "unfinished"])
@pytest.mark.parametrize("what", OTHER)
def test_another_run_into_the_same_output_is_refused(
    what: str, finished: bool, articles: Path, small_model: str
) -> None:
    task = job(articles, "out.jsonl", small_model)
    if finished:
        annotate(task)
    else:
        report = StopAfter(1)
        with pytest.raises(Unfinished):
            run(task, Inline, report, report.stop)
    before = outputs(task.output)
    other = Job(**{**vars(task), what: OTHER[what]})
    with pytest.raises(RunError, match=rf"out\.jsonl: is of a run with other {what}.*--overwrite"):
        annotate(other)
    assert outputs(task.output) == before


def test_what_is_not_the_result_of_a_run_is_kept(articles: Path, small_model: str) -> None:
    task = job(articles, "out.jsonl", small_model)
    task.output.write_text("mine")
    with pytest.raises(RunError, match="is there already"):
        annotate(task)
    assert task.output.read_text() == "mine"
    annotate(Job(**{**vars(task), "overwrite": True}))
    assert task.output.read_text() != "mine"


def test_where_nothing_can_be_annotated_what_is_there_stays(articles: Path, small_model: str) -> None:
    task = job(articles, "out.jsonl", small_model)
    annotate(task)
    before = outputs(task.output)
    write_articles(articles, 2, bad=(0, 1))
    with pytest.raises(RunError, match="nothing could be annotated"):
        annotate(Job(**{**vars(task), "overwrite": True}))
    assert outputs(task.output) == before


def test_changed_inputs_are_noticed_and_only_they_are_annotated_again(articles: Path, small_model: str) -> None:
    task = job(articles, "out.jsonl", small_model)
    annotate(task)
    rows = articles.read_text(encoding="utf-8").splitlines()
    articles.write_text("\n".join([*rows[:17], rows[17].replace("17,5", "99"), *rows[18:]]) + "\n", encoding="utf-8")
    with pytest.raises(RunError, match="the inputs have changed"):
        annotate(task)

    annotated = []

    class Watch(Report):
        def done(self, entry: Entry, weight: float, errors: Any = (), reused: bool = False) -> None:
            if not reused:
                annotated.append(entry.articles + entry.errors)

    annotate(Job(**{**vars(task), "overwrite": True}), report=Watch())
    assert annotated == [4, 4, 4]  # the changed shard, and the two that have errors
    fresh = job(articles, "fresh.jsonl", small_model)
    annotate(fresh)
    assert written(task.output) == written(fresh.output)


@pytest.mark.parametrize("format", FORMATS, ids=lambda f: f.name)
def test_retry_takes_the_errors_again_and_nothing_else(format: Format, articles: Path, small_model: str) -> None:
    task = job(articles, "out", small_model, format=format)
    annotate(task)
    rows = articles.read_text(encoding="utf-8").splitlines()
    rows[3] = rows[3].replace('"text": ""', '"text": "Xã họp."')
    articles.write_text("\n".join(rows) + "\n", encoding="utf-8")
    summary = annotate(Job(**{**vars(task), "retry": True}))
    assert (summary.annotated, summary.errors) == (19, 1)
    fresh = job(articles, "fresh", small_model, format=format)
    annotate(fresh)
    assert written(task.output) == written(fresh.output)


def test_retry_is_refused_where_good_articles_are_gone(articles: Path, small_model: str) -> None:
    task = job(articles, "out.jsonl", small_model)
    annotate(task)
    write_articles(articles, 10)
    with pytest.raises(RunError, match="the inputs have changed"):
        annotate(Job(**{**vars(task), "retry": True}))


def test_a_retry_that_is_taken_up_again_is_refused_too_where_good_articles_are_gone(
    articles: Path, small_model: str
) -> None:
    task = job(articles, "out.jsonl", small_model)
    annotate(task)
    retry = Job(**{**vars(task), "retry": True})
    report = StopAfter(1)
    with pytest.raises(Unfinished):
        run(retry, Inline, report, report.stop)
    complete = task.output.read_bytes()
    write_articles(articles, 10)
    with pytest.raises(RunError, match="the inputs have changed"):
        annotate(retry)
    assert task.output.read_bytes() == complete
    annotate(Job(**{**vars(task), "overwrite": True}))
    fresh = job(articles, "fresh.jsonl", small_model)
    annotate(fresh)
    assert written(task.output) == written(fresh.output)


def test_two_runs_do_not_write_the_same_output(articles: Path, small_model: str) -> None:
    task = job(articles, "out.jsonl", small_model)

    class Second(Report):
        def begin(self, total: int | None) -> None:
            with pytest.raises(RunError, match="another run is writing it"):
                annotate(task)

    assert annotate(task, report=Second()).annotated == 18


def in_folder(tmp_path: Path, name: str = "data/raw/a.txt") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("Xã trồng mới 120 ha rừng.", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("given", "out"),
    [
        ("data/raw", "data"),
        ("data/raw/a.txt", "data"),
        ("data/*/*.txt", "data"),
        ("data", "data"),
        ("data", "data/raw"),
        ("data/*", "data/raw"),
    ],
)
def test_an_output_that_holds_inputs_is_refused(given: str, out: str, tmp_path: Path, small_model: str) -> None:
    article = in_folder(tmp_path)
    task = Job([str(tmp_path / given)], tmp_path / out, Csv(), model=small_model, overwrite=True)
    with pytest.raises(RunError, match=r"is one of the inputs.*name another"):
        annotate(task)
    assert read_all(tmp_path / "data") == {"data/raw/a.txt": article.read_bytes()}


@pytest.mark.parametrize("given", ["data", "data/*", "data/**"])
def test_an_output_among_the_inputs_is_passed_over_by_the_next_run(
    given: str, tmp_path: Path, small_model: str
) -> None:
    in_folder(tmp_path)
    task = Job([str(tmp_path / given)], tmp_path / "data" / "facts", Csv(), model=small_model)
    assert annotate(task).annotated == 1
    assert annotate(task).idle


OF_ANOTHER_TOOL = [
    '{"name": "my site"}',
    '{"name": "my app", "run": "npm start"}',
    '{"run": {}, "files": []}',
    '{"run": {}, "files": ["b.txt"]}',
    '{"run": {}, "files": {"b.txt": 1}}',
    '{"run": {}, "files": [{"name": "b.txt"}]}',
    '{"run": {}, "files": [{"name": ["b.txt"], "blake2b": ""}]}',
    '{"run": {}, "files": 1}',
]


@pytest.mark.parametrize("manifest", [b"", b"[" * 100_000, *map(str.encode, OF_ANOTHER_TOOL)])
def test_what_earlier_runs_have_written_is_passed_over_in_folders(
    manifest: bytes, tmp_path: Path, small_model: str
) -> None:
    in_folder(tmp_path, "data/a.txt")
    in_folder(tmp_path, "data/site/b.txt")
    (tmp_path / "data/bad.txt").write_text("")
    (tmp_path / "data/site/manifest.json").write_bytes(manifest)
    (tmp_path / "data/other").mkdir()
    for name, format in (("data/facts", Csv()), ("data/other/rows.jsonl", JsonLines())):
        run = annotate(Job([str(tmp_path / "data")], tmp_path / name, format, model=small_model))
        assert (run.annotated, run.errors) == (2, 1)
    in_folder(tmp_path, "data/facts/c.txt")
    assert annotate(Job([str(tmp_path)], tmp_path / "all", Csv(), model=small_model)).annotated == 3


@pytest.mark.parametrize(
    ("name", "format", "file"), [("old/rows.jsonl", JsonLines(), "rows.jsonl"), ("old", Csv(), "articles.csv")]
)
def test_a_folder_of_nothing_but_an_earlier_run_is_named_as_such(
    name: str, format: Format, file: str, articles: Path, tmp_path: Path, small_model: str
) -> None:
    annotate(Job([str(articles)], tmp_path / name, format, model=small_model))
    ((_, item),) = read_inputs([str(tmp_path / "old")], Reading())
    assert item.error == f"holds only what an earlier run has written, such as {file}; to read it, name the file itself"
    assert len(list(read_inputs([str(tmp_path / "old" / file)], Reading()))) > 1


@pytest.mark.parametrize("options", [{"retry": True}, {"overwrite": True}], ids=["retry", "overwrite"])
def test_what_the_user_keeps_in_the_output_stays(options: dict[str, bool], articles: Path, small_model: str) -> None:
    task = job(articles, "facts", small_model, format=Csv())
    annotate(task)
    (task.output / "my-analysis.sql").write_text("SELECT 1")
    (task.output / "plots").mkdir()
    write_articles(articles, 20, bad=(3,))
    annotate(Job(**{**vars(task), **options}))
    fresh = job(articles, "fresh", small_model, format=Csv())
    annotate(fresh)
    assert (task.output / "plots").is_dir()
    assert written(task.output) == {**written(fresh.output), "OUT/my-analysis.sql": b"SELECT 1"}


def test_a_folder_of_the_user_is_written_into_and_keeps_its_files(articles: Path, small_model: str) -> None:
    task = job(articles, "facts", small_model, format=Csv())
    task.output.mkdir()
    (task.output / "mine.txt").write_text("mine")
    with pytest.raises(RunError, match="is there already"):
        annotate(task)
    annotate(Job(**{**vars(task), "overwrite": True}))
    assert (task.output / "mine.txt").read_text() == "mine"
    assert (task.output / "articles.csv").is_file()


def test_files_of_an_earlier_run_do_not_stay_among_those_of_the_next(articles: Path, small_model: str) -> None:
    task = job(articles, "docs", small_model, format=DocBins())
    annotate(task)
    write_articles(articles, 3)
    annotate(Job(**{**vars(task), "overwrite": True}))
    assert [path.name for path in task.output.glob("*.spacy")] == ["000000.spacy"]


@pytest.mark.parametrize("format", [JsonLines(), Csv()], ids=lambda f: f.name)
def test_a_link_is_followed_and_stays(format: Format, articles: Path, small_model: str) -> None:
    there = articles.parent / "there"
    if format.in_folder:
        there.mkdir()
    task = job(articles, "link", small_model, format=format)
    task.output.symlink_to(there)
    annotate(task)
    annotate(Job(**{**vars(task), "retry": True}))
    assert task.output.is_symlink()
    fresh = job(articles, "fresh", small_model, format=format)
    annotate(fresh)
    assert written(there) == written(fresh.output)


def test_a_file_that_appears_during_the_run_is_not_replaced(articles: Path, small_model: str) -> None:
    task = job(articles, "out.jsonl", small_model)

    class Meddler(Report):
        def begin(self, total: int | None) -> None:
            task.output.write_text("mine")

    with pytest.raises(RunError, match=r"out\.jsonl: is not of a run; move it away, or replace it: --overwrite"):
        annotate(task, report=Meddler())
    assert task.output.read_text() == "mine"
    task.output.unlink()
    assert annotate(task).annotated == 18


@pytest.mark.parametrize("format", [JsonLines(), Csv(), DocBins()], ids=lambda f: f.name)
def test_a_run_that_is_killed_while_it_replaces_its_files_ends_like_an_undisturbed_one(
    format: Format, articles: Path, small_model: str
) -> None:
    """A run comes to its end again, whichever of the moves was the last before it was killed."""
    write_articles(articles, 8, bad=(3,))
    fresh = job(articles, "fresh", small_model, format=format)
    annotate(fresh)
    for moves in count():
        task = job(articles, f"out-{moves}", small_model, format=format, overwrite=True)
        write_articles(articles, 20)
        annotate(task)
        write_articles(articles, 8, bad=(3,))
        killed = is_killed_after(moves, task)
        assert annotate(task).annotated == 7
        assert written(task.output) == written(fresh.output)
        if not killed:
            assert moves > 4
            return


def is_killed_after(moves: int, task: Job) -> bool:
    """Run a job in a process that is killed after a number of files have been moved or removed at its end."""
    child = os.fork()
    if not child:
        left = iter(range(moves))
        begun = task.output.parent / f"{task.output.name}.work" / "placing.json"

        def die(event: str, arguments: Any) -> None:
            if event in ("os.rename", "os.remove") and begun.exists() and next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(die)
        try:
            annotate(task)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("format", [JsonLines(), Csv()], ids=lambda f: f.name)
def test_an_output_that_is_deleted_is_made_again(format: Format, articles: Path, small_model: str) -> None:
    task = job(articles, "out", small_model, format=format)
    annotate(task)
    before = written(task.output)
    (task.output / "quantities.csv" if format.in_folder else task.output).unlink()
    assert not annotate(task).idle
    assert written(task.output) == before


@pytest.mark.parametrize("retry", [True, False])
def test_an_output_that_is_changed_is_not_taken_for_what_the_run_wrote(
    retry: bool, articles: Path, small_model: str
) -> None:
    task = job(articles, "out.jsonl", small_model)
    annotate(task)
    before = written(task.output)
    shorter = b"".join(task.output.read_bytes().splitlines(keepends=True)[1:])
    task.output.write_bytes(shorter)
    with pytest.raises(RunError, match=r"out\.jsonl: is not as the run has left it; .*--overwrite"):
        annotate(Job(**{**vars(task), "retry": retry}))
    assert task.output.read_bytes() == shorter
    annotate(Job(**{**vars(task), "overwrite": True}))
    assert written(task.output) == before


@pytest.mark.parametrize("content", ["{}", "[]", "{", "\ud800", *OF_ANOTHER_TOOL])
def test_a_manifest_of_something_else_is_not_taken_for_ours(content: str, articles: Path, small_model: str) -> None:
    task = job(articles, "facts", small_model, format=Csv())
    task.output.mkdir()
    (task.output / "manifest.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(RunError, match="is there already"):
        annotate(task)
    annotate(Job(**{**vars(task), "overwrite": True}))
    assert annotate(task).idle


def test_an_input_may_be_named_in_any_bytes(tmp_path: Path, small_model: str) -> None:
    article = in_folder(tmp_path, os.fsdecode(b"x\xe3.txt"))
    task = Job([str(article)], tmp_path / "out.jsonl", JsonLines(), model=small_model)
    assert annotate(task).annotated == 1
    assert annotate(task).idle


def test_the_folder_one_is_in_can_be_the_output(
    articles: Path, small_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert annotate(Job([str(articles)], Path(), Csv(), model=small_model)).annotated == 18
    assert (here / "articles.csv").is_file()


def test_the_root_is_no_output(articles: Path, small_model: str) -> None:
    with pytest.raises(RunError, match="name a file or folder in it"):
        annotate(Job([str(articles)], Path("/"), Csv(), model=small_model))
