"""Vietnamese numerals, in digits, in words or in both, as exact values.

The standard library alone, so that it can be used without the rest of vnreport.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from functools import lru_cache

Number = Decimal | Fraction

MAX_DIGITS = 60  # longer runs of digits are no figures
EXACT = Context(prec=400, traps=[Inexact])  # digits and magnitudes never reach its limit

ONES = {
    "không": 0,
    "một": 1,
    "hai": 2,
    "ba": 3,
    "bốn": 4,
    "năm": 5,
    "sáu": 6,
    "bảy": 7,
    "bẩy": 7,
    "tám": 8,
    "chín": 9,
}
# The forms of a last digit after "mươi" (two of them never stand alone) and after "linh".
AFTER_TENS = {k: v for k, v in ONES.items() if k not in ("không", "năm")} | {
    "mốt": 1,
    "tư": 4,
    "lăm": 5,
    "nhăm": 5,
}
AFTER_ODD = {k: v for k, v in ONES.items() if k != "không"} | {"tư": 4}
TELLING = frozenset(("mốt", "tư", "lăm", "nhăm"))  # they show that "mươi" was left out
ODD = frozenset(("linh", "lẻ"))
HALF = frozenset(("rưỡi", "rưởi"))
POINT = frozenset(("phẩy", "phảy", "chấm"))
MAGNITUDES = {
    "chục": 10,
    "trăm": 100,
    "nghìn": 10**3,
    "ngàn": 10**3,
    "vạn": 10**4,
    "triệu": 10**6,
    "triêu": 10**6,  # a common slip
    "tỷ": 10**9,
    "tỉ": 10**9,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
WORDS = frozenset((*AFTER_TENS, *ONES, *ODD, *HALF, *POINT, *MAGNITUDES, "mười", "mươi", "nửa", "phần"))

_ARABIC = "0123456789"
_SPACED = re.compile(r"[0-9]{1,3}(?: [0-9]{3})+")
_TOKEN = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[^\W\d_]+")


def parse_number(text: str) -> Number:
    """The exact value of one Vietnamese numeral.

    Reads digits (`1.124`, `24,2`, `13 503 000`), words (`hai mươi lăm`), both
    (`10 tỷ 800 triệu`, `25 triệu rưỡi`), fractions (`3/4`, `ba phần tư`) and a
    minus or `âm` in front. One mark with three digits behind it follows the
    convention: a dot groups thousands, a comma marks decimals.

    Args:
        text: the numeral alone, without a unit; any case and normal form.

    Returns:
        A Decimal, or a Fraction where no finite decimal is equal to it.

    Raises:
        ValueError: the text is not one numeral.
    """
    folded = " ".join(unicodedata.normalize("NFC", text).lower().split())
    body = folded.removeprefix("âm ").removeprefix("-").removeprefix("−").lstrip()
    try:
        value = _fraction(body)
    except Inexact:  # magnitudes without end
        value = None
    if value is None:
        raise ValueError(f"not a Vietnamese numeral: {text!r}")
    return value if body == folded else negated(value)


def _fraction(text: str) -> Number | None:
    numerator, slash, denominator = text.partition("/")
    value = _whole(numerator.strip())
    if slash and value is not None:
        below = _whole(denominator.strip())
        return quotient(value, below) if below else None
    return value


def _whole(text: str) -> Number | None:
    if _SPACED.fullmatch(text):
        text = text.replace(" ", "")
    tokens = _TOKEN.findall(text)
    if not tokens or _TOKEN.sub("", text).strip():
        return None
    value, used = read(tokens)
    return value if used == len(tokens) else None


def negated(value: Number) -> Number:
    """-value; unlike Decimal's own minus it never rounds."""
    return value.copy_negate() if isinstance(value, Decimal) else -value


def quotient(a: Number, b: Number) -> Number:
    """a / b, as a Decimal where that is exact."""
    value = Fraction(a) / Fraction(b)
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest > 1:
        return value
    return EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))


@lru_cache(maxsize=1 << 14)
def read_digits(text: str) -> tuple[Decimal, ...]:
    """All values that digits with dots and commas may state, the conventional one first.

    One mark with three digits behind it has two, and so has a dot with four or
    more (`16.1900`), which no convention writes. No value: not a number.
    """
    if len(text) > MAX_DIGITS:
        return ()
    parts = re.split(r"[.,]", text)
    if len(parts) == 1:
        return (Decimal(text),)
    marks = [c for c in text if c in ".,"]
    grouped = all(len(part) == 3 for part in parts[1:]) and len(parts[0]) <= 3 and parts[0].strip("0")
    joined = "".join(parts)
    decimal = Decimal("".join(parts[:-1]) + "." + parts[-1])
    if len(marks) == 1:
        if not grouped:
            odd = marks[0] == "." and len(parts[1]) > 3 and parts[0].strip("0")
            return (decimal, Decimal(joined)) if odd else (decimal,)
        thousands = Decimal(joined)
        return (thousands, decimal) if marks[0] == "." else (decimal, thousands)
    if len(set(marks)) == 1:
        return (Decimal(joined),) if grouped else ()
    leading = marks[:-1]
    if len(set(leading)) > 1 or marks[-1] in leading or len(parts[0]) > 3:
        return ()
    return (decimal,) if all(len(part) == 3 for part in parts[1:-1]) else ()


def read(tokens: Sequence[str], choice: int = 0) -> tuple[Number | None, int]:
    """The number at the head of `tokens`, and how many of them it takes.

    Args:
        tokens: lower-case syllables in NFC; digits with their marks are one token.
            Read from the front and only as far as the number may reach.
        choice: which reading of an ambiguous digit token (see `read_digits`).

    Returns:
        The value and the tokens used; None and 0 where no number begins.
    """
    return _Reader(tokens, choice).number()


class _Reader:
    def __init__(self, tokens: Sequence[str], choice: int) -> None:
        self.tokens = tokens
        self.choice = choice
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        try:
            return self.tokens[self.at + ahead]
        except IndexError:
            return ""

    def number(self) -> tuple[Number | None, int]:
        value = self.half() or self.sum()
        if value is None:
            return None, 0
        if self.peek() == "phần":
            self.at += 1
            below = self.denominator()
            if below:
                return quotient(value, below), self.at
            self.at -= 1
        return value, self.at

    def half(self) -> Decimal | None:
        """`nửa`, `một nửa`, `nửa triệu`."""
        skip = 1 if self.peek() == "một" and self.peek(1) == "nửa" else 0
        if self.peek(skip) != "nửa":
            return None
        self.at += skip + 1
        return EXACT.multiply(Decimal("0.5"), Decimal(self.magnitudes()))

    def denominator(self) -> Number | None:
        if self.peek() in MAGNITUDES:
            return Decimal(self.magnitudes())
        if self.peek() == "tư":
            self.at += 1
            return Decimal(4)
        return self.sum()

    def sum(self) -> Decimal | None:
        """Parts of falling magnitude: `10 tỷ 800 triệu`, `một nghìn hai trăm linh năm`."""
        first = self.part()
        if first is None:
            return None
        total, scale = first
        while scale > 1:
            mark = self.at
            if self.peek() in HALF:
                self.at += 1
                total = EXACT.add(total, EXACT.divide(Decimal(scale), Decimal(2)))
                scale = self.magnitudes()  # "hai nghìn rưỡi tỷ"
                total = EXACT.multiply(total, Decimal(scale))
                continue
            odd = self.peek() in ODD
            self.at += odd
            part = self.part(after=True)
            if part is None:
                self.at = mark
                break
            value, size = part
            if size > scale and value < size * scale:  # "một nghìn hai trăm tỷ"
                small = EXACT.divide(value, Decimal(size))
                if small >= scale:
                    self.at = mark
                    break
                total, scale = EXACT.multiply(EXACT.add(total, small), Decimal(size)), size
                continue
            if size == 1 and not odd:
                value = self.elided(value, scale, mark)
            if value >= scale:
                self.at = mark
                break
            total, scale = EXACT.add(total, value), size
        return total

    def elided(self, value: Decimal, scale: int, mark: int) -> Decimal:
        """`một ngàn hai` is 1,200, `4 tỷ 8` is 4.8 thousand million, `1 tỷ 250` 1.25."""
        token = self.tokens[mark]
        if token.isdigit():
            return EXACT.divide(Decimal(int(token) * scale), Decimal(10 ** len(token)))
        if self.at == mark + 1 and value:
            return EXACT.divide(EXACT.multiply(value, Decimal(scale)), Decimal(10))
        return value

    def part(self, after: bool = False) -> tuple[Decimal, int] | None:
        """A number below a thousand (any, in digits) and its magnitude words."""
        token = self.peek()
        least = 1
        if token[:1] in _ARABIC and token:
            values = read_digits(token)
            if not values:
                return None
            self.at += 1
            value = values[min(self.choice, len(values) - 1)]
        else:
            mark = self.at
            small = self.below_thousand(after)
            if small is None:
                return None
            value = Decimal(small)
            if self.peek() in POINT:
                value = self.decimals(value)
            if after and self.at == mark + 1 and token == "năm" and self.peek() not in MAGNITUDES:
                self.at = mark  # "hai nghìn năm": years
                return None
            least = 1000
        scale = self.magnitudes(least)
        return EXACT.multiply(value, Decimal(scale)), scale

    def magnitudes(self, least: int = 1) -> int:
        """The product of the rising magnitude words here."""
        factor = 1
        for _ in range(3):
            size = MAGNITUDES.get(self.peek(), 0)
            if size < least:
                break
            self.at += 1
            factor, least = factor * size, size
        return factor

    def below_thousand(self, after: bool) -> int | None:
        if self.peek(1) == "trăm" and self.peek() in ONES:
            value = ONES[self.peek()] * 100
            self.at += 2
            if self.peek() in ODD and self.peek(1) in AFTER_ODD:
                value += AFTER_ODD[self.peek(1)]
                self.at += 2
                return value
            if self.peek() in HALF:
                self.at += 1
                return value + 50
            tens = self.tens()
            if tens is not None:
                return value + tens
            digit = ONES.get(self.peek(), 0)
            if digit and self.peek() != "năm":
                self.at += 1
                return value + digit * 10
            return value
        tens = self.tens()
        if tens is not None:
            return tens
        if self.peek() in ONES:
            self.at += 1
            return ONES[self.tokens[self.at - 1]]
        return None

    def tens(self) -> int | None:
        token, following = self.peek(), self.peek(1)
        if token == "mười":
            self.at += 1
            value = 10
        elif token in ONES and following in ("mươi", "chục"):
            self.at += 2
            value = ONES[token] * 10
            if following == "chục":
                return value
        elif ONES.get(token, 0) > 1 and following in TELLING:
            self.at += 2
            return ONES[token] * 10 + AFTER_TENS[following]
        else:
            return None
        digit = AFTER_TENS.get(self.peek())
        if digit is None or self.peek(1) in ("mươi", "trăm"):
            return value
        self.at += 1
        return value + digit

    def decimals(self, value: Decimal) -> Decimal:
        """What follows `phẩy`: digit by digit, or two digits as a number (`bảy lăm`)."""
        mark = self.at
        self.at += 1
        digits = ""
        while len(digits) < MAX_DIGITS:
            tens = self.tens()
            if tens is not None:
                digits += str(tens)
            elif self.peek() in ONES:
                digits += str(ONES[self.peek()])
                self.at += 1
            else:
                break
        if not digits:
            self.at = mark
            return value
        return Decimal(f"{value}.{digits}")
