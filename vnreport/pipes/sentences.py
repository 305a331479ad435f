"""Sentence boundaries of reports: lines, bullets, glued stops, abbreviations."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy
from spacy.attrs import IDX, SENT_START
from spacy.language import Language
from spacy.tokens import Doc

from vnreport.lexicon import read_rows
from vnreport.schema import text_of

_LINE = re.compile(r"[^\n\r\v\f\x85\u2028\u2029]+")
_OPENERS = "|".join(word for (word,) in read_rows("openers.tsv"))
_STOP = re.compile(
    r"(?:[.!?…]|(?<=[.…])/(?=\.))+(?:[ \t\u00a0]+[.…]+)*(?P<close>[”\"’')\]}»]*)\s*(?=(?P<next>\S))"
    rf"|(?<=[^\W\d_])(?P<lost>[ \t\u00a0]+)(?=(?:{_OPENERS})[ \u00a0]+(?P<second>\w))"
)
_CREDIT = re.compile(r"\((?i:ảnh|nguồn|theo)\b[^()]{1,60}\)(?:\s+(?=(?P<next>\w)))?")
_LAST_WORD = re.compile(r"[^\s.,;:!?…()\"“”‘’/–—-]*\Z")
_MARK = r"(?:\d{1,2}(?:\.\d{1,2})*|[IVXLC]{1,5}|[A-Za-zđĐ])"
_LEAD = re.compile(rf"[\s\W_]*(?:(?i:phần|chương|mục)\s+)?{_MARK}?\s*\Z")
_LIST_MARK = re.compile(rf"{_MARK}\s*[.)/]")
_ABBREVIATIONS = frozenset("tp tx kp pgs gs ts ths th bs cki ckii ks cn nsưt nsnd đc tm kt tl tuq".split())
_NUMBERED = frozenset("p q kp".split())  # wards, districts, quarters
_NAME = re.compile(r"(?P<first>\w+)(?:[ \t\u00a0]+(?P<second>\w))?")
_DANGLING = frozenset("và của các với cho những hoặc gồm".split())
_LONGEST_WORD = 40
_LONG_LINE = 60  # characters: too long for a heading
_LETTER = re.compile(r"[^\W_]")


class ReportSentences:
    """Sets `doc.sents`.

    A line break ends a sentence unless the line was broken in the middle of
    one; a stop ends one even where the space after it is missing, unless it
    belongs to an abbreviation, a number or a list mark. A capital that can
    be no part of a name begins one although the stop was lost (after the
    sentence starters of Kiss and Strunk 2006). White space after a sentence
    belongs to it.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Set the sentence starts of `doc` and return it."""
        if not len(doc):
            return doc
        found = numpy.fromiter(sentence_starts(text_of(doc)), dtype="uint64")
        tokens = numpy.searchsorted(doc.to_array([IDX]), found)  # the first that begins there or later
        starts = numpy.full((len(doc), 1), -1, dtype="int64")
        starts[0] = 1
        starts[tokens[tokens < len(doc)]] = 1
        doc.from_array([SENT_START], starts.astype("uint64"))  # type: ignore[arg-type]
        return doc


@Language.factory("report_sentences", assigns=["token.is_sent_start", "doc.sents"])
def create_report_sentences(nlp: Language, name: str) -> ReportSentences:
    """The factory of `ReportSentences`."""
    return ReportSentences()


def sentence_starts(text: str) -> Iterator[int]:
    """Offsets at which a sentence begins, but the first.

    Args:
        text: any string.
    """
    begin = -1  # of the sentence at hand
    before = ""  # the line before
    end = 0  # of that line
    for match in _LINE.finditer(text):
        line = match.group().strip()
        if not line:
            continue
        start = match.start() + match.group().index(line[0])
        if begin < 0:
            begin = start
        elif not _continues(before, line, text.count("\n", end, start) > 1):
            yield start
            begin = start
        for stop in _STOP.finditer(text, start, match.end()):
            near = min(stop.end() + _LONGEST_WORD, match.end())
            if stop.start() < begin or not _LETTER.search(text, stop.end(), near):
                continue
            if _ends(text, begin, stop):
                begin = stop.end()
                yield begin
                credit = _CREDIT.match(text, begin, match.end())
                if credit and credit["next"] and credit["next"].isupper():
                    begin = credit.end()
                    yield begin
        before, end = line, match.start() + len(match.group().rstrip())


def _continues(before: str, line: str, apart: bool) -> bool:
    """Whether a line break stands in the middle of a sentence."""
    if apart or before[-1] in ".!?…:" or _LIST_MARK.match(line):
        return False
    if line[0].islower() or (line[0].isdigit() and before[-1].islower() and len(before) > _LONG_LINE):
        return True
    unfinished = before[-1] in ",;" or before.rsplit(None, 1)[-1].lower() in _DANGLING
    return unfinished and line[0].isalnum() and before[0].isalnum()


def _ends(text: str, begin: int, stop: re.Match[str]) -> bool:
    """Whether a stop inside a line ends the sentence that began at `begin`."""
    start = stop.start()
    if stop["lost"]:
        word = _word_before(text, begin, start)
        return word.islower() or not (stop["second"].isupper() or word in ("Văn", "Thị"))
    mark, close, follower = stop.group().strip(), stop["close"], stop["next"]
    glued = stop.end() == stop.start() + len(mark)
    if follower.islower() or follower in ",;:)]}”’%/":
        return False
    if close and follower in "-–—":
        return False
    if mark[0] != "." or mark[:2] in ("..", "./"):
        return not glued or follower.isalpha()
    left = _word_before(text, begin, start)
    if start - begin < 12 and _LEAD.match(text, begin, start):
        return False
    if glued and not close:
        return follower.isupper() and (len(left) > 1 or left.isdigit()) and not _abbreviates(left, text, stop)
    goes_on = follower.isalnum() or (follower == "(" and len(left) == 1 and not _CREDIT.match(text, stop.end()))
    return not (goes_on and _abbreviates(left, text, stop))


def _word_before(text: str, begin: int, end: int) -> str:
    word = _LAST_WORD.search(text, max(begin, end - _LONGEST_WORD), end)
    return word.group() if word else ""


def _abbreviates(word: str, text: str, stop: re.Match[str]) -> bool:
    """Whether the stop after a word is part of it."""
    behind = stop.end()
    if text[behind].isdigit():
        return word.lower() in _NUMBERED
    if word == "TT":  # 'thị trấn' ends sentences too, but not before a name or another abbreviation
        if text.endswith(("thư TT", "tịch TT"), 0, stop.start()):  # 'thường trực'
            return False
        name = _NAME.match(text, behind)
        return name is not None and (name["first"][1:].isupper() or (name["second"] or "").isupper())
    return (len(word) == 1 and word.isupper() and word not in "IV") or word.lower() in _ABBREVIATIONS
