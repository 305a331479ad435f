"""`vnreport.annotate` and the annotator that Ray, Spark and Dask apply."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import polars as pl
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

import vnreport
from tests.bulk import Inline, Together
from tests.conftest import ROOT
from vnreport.bulk.annotator import Annotator
from vnreport.bulk.workers import Died, Processes, WorkersError, map_in_order

COLUMNS = Annotator.columns
TEXTS = ["Thu ngân sách đạt 9,2 tỷ đồng.", "", "Xã trồng mới 120 ha rừng.\nĐạt 104,2% kế hoạch.", "Xã họp 😀 lần 3."]


@pytest.fixture(scope="module", autouse=True)
def no_progress_bars() -> Iterator[None]:
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


NO_TEXT = "reading: holds no text; leave it out or export it again"


@pytest.fixture(scope="module")
def expected(small_model: str) -> list[dict[str, Any]]:
    nlp = vnreport.load(small_model)
    return [{**vnreport.to_records(nlp(text)), "error": None if text else NO_TEXT} for text in TEXTS]


def rows(columns: Any) -> list[dict[str, Any]]:
    """The annotation of each row of a table."""
    return [
        dict(zip(COLUMNS, values, strict=True)) for values in zip(*(columns[name] for name in COLUMNS), strict=True)
    ]


def test_texts_are_annotated_lazily_and_in_order(small_model: str, expected: list[dict[str, Any]]) -> None:
    taken = []

    def endless() -> Iterator[str]:
        while True:
            for text in TEXTS:
                taken.append(text)
                yield text

    found = vnreport.annotate(endless(), small_model, batch_size=3)
    assert not taken
    assert [next(found) for _ in range(6)] == [*expected, *expected][:6]
    assert len(taken) == 6


def test_two_processes_keep_the_order_and_are_lazy(small_model: str, expected: list[dict[str, Any]]) -> None:
    taken = []

    def texts() -> Iterator[str]:
        for text in TEXTS * 50:
            taken.append(text)
            yield text

    found = vnreport.annotate(texts(), small_model, batch_size=4, jobs=2)
    assert next(found) == expected[0]
    assert len(taken) <= 4 * 9
    assert list(found) == (expected * 50)[1:]


def test_data_frames_get_columns(small_model: str, expected: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame({"body": TEXTS, "year": range(4)}, index=list("abcd"))
    found = vnreport.annotate(frame, small_model, text="body")
    assert list(found.columns) == ["body", "year", *COLUMNS]
    assert list(found.index) == list("abcd")
    assert rows(found) == expected
    assert list(frame.columns) == ["body", "year"]

    tall = vnreport.annotate(pl.DataFrame({"body": TEXTS}), small_model, text="body")
    assert [dict(zip(COLUMNS, row, strict=True)) for row in tall.select(COLUMNS).rows()] == expected
    values = tall.explode("quantities").select(pl.col("quantities").struct.field("value"))
    assert values["value"].drop_nulls().to_list()[:3] == ["9200000000", "120", "104.2"]
    empty = vnreport.annotate(pl.DataFrame({"body": []}, {"body": pl.String}), small_model, text="body")
    assert empty.schema == tall.schema


TABLES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "a data set": datasets.Dataset.from_dict,
    "the second of two data sets": lambda columns: datasets.DatasetDict(
        train=datasets.Dataset.from_dict({"text": ["Xã họp."], "year": [2020]}),
        test=datasets.Dataset.from_dict(columns),
    ),
    "a stream": lambda columns: datasets.Dataset.from_dict(columns).to_iterable_dataset(),
}
REFUSED: dict[str, tuple[dict[str, list[Any]], str]] = {
    "no texts": (
        {"body": ["Xã họp."], "year": [2020]},
        "there is no column 'text', but 'body', 'year'; name the one with the texts: text=COLUMN",
    ),
    "names of ours": (
        {"text": ["Xã họp."], "roles": ["mine"], "error": ["mine"]},
        "there is 'roles', 'error' already, which annotation would replace; rename it or drop it",
    ),
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("what", REFUSED)
def test_columns_that_do_not_fit_are_refused_at_the_call(kind: str, what: str) -> None:
    columns, message = REFUSED[what]
    with pytest.raises(ValueError, match=f"^{message}$"):
        vnreport.annotate(TABLES[kind](columns))


@pytest.mark.parametrize("what", REFUSED)
def test_columns_that_do_not_fit_are_refused_where_they_are_first_seen(what: str) -> None:
    columns, message = REFUSED[what]
    stream = datasets.IterableDataset.from_generator(lambda: iter([{name: cell for name, (cell,) in columns.items()}]))
    annotator = Annotator()
    for use in (
        lambda: annotator(columns),
        lambda: annotator(pd.DataFrame(columns)),
        lambda: list(vnreport.annotate(stream)),
    ):
        with pytest.raises(ValueError, match=f"^{message}$"):
            use()


def test_two_columns_of_texts_are_refused() -> None:
    frame = pd.DataFrame([["Xã họp.", "Xã bàn."]], columns=["text", "text"])
    with pytest.raises(ValueError, match=r"^there are 2 columns 'text'; rename all but one$"):
        vnreport.annotate(frame)


@pytest.mark.parametrize("texts", [["Xã họp.", ""], ["Xã họp.", "Xã bàn."], [], [""]])
def test_what_has_no_error_has_none_in_frames(texts: list[str], small_model: str) -> None:
    """Not NaN, which is true."""
    frame = pd.DataFrame({"text": texts})
    expected = [None if text else NO_TEXT for text in texts]
    assert vnreport.annotate(frame, small_model)["error"].tolist() == expected
    assert Annotator(small_model)(frame)["error"].tolist() == expected


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["Xã họp.", None]),
        pd.Series(["Xã họp.", None], dtype=object),
        pd.Series(["Xã họp.", pd.NA], dtype=object),
        pd.Series([float("nan"), float("nan")]),
        pd.Series(["Xã họp.", pd.NaT], dtype=object),
        pd.Series([pd.NaT, pd.NaT]),
        pl.Series(["Xã họp.", None]),
    ],
    ids=lambda column: f"{type(column).__module__} {column.dtype}",
)
def test_an_empty_cell_of_a_frame_holds_no_text(column: Any, small_model: str) -> None:
    frame = (pl if isinstance(column, pl.Series) else pd).DataFrame({"text": column})
    assert list(vnreport.annotate(frame, small_model)["error"])[-1] == NO_TEXT


def test_a_script_that_runs_itself_again_in_each_process_is_told_the_remedy(tmp_path: Path, small_model: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"import vnreport\nprint(*vnreport.annotate(['Xã họp.'], {small_model!r}, jobs=2))\n", "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, script], env=environment, capture_output=True, encoding="utf-8")
    assert ended.returncode == 1
    assert ended.stderr.rstrip().endswith('before its model was loaded; a script needs `if __name__ == "__main__":`')


def test_an_unknown_model_is_named_at_the_call() -> None:
    with pytest.raises(OSError, match=r"^no pipeline 'vi_report_xl'; released with vnreport: .*vi_report_sm"):
        vnreport.annotate(["Xã họp."], "vi_report_xl")


class Frame(pd.DataFrame):
    """As geopandas and others derive theirs."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return Frame


class TallFrame(pl.DataFrame):
    """As users derive theirs."""


class Reports(datasets.Dataset):
    """As users derive theirs."""


def test_derived_frames_and_data_sets_get_columns(small_model: str, expected: list[dict[str, Any]]) -> None:
    frame = vnreport.annotate(Frame({"text": TEXTS}), small_model)
    assert isinstance(frame, Frame)
    assert rows(frame) == expected

    tall = vnreport.annotate(TallFrame({"text": TEXTS}), small_model)
    assert [dict(zip(COLUMNS, row, strict=True)) for row in tall.select(COLUMNS).rows()] == expected

    data = Reports(datasets.Dataset.from_dict({"text": TEXTS}).data)
    assert rows(vnreport.annotate(data, small_model)) == expected


def test_a_column_of_a_data_set_is_texts(small_model: str, expected: list[dict[str, Any]]) -> None:
    data = datasets.Dataset.from_dict({"text": TEXTS})
    assert list(vnreport.annotate(data["text"], small_model)) == expected


def test_data_sets_get_columns(small_model: str, expected: list[dict[str, Any]]) -> None:
    data = datasets.Dataset.from_dict({"text": TEXTS, "year": list(range(4))})
    found = vnreport.annotate(data, small_model, batch_size=2)
    assert isinstance(found, datasets.Dataset)
    assert found.column_names == ["text", "year", *COLUMNS]
    assert rows(found) == expected

    parts = vnreport.annotate(datasets.DatasetDict(train=data, test=data.select([0])), small_model)
    assert isinstance(parts, datasets.DatasetDict)
    assert rows(parts["train"]) == expected
    assert rows(parts["test"]) == expected[:1]

    stream = vnreport.annotate(data.to_iterable_dataset(), small_model, batch_size=2)
    assert isinstance(stream, datasets.IterableDataset)
    assert [{name: row[name] for name in COLUMNS} for row in stream] == expected
    assert [row["year"] for row in stream] == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", [None, "numpy", "pandas"])
def test_a_data_set_without_rows_gets_columns_too(kind: str | None, small_model: str) -> None:
    data = datasets.Dataset.from_dict({"text": TEXTS, "year": list(range(4))})
    whole = vnreport.annotate(data, small_model)
    parts = datasets.DatasetDict(train=data, test=data.select([]).with_format(kind))
    found = vnreport.annotate(parts, small_model)
    assert len(found["test"]) == 0
    assert found["test"].column_names == whole.column_names
    assert found["test"].features == whole.features
    assert found["test"].format["type"] == kind
    assert rows(datasets.concatenate_datasets([found["test"].with_format(None), found["train"]])) == rows(whole)


def test_a_data_set_is_annotated_once(small_model: str, tmp_path: Path) -> None:
    """The key of the cache is the same before and after the pipeline's first use, and another for another model."""
    datasets.Dataset.from_dict({"text": TEXTS}).save_to_disk(tmp_path / "data")

    def annotate(model: str | None) -> Any:
        return vnreport.annotate(datasets.load_from_disk(tmp_path / "data"), model)

    first, second, other = annotate(small_model), annotate(small_model), annotate(None)
    assert first.cache_files == second.cache_files
    assert first.cache_files != other.cache_files
    assert rows(first) == rows(second) != rows(other)


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        ("một văn bản", "not str; put one text in a list"),
        ({"text": ["Xã họp."]}, r"not dict; of a mapping give its texts, such as data\['text'\]"),
        (b"Xa hop.", "not bytes"),
        (5, "not int"),
        (None, "not NoneType"),
    ],
)
def test_what_cannot_be_annotated_is_refused(data: Any, remedy: str) -> None:
    with pytest.raises(TypeError, match=f"give a data set, a frame or an iterable of strings, {remedy}$"):
        vnreport.annotate(data)


@pytest.mark.parametrize("data", [TEXTS, pd.DataFrame({"text": TEXTS})], ids=["texts", "frame"])
@pytest.mark.parametrize("option", ["jobs", "batch_size"])
@pytest.mark.parametrize("number", [0, -1])
def test_fewer_than_one_is_refused_at_the_call(data: Any, option: str, number: int) -> None:
    options: dict[str, Any] = {option: number}
    with pytest.raises(ValueError, match=f"^{option} is {number}; give 1 or more$"):
        vnreport.annotate(data, **options)


def test_the_annotator_can_be_pickled_before_and_after_its_use(
    small_model: str, expected: list[dict[str, Any]]
) -> None:
    annotator = Annotator(small_model)
    before = pickle.dumps(annotator)
    assert annotator(TEXTS) == expected
    assert pickle.dumps(annotator) == before
    assert pickle.loads(before)(TEXTS) == expected


def test_a_text_that_a_stage_cannot_bear_is_set_aside_alone(tmp_path: Path) -> None:
    @Language.component("test_stumbles")
    def stumble(doc: Doc) -> Doc:
        if "hố" in doc.text:
            raise ValueError("a hole\nin <object at 0x7f01>")
        return doc

    nlp = spacy.blank("xx")
    nlp.add_pipe("test_stumbles")
    nlp.to_disk(tmp_path / "model")
    texts = ["đường", "hố", "x" * 1_000_001, "cầu", 5, "nan", " \n"]
    found = Annotator(tmp_path / "model").records(texts)  # type: ignore[arg-type]
    assert [row["error"] for row in found] == [
        None,
        "test_stumbles: ValueError: a hole in <object >",
        "reading: 1,000,001 characters in one text, more than 1,000,000; split it into articles",
        None,
        "reading: is no text but int",
        None,
        NO_TEXT,
    ]
    assert all(row["sentences"] == [] for row in found)


@pytest.mark.parametrize("words", [0, 1_000_000], ids=["forgotten", "kept"])
def test_batches_do_not_change_the_result(
    words: int, nlp: Language, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vnreport.bulk.annotator._WORDS", words)
    texts = [text[: 60 * i] for i in range(20)] + [text * 40, "", " "]
    alone = [vnreport.to_records(nlp(one)) for one in texts]
    together = Annotator("vi_report_sm").records(texts)
    errors = [None if one.strip() else NO_TEXT for one in texts]
    assert [{**row, "error": error} for row, error in zip(alone, errors, strict=True)] == together


class Fails:
    """Raises where it is loaded, or where it is used."""

    def __init__(self, where: str) -> None:
        self.where = where

    def load(self) -> None:
        if self.where == "load":
            raise OSError("no model there")

    def __call__(self, task: int) -> int:
        raise ValueError("no way")


@pytest.mark.parametrize(("where", "message"), [("load", "OSError: no model there"), ("call", "ValueError: no way")])
def test_what_workers_raise_is_raised(where: str, message: str) -> None:
    with Processes(Fails(where), 1) as workers, pytest.raises(RuntimeError, match=message):
        list(map_in_order(workers, [1], ahead=1))


def test_workers_load_side_by_side_however_large_their_tasks(tmp_path: Path) -> None:
    tasks = [bytes(size) for size in (3_000_000, 2_000_000, 1_000_000)]
    with Processes[bytes, int](Together(3, tmp_path), 3) as workers:
        assert list(map_in_order(workers, tasks, ahead=3)) == [3_000_000, 2_000_000, 1_000_000]


class Dying(Inline[list[int], int]):
    """It dies so many times over each task."""

    def __init__(self, deaths: int) -> None:
        super().__init__(sum)
        self._deaths = self._left = deaths

    def wait(self) -> list[tuple[list[int], int | Died]]:
        [(task, answer)] = super().wait()
        if self._left:
            self._left -= 1
            return [(task, Died("was killed"))]
        self._left = self._deaths
        return [(task, answer)]


ONE = [1]


@pytest.mark.parametrize(
    ("tasks", "answers"),
    [(([n] for n in range(50)), [*range(50)]), ([ONE, ONE, ONE], [1, 1, 1])],
    ids=["new ones in the place of those done", "the same again"],
)
def test_each_task_may_kill_one_process(tasks: Iterable[list[int]], answers: list[int]) -> None:
    assert list(map_in_order(Dying(1), tasks, ahead=2)) == answers


def test_a_task_that_kills_two_processes_is_an_error() -> None:
    with pytest.raises(WorkersError, match="two processes died over the same texts: the second was killed"):
        list(map_in_order(Dying(2), [ONE], ahead=2))
