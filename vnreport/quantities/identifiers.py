"""Document numbers, codes, and numbers that name a thing instead of counting it."""

from __future__ import annotations

import re

from vnreport.quantities.draft import Draft
from vnreport.quantities.lexicon import END, STOPS
from vnreport.quantities.source import Source

_TYPES = (
    *(
        "NQLT",
        "NQ",
        "QĐ",
        "QD",
        "CT",
        "CTr",
        "KH",
        "KL",
        "TB",
        "BC",
        "BB",
        "HD",
        "CV",
        "TTr",
        "TTLT",
        "TTg",
        "TT",
    ),
    *(
        "NĐ",
        "ND",
        "QH",
        "ĐA",
        "PA",
        "QC",
        "GM",
        "QyĐ",
        "QyC",
        "CTPH",
        "CTHĐ",
        "UBND",
        "HĐND",
        "SL",
        "PL",
        "L",
    ),
    *("VBHN", "ĐU", "HU", "TU", "TW", "HĐ", "ĐK", "PB", "CĐ"),
)
_TYPE = "|".join(sorted(_TYPES, key=len, reverse=True))
_PART = r"[A-ZĐƯÂ][A-Za-zĐđƯÂ]{0,9}[0-9]{0,2}"
_CODE = re.compile(
    rf"[0-9]{{1,6}}[A-Za-z]?(?: ?/ ?[0-9]{{4}})? ?[-/] ?(?:{_TYPE}){END}"
    rf"(?: ?[-/&] ?{_PART}){{0,6}}(?:-[0-9]{{4}})?"
    rf"|[0-9]{{1,6}} ?/ ?[0-9]{{4}} ?/ ?{_PART}(?: ?[-/] ?{_PART}){{0,6}}"
    rf"|[0-9]{{1,6}} ?[-/] ?[A-ZĐ]{{2,10}}(?: ?[-/] ?{_PART}){{1,6}}"
    r"|[0-9]{2}[A-ZĐ][0-9A-Z]?(?: ?- ?[0-9]{4,5}| ?[ -] ?[0-9]{3}\.[0-9]{2})(?![0-9])"
    rf"|[0-9]{{5}} ?-? ?TS{END}"
)
"""`18-NQ/TW`, `12/2015/ABC`, `15/ABC-XD`, `29A-123.45`, `99245 TS`."""
_SHORT = re.compile(rf"[0-9]{{1,6}}(?:[A-ZĐa-f][0-9]?|:(?:19|20)[0-9]{{2}})?{END}(?![.,/:][0-9])")
"""`513`, `1A`, `8A1`, `9001:2015`, not `51.3`."""
_ISSUED = re.compile(rf"[0-9]{{1,6}} ?/ ?[A-ZĐ]{{2,12}}{END}")
"""Behind `số`: `189/GPXD`."""
_HOUSE = re.compile(rf"[0-9]{{1,4}}[A-Z]?(?:/[0-9]{{1,4}}[A-Z]?){{1,5}}{END}(?![.,][0-9])")
"""`1C/12`, `25/3/7`."""
_HOUSES = frozenset(("số nhà", "nhà số", "ngõ", "hẻm", "kiệt", "ngách", "hạng", "bậc"))
_KILOMETRE = re.compile(r"[0-9]{1,4} ?\+ ?[0-9]{1,4}(?![0-9])")
"""Behind `Km`: `62+500`."""
_DATED = re.compile(rf"[0-9]{{1,6}}/(?:19|20)[0-9]{{2}}{END}(?![./-])")
"""Behind `số` or the type of a document: `41/2015`."""
_DOCUMENTS = (
    "nghị",
    "quyết định",
    "thông tư",
    "luật",
    "pháp lệnh",
    "chỉ thị",
    "kết luận",
    "quy",
    "công văn",
    "văn bản",
)
_LAW = re.compile(r"(?:Luật|Hiến pháp|Pháp lệnh|LUẬT)(?: [^\W\d_]+){1,7} $|(?:Luật|Hiến pháp) $")
"""Before a year: `Luật Đất đai`, `Hiến pháp`."""
_ACCOUNT = re.compile(r"[0-9]{2,20}(?:[ .][0-9]{1,20}){2,8}(?![0-9])|[0-9]{7,30}(?![0-9]|[.,][0-9])")
"""`4820 2110 0975`, `3713.0.1058264`."""
_LETTERED = re.compile(rf"[0-9]{{1,3}}[a-eA-EĐ]{END}")
"""`30a`."""
_NETWORK = re.compile(rf"(?:[2-6]G|[0-9]K){END}")
"""`4G`, `5K`."""
_VERSION = re.compile(r"[2-5]\.0(?![0-9.,]| ?%)")
"""Behind `công nghiệp`: `4.0`, not `4.0%`."""
_GLUED = re.compile(
    rf"(?:[A-ZĐ]{{1,5}}|Km)\.?[0-9]{{1,9}}(?:[.+/-][0-9]{{1,9}}|[A-Z][0-9]{{0,9}}){{0,6}}[A-Za-z]?{END}"
)
"""`QL1A`, `ĐH.53`, `K4+300`."""
_NAME = re.compile(r"(?:[^\W\d_]+(?: - | |-))+$")
"""Before a number: `đường Đông - Tây`, `Phường Móng Cái`."""
_WORD = re.compile(r"[^\W\d_]+")
_NEXT = re.compile(
    rf"(?: ?, ?| (?:và|hoặc) | ?[-–] ?(?=[0-9]{{1,3}}(?![0-9])))([0-9]{{1,4}}[A-Za-z]?){END}(?![.,/-][0-9])"
)
"""Behind `vành đai 2`: `và 3`, `, 5`, `- 9`."""
_COMMAS = re.compile(r"[0-9]{1,2}(?:,[0-9]{1,2}){1,12}(?![0-9])(?![.,/%][0-9])")
"""Behind a head such as `tiêu chí`: `2,3,5`."""
_DIGITS = re.compile("[0-9]+")
_LONGEST = 12


def code(source: Source, start: int) -> int | None:
    """The end of a code at `start`; None where there is none.

    Document numbers (`18-NQ/TW`, `666/2015/QĐ-UBND`), number plates (`29A-123.45`),
    fishing boats (`99245 TS`), `4G`, `5K`.
    """
    return _end(_CODE, source.typed, start) or _end(_NETWORK, source.typed, start)


def version(source: Source, start: int) -> int | None:
    """The end of `4.0` behind `công nghiệp`."""
    return _end(_VERSION, source.folded, start)


def numbered(source: Source, start: int, phrase: str) -> int | None:
    """The end of a number that names: `513`, `1A`, `8A1`, `189/GPXD`, `62+500` behind `Km`, `1C/12` of a house.

    Args:
        source: the text.
        start: where the number begins.
        phrase: the head phrase before it.
    """
    issued = _end(_ISSUED, source.typed, start) if phrase.endswith("số") else None
    if issued:
        return issued
    if phrase == "km" and (kilometre := _end(_KILOMETRE, source.typed, start)):
        return kilometre
    short = _end(_SHORT, source.typed, start)
    if short:
        return short
    if phrase == "số" or phrase.startswith(_DOCUMENTS):
        dated = _end(_DATED, source.folded, start)
        if dated:
            return dated
    house = _HOUSE.match(source.typed, start)
    if house and (phrase in _HOUSES or (phrase == "số" and any(map(str.isalpha, house.group())))):
        return house.end()
    return None


def account(source: Source, start: int) -> int | None:
    """The end of an account's number in groups: `4820 2110 0975`, `3713.0.1058264`."""
    return _end(_ACCOUNT, source.folded, start)


def lettered(source: Source, start: int) -> int | None:
    """The end of a number with a letter behind it: `30a`."""
    return _end(_LETTERED, source.typed, start)


def glued(source: Source, start: int, floor: int) -> tuple[int, int] | None:
    """A code whose letters touch the number at `start`: `QL1A`, `ĐH.53`, `K4+300`."""
    text = source.typed
    begin = start - 1 if text[start - 1] == "." else start
    while begin > floor and start - begin < 6 and text[begin - 1].isalpha():
        begin -= 1
    end = _end(_GLUED, text, begin)
    return (begin, end) if end and begin < start < end else None


def name_start(source: Source, start: int, floor: int, heads: frozenset[str]) -> int | None:
    """Where the name before a number begins: `đường Đông - Tây 4`, `Phường Móng Cái 3`.

    Args:
        source: the text.
        start: where the number begins.
        floor: what stands before it belongs to another quantity.
        heads: the words that may begin such a name.

    Returns:
        The start of the head word; `start` for a name of two words without one;
        None where no name stands there.
    """
    match = _NAME.search(source.typed, max(floor, start - 40), start)
    if match is None:
        return None
    words = [(word.group(), word.start()) for word in _WORD.finditer(source.typed, match.start(), start)]
    if all(word.isupper() for word, _ in words[-3:]):
        return _shouted_start([(word.lower(), at) for word, at in words], heads)
    if not words[-1][0].istitle():
        return None
    for size in range(2, min(5, len(words)) + 1):
        _, at = words[-size]
        if any(" ".join(low.lower() for low, _ in words[-size:stop]) in heads for stop in range(1 - size, 0)):
            return at
        if size > 3 and not any(low[0].isupper() for low, _ in words[-size : 3 - size]):
            break
    return start if len(words) > 1 and words[-2][0].istitle() else None


def _shouted_start(words: list[tuple[str, int]], heads: frozenset[str]) -> int | None:
    """The same in a line of capitals, where only a head and two words that may be a name tell it."""
    for size in range(3, min(5, len(words)) + 1):
        if words[-size][0] in heads:
            return None if any(word in STOPS for word, _ in words[1 - size :]) else words[-size][1]
    return None


def law_start(source: Source, start: int, floor: int) -> int | None:
    """Where `Luật Đất đai 2013` begins, whose year stands at `start`."""
    match = _LAW.search(source.typed, max(floor, start - 60), start)
    return match.start() if match else None


def following(source: Source, end: int) -> list[Draft]:
    """Further numbers under one head: `vành đai 2 và 3`, `tiêu chí số 5, 17`, `cấp 8-9`."""
    drafts: list[Draft] = []
    while len(drafts) < _LONGEST:
        match = _NEXT.match(source.typed, end)
        if match is None:
            break
        end = code(source, match.start(1)) or match.end()
        drafts.append(Draft(match.start(1), end, "identifier"))
    return drafts


def joined(source: Source, start: int) -> list[Draft]:
    """`2,3 và 4` behind one head: a list whose commas touch its numbers."""
    match = _COMMAS.match(source.folded, start)
    if match is None:
        return []
    members = _DIGITS.finditer(source.folded, start, match.end())
    return [Draft(m.start(), m.end(), "identifier") for m in members] + following(source, match.end())


def _end(pattern: re.Pattern[str], text: str, start: int) -> int | None:
    match = pattern.match(text, start)
    return match.end() if match else None
