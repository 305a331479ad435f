"""Names in one form: abbreviations opened, white space, case and tone marks made regular."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from vnreport.lexicon import read_rows
from vnreport.text import LOWER, UPPER, cased_as, normalize, remember

_WORD = re.compile(r"[^\W\d_]+(?:[&/,-][^\W\d_]+)*\.?")
_PART = re.compile(r"[^\W\d_]+")
_TWO_WORDS = re.compile(rf"(?<=[{LOWER}]{{2}})(?=[{UPPER}][{LOWER}])")
_GLUED = re.compile(rf"(?<!\w)(?P<short>[{UPPER}]{{2,}})(?=[{UPPER}][{LOWER}])")
_AND = re.compile(rf"(?<!\w)(?P<left>[{UPPER}]+) & (?P<right>[{UPPER}]+)(?!\w)")
_DASH = re.compile(r"(?<=[^\W\d_]{2})\s*[-–—]\s*(?=[^\W\d_]{2})")
_SECOND = re.compile(r"(?:(?<=\bphó )|(?<=\bnguyên )|(?<=\bcựu )|(?<=\bquyền )|(?<=\btân ))(?!phòng|ban|thôn)\w")
_ANY_WORD = re.compile(r"\w+")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_NEAR = 40
_REMEMBERED = 1 << 13, 200  # names, characters of one


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of `abbreviations.tsv`; `before` and `behind` are words beside the short form."""

    expansion: str
    label: str
    before: re.Pattern[str] | None
    behind: re.Pattern[str] | None

    @property
    def anywhere(self) -> bool:
        """Whether it needs no word beside it."""
        return self.before is None and self.behind is None

    def fits(self, label: str, before: str, behind: str) -> bool:
        if self.label and label and self.label != label:
            return False
        if self.before is not None and not self.before.search(before):
            return False
        return self.behind is None or self.behind.match(behind) is not None


def _words(cell: str, pattern: str) -> re.Pattern[str] | None:
    return re.compile(pattern.format("|".join(map(re.escape, cell.split("|"))))) if cell else None


def _table() -> dict[str, list[_Row]]:
    table: dict[str, list[_Row]] = {}
    for short, label, before, behind, expansion in read_rows("abbreviations.tsv"):
        row = _Row(expansion, label, _words(before, r"\b(?:{})\W*\Z"), _words(behind, r"\W*(?:{})"))
        table.setdefault(short, []).append(row)
    return table


_ROWS = _table()
_SMALL = {short.lower(): rows for short, rows in _ROWS.items() if short.isupper() and len(short) > 2}  # no syllables
_RIVALS = {row.expansion for rows in _ROWS.values() if len(rows) > 1 for row in rows if row.anywhere}
_CASES = read_rows("case.tsv")
_LOWER_WORDS = frozenset(form for form, where in _CASES if where == "capitals")
_FORMS = {normalize(form): form for form, where in _CASES if where == "anywhere"} | {
    normalize(row.expansion): row.expansion for rows in _ROWS.values() for row in rows
}
_FORM = re.compile(
    r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(_FORMS, key=lambda form: (-len(form), form)))) + r")(?!\w)"
)


def expand(text: str, label: str = "", context: str = "") -> str:
    """The regular form of a name.

    Args:
        text: a title, a body or a person as typed (`Ban Tuyên giáo HU`).
        label: `PER`, `TITLE` or `ORG`; tells `CT` the chairman from `CT` the company.
        context: the whole text; of two ways to open an abbreviation the one that
            it spells out somewhere is taken.

    Returns:
        The name with abbreviations opened, tone marks where the older school puts
        them, one space between words, and the case that the body's name commonly
        has: `Ban Tuyên giáo Huyện ủy`. A person's name only changes in space, case
        and tone marks.
    """
    name, shouted = _prepare(text, label)
    if label == "PER":
        return _title_case(name) if shouted else name
    return _regular_case(_open(name, label, context), label, shouted)


@remember(*_REMEMBERED)
def _prepare(text: str, label: str) -> tuple[str, bool]:
    """A name with single spaces, its words apart and with regular tone marks; whether it is written in capitals."""
    name = " ".join(_tones(word) for word in unicodedata.normalize("NFC", text).split())
    if label == "PER":
        return name, name.isupper()
    return _AND.sub(_close, _TWO_WORDS.sub(" ", _GLUED.sub(_split, name))), name.isupper() and name not in _ROWS


def _tones(word: str) -> str:
    regular = normalize(word)
    if len(regular) != len(word):
        return word
    return cased_as(regular, word)


def _split(match: re.Match[str]) -> str:
    return match["short"] + " " if match["short"] in _ROWS else match["short"]


def _close(match: re.Match[str]) -> str:
    joined = f"{match['left']}&{match['right']}"
    return joined if joined in _ROWS else match.group()


def openings(name: str, label: str = "", context: str = "") -> Iterator[tuple[int, int, str]]:
    """The abbreviations of a name: their offsets in it, and what each stands for.

    Args:
        name: as typed.
        label: `PER`, `TITLE` or `ORG`, as for `expand`.
        context: the whole text, as for `expand`.
    """
    for start, end, expansions in _readings(name, label):
        chosen = expansions[0]
        if len(expansions) > 1:
            chosen = next((words for words in expansions if words in _spelled(context)), chosen)
        yield start, end, chosen + " " * name[end : end + 1].isalnum()


@remember(*_REMEMBERED)
def _readings(name: str, label: str) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
    """The abbreviations of a name, and what each may stand for, the likeliest first."""
    readings = []
    for match in _short_forms(name):
        rows = _find(match.group())
        before = normalize(name[max(0, match.start() - _NEAR) : match.start()])
        behind = normalize(name[match.end() : match.end() + _NEAR])
        fitting = [row for row in rows if row.fits(label, before, behind)]
        if fitting:
            rivals = [row for row in fitting if row.anywhere] if fitting[0].anywhere else fitting[:1]
            readings.append((match.start(), match.end(), tuple(row.expansion for row in rivals)))
    return tuple(readings)


def unambiguous(label: str = "") -> dict[str, str]:
    """Abbreviations whose reading needs no word beside them, and what they stand for.

    Args:
        label: of the names that they stand in; without one only those of any name.
    """
    readings = {short: [row for row in rows if row.label in ("", label)] for short, rows in _ROWS.items()}
    return {short: rows[0].expansion for short, rows in readings.items() if rows and all(row.anywhere for row in rows)}


def _open(name: str, label: str, context: str) -> str:
    pieces: list[str] = []
    end = 0
    for start, stop, expansion in openings(name, label, context):
        pieces += [name[end:start], expansion]
        end = stop
    return "".join([*pieces, name[end:]])


def _short_forms(name: str) -> Iterator[re.Match[str]]:
    """The words of a name; of a joined one that no row opens, its parts."""
    for match in _WORD.finditer(name):
        if _find(match.group()):
            yield match
        else:
            yield from _PART.finditer(name, match.start(), match.end())


def _find(word: str) -> list[_Row]:
    short = word.rstrip(".")
    return _ROWS.get(word) or _ROWS.get(short) or _SMALL.get(short, [])


@lru_cache(maxsize=1)  # one name after the other is of the same text
def _spelled(context: str) -> frozenset[str]:
    """The expansions that a text spells out, of those that have rivals."""
    text = unicodedata.normalize("NFC", context).lower()
    return frozenset(expansion for expansion in _RIVALS if expansion.lower() in text)


@remember(*_REMEMBERED)
def _regular_case(name: str, label: str, shouted: bool) -> str:
    name = _DASH.sub(" - ", name).replace(" & ", " và ")
    folded = normalize(name)
    if len(folded) != len(name):
        return name
    if label == "TITLE":
        regular = _SECOND.sub(lambda match: match.group().upper(), folded)
    elif shouted:
        words = zip(name.split(" "), folded.split(" "), strict=True)
        regular = " ".join(low if low in _LOWER_WORDS else _title_case(word) for word, low in words)
    else:
        regular = name
    pieces, end = [], 0
    for match in _FORM.finditer(folded):
        pieces += [regular[end : match.start()], _FORMS[match.group()]]
        end = match.end()
    regular = "".join([*pieces, regular[end:]])
    return regular[:1].upper() + regular[1:]


def _has_vowel(word: str) -> bool:
    return _VOWEL.search(unicodedata.normalize("NFD", word)) is not None


def _title_case(name: str) -> str:
    """Each word with a capital; a word without a vowel is an abbreviation and stays."""
    return _ANY_WORD.sub(lambda match: match.group().title() if _has_vowel(match.group()) else match.group(), name)
