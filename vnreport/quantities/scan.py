"""From the folded text to drafts: one pass over the places where a quantity may begin."""

from __future__ import annotations

import re
from collections.abc import Iterable

from vnreport.numerals import ONES
from vnreport.quantities import amounts, dates, identifiers, periods, words
from vnreport.quantities.context import Context
from vnreport.quantities.dates import YEAR
from vnreport.quantities.draft import Draft
from vnreport.quantities.lexicon import END, PLACES, UNIT
from vnreport.quantities.nouns import counted, known_noun
from vnreport.quantities.numbers import magnitude_follows
from vnreport.quantities.source import Source
from vnreport.quantities.units import names_place
from vnreport.text import LOWER, UPPER

_SCALE = "trăm|nghìn|ngàn|vạn|triệu|tỷ|tỉ|chục"
_NUMBER_WORDS = "|".join((*(word for word, value in ONES.items() if value > 1 and word != "năm"), "mười"))
"""All up to ten but `không`, `một` and `năm`, which what follows must tell from other words."""
_CANDIDATE = re.compile(
    rf"""
    (?P<digit>[0-9])
    | (?<![^\W_])(?:
        (?P<word>
            (?:{_NUMBER_WORDS}|nửa)(?=[ ,])
          | năm(?=[ ][^\W\d_])
          | một(?=[ ](?:
                [^\W\d_]+[ ]rư[ỡở]i  # một tháng rưỡi
              | phần[ ](?:hai|ba|tư|bốn|năm|sáu|tám|mười) | phẩy | trong | {_SCALE}
              | (?:đến|tới)[ ](?:{_NUMBER_WORDS}|(?:một|năm)[ ](?:mươi|{_SCALE}))
            ){END})
          | không(?=[ ]phẩy[ ])
          | trăm(?=[ ]phần[ ]trăm)
        )
      | (?P<ordinal>(?:lần|thứ|hạng)(?=[ ][nhbtsc]))
      | (?P<roman>[ivxl]{{1,8}}){END}
    )
    """,
    re.VERBOSE,
)
"""Where a quantity may begin: `7 hộ`, `hai xã`, `năm thôn`, `một đến hai`, `không phẩy năm`, `thứ ba`, `XX`."""
_LIST_NUMBER = re.compile(
    r"[0-9]{1,2}(?:\.[0-9]{1,2})*(?:[.)]|[.]?-(?![0-9])|/(?! ?[0-9])|:)(?![0-9])"
    r"|[0-9]{1,2}[\ufe0f\u20e3]"
)
"""`1.`, `2.1)`, `3-`, `4/`, `5:`, `6️⃣`, not `1.5`."""
_GLUED_ITEM = re.compile(rf"[.;:][0-9]{{1,2}}[.)] ?[{UPPER}]")
"""An item that touches the one before: `nghèo;2) Xây`, `nghèo.3.Thu`."""
_SPACED_ITEM = re.compile(rf"[0-9]{{1,2}} [.)-] [{UPPER}]")
"""`1 . Công tác`, `2 - Thu`."""
_SECTION = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,2}){1,3} (?=[^\W\d_])")
"""`1.1 Về`, `2.1.3 Thu`."""
_SECTION_LEAD = re.compile(r"(?:^|\n)[ +*•-]{0,10}$")
"""Before a section's number: the beginning of a line, with bullets or without."""
_BRACKETED = re.compile(r"\([0-9]{1,2}\) ?[^\W\d_]|\[[0-9]{1,3}\]")
"""`(3) Xây`, `[12]`."""
_PHONE = re.compile(
    r"(?:0[0-9]{2,4}[. -]?[0-9]{3,4}[. -]?[0-9]{2,4}(?:[. -]?[0-9]{2,4})?|0[0-9]{8,10}"
    r"|(?<=\()0[0-9]{1,3}\)(?:[. ]{0,2}[0-9]){7,8}"
    r"|(?<=\+)84(?:[. ]?[0-9]{1,4}){2,5}"
    r"|1[89]00[. ]?[0-9]{4}(?:[0-9]{2})?)(?![0-9])"
)
"""`0912 345 678`, `(0239) 3861 234`, `+84 912 345 678`, `1900 1234`."""
_PHONE_NUMBER = re.compile(r"[0-9]+(?:[ .-]?[0-9]+)*")
"""Behind a head such as `điện thoại`, where all digits are its number: `3861-234`."""
_RUN = re.compile(r"[0-9]+(?:[.,/:-][0-9]+)*")
"""A number and what is glued to it: `25/12/2019`, `1.250-1.300`."""
_CLOCK = re.compile(
    r"(?:[01]?[0-9]|2[0-4])"
    r"(?: ?(?:h|g|giờ) ?[0-5][0-9](?![0-9])(?: ?(?:phút|p|'))?|h[0-9](?![0-9])| ?(?:giờ|h)"
    rf"|:[0-5][0-9](?![0-9])){END}"
)
"""`7h30`, `7 giờ 30 phút`, `8h`, `08:00`."""
_DAY_BEFORE = re.compile(r"(?<![^\W_])(?:nay|qua|mai|kia|thứ (?:hai|ba|tư|năm|sáu|bảy)|chủ nhật) ?[,(] ?$")
"""Before a date: `sáng nay (`, `thứ ba,`."""
_DAY_ENDS = frozenset(" ,(")
_CLOCK_BEFORE = re.compile(r"(?:giờ|h)(?: ?[0-9]{2})? ?(?:-|đến|tới) ?$")
"""Before the second of two times of day: `7h30 -`, `8 giờ đến`."""
_CLOCK_RANGE = re.compile(r"[0-9]{1,2} ?(?:-|đến|tới) ?[0-9]{1,2} ?(?:giờ|h)")
"""Behind `khung`: `7-9 giờ`."""
_CLOCK_MARKS = frozenset(":hg")
_CLOCK_HEADS = frozenset(("lúc", "hồi", "vào", "từ", "đến", "khung", "tới", "trước"))
_DAYTIME = re.compile(
    rf" (?:sáng|chiều|tối|trưa|đêm|khuya|hằng ngày|hàng ngày|mỗi ngày|cùng ngày|hôm (?:sau|trước)){END}"
    rf"| ?,? ?(?:ngày )?[0-9]{{1,2}} ?[/.-] ?[0-9]{{1,2}}(?![0-9]|[.,][0-9])"
    rf"| ?- ?[0-9]{{1,2}} ?(?:h|giờ){END}"
)
"""Behind what is a time of day, not a span: `sáng`, `ngày 5/7`, `- 11h`."""
_CLOCK_DAY = re.compile(r" ?,? ?(?:sáng |chiều |tối )?(?:ngày |, )(?=[0-9])")
"""Between a time of day and its date: `sáng ngày 5/7`, `, 5/7`."""
_NOT_COUNTED = ("tháng", "giờ", "g", "h", "k", "đến", "tới", "và", "hoặc", "hết", "st", "nd", "rd", "th", "ts")
# A number whose shape and next word leave no date, clock time, year, telephone number, code or list number.
_AMOUNT = re.compile(
    r"(?!0[0-9]{2})[0-9]{1,9}(?:,[0-9]{1,3}|\.[0-9]{3})?"
    rf"(?:%| ?(?![^\W\d_]? ?[-/])(?!(?:{'|'.join((*_NOT_COUNTED, *dates.MONTH_NAMES))}){END})"
    r"[^\W\d_](?![0-9]))"
)
_PLACE_BEHIND = re.compile(rf" (?:ở|tại|trên|trong) (?!vòng{END})")
"""Behind `sau 17 giờ`, which is then a time of day: `ở chợ`, not `trong vòng`."""
_PLACE = re.compile(r"([0-9]{1,3})(?:/[0-9]{1,4})?(?![0-9]|[.,/-][0-9])")
"""Behind a head such as `thứ`: `3`, `3/63`, not `3.5`."""
_ENGLISH_PLACE = re.compile(rf"[0-9]{{1,3}}(?:st|nd|rd|th){END}")
_LONE_DAY = re.compile(r"[0-9]{1,2}(?![0-9.,/-]| ?[^\W\d_])|[0-9]{1,2} (?:hằng|hàng) tháng")
"""Behind `ngày`: `5`, `25 hằng tháng`, not `5 giờ`."""
_NUMBER = r"[0-9]{1,15}(?:[.,][0-9]{1,15}){0,5}"
_TAIL = re.compile(rf"(?: ?(?:-|/|đến|tới) ?{_NUMBER}){{1,8}}")
"""More numbers of a chain or a range: `- 15`, `/24/30`, `đến 20`."""
_LIST_TAIL = re.compile(rf"(?: ?(?:-|,|/|và|đến|tới|hoặc) ?{_NUMBER}){{1,8}}")
"""The same, or more numbers of a list: `, 5 và 6`."""
_EVERY = frozenset(("mỗi", "hằng", "hàng", "một"))
_DATED = re.compile(
    rf" ?(?:năm {YEAR}(?! ?-)"
    rf"|(?:nhiệm kỳ|khóa|khoá|năm học|giai đoạn) (?:{YEAR}|[ivxl]+{END}))"
)
"""Behind a number, which does not count it: `năm 2020`, `nhiệm kỳ 2020`, `khóa XX`, not `năm 2016-2020`."""
_YEAR_UNTIL_NOW = re.compile(rf"(?:[0-9]{{1,2}}/)?{YEAR} (?:đến|tới) nay{END}")
"""Behind `từ`: `2016 đến nay`, `6/2016 đến nay`."""
_DIGIT = re.compile(" [0-9]")
_NAME_BEHIND = re.compile(rf" [{UPPER}][{LOWER}]")
"""Behind a noun: `tổ 9 thôn Nà Phạ` counts no `thôn`."""
_CAPITAL = re.compile(rf" ?[{UPPER}][{LOWER}]")
"""Behind a number: `tổ 9 Thôn Đông` counts nothing."""
_NAMING = frozenset(("name", "label"))
_VERBS = frozenset(("kết luận", "hướng dẫn"))
_BARE_UNIT = re.compile(rf"(?:(?<=\bm)|(?<=\b[kc]m))[23]{END}")
"""The digit of a unit: `đồng/m2`, `cm3`."""
_SPACE = re.compile(r"[ \n|]")
_ADDRESS = re.compile(r"://|www\.|@(?=[^ \n])|\.(?:vn|com|net|org|info)/")
"""What tells an address of the web or of mail: `https://`, `www.`, `ubnd@xa`, `.vn/`."""


def drafts(source: Source) -> list[Draft]:
    """All quantities of the text, in its order; their offsets count its folded form."""
    scanner = _Scanner(source)
    match = _CANDIDATE.search(source.folded)
    while match:
        behind = scanner.candidate(match.lastgroup or "", match.start())
        match = _CANDIDATE.search(source.folded, max(behind, match.end()))
    return scanner.drafts


def _addresses(text: str) -> list[tuple[int, int]]:
    """Where the addresses of the web and of mail begin and end; spaces, cells and lines part them."""
    spans: list[tuple[int, int]] = []
    end = 0
    for mark in _ADDRESS.finditer(text):
        if mark.start() < end:
            continue
        start = max(end, *(text.rfind(space, end, mark.start()) + 1 for space in " \n|"))
        space = _SPACE.search(text, mark.end())
        end = space.start() if space else len(text)
        spans.append((start, end))
    return spans


class _Scanner:
    """Reads one text from left to right.

    Attributes:
        drafts: what was found so far.
        floor: the end of the last of them; nothing before it speaks for the next.
        names: the identifiers found so far.
        addresses: the web and mail addresses, whose digits say nothing, last first.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.folded
        self.drafts: list[Draft] = []
        self.floor = 0
        self.names: set[str] = set()
        self.addresses = _addresses(source.folded)[::-1]

    def candidate(self, kind: str, start: int) -> int:
        """Read what may begin at `start`; returns where to look on."""
        if self.addresses and (end := self.address(start)):
            return end
        if kind == "digit":
            return self.add(self.digit(start)) or self.skip(start)
        if kind == "word":
            return self.add(words.number(self.source, start, self.floor))
        if kind == "ordinal":
            return self.add(words.ordinal(self.source, start, self.floor))
        return self.add(words.roman(self.source, start, self.floor))

    def add(self, found: Iterable[Draft]) -> int:
        """Keep what was found; returns its end, 0 for nothing."""
        end = 0
        for draft in found:
            if draft.end > end:
                end = draft.end
            if draft.kind == "identifier":
                self.names.add(self.surface(draft.start, draft.end))
            if draft.kind:
                self.drafts.append(draft)
                self.floor = end
        return end

    def surface(self, start: int, end: int) -> str:
        """The words from `start` to `end`, in lower case."""
        return self.text[start:end].strip()

    def skip(self, start: int) -> int:
        """The end of the digits at `start` and of all that is glued to them."""
        match = _RUN.match(self.text, start)
        return match.end() if match else start + 1

    def mark(self, start: int) -> str:
        """The first character behind the digits at `start` and a space."""
        while self.text[start : start + 1].isdigit():
            start += 1
        return self.text[start : start + 2].lstrip()[:1]

    def nothing(self, end: int) -> list[Draft]:
        """An empty draft: nothing to keep, and nothing to look for before `end`."""
        return [Draft(end, end, "")]

    def digit(self, start: int) -> list[Draft]:
        """What the number in digits at `start` belongs to."""
        source, text = self.source, self.text
        before = text[start - 1] if start else " "
        if before.isalpha() or before in ".#_@&+":
            glued = identifiers.glued(source, start, self.floor)
            if glued:
                context = Context(source, glued[0], self.floor)
                begin = context.begin if context.classes & _NAMING else glued[0]
                return [Draft(begin, glued[1], "identifier")]
            if before in "#_" or self.tagged(start) or (before == "m" and _BARE_UNIT.match(text, start)):
                return []
        context = Context(source, start, self.floor)
        if _AMOUNT.match(text, start):
            found = self.headed(context) if context.classes else []
            return found or self.name(context) or amounts.read(source, context)
        end = identifiers.code(source, start)
        if end:
            return [Draft(self.document_start(context), end, "identifier")]
        if "ordinal" not in context.classes and (end := dates.lunar(source, start)):
            return self.nothing(end)
        phone = self.phone(context)
        if phone:
            return self.nothing(phone)
        if self.listed(start):
            return []
        return (self.headed(context) if context.classes else []) or self.unheaded(context)

    def phone(self, context: Context) -> int:
        """The end of a telephone number that its shape tells; 0 where a head word names another number."""
        start = context.start
        match = _PHONE.match(self.text, start) if self.text[start] in "018" else None
        if match is None or context.phrase.endswith(("số", "tài khoản")):
            return 0
        return 0 if counted(self.source, match.end()) or UNIT.match(self.text, match.end()) else match.end()

    def address(self, start: int) -> int:
        """The end of the address that `start` lies in; 0 outside one."""
        while self.addresses and self.addresses[-1][1] <= start:
            self.addresses.pop()
        return self.addresses[-1][1] if self.addresses and self.addresses[-1][0] <= start else 0

    def tagged(self, start: int) -> bool:
        """Whether the number is part of a hashtag."""
        return self.text[max(0, start - 60) : start].rpartition(" ")[2].rpartition("\n")[2].startswith("#")

    def listed(self, start: int) -> bool:
        """Whether the number only counts the items of a list: `1.`, `2)`, `(3)`, `1.1 Về …`."""
        if start and (_BRACKETED.match(self.text, start - 1) or _GLUED_ITEM.match(self.source.typed, start - 1)):
            return True
        if _LIST_NUMBER.match(self.text, start):
            return words.leads(self.source, start)
        if _SPACED_ITEM.match(self.source.typed, start) and self.text[start - 1 : start] in ("", "\n"):
            return True
        if _SECTION.match(self.text, start):
            lead = _SECTION_LEAD.search(self.text, max(0, start - 12), start)
            return lead is not None and not self.counts(self.skip(start))
        return False

    def document_start(self, context: Context) -> int:
        """Where the type of a document and `số` before its number begin."""
        if context.phrase in ("", "số") and (context.last.rstrip(":") == "số" or context.words[-2:] == ["số", ":"]):
            begin = self.text.rfind("số", 0, context.start)
            context = Context(self.source, begin, self.floor)
        return context.begin if context.classes & _NAMING else context.start

    def headed(self, context: Context) -> list[Draft]:
        """A number whose head word says what it is; nothing where that does not hold."""
        source, start, classes, phrase = self.source, context.start, context.classes, context.phrase
        if "phone" in classes:
            number = _PHONE_NUMBER.match(self.text, start)
            if number is None or number.end() - start > 2:
                return self.nothing(number.end() if number else start + 1)
        found: list[Draft] = []
        if "month" in classes:
            found = periods.months(source, start)
            if found and self.monthly(context, found[0].end):
                found = []
        if not found and "quarter" in classes:
            found = periods.quarters(source, start)
        if not found and classes & {"year", "term"}:
            found = periods.years(source, start, "year" in classes and phrase != "khóa")
        if found:
            cut = "term" not in classes and not phrase.startswith("năm học")
            periods.widen(source, found, context.begin, self.floor, cut)
            return found
        if "ordinal" in classes:
            match = _PLACE.match(self.text, start)
            if match and phrase.endswith("thứ"):
                if phrase == "thứ" and words.weekday(source, context, match.end()):
                    return self.nothing(match.end())
                return [words.place(context.begin, match.end(), int(match[1]))]
            if match and (dates.lunar(source, start) or not self.counts(match.end())):
                return [words.place(context.begin, match.end(), int(match[1]))]
        if classes & {"day", "lapse"}:
            found = dates.days(source, start, True)
            if found and ("day" in classes or not self.counts(found[-1].end)):
                return found
            if phrase == "ngày" and _LONE_DAY.match(self.text, start):
                return self.nothing(self.skip(start))
            if phrase == "ngày" and (end := dates.impossible(source, start, True)):
                return self.nothing(end)
        return self.named(context) if classes & _NAMING else []

    def monthly(self, context: Context, end: int) -> bool:
        """`mỗi tháng 2 ngày`: the number counts what follows, not the month."""
        before = context.words[-2] if len(context.words) > 1 else ""
        return magnitude_follows(self.source, end) or (before in _EVERY and self.counts(end))

    def named(self, context: Context) -> list[Draft]:
        """`thôn 4`, `Nghị quyết số 26`, `Chương trình 135`; nothing where it is an amount."""
        source, start, phrase = self.source, context.start, context.phrase
        if "name" not in context.classes and periods.years(source, start, False):  # "chặng đường 2011 - 2015"
            return []
        end = identifiers.account(source, start) if context.last == "số" or phrase.endswith("tài khoản") else None
        end = end or identifiers.numbered(source, start, phrase)
        if end is None:
            found = identifiers.joined(source, start)
            if not found or self.counts(found[-1].end) or _TAIL.match(self.text, found[-1].end):
                return []
            found[0].start = context.begin
            return found
        begin = context.begin
        strong = (
            ("name" in context.classes and phrase not in _VERBS) or context.capital() or "/" in self.text[start:end]
        )
        if phrase.endswith("số"):
            wider = Context(source, begin, self.floor)
            begin = wider.begin if wider.classes & _NAMING else begin
            strong = strong or "name" in wider.classes
        if self.measured(end, strong) or self.again(phrase, end):
            return []
        tail = (_LIST_TAIL if phrase == "mức" else _TAIL).match(self.text, end)
        if tail and (UNIT.match(self.text, tail.end()) or magnitude_follows(source, tail.end())):
            return []
        if not strong and (self.counts(end) or (tail and self.counts(tail.end()))):
            return []
        rest = [draft for draft in identifiers.following(source, end) if not self.counts(draft.end)]
        return [Draft(begin, end, "identifier"), *rest]

    def again(self, phrase: str, end: int) -> bool:
        """`trưởng thôn 8 thôn`: the number counts what the head names."""
        noun = known_noun(self.source, end)
        return noun is not None and self.surface(end, noun) == phrase

    def measured(self, end: int, strong: bool) -> bool:
        """Whether a unit behind `end` makes the number an amount in spite of its head word."""
        unit = None if _DATED.match(self.text, end) else UNIT.match(self.text, end)
        if unit and strong and unit[1] in ("năm", "tháng", "ngày"):  # "lớp 9 năm học này"
            return periods.part_of_year(self.source, unit.end(), 1, "tháng") is not None
        return (unit is not None and not names_place(self.source, unit)) or magnitude_follows(self.source, end)

    def counts(self, end: int) -> bool:
        """Whether something that the number counts stands behind `end`."""
        if _DATED.match(self.text, end):
            return False
        noun = known_noun(self.source, end)
        if noun and not UNIT.match(self.text, end):
            if _DIGIT.match(self.text, noun) and self.surface(end, noun) in PLACES:
                return False  # "điểm 5 Điều 94"
            return not _NAME_BEHIND.match(self.source.typed, noun) and not _CAPITAL.match(self.source.typed, end)
        return counted(self.source, end) or magnitude_follows(self.source, end)

    def unheaded(self, context: Context) -> list[Draft]:
        """A number that no head word announces: its own shape and what follows tell."""
        source, text, start = self.source, self.text, context.start
        mark = self.mark(start)
        found = dates.clocked(source, start) if mark in _CLOCK_MARKS else []
        found = found or dates.days(source, start, self.day_before(start))
        if not found and (mark.isalnum() or mark == ","):
            found = dates.english(source, start)
        if found:
            return found
        if mark in "/.-" and (end := dates.impossible(source, start, False)):
            return self.nothing(end)
        clock = _CLOCK.match(text, start) if mark in _CLOCK_MARKS else None
        if clock and self.is_clock(clock, context):
            behind = _CLOCK_DAY.match(text, clock.end())
            return (dates.days(source, behind.end(), True) if behind else []) or self.nothing(clock.end())
        if context.last == "khung" and (clock := _CLOCK_RANGE.match(text, start)):
            return self.nothing(clock.end())
        since = context.last == "từ" and _YEAR_UNTIL_NOW.match(text, start) is not None
        found = periods.month_of_year(source, start) or periods.years(source, start, since)
        if found:
            periods.widen(source, found, start, self.floor, cut=since)
            return found
        place = _ENGLISH_PLACE.match(text, start) if mark.isalpha() else None
        if place:
            return self.nothing(place.end())
        return self.name(context) or dates.loose(source, start) or amounts.read(source, context)

    def day_before(self, start: int) -> bool:
        """`hai ngày 25, 26/9`, `sáng nay (5.2)`: a date announced without a head word."""
        if self.text[start - 1 : start] in _DAY_ENDS and _DAY_BEFORE.search(
            self.text, max(self.floor, start - 16), start
        ):
            return True
        last = self.drafts[-1] if self.drafts else None
        if last is None or not 0 < start - last.end <= len(" , "):
            return False
        return (last.unit or "").lower() in ("ngày", "đêm") or self.text.startswith("thứ ", last.start)

    def is_clock(self, clock: re.Match[str], context: Context) -> bool:
        """Whether `8 giờ`, `7h30`, `08:00` is a time of day and not a span of time."""
        text = clock.group()
        if context.last in _CLOCK_HEADS or _DAYTIME.match(self.text, clock.end()):
            return True
        if context.last == "sau" and _PLACE_BEHIND.match(self.text, clock.end()):  # "sau 17 giờ ở chợ"
            return True
        if _CLOCK_BEFORE.search(self.text, max(0, clock.start() - 16), clock.start()):
            return True
        if text.endswith("h"):
            return not self.text.startswith("/", clock.end())
        return text[-1].isdigit() or text[-1] in "p'" or (text.endswith("phút") and "giờ" not in text)

    def name(self, context: Context) -> list[Draft]:
        """`Phường Móng Cái 3`, `đường Đông - Tây 4`, `30a`: a number that ends a name."""
        source, text, start = self.source, self.text, context.start
        if amounts.plausible_year(text[start : start + 4]):
            law = identifiers.law_start(source, start, self.floor)
            return [Draft(law, start + 4, "identifier")] if law is not None else []
        named = bool(context.last) and not source.typed[text.rfind(context.last, 0, start)].islower()
        end = identifiers.numbered(source, start, "") if named else None
        begin = identifiers.name_start(source, start, self.floor, PLACES) if end else None
        if end and begin is not None and (not self.counts(end) or self.surface(begin, end) in self.names):
            return [Draft(begin, end, "identifier")]
        end = identifiers.lettered(source, start)
        if end and not UNIT.match(text, end - 1):
            return [Draft(start, end, "identifier")]
        if context.last == "nghiệp":
            end = identifiers.version(source, start)
            return [Draft(start, end, "identifier")] if end else []
        return []
