"""Cue words as patterns, from the tables of `vnreport/lexicon`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from vnreport.lexicon import read_rows


def read_cues(name: str) -> dict[str, list[str]]:
    """The cues of a table by their class.

    Args:
        name: a file of `vnreport/lexicon` with the columns `class` and `cue`.
    """
    table: dict[str, list[str]] = {}
    for kind, words in read_rows(name):
        table.setdefault(kind, []).append(words)
    return table


def pattern(table: Mapping[str, Sequence[str]], kind: str) -> str:
    """A pattern, one group without capture, for any cue of a class; the longest first."""
    cues = sorted(table[kind], key=lambda words: (-len(words), words))
    return "(?:" + "|".join(map(re.escape, cues)) + ")"


INDICATOR = read_cues("indicator_cues.tsv")
"""What tells a figure:

| class | words |
|---|---|
| `plan` | what is to be reached: `kế hoạch`, `dự toán`, `KH` |
| `base`, `time` | an earlier time, and what is one with a number: `cùng kỳ`, `đầu năm`; `năm` of `năm 2020` |
| `change`, `compared`, `times` | verbs and adjectives of a difference: `tăng`, `thấp hơn`, `gấp` |
| `up`, `down` | which way it goes |
| `manner` | how much, in words: `mạnh` of `tăng mạnh 30%` |
| `equals` | what joins an amount to itself in per cent: `=`, `tương ứng` |
| `parts`, `some` | what opens all the parts of a sum, and some of them: `gồm`, `trong đó` |
| `reach`, `to`, `about`, `filler` | what stands before a figure: `đạt`, `xuống còn`, `khoảng`, `tức là` |
| `set`, `issuer` | who sets a plan: `giao`, `huyện` |
| `task`, `target` | what makes a ratio a result over its target: `kết nạp`, `tiêu chí` |
| `share`, `case`, `presence` | what makes it a part of a whole: `hộ`, `ý kiến`, `có mặt` |
| `settled` | cases whose settling counts where a percentage says so: `vụ` |
| `head` | how the name of an indicator begins: `tỷ lệ`, `sản lượng` |
| `opening`, `closing`, `beside` | words around a name that are not part of it |
| `kept` | ends of a name that look like such: `trồng mới` |
| `generic`, `act` | words too bare to be a name: `con`, `thực hiện` |
"""

ROLE = read_cues("role_cues.tsv")
"""What ties offices and people:

| class | words |
|---|---|
| `address` | forms of address: `đồng chí`, `ông` |
| `takes`, `also` | verbs of taking an office, and another: `giữ chức`, `kiêm` |
| `place`, `vita` | what may stand between: `thôn`, `sinh năm` |
| `several`, `shared` | offices that several people hold: `các`, `ủy viên` |
| `head` | bodies whose head word a title may hold: `trạm` of `Trưởng trạm` |
| `common` | words for a body that is named elsewhere: `chi bộ` of `Bí thư chi bộ` |
| `own` | what makes such a word a name of its own: `nông dân` of `Hội Nông dân` |
| `headed` | offices with the bodies they head: `chủ tịch ủy ban mttq` |
| `alone`, `alone+` | titles that need no body, and beginnings of such: `thượng tá`, `chuyên viên …` |
| `unnamed` | bodies whose secretary or chairman is that of a parent not told |
| `level`, `seat` | what stands before a place name: `xã`; `Huyện ủy` |
| `signs`, `deputises` | marks of signing, and of signing for another: `TM.`, `KT.` |
"""
