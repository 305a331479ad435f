"""The command line of bulk annotation: streams, formats, exit codes, what is logged, and signals."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vnreport.bulk.engine import Stop
from vnreport.bulk.report import JsonLog
from vnreport.cli import app
from vnreport.cli_annotate import _stopping_at_signals

SENTENCE = "Đảng ủy xã họp. Thu ngân sách đạt 9,2 tỷ đồng."
ROWS = "".join(json.dumps({"body": f"Xã trồng {i} ha rừng.", "url": f"x/{i}"}) + "\n" for i in range(70))


def run(*arguments: str, input: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["annotate", *arguments], input=input)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_table_from_a_pipe_in_order(jobs: str, small_model: str) -> None:
    options = ["--from", "jsonl", "--text", "body", "--id", "url", "--jobs", jobs, "--model", small_model]
    code, out, _ = run("-", *options, input=ROWS)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["id"] for row in rows] == [f"x/{i}" for i in range(70)]
    assert [row["quantities"][0]["value"] for row in rows] == [str(i) for i in range(70)]


def test_a_stream_sets_aside_what_is_named_as_an_earlier_article(small_model: str) -> None:
    options = ["--from", "jsonl", "--text", "body", "--id", "url", "--model", small_model]
    code, out, errors = run("-", *options, input=ROWS + ROWS.splitlines()[3])
    assert (code, len(out.splitlines())) == (1, 70)
    assert "error -#71: an earlier article has 'x/3' in the column 'url' too" in errors


@pytest.mark.parametrize(
    ("name", "options", "written"),
    [
        ("out", [], "out"),
        ("out.parquet", [], "out.parquet/quantities.parquet"),
        ("out.spacy", [], "out.spacy/000000.spacy"),
        ("out", ["--format", "csv"], "out/articles.csv"),
        ("năm.2020", ["--format", "jsonl"], "năm.2020"),
    ],
)
def test_the_ending_tells_the_format(
    name: str, options: list[str], written: str, tmp_path: Path, small_model: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text(SENTENCE, encoding="utf-8")
    code, _, errors = run(str(path), "-o", str(tmp_path / name), "--model", small_model, *options)
    assert (code, errors) == (0, f"{tmp_path / name}: 1 annotated\n")
    assert (tmp_path / written).is_file()


@pytest.mark.parametrize("name", ["out.xlsx", "out.txt", "out.jsonl.gz", "năm.2020"])
def test_an_ending_that_tells_no_format_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(SENTENCE, encoding="utf-8")
    code, _, errors = run(str(path), "-o", str(tmp_path / name))
    assert code == 2
    assert f"{name}: its ending tells no format; end it in one of .jsonl, .parquet, .csv, .spacy" in errors
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--format", "parquet"], "--format"),
        (["--shard-size", "128"], "--shard-size"),
        (["--retry-errors"], "--retry-errors"),
        (["--overwrite", "-o", "-"], "--overwrite"),
        (["--engine", "ray", "--address", "auto"], "--engine ray, --address"),
        (["--log-json", "--pretty"], "--log-json"),
    ],
)
def test_what_needs_an_output_is_refused_without_one(options: list[str], named: str) -> None:
    code, out, errors = run("-", *options, input=SENTENCE)
    assert (code, out) == (2, "")
    assert errors == f"error {named}: needs a file or folder to write; name it: -o OUT\n"


def test_the_address_of_a_cluster_is_refused_without_ray(tmp_path: Path) -> None:
    code, _, errors = run("-", "-o", str(tmp_path / "out.jsonl"), "--address", "auto", input=SENTENCE)
    assert (code, errors) == (2, "error --address: is Ray's; add --engine ray\n")
    assert not [*tmp_path.iterdir()]


def test_the_exit_code_says_whether_all_some_or_none_were_annotated(tmp_path: Path, small_model: str) -> None:
    good, bad, out = tmp_path / "good.txt", tmp_path / "bad.txt", tmp_path / "out.jsonl"
    good.write_text(SENTENCE, encoding="utf-8")
    bad.write_text("")
    for inputs, expected in (([good], 0), ([good, bad], 1), ([bad], 2)):
        code, _, errors = run(*map(str, inputs), "-o", str(out), "--model", small_model, "--overwrite")
        assert code == expected
        assert ("out.jsonl.errors.jsonl" in errors) == (inputs == [good, bad])


WRONG = {
    "no.txt": (None, "no.txt: no such file or folder; check the name"),
    "table.csv": (
        b"body\n1\n",
        "table.csv: has no column 'text', but 'body'; name the one with the text: --text COLUMN",
    ),
    "rows.jsonl": (
        b'{"body": "a"}\n',
        "rows.jsonl#1: has no column 'text', but 'body'; name the one with the text: --text COLUMN",
    ),
    "empty.txt": (b"", "empty.txt: holds no text; leave it out or export it again"),
}


@pytest.mark.parametrize("options", [(), ("--format", "parquet"), ("--log-json",)])
@pytest.mark.parametrize("name", WRONG)
def test_where_nothing_can_be_annotated_nothing_is_written(
    name: str, options: tuple[str, ...], tmp_path: Path, small_model: str
) -> None:
    data, message = WRONG[name]
    path, out = tmp_path / name, tmp_path / "new" / "folder" / "out.jsonl"
    if data is not None:
        path.write_bytes(data)
    code, _, errors = run(str(path), "-o", str(out), "--model", small_model, "-j", "1", *options)
    assert code == 2
    if "--log-json" in options:
        assert [json.loads(line)["event"] for line in errors.splitlines()][-2:] == ["shard", "refused"]
    else:
        assert errors.splitlines() == [
            f"error {tmp_path / message}",
            f"error {out}: is not written, since nothing could be annotated; mend what is named above",
        ]
    assert [*tmp_path.iterdir()] == [path] * path.exists()


def test_what_is_logged_for_machines(tmp_path: Path, small_model: str) -> None:
    path, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text(ROWS + "[]\n", encoding="utf-8")
    options = ["--text", "body", "--shard-size", "40", "--jobs", "1", "--model", small_model, "--log-json"]
    code, _, errors = run(str(path), "-o", str(out), *options)
    events = [json.loads(line) for line in errors.splitlines()]
    assert code == 1
    assert [event["event"] for event in events] == ["begin", "shard", "error", "shard", "complete"]
    assert events[0]["bytes"] == path.stat().st_size
    assert [event["articles"] for event in events if event["event"] == "shard"] == [40, 70]
    assert events[1]["syllables_per_second"] > 0
    assert events[1]["seconds_left"] >= 0
    assert events[2]["id"] == f"{path}#71"
    assert (events[4]["annotated"], events[4]["errors"]) == (70, 1)


def test_a_summary_is_for_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(SENTENCE, encoding="utf-8")
    code, _, errors = run(str(path), "--pretty", "-o", str(tmp_path / "x"))
    assert code == 2
    assert "leave out -o" in errors
    assert [*tmp_path.iterdir()] == [path]


def test_a_summary_takes_no_jobs() -> None:
    code, out, errors = run("-", "--pretty", "--jobs", "4", input=SENTENCE)
    assert (code, out) == (2, "")
    assert errors == "error --jobs: --pretty shows one article after the other; leave out one of them\n"


@pytest.mark.parametrize("options", [[], ["--pretty"]], ids=["stream", "pretty"])
def test_a_reader_that_has_enough_ends_the_stream_quietly(options: list[str], tmp_path: Path, small_model: str) -> None:
    articles = tmp_path / "in.jsonl"
    articles.write_text(ROWS * 20, encoding="utf-8")
    program = [sys.executable, "-m", "vnreport.cli", "annotate", str(articles), "--text", "body", *options]
    with subprocess.Popen(
        [*program, "--model", small_model], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_a_second_ctrl_c_is_an_unfinished_run_too(tmp_path: Path, small_model: str) -> None:
    articles, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    articles.write_text(ROWS * 60, encoding="utf-8")
    options = ["--text", "body", "--shard-size", "700", "--jobs", "1", "--model", small_model, "--log-json"]
    program = [sys.executable, "-m", "vnreport.cli", "annotate", str(articles), "-o", str(out), *options]
    events = []
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            events.append(json.loads(line))
            if events[-1]["event"] in ("shard", "stopping"):
                process.send_signal(signal.SIGINT)
    assert process.returncode == 3
    assert [event["event"] for event in events] == ["begin", "shard", "stopping", "unfinished"]
    assert events[-1]["command"].startswith("vnreport annotate ")


class Interrupting(io.RawIOBase):
    """A file that brings Ctrl-C while its first line is written."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if not self.data:
            os.kill(os.getpid(), signal.SIGINT)
        self.data += bytes(data)
        return len(data)


def test_ctrl_c_that_comes_while_a_line_is_written_leaves_it_whole() -> None:
    file, stop = Interrupting(), Stop()
    log = JsonLog(io.TextIOWrapper(io.BufferedWriter(file), encoding="utf-8"))
    with _stopping_at_signals(stop, log):
        log.say("first", "xã")
    assert stop.asked
    assert [json.loads(line)["event"] for line in file.data.splitlines()] == ["first", "stopping"]


def test_a_second_ctrl_c_leaves_at_once() -> None:
    stop = Stop()
    with _stopping_at_signals(stop, JsonLog(io.StringIO())):
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
