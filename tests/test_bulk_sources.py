"""What can be read, what is said of what cannot, and that nothing stops the rest."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from unicodedata import normalize

import pytest

from tests.bulk import annotate
from tests.timing import growth
from vnreport.bulk import readers
from vnreport.bulk.engine import Job
from vnreport.bulk.formats import JsonLines
from vnreport.bulk.items import MAX_BYTES, Item, Reading
from vnreport.bulk.readers import read_item
from vnreport.bulk.sources import read_inputs, total_size
from vnreport.inputs import InputError, Text

TEXT = "Đảng ủy xã họp.\nThu ngân sách đạt 9,2 tỷ đồng."
PAGE = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>Xã họp | Cổng thông tin</title>
<meta property="og:title" content="Xã Đồng Mỏ sơ kết"><meta name="author" content="Ngô Thị Liễu">
<meta property="article:published_time" content="2020-07-08T08:00:00+07:00"></head>
<body><nav><a href="/">Trang chủ</a><a href="/lien-he">Liên hệ</a></nav>
<article><h1>Xã Đồng Mỏ sơ kết</h1><p>{TEXT} Sáng ngày 8/7, các đồng chí đã về dự đông đủ.</p>
<p>Trồng mới 120 ha rừng, đạt 104,2% kế hoạch năm; xã giữ vững 17/19 tiêu chí nông thôn mới.</p></article>
<footer>Bản quyền thuộc về Ủy ban nhân dân xã</footer></body></html>"""
PICTURE = "R0lGODdhAQABAIAAAP///////ywAAAAAAQABAAACAkQBADs="


def docx(*paragraphs: str, rows: tuple[tuple[str, ...], ...] = ()) -> bytes:
    from docx import Document

    document = Document()
    document.core_properties.author = "Ngô Thị Liễu"
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if rows:
        table = document.add_table(len(rows), len(rows[0]))
        for cells, row in zip(table.rows, rows, strict=True):
            for cell, value in zip(cells.cells, row, strict=True):
                cell.text = value
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def pdf(text: str) -> bytes:
    """One page in Helvetica; without text it is as good as a scan."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode() if text else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    data = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return data + b"xref\n0 5\n0000000000 65535 f \n%strailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(data),
    )


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return file.getvalue()


def read(*names: Path | str, reading: Reading = Reading()) -> list[Text | str]:  # noqa: B008
    """The texts of inputs, and the reasons in the place of those that cannot be read."""
    found: list[Text | str] = []
    for _, item in read_inputs([str(name) for name in names], reading):
        try:
            found.append(read_item(item, reading))
        except InputError as error:
            found.append(error.reason)
    return found


def test_a_web_page_gives_its_main_text_and_what_is_known_of_it(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE, encoding="utf-8")
    (page,) = read(path)
    assert isinstance(page, Text)
    assert page.text.startswith("Xã Đồng Mỏ sơ kết\n")
    assert "17/19 tiêu chí" in page.text
    assert "Trang chủ" not in page.text
    assert "Bản quyền" not in page.text
    assert page.meta == {"title": "Xã Đồng Mỏ sơ kết", "author": "Ngô Thị Liễu", "date": "2020-07-08"}


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "utf-8"),
        ("iso-8859-1", "utf-8-sig"),
        ("iso-8859-1", "utf-16"),
        ("x-unknown", "utf-8"),
        ("utf-8", "cp1258"),
        ("windows-1258", "cp1258"),
        ("gb18030", "gb18030"),
    ],
)
def test_a_web_page_is_read_as_what_it_is(declared: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(encoded(PAGE.replace('"utf-8"', f'"{declared}"'), encoding))
    (page,) = read(path)
    assert isinstance(page, Text)
    assert normalize("NFC", page.text).startswith("Xã Đồng Mỏ sơ kết\n")


def test_a_word_file_gives_paragraphs_and_rows(tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    path.write_bytes(docx("Xã họp.", "Kết quả:", rows=(("Lúa", "120 ha"), ("Ngô", "30 ha"))))
    (letter,) = read(path)
    assert isinstance(letter, Text)
    assert letter.text == "Xã họp.\nKết quả:\nLúa\t120 ha\nNgô\t30 ha"
    assert letter.meta["author"] == "Ngô Thị Liễu"


def test_a_pdf_file_gives_its_text_layer(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf("Thu 9,2 ty dong."))
    (tmp_path / "scan.pdf").write_bytes(pdf(""))
    first, second = read(tmp_path)
    assert isinstance(first, Text)
    assert first.text.strip() == "Thu 9,2 ty dong."
    assert second == "has no text layer; run OCR on it first"


def test_a_pdf_file_that_is_encrypted_without_a_password_is_read(tmp_path: Path) -> None:
    from pypdf import PdfWriter

    writer = PdfWriter(io.BytesIO(pdf("Thu 9,2 ty dong.")))
    writer.encrypt(user_password="", owner_password="chủ", algorithm="AES-256")
    writer.write(tmp_path / "a.pdf")
    (article,) = read(tmp_path)
    assert isinstance(article, Text)
    assert article.text.strip() == "Thu 9,2 ty dong."


def rows_as(kind: str, rows: list[dict[str, Any]], path: Path) -> Path:
    """Write a table in one of the formats."""
    import pyarrow as pa
    from datasets import Dataset
    from pyarrow import parquet

    path = path / f"table.{kind}"
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    quoted = [[f'"{cell}"' for cell in (*row.values(),)] for row in rows]
    if kind.startswith("jsonl"):
        path.write_bytes(gzip.compress(lines.encode()) if kind.endswith("gz") else lines.encode())
    elif kind in ("csv", "tsv", "semicolons.csv", "excel.csv"):
        delimiter = {"csv": ",", "tsv": "\t"}.get(kind, ";")
        above = ["sep=;"] * (kind == "excel.csv")
        table = [*above, *(delimiter.join(cells) for cells in [list(rows[0]), *quoted])]
        path.write_text("\n".join(table), encoding="utf-8-sig")
    elif kind == "parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
    else:
        Dataset.from_list(rows).save_to_disk(path)
    return path


@pytest.mark.parametrize(
    "kind", ["jsonl", "jsonl.gz", "csv", "tsv", "semicolons.csv", "excel.csv", "parquet", "dataset"]
)
def test_a_table_gives_an_article_a_row_with_the_other_columns(kind: str, tmp_path: Path) -> None:
    rows = [{"url": "x/1", "body": TEXT, "year": 2020}, {"url": "x/2", "body": "Xã họp; rồi, về.", "year": 2021}]
    path = rows_as(kind, rows, tmp_path)
    found = read(path, reading=Reading(text="body"))
    assert [(text.id, text.text) for text in found if isinstance(text, Text)] == [
        (f"{path}#1", TEXT),
        (f"{path}#2", "Xã họp; rồi, về."),
    ]
    year: Any = "2020" if "sv" in kind else 2020
    assert isinstance(found[0], Text)
    assert found[0].meta == {"url": "x/1", "year": year}
    named = read(path, reading=Reading(text="body", id="url"))
    assert [text.id for text in named if isinstance(text, Text)] == ["x/1", "x/2"]
    there = "but 'url', 'body', 'year'; name the one with the"
    for reading, message in (
        (Reading(text="content"), f"has no column 'content', {there} text: --text COLUMN"),
        (Reading(text="body", id="name"), f"has no column 'name', {there} article's name: --id COLUMN"),
    ):
        assert set(read(path, reading=reading)) == {message}


def test_a_name_that_a_header_repeats_keeps_all_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("text,year,year,year.1,year\nXã họp.,1,2,3,4\n", encoding="utf-8")
    (row,) = read(path)
    assert isinstance(row, Text)
    assert row.meta == {"year": "1", "year.2": "2", "year.1": "3", "year.3": "4"}
    assert read(path, reading=Reading(text="year")) == ["has 3 columns 'year'; rename all but one"]
    assert read(path, reading=Reading(id="year")) == ["has 3 columns 'year'; rename all but one"]


def test_a_data_set_of_the_hub_is_read_where_the_user_names_one(tmp_path: Path) -> None:
    rows_as("jsonl", [{"text": TEXT, "year": 2020}], tmp_path)
    assert [type(text) for text in read(f"hf:{tmp_path}")] == [Text]
    assert [type(text) for text in read(f"hf:{tmp_path}:train")] == [Text]
    (reason,) = read(f"hf:{tmp_path}:test")
    assert "test" in str(reason)


def test_a_data_set_with_pictures_and_arrays_is_the_same_at_each_reading(tmp_path: Path) -> None:
    from datasets import Dataset, Features, Image, List, Value

    features = Features({"text": Value("string"), "pages": List(Image()), "sizes": List(Value("int32"))})
    picture = {"bytes": base64.b64decode(PICTURE), "path": None}
    data = Dataset.from_dict({"text": [TEXT], "pages": [[picture]], "sizes": [[1, 2]]}, features)
    data.with_format("numpy").save_to_disk(tmp_path)
    first, second = ([item.digest() for _, item in read_inputs([str(tmp_path)], Reading())] for _ in range(2))
    assert first == second
    (text,) = read(tmp_path)
    assert isinstance(text, Text)
    assert text.meta == {"pages": [{"bytes": PICTURE, "path": None}], "sizes": [1, 2]}


def test_a_cell_that_is_an_object_is_named_and_does_not_change_the_digest() -> None:
    first, second = (Item("t#1", "t", "row", {"text": TEXT, "page": object()}) for _ in range(2))
    assert first.digest() == second.digest()
    with pytest.raises(InputError, match="column 'page' holds an object of type object, which cannot be written"):
        read_item(first, Reading())


def test_an_archive_gives_what_lies_in_it(tmp_path: Path) -> None:
    path = tmp_path / "pages.zip"
    inner = archive(x=b"")
    members = {
        "b/a.txt": TEXT.encode(),
        "t.csv": b"text\nXa hop",
        "__MACOSX/._a.txt": b"\0",
        "x.png": b"",
        "n.zip": inner,
    }
    path.write_bytes(archive(**members))
    items = [item for _, item in read_inputs([str(path)], Reading())]
    assert [(item.id, item.source) for item in items] == [
        (f"{path}/b/a.txt", str(path)),
        (f"{path}/t.csv#1", str(path)),
        (f"{path}/n.zip", str(path)),
    ]
    assert "an archive within an archive" in str(items[2].error)


def test_inputs_are_read_once_each_in_the_order_given(tmp_path: Path) -> None:
    for name in ("c/2.txt", "c/1.txt", "a.txt", "b.txt.gz", "skipped/x.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(TEXT.encode()) if name.endswith("gz") else TEXT.encode())
    names = [str(tmp_path / name) for name in ("c/2.txt", "c", "c/1.txt", "*.txt", "*.txt*", ".", "nothing*")]
    items = [item for _, item in read_inputs(names, Reading(), skip=[tmp_path / "skipped"])]
    found = [Path(item.id).relative_to(tmp_path).as_posix() for item in items]
    assert found == ["c/2.txt", "c/1.txt", "a.txt", "b.txt.gz", "nothing*"]
    assert items[-1].error == "no such file or folder; check the name"
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "skipped"]
    assert total_size(names, [tmp_path / "skipped"]) == sum(path.stat().st_size for path in files)
    assert total_size(["-", *names]) is None


def test_a_saved_data_set_is_read_once_whatever_its_names(tmp_path: Path) -> None:
    path = rows_as("dataset", [{"text": TEXT}], tmp_path)
    assert len(read(path, f"{tmp_path}/./{path.name}")) == 1


def test_naming_many_folders_takes_time_by_their_number_alone(tmp_path: Path) -> None:
    folders = [tmp_path / f"{number}" for number in range(1200)]
    for folder in folders:
        folder.mkdir()
        (folder / "a.txt").touch()

    def name(count: int) -> None:
        assert len([*read_inputs([str(folder) for folder in folders[:count]], Reading())]) == count

    assert growth(name, 300, 1200) < 8


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may enter every folder; as another user the system's answers are those that users get."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_folder_that_cannot_be_entered_is_named_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("all/a.txt", "all/locked/x.txt", "all/z.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
        (tmp_path / name).chmod(0o644)
    for name in ("", "all"):
        (tmp_path / name).chmod(0o755)
    (tmp_path / "all/locked").chmod(0o444)
    monkeypatch.chdir(tmp_path)
    try:
        with without_privileges():
            reasons = {item.id: item.error for _, item in read_inputs(["all"], Reading())}
            named = [
                item.error for name in ("all/locked", "all/locked/*") for _, item in read_inputs([name], Reading())
            ]
            assert total_size(["all/locked", "all/locked/*", "all"]) == 2 * len(TEXT.encode())
    finally:
        (tmp_path / "all/locked").chmod(0o755)
    refused = "cannot be read (Permission denied); check its permissions"
    assert reasons == {"all/a.txt": None, "all/locked/x.txt": refused, "all/z.txt": None}
    assert named == [refused, refused]


def test_reading_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_for_ever(item: Item, reading: Reading) -> Text:
        while True:
            pass

    monkeypatch.setattr(readers, "SECONDS", 0.05)
    monkeypatch.setitem(readers._READERS, "pdf", read_for_ever)
    with pytest.raises(InputError, match="takes more than"):
        read_item(Item("x.pdf", "x.pdf", "pdf", b""), Reading())


OK = None
BINARY = "is binary or in an unknown encoding"
EMPTY = "holds no text"
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1258"]


def in_1258(text: str) -> bytes:
    """Windows-1258, which writes most tones as marks of their own."""
    marks = "\u0300\u0301\u0303\u0309\u0323"
    out = ""
    for character in text:
        parts = normalize("NFD", character)
        tone = "".join(mark for mark in parts if mark in marks)
        out += normalize("NFC", "".join(mark for mark in parts if mark not in marks)) + tone
    return out.encode("cp1258")


@pytest.mark.parametrize("column", ["Nội dung", normalize("NFD", "Nội dung")], ids=["NFC", "NFD"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
def test_a_column_is_found_however_its_accents_are_stored(column: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(encoded("Mã số;Nội dung\n1;Xã họp.\n", encoding))
    (text,) = read(path, reading=Reading(text=column, id="Mã số"))
    assert isinstance(text, Text)
    assert (text.id, normalize("NFC", text.text), text.meta) == ("1", "Xã họp.", {})


@pytest.mark.parametrize("asked", ["NFC", "NFD"])
@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet", "dataset"])
def test_the_columns_of_each_table_are_found_however_their_accents_are_stored(
    kind: str, stored: Literal["NFC", "NFD"], asked: Literal["NFC", "NFD"], tmp_path: Path
) -> None:
    columns = {"Mã số": "1", "Nội dung": TEXT, "Năm": "2020"}
    path = rows_as(kind, [{normalize(stored, name): cell for name, cell in columns.items()}], tmp_path)
    reading = Reading(text=normalize(asked, "Nội dung"), id=normalize(asked, "Mã số"))
    assert read(path, reading=reading) == [Text("1", TEXT, {normalize(stored, "Năm"): "2020"})]
    reading = Reading(text=normalize(asked, "Nội dung"))
    assert [text.meta for text in read(path, reading=reading) if isinstance(text, Text)] == [
        {normalize(stored, "Mã số"): "1", normalize(stored, "Năm"): "2020"}
    ]


def test_a_column_of_just_the_name_asked_comes_before_one_of_other_accents(tmp_path: Path) -> None:
    other = normalize("NFD", "Nội dung")
    for kind in ("jsonl", "csv", "parquet", "dataset"):
        path = rows_as(kind, [{other: "Không phải.", "Nội dung": TEXT}], tmp_path)
        assert read(path, reading=Reading(text="Nội dung")) == [Text(f"{path}#1", TEXT, {other: "Không phải."})]


def encoded(text: str, encoding: str) -> bytes:
    return in_1258(text) if encoding == "cp1258" else text.encode(encoding)


def hostile_files() -> dict[str, tuple[bytes, str | None]]:
    """A hundred files, and what is said of each: None where it is annotated."""
    line = json.dumps({"text": TEXT}, ensure_ascii=False)
    table = f'text\n"{TEXT}"\n'
    bomb = gzip.compress(bytes(100 << 20), 9)
    deep = 50_000
    files: dict[str, tuple[bytes, str | None]] = {}
    for encoding in ENCODINGS:
        files[f"{encoding}.txt"] = (encoded(TEXT, encoding), OK)
        files[f"{encoding}.txt.gz"] = (gzip.compress(encoded(TEXT, encoding)), OK)
        files[f"{encoding}.html"] = (encoded(PAGE.replace('<meta charset="utf-8">', ""), encoding), OK)
        files[f"{encoding}.jsonl"] = (encoded(line, encoding), OK)
        files[f"{encoding}.csv"] = (encoded(table, encoding), OK)
        files[f"{encoding}.zip"] = (archive(**{"trong.txt": encoded(TEXT, encoding)}), OK)
    for name in ("chữ đẹp 🌾.txt", "two  spaces .txt", "-rf.txt", "'quote\".txt", "$(x).txt", "a\nb.txt", "[red].txt"):
        files[name] = (TEXT.encode(), OK)
    for kind, reason in {
        "txt": EMPTY,
        "html": "holds no article",
        "docx": "is not a Word file",
        "pdf": "cannot be read",
        "jsonl": "holds no rows",
        "csv": "has no column 'text', but no columns",
        "tsv": "has no column",
        "parquet": "cannot be read",
        "zip": "is cut off or damaged",
    }.items():
        files[f"empty.{kind}"] = (b"", reason)
        files[f"binary.{kind}"] = (bytes(range(256)) * 40, {"txt": BINARY, "html": BINARY}.get(kind, ""))
    for kind in ("txt", "jsonl", "csv", "html"):
        files[f"blank.{kind}"] = (b" \n\n \n", "")
        files[f"cut.{kind}.gz"] = (gzip.compress(os.urandom(4000))[:2000], "is cut off or damaged")
        files[f"bomb.{kind}.gz"] = (bomb, "")
        files[f"not-gzip.{kind}.gz"] = (TEXT.encode(), "is cut off or damaged")
    files |= {
        "marks.txt": ("\ufeff".encode(), EMPTY),
        "nul.txt": (b"\0" * 5000, BINARY),
        "control.txt": (b"\x01\x02" * 500, BINARY),
        "half.txt": ("Sự thật đã rõ".encode()[:-1], "UTF-8 with broken characters"),
        "odd.txt": (b"\xff\xfe\x00", BINARY),
        "page.txt": (b"%PDF-1.7", "is a PDF"),
        "long.txt": (b"a" * 1_000_001, "1,000,001 characters in one text"),
        "larger.txt": (b"a " * (MAX_BYTES // 2 + 1), "is larger than 32 MB"),
        "line.jsonl": (b'{"text": "' + b"a" * 50_000_000 + b'"}\n' + line.encode(), "a line longer than 32 MB"),
        "line.csv": (b'text\n"' + b"a" * 50_000_000 + b'"\n"Xa hop"\n', "a line longer than 32 MB"),
        "list.jsonl": (b"[1, 2]", "is not a JSON object"),
        "number.jsonl": (b'{"text": 5}', "holds no text but int"),
        "nothing.jsonl": (b'{"text": null, "b": 1}', "has nothing in its column 'text'; fill it, or leave the row out"),
        "nested.jsonl": (b'{"text":' + b"[" * 100_000, "is not JSON"),
        "surrogate.jsonl": (b'{"text": "X\\ud83d"}', "holds a broken character at character 1"),
        "cut.jsonl": (line.encode()[:-5], "is not JSON"),
        "quotes.csv": (b'text,b\n"a""b",c\nd,5" e\n', OK),
        "open.csv": (b'text,b\n1,2\n"never closed\nc,d\n', "a quotation mark behind line 2 is never closed"),
        "wide.csv": (b"text\na,b,c\n", "is a row of 3 cells under a header of 1"),
        "deep.html": (b"<div>" * deep + TEXT.encode() + b"</div>" * deep, "holds no article"),
        "script.html": (b"<script>" + b"x" * 1_000_000, "holds no article"),
        "entities.html": (b"&amp;" * 200_000, ""),
        "bomb.zip": (archive(**{"zeros.txt": bytes(100 << 20)}), "is larger than 32 MB"),
        "nested.zip": (archive(**{"inner.zip": archive(x=b"")}), "an archive within an archive"),
        "up.zip": (archive(**{"../../up.txt": TEXT.encode()}), OK),
        "broken.zip": (archive(**{"a.txt": TEXT.encode() * 50}).replace(b"\x50\x4b\x03\x04", b"\x50\x4b\x03\x05"), ""),
        "bomb.docx": (archive(**{"word/document.xml": bytes(200 << 20)}), "unpacks to more than 128 MB"),
        "not.docx": (archive(**{"a.txt": b"a"}), "cannot be read"),
        "zip.txt": (archive(a=b"a"), "is an Office or zip file"),
        "rtf.txt": (rb"{\rtf1 Xa hop}", "is an RTF file"),
        "letter.RTF": (rb"{\rtf1 Xa hop}", "is of a kind that is not read"),
        "old.doc": (b"\xd0\xcf\x11\xe0", "is of a kind that is not read"),
        "scan.pdf": (pdf(""), "has no text layer"),
        "cut.pdf": (pdf("Thu")[:200], ""),
    }
    return files


def test_a_folder_of_hostile_files(tmp_path: Path, small_model: str) -> None:
    """Every file is annotated or named with its reason, once, whatever lies beside it."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    files = hostile_files()
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    links = {"self.txt": "self.txt", "nowhere.txt": "missing", "up": ".."}
    for name, target in links.items():
        (folder / name).symlink_to(target)
    os.mkfifo(folder / "pipe.txt")
    (folder / "folder.txt").mkdir()
    assert len(files) >= 100
    summary = annotate(Job([str(folder)], tmp_path / "out.jsonl", JsonLines(), model=small_model))
    good = {json.loads(line)["id"] for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()}
    reasons = {row["id"]: row["reason"] for row in map(json.loads, summary.errors_file.read_text("utf-8").splitlines())}
    assert len(good) + len(reasons) == summary.annotated + summary.errors
    for name, (_, reason) in files.items():
        own = {text: said for text, said in reasons.items() if text.startswith(f"{folder / name}")}
        if reason is OK:
            assert not own, own
            assert any(text.startswith(f"{folder / name}") for text in good), name
        else:
            assert own, name
            assert any(reason in said for said in own.values()), own
            assert all(len(said) < 500 and "\n" not in said for said in own.values())
    assert {f"{folder / 'line.jsonl'}#2", f"{folder / 'line.csv'}#2"} <= good  # the rest of a bad table
    assert {f"{folder / name}" for name in (*links, "pipe.txt")} <= reasons.keys()
