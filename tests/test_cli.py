"""The command line: what it writes, what it says, and what bad input does."""

from __future__ import annotations

import json
import unicodedata
from codecs import BOM_UTF32_BE, BOM_UTF32_LE
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from spacy.language import Language
from typer.testing import CliRunner

import vnreport
from tests.conftest import EXAMPLE
from vnreport.cli import app
from vnreport.inputs import InputError, Text, decode, guess_encoding
from vnreport.pretty import render

SENTENCE = "Đảng ủy xã họp. Thu ngân sách đạt 9,2 tỷ đồng."


def run(*arguments: str, input: str | bytes | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["annotate", *arguments], input=input)
    return result.exit_code, result.stdout, result.stderr


def test_a_file_becomes_a_line(nlp: Language, text: str) -> None:
    code, out, _ = run(str(EXAMPLE), "--model", "vi_report_sm")
    (line,) = out.splitlines()
    row = json.loads(line)
    assert code == 0
    assert row.pop("id") == str(EXAMPLE)
    assert row.pop("text") == text
    assert row == vnreport.to_records(nlp(text))


def test_a_folder_becomes_a_file_in_the_order_of_names(tmp_path: Path) -> None:
    folder = tmp_path / "báo cáo"
    (folder / "b").mkdir(parents=True)
    for name in ("c.TXT", "a.txt", "b/x.txt"):
        (folder / name).write_text(SENTENCE, encoding="utf-8")
    (folder / "notes.md").write_text("left alone", encoding="utf-8")
    out = tmp_path / "new" / "out.jsonl"
    code, shown, _ = run(str(folder), "-o", str(out))
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert (code, shown) == (0, "")
    assert [Path(row["id"]).relative_to(folder).as_posix() for row in rows] == ["a.txt", "b/x.txt", "c.TXT"]
    assert rows[0]["quantities"][0]["value"] == "9200000000"


def test_standard_input() -> None:
    code, out, _ = run("-", input=SENTENCE.encode())
    row = json.loads(out)
    assert (code, row["id"], row["text"]) == (0, "-", SENTENCE)


def test_pretty_shows_sentences_and_tables() -> None:
    code, out, _ = run(str(EXAMPLE), "--pretty")
    assert code == 0
    for words in ("SHO", "Tuy nhiên", "People and offices", "Lường Văn Panh", "Indicators", "24.2", "Quantities"):
        assert words in out


def test_pretty_breaks_no_line_in_a_file(nlp: Language, text: str) -> None:
    _, out, _ = run(str(EXAMPLE), "--pretty", "--model", "vi_report_sm")
    lines = [line.rstrip() for line in out.splitlines()]
    sentences = [f"{row['label'][:3]} {row['text']}" for row in vnreport.to_records(nlp(text))["sentences"]]
    assert [line for line in lines if line in sentences] == sentences
    assert any("│ 6 tháng cuối năm 2020 │ period  │ 2020-07-01/2020-12-31 │" in line for line in lines)
    assert "…" not in out


@pytest.mark.parametrize("width", [45, 60, 80, 200])
def test_pretty_cuts_no_word_however_narrow_the_terminal_is(width: int, nlp: Language, text: str) -> None:
    records = vnreport.to_records(nlp(text))
    file = StringIO()
    Console(file=file, width=width).print(render(Text("a.txt", text), records))
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in file.getvalue()
    assert "base" not in file.getvalue(), "a column without a value"
    letters = Counter(file.getvalue())
    cells = "".join(row["text"] for row in (*records["quantities"], *records["sentences"]))
    assert all(letters[letter] >= count for letter, count in Counter("".join(cells.split())).items())


TCVN3 = "§¶ng ñy x· §ång Má tæ chøc héi nghÞ s¬ kÕt. C¸c chØ tiªu ®Òu ®¹t vµ v\xadît kÕ ho¹ch n¨m; x· kh¸ lªn."
VNI = "Ñaûng uûy xaõ Ñoàng Moû toå chöùc hoäi nghò."
BAD = {
    "missing.txt": (None, "no such file or folder; check the name"),
    "empty.txt": (b"", "holds no text"),
    "mark.txt": (b"\xef\xbb\xbf", "holds no text"),
    "blank.txt": (b" \n\n", "holds no text"),
    "binary.txt": (bytes(range(256)) * 20, "is binary or in an unknown encoding; save it as .txt in UTF-8"),
    "page.txt": (b"%PDF-1.7 ...", "is a PDF, not plain text; save it as .txt in UTF-8"),
    "tcvn3.txt": (TCVN3.encode(), "is typed for an old font (TCVN3 or VNI)"),
    "tcvn3-bytes.txt": (TCVN3.encode("cp1252"), "is typed for an old font (TCVN3 or VNI)"),
    "vni.txt": (VNI.encode(), "is typed for an old font (TCVN3 or VNI)"),
    "vni-bytes.txt": (VNI.encode("cp1252"), "is typed for an old font (TCVN3 or VNI)"),
    "letter.txt": (b"PK\x03\x04....", "is an Office or zip file, not plain text"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_and_the_rest_is_annotated(name: str, tmp_path: Path) -> None:
    data, message = BAD[name]
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    good = tmp_path / "good.txt"
    good.write_text(SENTENCE, encoding="utf-8")
    code, out, errors = run(str(path), str(good))
    assert code == 1
    assert json.loads(out)["id"] == str(good)
    first, last = errors.strip().splitlines()
    assert first.startswith(f"error {path}: ")
    assert message in first
    assert last == "1 annotated, 1 left out"


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    code, _, errors = run(str(tmp_path))
    assert code == 2
    assert "no .txt file in this folder" in errors


def test_an_unknown_model_is_named(tmp_path: Path) -> None:
    code, _, errors = run(str(EXAMPLE), "--model", "vi_report_xl")
    assert code == 2
    assert "no pipeline 'vi_report_xl'" in errors
    assert "vi_report_sm" in errors


@pytest.mark.parametrize("name", ["[/x].txt", "[bold]a.txt"])
def test_names_with_brackets_are_shown_as_they_are(name: str) -> None:
    code, _, errors = run(name)
    assert code == 2
    assert errors.startswith(f"error {name}: no such file")


def test_an_output_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    for output, message in ((tmp_path, "is a folder"), (EXAMPLE / "x.jsonl", "cannot be written")):
        code, _, errors = run(str(EXAMPLE), "-o", str(output))
        assert code == 2
        assert message in errors
    assert not list(tmp_path.iterdir())


def test_an_input_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(SENTENCE, encoding="utf-8")
    code, _, errors = run(str(tmp_path), "-o", str(path))
    assert code == 2
    assert "is one of the inputs" in errors
    assert path.read_text(encoding="utf-8") == SENTENCE


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"vnreport {vnreport.__version__}\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"])
def test_encodings_that_are_read(encoding: str) -> None:
    text = SENTENCE
    if encoding == "cp1258":  # it writes most tones as marks of their own
        for tone in "\u0300\u0301\u0303\u0309\u0323":
            for letter in "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY":
                text = text.replace(unicodedata.normalize("NFC", letter + tone), letter + tone)
    assert unicodedata.normalize("NFC", decode(text.encode(encoding), "x")) == SENTENCE


@pytest.mark.parametrize(("bom", "encoding"), [(BOM_UTF32_LE, "utf-32-le"), (BOM_UTF32_BE, "utf-32-be")])
def test_utf_32_is_not_taken_for_utf_16(bom: bytes, encoding: str) -> None:
    data = bom + SENTENCE.encode(encoding)
    assert decode(data, "x") == SENTENCE
    assert data.decode(guess_encoding(data)) == SENTENCE


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe\x00", "save it as .txt in UTF-8"),
        (b"\xff\xfe" + b"\x01\x00\x02\x00" * 10, "save it as .txt in UTF-8"),
        (b"\xef\xbb\xbf" + b"\x01\x02" * 10, "save it as .txt in UTF-8"),
        (SENTENCE.encode("utf-32")[:-1], "save it as .txt in UTF-8"),
        (b"\x80\x81\x82\x83" * 10, "save it as .txt in UTF-8"),
        ("Sự thật đã rõ".encode()[:-1], "UTF-8 with broken characters"),
    ],
)
def test_what_is_not_text_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=rf"^x: .*{message}"):
        decode(data, "x")


def test_help_teaches() -> None:
    shown = " ".join(CliRunner().invoke(app, ["annotate", "--help"]).stdout.split())
    assert "vnreport annotate report.txt --pretty" in shown
