"""The corpus's source form: what it means, that it comes back, and how it complains."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.source_form import dump
from vnreport.markup import Article, Entity, Fact, MarkupError, Quantity, Role, Sentence, parse

ARTICLES = sorted((Path(__file__).parent.parent / "corpus/articles").rglob("*.vnr"))

SOURCE = """\
kind: briefing
place: xã Đồng Mỏ
---
O| [Đảng ủy xã]ORG họp
|
O| Đ/c [Lê Bính]PER- [HUV]TITLE, [Bí thư]TITLE [Đảng ủy]ORG chủ trì.
@role Lê Bính | HUV | -
@role Lê Bính | Bí thư | Đảng ủy
A> Thu ước {3,7 tỷ|money 3700000000 VND ~estimated}/{5 tỷ|money 5000000000 VND}.
@fact Thu | actual=3,7 tỷ | plan=5 tỷ | owner=huyện
S+ Còn {2 [Bí thư]TITLE|count 2 Bí thư} chưa họp \\[1\\].\\s
"""


def test_what_the_form_means() -> None:
    article = parse(SOURCE, "a1")
    text = "Đảng ủy xã họp\n\nĐ/c Lê Bính- HUV, Bí thư Đảng ủy chủ trì. Thu ước 3,7 tỷ/5 tỷ.Còn 2 Bí thư chưa họp [1]. "
    assert article == Article(
        id="a1",
        meta={"kind": "briefing", "place": "xã Đồng Mỏ"},
        text=text,
        sentences=[
            Sentence(0, 14, "OTHER"),
            Sentence(16, 57, "OTHER"),
            Sentence(58, 78, "ACHIEVEMENT"),
            Sentence(78, 104, "SHORTCOMING"),
        ],
        entities=[
            Entity(0, 10, "ORG"),
            Entity(20, 27, "PER"),
            Entity(29, 32, "TITLE"),
            Entity(34, 40, "TITLE"),
            Entity(41, 48, "ORG"),
            Entity(84, 90, "TITLE"),
        ],
        quantities=[
            Quantity(66, 72, "money", "3700000000 VND", "estimated"),
            Quantity(73, 77, "money", "5000000000 VND"),
            Quantity(82, 90, "count", "2 Bí thư"),
        ],
        roles=[Role(1, 1, 2, None), Role(1, 1, 3, 4)],
        facts=[Fact(2, "Thu", {"actual": 0, "plan": 1}, "huyện")],
    )
    assert dump(article) == SOURCE


@pytest.mark.parametrize(
    ("text", "role", "title", "body"),
    [
        ("Đ/c [An]PER, [PBT]TITLE [Đảng ủy]ORG", "An | PBT | Đảng ủy", 1, 2),
        ("[CT]TITLE [HĐND]ORG; [An]PER, [PBT]TITLE [Đảng ủy]ORG, [CT]TITLE [UBND]ORG", "An | CT | UBND", 5, 6),
        ("[CT]TITLE [HĐND]ORG; [An]PER, [PBT]TITLE [Đảng ủy]ORG, [CT]TITLE [UBND]ORG", "An | CT#1 | UBND", 0, 6),
        ("[BT]TITLE [Đảng ủy]ORG; [An]PER, [PBT]TITLE [Đảng ủy]ORG", "An | PBT | Đảng ủy", 3, 4),
        ("[CT]TITLE [An]PER và [CT]TITLE [Bo]PER", "Bo | CT | -", 2, None),
    ],
)
def test_a_role_means_the_title_and_body_that_lie_nearest(text: str, role: str, title: int, body: int | None) -> None:
    (found,) = parse(f"kind: x\n---\nO| {text}\n@role {role}").roles
    assert (found.title, found.organisation) == (title, body)


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_every_article_comes_back(path: Path) -> None:
    article = parse(path.read_bytes().decode(), path.stem)
    assert parse(dump(article), path.stem) == article


@given(st.lists(st.text(alphabet="aĐ[]{}|\\#@ \u00a0\u0301\U000e0001", min_size=1).filter(str.strip), min_size=1))
def test_any_text_can_be_written(lines: list[str]) -> None:
    text = "\n".join(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    spans = [
        Sentence(s + len(line) - len(line.lstrip()), s + len(line.rstrip()), "OTHER")
        for s, line in zip(starts, lines, strict=False)
    ]
    article = Article("", {"kind": "x"}, text, spans)
    assert parse(dump(article)) == article


@pytest.mark.parametrize("code", [0xD7FF, 0xE000, 0xFFFF, 0x10FFFF])
def test_every_other_character_has_an_escape(code: int) -> None:
    assert parse(f"kind: x\n---\nO| a\\U{code:08x}\n").text == f"a{chr(code)}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("X| text", "a sentence line is"),
        ("O> text", "begins with '|'"),
        ("O| [Lê Bính", "stays open"),
        ("O| [a [b]PER]ORG", "an entity inside an entity"),
        ("O| a]PER", "closes nothing"),
        ("O| a] b", "a lone ']'"),
        ("O| {5 tỷ|money}", "has no value"),
        ("O| {5 tỷ|sum 5}", "a reading is"),
        ("O| {5/7|date 5/7}", "not in the form of a date"),
        ("O| {5 |count 5}", "begins or ends with a space"),
        ("O| \\s", "an empty sentence"),
        ("O| a\\Uffffffff", "\\Uffffffff is no character"),
        ("O| a\\U00110000", "\\U00110000 is no character"),
        ("O| a\\ud800", "\\ud800 is no character"),
        ("O| a\\udfff", "\\udfff is no character"),
        ("O| a\\U0000d83d", "\\U0000d83d is no character"),
        ("O| a\n@role An | - | -", "no PER 'An'"),
        ("O| [An]PER\n@role An#x | - | -", "no PER 'An'"),
        ("O| [An]PER\n@role An#0 | - | -", "no PER 'An'"),
        ("O| [An]PER\n@role An | -", "a role is"),
        ("O| {5|count 5}\n@fact x | actual=5", "held against"),
        ("O| a\n@link a | b", "unknown relation"),
        ("@role An | - | -", "under the sentence"),
    ],
)
def test_errors_name_file_and_line(line: str, message: str) -> None:
    number = 3 + line.count("\n")
    with pytest.raises(MarkupError, match=rf"^x\.vnr:{number}: ") as caught:
        parse(f"kind: x\n---\n{line}\n", name="x.vnr")
    assert message in str(caught.value)


def test_a_header_is_required() -> None:
    with pytest.raises(MarkupError, match="no line '---'"):
        parse("O| a\n")
