"""The words of offices: what ties one to a person, to a body, to another office."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from vnreport.relations.cues import ROLE, pattern
from vnreport.relations.spans import Span
from vnreport.text import normalize

Ties = tuple[tuple[re.Pattern[str], int], ...]

_TITLE, _AREA, _TAKES, _ALSO, _VITA = (pattern(ROLE, kind) for kind in ("address", "place", "takes", "also", "vita"))
_SEVERAL, _SHARED, _HEADS = (pattern(ROLE, kind) for kind in ("several", "shared", "head"))
_ADDRESS = rf"(?:(?:các |nữ |hai |ba )?{_TITLE})"
_COMMON = pattern(ROLE, "common")
_DASH = r"[-–—]"
_PLACE = rf"(?:(?:\w+ )?{_AREA}\b)?"
_AGE = r"(?:\(? ?(?:sinh năm \d{4}|sn \d{4}|\d+ ?(?:tuổi|t)(?: đảng)?|\d+ năm tuổi đảng)(?:, \d+ tuổi)? ?\)?)"


def _ties(*rows: tuple[str, int]) -> Ties:
    return tuple((re.compile(words), strength) for words, strength in rows)


TAKEN = 9
"""The strength of `… được bầu làm`."""
AFTER_PERSON = _ties(
    (rf"[,(–—-]?[^.;:()]{{0,120}}\b{_TAKES}", TAKEN),
    (r"(?:, )?(?:hiện |nay |vốn |nguyên |vừa |đang |hiện nay |hiện đang )*là", 8),
    (rf"(?:,|{_DASH}|\(|, ?kiêm|{_DASH} ?kiêm|kiêm)", 7),
    (rf"(?:,|{_DASH})? ?{_AGE} ?(?:,|{_DASH})?", 7),
    (rf"\([^()]{{1,40}}\) ?(?:,|{_DASH})", 7),
    (rf"[,(][^.;:]{{0,40}}\b{_VITA}\b[^.;:]{{0,120}},", 7),
    (r",? ?(?:với|trên|ở|trong) (?:cương vị|vai trò|tư cách)(?: là)?", 7),
    (r":", 6),
    (r"", 5),
)
"""What may stand between a person and the office behind it, and how strongly it ties."""
GIVEN = re.compile(rf"[^.;:]*\bđược\b[^.;:]*\b{_TAKES}(?: các)?")
"""What may stand between a person and an office given to him, with brackets and bodies in it."""
BEFORE_PERSON = _ties(
    (rf"\.?(?:{_ADDRESS})?", 9),
    (rf"(?:chi bộ|{_PLACE}) ?(?:{_ADDRESS})?", 8),
    (rf"(?![^.;:,()]*\bảnh ?:)[^.;:,()]{{0,25}}(?:\blà|\bgồm|\bgồm có|:) ?(?:{_ADDRESS})?", 8),
    (rf"(?:\(|{_DASH}) ?(?:{_ADDRESS})?", 5),
    (rf"{_PLACE}[^.;:,()]{{0,25}}", 4),
    (rf", ?{_ADDRESS}", 2),
)
"""What may stand between an office and the person behind it."""
BETWEEN_OFFICES = _ties(
    (rf"(?:{_COMMON} ?)?(?:,|-|–)? ?{_ALSO}", 8),
    (rf"là {_ADDRESS}", 8),
    (rf"[^;]{{0,80}}\b{_TAKES}", 6),
    (rf"(?:{_COMMON} ?)?(?:,|{_DASH})?", 6),
    (r"nghỉ hưu,?", 6),
)
"""What may stand between two offices of one person."""

SHARING = re.compile(r"(?:,|và|cùng|, và)")
"""What stands between persons that share one office."""
SHARING_TAKEN = re.compile(rf"(?:,|và|cùng|, và) ?(?:{_ADDRESS})?")
"""The same before `… được bầu làm`."""
LISTED = re.compile(rf"[^.;,()]{{0,25}}(?:\bgồm|\bgồm có|:) ?(?:{_ADDRESS})?")
"""What opens a list of all who hold an office."""
LIST_MEMBER = re.compile(rf".*[);,](?: và)? ?(?:{_ADDRESS})?|\S+ và")
"""What stands before the second and later of them, behind an office of the one before."""
SEVERAL = re.compile(rf"\b{_SEVERAL}(?: đồng chí| đ/c| ông| bà| vị)?\Z")
"""What stands before an office that several people hold."""
BODY_FIRST = re.compile(
    rf"(?:[^.;:]{{0,40}}, ?|: [^.;]{{0,30}}, ?)?do ?(?:{_ADDRESS})?"
    rf"|(?:,|:|\()? ?(?:gồm|gồm có|có|là)? ?(?:{_ADDRESS})?|-"
)
"""What stands between a body and the person whose office in it is told behind the name."""
BODY_LIST = re.compile(rf":(?: ?(?:gồm|gồm có))? ?(?:{_ADDRESS})?")
"""What stands between a body and the list of those who hold its offices."""
COMMON_BODY = re.compile(
    rf"\s*({_COMMON})\b(?!\s+(?:{pattern(ROLE, 'level')}|{pattern(ROLE, 'own')})\b)", re.IGNORECASE
)
"""What stands behind an office instead of its body's name: `Bí thư chi bộ`."""
TAKES = re.compile(rf"\b{_TAKES}\Z")
"""What stands before an office that is given."""
HEADED = re.compile(rf"{pattern(ROLE, 'headed')}\b")
"""An office and the body it heads, which a sentence about that body need not name again."""
REPRESENTED = re.compile(r"\b(?:thừa|ủy|thực hiện|theo)\b[^;]{0,80} của(?: đồng chí| đ/c)?\Z")
"""What stands before an office whose holder is not told: `thừa ủy quyền của Chủ tịch UBND xã, đ/c A`."""
UNNAMED = re.compile(pattern(ROLE, "unnamed"))

_ALONE = re.compile(rf"(?:nguyên |cựu )?(?:phó )?(?:{pattern(ROLE, 'alone')}|{pattern(ROLE, 'alone+')}(?!\w).*)")
_HEAD = re.compile(rf"(?:phó )?trưởng (?P<first>{_HEADS})|(?P<last>{_HEADS}) trưởng")
_DEPUTY = re.compile(r"phó (?P<chief>.+?)(?: thường trực| tt)?|(?P<short>pct|pbt|pgđ)(?: thường trực| tt)?")
_SHORT = {"ct": "chủ tịch", "bt": "bí thư", "gđ": "giám đốc"}
_PLURAL = re.compile(rf"{_SHARED}(?!\w).*")


@dataclass(frozen=True)
class Office:
    """A title with the body that follows it.

    Attributes:
        title: its span.
        organisation: the body's span, if one follows.
        name: the title, normalised.
    """

    title: Span
    organisation: Span | None
    name: str

    @property
    def start(self) -> int:
        """Where the title begins."""
        return self.title.start

    @property
    def end(self) -> int:
        """Where the body, or else the title, ends."""
        return (self.organisation or self.title).end

    @cached_property
    def alone(self) -> bool:
        """Whether the title names no body because it contains it or needs none."""
        return _ALONE.fullmatch(self.name) is not None

    @property
    def plural(self) -> bool:
        """Whether several people usually hold it."""
        return _PLURAL.fullmatch(self.name) is not None

    @property
    def deputy_of(self) -> str:
        """The office whose deputy this is; empty if it is none."""
        match = _DEPUTY.fullmatch(self.name)
        return (match["chief"] or _SHORT[match["short"][1:]]) if match else ""

    @property
    def chief(self) -> str:
        """The office that heads the body, spelled out: that of which this one is the deputy, or else this one."""
        return self.deputy_of or _SHORT.get(self.name, self.name)

    @property
    def head(self) -> str:
        """The head word of the body, where the title holds it: `trạm` of `Trưởng trạm`."""
        match = _HEAD.fullmatch(self.name)
        return (match["first"] or match["last"]) if match else ""


Item = Span | Office


def items(text: str, members: list[Span]) -> list[Item]:
    """Entities in their order, each title joined with the body that follows it."""
    row: list[Item] = []
    place = 0
    while place < len(members):
        span = members[place]
        place += 1
        if span.label != "TITLE":
            row.append(span)
            continue
        name = normalize(text[span.start : span.end])
        follower = members[place] if place < len(members) else None
        if follower is not None and follower.label == "ORG" and _owns(name, text[span.end : follower.start]):
            place += 1
            row.append(Office(span, follower, name))
        else:
            row.append(Office(span, None, name))
    return row


def _owns(name: str, gap: str) -> bool:
    words = normalize(gap).strip() if gap else ""
    return words in ("", "của", "tại", "ở", "thuộc", "cơ quan") or (words == "," and name.endswith("trưởng phòng"))


def strength(ties: Ties, gap: str) -> int:
    """How strongly the words of a gap tie; 0 where they part."""
    return next((value for words, value in ties if words.fullmatch(gap)), 0)
