"""The words of offices: what ties one to a person, to a body, to another office."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from vnreport.relations.spans import Span
from vnreport.text import normalize

_ADDRESS = (
    r"(?:(?:các |nữ |hai |ba )?(?:đồng chí|đ ?/ ?c|đc|ông|bà|anh|chị|cô|thầy|thầy giáo|cô giáo|cụ|bác|em|chú|dì|mẹ"
    r"|bs|bác sĩ|bác sỹ|sư cô|sư thầy|đại đức|thượng tọa|hòa thượng|linh mục|mục sư))"
)
_DASH = r"[-–—]"
_PLACE = r"(?:(?:\w+ )?(?:chi bộ|thôn|bản|ấp|xóm|tổ|khu|làng|buôn|khóm|xã|phường|thị trấn|huyện|tỉnh|lớp|đội)\b)?"
_TAKES = (
    r"(?:làm|giữ (?:chức|cương vị)(?: vụ| danh)?|đảm nhiệm(?: chức(?: vụ| danh)?)?|đảm nhận(?: chức(?: vụ| danh)?)?"
    r"|tái cử(?: chức(?: danh| vụ)?)?|tái đắc cử(?: chức(?: danh| vụ)?)?|trúng cử(?: chức(?: danh| vụ)?)?|chức vụ|chức danh)"
)
_AGE = r"(?:\(? ?(?:sinh năm \d{4}|sn \d{4}|\d+ ?(?:tuổi|t)(?: đảng)?|\d+ năm tuổi đảng)(?:, \d+ tuổi)? ?\)?)"

AFTER_PERSON = (
    (rf"[,(–—-]?[^.;:()]{{0,120}}\b{_TAKES}", 9),
    (r"(?:, )?(?:hiện |nay |vốn |nguyên |vừa |đang |hiện nay |hiện đang )*là", 8),
    (rf"(?:,|{_DASH}|\(|, ?kiêm|{_DASH} ?kiêm|kiêm)", 7),
    (rf"(?:,|{_DASH})? ?{_AGE} ?(?:,|{_DASH})?", 7),
    (r"[,(][^.;:]{0,40}\b(?:sinh năm|sinh ngày|tuổi|dân tộc|quê|trình độ)\b[^.;:]{0,120},", 7),
    (r",? ?(?:với|trên|ở|trong) (?:cương vị|vai trò|tư cách)(?: là)?", 7),
    (r":", 6),
    (r"", 5),
)
"""What may stand between a person and the office behind it, and how strongly it ties."""

BEFORE_PERSON = (
    (rf"\.?(?:{_ADDRESS})?", 9),
    (rf"(?:chi bộ|{_PLACE}) ?(?:{_ADDRESS})?", 8),
    (rf"[^.;:,()]{{0,25}}(?:\blà|\bgồm|\bgồm có|:) ?(?:{_ADDRESS})?", 8),
    (rf"{_PLACE}[^.;:,()]{{0,25}}", 4),
    (rf"(?:\(|{_DASH}) ?(?:{_ADDRESS})?", 5),
    (rf", ?{_ADDRESS}", 2),
)
"""What may stand between an office and the person behind it."""

BETWEEN_OFFICES = (
    (r"(?:,|-|–)? ?(?:kiêm(?: nhiệm)?(?: chức(?: vụ| danh)?)?|đồng thời là|đồng thời giữ chức|vừa là|sang làm)", 8),
    (rf"là (?:{_ADDRESS})", 8),
    (rf"[^;]{{0,80}}\b{_TAKES}", 6),
    (rf"(?:,|{_DASH})", 6),
    (r"(?:chi bộ|đảng ủy|nghỉ hưu)?,?", 6),
)
"""What may stand between two offices of one person."""

SHARING = re.compile(r"(?:,|và|cùng|, và)")
"""What stands between persons that share one office."""
SHARING_OFFICE = re.compile(rf"(?:,|và|cùng|, và) ?(?:{_ADDRESS})?")
"""The same before `… được bầu làm`."""
LIST_MEMBER = re.compile(rf".*[);,](?: và)? ?(?:{_ADDRESS})?|\S+ và")
"""What stands before the second and later of them, behind an office of the one before."""
LISTED = re.compile(rf"[^.;,()]{{0,25}}(?:\bgồm|\bgồm có|:) ?(?:{_ADDRESS})?")
"""What opens a list of all who hold an office."""
PLURAL = re.compile(r"\b(?:các|những|hai|ba|bốn|năm|sáu|2|3|4|5|6|02|03|04|05)(?: đồng chí| đ/c| ông| bà| vị)?\Z")
BODY_FIRST = re.compile(rf"(?:[^.;:]{{0,40}}, ?|: [^.;]{{0,30}}, ?)?do ?(?:{_ADDRESS})?|(?:,|:|\()? ?(?:gồm|gồm có|có|là)? ?(?:{_ADDRESS})?|-")
"""What stands between a body and the person whose office in it is told behind the name."""
BODY_LIST = re.compile(rf":(?: ?(?:gồm|gồm có))? ?(?:{_ADDRESS})?")
"""What stands between a body and the list of those who hold its offices."""

_SELF_CONTAINED = re.compile(
    r"(?:nguyên |cựu )?(?:(?:phó )?(?:thượng|đại|trung|thiếu) (?:tá|úy|tướng|sĩ|sỹ)|đại tướng"
    r"|(?:pgs|gs|ts|ths|bs|ks|cn)[. ]*.*|(?:phó )?giáo sư.*|tiến s[ĩỹ].*|thạc s[ĩỹ].*|bác s[ĩỹ].*|y s[ĩỹ]|y tá|kỹ sư|dược s[ĩỹ]"
    r"|(?:ủy viên )?(?:huyện|tỉnh|thành|quận|thị|đảng|chi)(?: ủy)? ?ủy viên.*|.*\b(?:huv|tuv|tvu|quv|đuv)\b"
    r"|.*ủy viên bch.*|uv ?btv.*|uvbtv|uvbch.*|chuyên viên.*|trợ lý.*|(?:phó )?trưởng (?:thôn|bản|ấp|xóm|khu|làng|buôn|đoàn).*"
    r"|thư ký|thủ quỹ|kế toán.*)",
)
"""Titles that name no body because they contain it or need none."""
_HEADS = {"trạm": "trạm", "phòng": "phòng", "ban": "ban", "khối": "khối", "khoa": "khoa", "đội": "đội", "chi nhánh": "chi"}
_HEAD = re.compile(rf"(?:phó )?(?:trưởng )?(?P<head>{'|'.join(_HEADS)})(?: trưởng)?(?: thường trực)?")
_DEPUTIES = {"pct": "chủ tịch", "pbt": "bí thư", "pgđ": "giám đốc"}
_PLURAL_TITLE = re.compile(r"(?:ủy viên|uv|thành viên|hội thẩm|phó |pct|pbt).*")


@dataclass(frozen=True)
class Office:
    """A title with the body that follows it."""

    title: Span
    organisation: Span | None
    name: str

    @property
    def start(self) -> int:
        return self.title.start

    @property
    def end(self) -> int:
        return (self.organisation or self.title).end

    @cached_property
    def self_contained(self) -> bool:
        return _SELF_CONTAINED.fullmatch(self.name) is not None

    @property
    def plural(self) -> bool:
        """Whether several people usually hold it."""
        return _PLURAL_TITLE.fullmatch(self.name) is not None

    @property
    def deputy_of(self) -> str:
        """The office whose deputy this is; empty if it is none."""
        return _DEPUTIES.get(self.name) or (self.name[len("phó ") :] if self.name.startswith("phó ") else "")

    @property
    def head(self) -> str:
        """The head word of the body, where the title holds it: `ban` of `Trưởng ban`."""
        match = _HEAD.fullmatch(self.name)
        return _HEADS[match["head"]] if match and self.name != match["head"] else ""


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


UNNAMED = re.compile(r"ban (?:thường vụ|chấp hành)|btv|bch")
"""Bodies whose parent is not told: their secretary or chairman is the parent's."""


def _owns(name: str, gap: str) -> bool:
    words = normalize(gap).strip() if gap else ""
    return words in ("", "của", "tại", "ở", "thuộc", "cơ quan") or (words == "," and name.endswith("trưởng phòng"))


def strength(table: tuple[tuple[str, int], ...], gap: str) -> int:
    """How strongly the words of a gap tie; 0 where they part."""
    return next((value for pattern, value in table if re.fullmatch(pattern, gap)), 0)
