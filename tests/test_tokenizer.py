"""underthesea's words over the untouched text."""

import pickle
import shutil
import tracemalloc
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.vocab import Vocab

from tests.timing import growth
from vnreport.pipes.tokenizer import WordTokenizer
from vnreport.segmenter import WordCRF, model_folder
from vnreport.text import compose, normalize

TOKENIZER = WordTokenizer(Vocab())
CRF = WordCRF(model_folder())


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in TOKENIZER.words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Đảng ủy thị trấn họp.", ["Đảng ủy", "thị trấn", "họp", "."]),
        # offices and bodies are never one word
        ("Trưởng Ban Tổ chức", ["Trưởng", "Ban", "Tổ chức"]),
        ("Chánh Văn phòng", ["Chánh", "Văn phòng"]),
        # abbreviations stand alone
        ("Ban Tuyên giáo HU", ["Ban", "Tuyên giáo", "HU"]),
        ("PBT HU, PCT UBND", ["PBT", "HU", ",", "PCT", "UBND"]),
        # a name ends where small letters begin
        ("xã Phong Hải nhiệm kỳ mới", ["xã", "Phong Hải", "nhiệm kỳ", "mới"]),
        # in capitals nothing tells a name, so only pairs of the dictionary are joined
        ("GIAO ĐỒNG CHÍ MẠC VĂN CHÍN, CHỦ TỊCH", ["GIAO", "ĐỒNG CHÍ", "MẠC", "VĂN", "CHÍN", ",", "CHỦ TỊCH"]),
        ("BAN CHỈ ĐẠO BẦU CỬ XÃ MỜI ÔNG HOÀNG", ["BAN", "CHỈ ĐẠO", "BẦU CỬ", "XÃ", "MỜI", "ÔNG", "HOÀNG"]),
        # glued punctuation
        ("Dũng- Phó Ban", ["Dũng", "-", "Phó", "Ban"]),
        ("Huyện ủy.Toàn thể", ["Huyện ủy", ".", "Toàn thể"]),
        ("đ/c Lò Văn Ún", ["đ/c", "Lò Văn Ún"]),
        # numbers
        ("320ha", ["320", "ha"]),
        ("1.124,5 m2", ["1.124,5", "m2"]),
        ("8/7/2020", ["8/7/2020"]),
        ("24,2%", ["24,2", "%"]),
        ("KT-XH, kinh tế-xã hội", ["KT-XH", ",", "kinh tế", "-", "xã hội"]),
        # no-break spaces inside a word
        ("thị\u00a0trấn", ["thị\u00a0trấn"]),
        # NFC makes some characters longer
        ("5 ha\u0958 \ufb2a\U0001d15e", ["5", "ha\u0958", "\ufb2a", "\U0001d15e"]),
        # lines end words
        ("Đảng\nủy", ["Đảng", "ủy"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Huyện uỷ hoà thuận, khoẻ mạnh", "Huyện ủy hòa thuận, khỏe mạnh"),
        ("THUỶ LỢI và uỷ ban", "THỦY LỢI và ủy ban"),
        ("Ðảng bộ xã", "Đảng bộ xã"),
    ],
)
def test_spellings_of_one_text_give_the_same_tokens(one: str, other: str) -> None:
    for form in ("NFC", "NFD"):
        doc, reference = TOKENIZER(unicodedata.normalize(form, one)), TOKENIZER(other)
        assert [t.norm_ for t in doc] == [t.norm_ for t in reference]
        assert doc.text == unicodedata.normalize(form, one)


@pytest.mark.parametrize("gap", [" \n", "\r\n\t", " " * 9 + "\n", "\u00a0" * 400 + "\u2028"])
def test_a_line_ends_wherever_the_white_space_breaks(gap: str) -> None:
    lines = ["Công nhân giờ tan ca", "Đại biểu nêu chuyện"]
    assert words(gap.join(lines)) == [word for line in lines for word in words(line)]


@pytest.mark.parametrize(
    "text",
    [
        "I. Kết quả thực hiện nhiệm vụ",
        "TP. Hồ Chí Minh, PGS. Trần Văn Ún",
        "Các đ/c H. Nam, A. Dũng họp tại Đảng ủy xã.",
    ],
)
def test_no_break_spaces_part_words_as_spaces_do(text: str) -> None:
    assert [word.replace("\u00a0", " ") for word in words(text.replace(" ", "\u00a0"))] == words(text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Uỷ", "ủy"),
        ("HOÀ", "hòa"),
        ("quỹ", "quỹ"),
        ("quý", "quý"),
        ("hoàn", "hoàn"),
        ("Thuỵ", "thụy"),
        ("xoè", "xòe"),
        ("Thị\u00a0 trấn", "thị trấn"),
        ("x\u200bã", "xã"),
    ],
)
def test_normal_form(text: str, normal: str) -> None:
    assert normalize(text) == normal


@pytest.mark.parametrize(
    ("text", "composed", "offsets"),
    [
        ("Đảng", "Đảng", None),
        ("a\u0323 b", "ạ b", [0, 2, 3, 4]),
        ("x\u200ba\u0302\u0301", "xấ", [0, 2, 5]),
        (" \u0301x", " \u0301x", None),
        ("\u200b \u200bx", " x", [1, 3, 4]),
        ("a\u0301" * 100, "á" * 100, list(range(0, 201, 2))),
        # NFC makes these longer
        ("\u0958x", "\u0915\u093cx", [0, 1, 1, 2]),
        ("\ufb2cx", "\u05e9\u05bc\u05c1x", [0, 1, 1, 1, 2]),
        ("\ufb2a\u0301", "\u05e9\u05c1\u0301", [0, 1, 2, 2]),
    ],
)
def test_compose(text: str, composed: str, offsets: list[int] | None) -> None:
    assert compose(text) == (composed, offsets)


NASTY = [
    "",
    " ",
    "\n\n",
    "  a  b  ",
    "\ufeffĐảng\u200b bộ\u200d",
    "👩‍👩‍👧 ❤️ 🇻🇳",
    "a\u0000b\u001fc\u0085d",
    "e\u0301\u0323\u0301",
    "\u0301đầu",
    "a\r\nb\rc\u2028d",
    unicodedata.normalize("NFD", "Ủy ban") + "Ủy ban",
]


@pytest.mark.parametrize("text", NASTY)
def test_the_text_comes_back(text: str) -> None:
    assert TOKENIZER(text).text == text


def test_a_lone_surrogate_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match="offset 2"):
        TOKENIZER("ab\ud83d")


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    assert TOKENIZER(text).text == text


@given(st.text(alphabet="a1. \n\u200b\u0301\u0344\u0958\ufb2a\ufb2c\U0001d15e\U0001d160"))
def test_characters_that_nfc_makes_longer_come_back(text: str) -> None:
    assert TOKENIZER(text).text == text


@given(st.text(alphabet="aáạ̣́ÁẠđĐ uyủỷỹ.,-/1 \u00a0\n\u200b"))
def test_vietnamese_letters_and_marks_come_back(text: str) -> None:
    assert TOKENIZER(text).text == text


@given(st.text(alphabet="ủy uỷhoàxa1. -UỶĐ\n"))
def test_nfd_and_nfc_give_the_same_tokens(text: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert [t.norm_ for t in TOKENIZER(composed)] == [t.norm_ for t in TOKENIZER(decomposed)]


def test_a_pickled_tokenizer_gives_the_same_tokens() -> None:
    copy = pickle.loads(pickle.dumps(TOKENIZER))
    assert [*copy.words("Đảng ủy thị trấn họp.")] == [*TOKENIZER.words("Đảng ủy thị trấn họp.")]


@pytest.fixture(scope="module")
def underthesea_tags() -> Callable[[list[str]], list[str]]:
    from underthesea.models.fast_crf_sequence_tagger import FastCRFSequenceTagger

    tagger = FastCRFSequenceTagger()
    tagger.load(str(model_folder()))
    return lambda line: tagger.predict([[pre_token] for pre_token in line])


def tags(lines: list[list[str]]) -> list[str]:
    return ["I-W" if inside else "B-W" for inside in CRF.tag(lines)]


@pytest.mark.parametrize(
    "line",
    [
        "Đảng uỷ thị trấn họp bàn về phát triển kinh tế xã hội .",
        "ông Nguyễn Văn An , Bí thư Đảng uỷ xã Phong Hải",
        "UBND XÃ BÁO CÁO",
        "BOS EOS BOS True False BOS",
        "+5 -0 2147483647 2147483648 -2147483648 -2147483649 ٣ ² 1,5 12",
        "qwrt " * 50,  # ties, which must fall the same way
        "qwrt zxcv " * 400,
        "ΑΣ İ ß ǆ ǅ 中 한국 👩‍👩‍👧",
    ],
)
def test_tags_are_those_of_underthesea(line: str, underthesea_tags: Callable[[list[str]], list[str]]) -> None:
    assert tags([line.split()])[1:] == underthesea_tags(line.split())[1:]


SYLLABLES = (
    "xã thị trấn Thị Trấn ban nhân dân Nhân Dân NHÂN DÂN kinh tế Kinh Tế công an hợp tác và của một Hà Nội".split()
)
PRE_TOKENS = st.sampled_from(SYLLABLES) | st.sampled_from([*",.:-%/"]) | st.text("bcdkB1", min_size=1, max_size=3)


@given(st.lists(st.lists(PRE_TOKENS, min_size=2, max_size=40), max_size=5))
def test_tags_of_any_lines_are_those_of_underthesea(
    underthesea_tags: Callable[[list[str]], list[str]], lines: list[list[str]]
) -> None:
    assert tags(lines) == [tag for line in lines for tag in ["B-W", *underthesea_tags(line)[1:]]]


def test_lines_are_tagged_alone_however_many() -> None:
    line = "ban nhân dân thị trấn họp".split()
    assert tags([line] * 2000) == tags([line]) * 2000
    assert tags([["họp"]] * 5000) == ["B-W"] * 5000


@pytest.mark.parametrize(
    ("pair", "known"),
    [
        ("thị trấn", True),
        ("trấn thị", False),
        ("nhân dân", True),
        ("nhân", False),
        ("qwrt zxcv", False),
        ("zz họp", False),
    ],
)
def test_words_of_the_dictionary(pair: str, known: bool) -> None:
    assert CRF.has_word(pair) is known


@pytest.mark.parametrize(
    ("file", "data", "message"),
    [
        ("models.bin", bytes(100), "models.bin: not a CRFsuite model"),
        ("dictionary.bin", b"\x80\x04\x95" + bytes(8) + b"cos\nsystem\n.", "dictionary.bin: byte 11 is no opcode"),
        ("features.bin", b"\x80\x04](\x8c\x04T[9]\x94e.", r"feature template 'T\[9\]'"),
    ],
)
def test_a_damaged_model_is_refused(tmp_path: Path, file: str, data: bytes, message: str) -> None:
    shutil.copytree(model_folder(), tmp_path, dirs_exist_ok=True)
    (tmp_path / file).write_bytes(data)
    with pytest.raises(ValueError, match=message):
        WordCRF(tmp_path)


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "a." * 50_000, "1/" * 50_000, "A-" * 50_000, "đ\u0323" * 50_000, "a\n" * 50_000]
)
def test_hostile_text_takes_linear_time_and_bounded_memory(text: str) -> None:
    assert growth(TOKENIZER, text[: len(text) // 4], text, runs=2) < 10
    tracemalloc.start()
    assert TOKENIZER(text).text == text
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6
