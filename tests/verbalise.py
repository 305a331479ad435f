"""Numbers put into Vietnamese words, for tests that read them back."""

from __future__ import annotations

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def words(number: int, thousand: str = "nghìn", odd: str = "linh") -> str:
    """A non-negative whole number below 10^18 in words.

    Args:
        number: the number.
        thousand: the word for a thousand.
        odd: the word for an empty tens place.
    """
    if number == 0:
        return _DIGITS[0]
    groups = []
    while number:
        number, rest = divmod(number, 1000)
        groups.append(rest)
    names = ("", thousand, "triệu", "tỷ")
    parts: list[str] = []
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if group:
            parts.append(_group(group, bool(parts), odd))
            if place % 3:
                parts.append(names[place % 3])
        if place and place % 3 == 0 and any(groups[place : place + 3]):
            parts.append("tỷ" if place == 3 else "tỷ tỷ")
    return " ".join(parts)


def _group(number: int, full: bool, odd: str) -> str:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    parts = []
    if hundreds or full:
        parts += [_DIGITS[hundreds], "trăm"]
        if rest and not tens:
            parts.append(odd)
    if tens > 1:
        parts += [_DIGITS[tens], "mươi"]
    elif tens == 1:
        parts.append("mười")
    if ones:
        late = {1: "mốt", 4: "tư", 5: "lăm"} if tens > 1 else {5: "lăm"} if tens else {}
        parts.append(late.get(ones, _DIGITS[ones]))
    return " ".join(parts)
