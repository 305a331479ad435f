"""The words that tell what a figure is: `vnreport/lexicon/indicator_cues.tsv` as patterns.

| class | words |
|---|---|
| `plan` | what is to be reached: `kế hoạch`, `dự toán`, `KH` |
| `base` | an earlier time: `cùng kỳ`, `đầu năm` |
| `change`, `compared`, `times` | verbs and adjectives of a difference: `tăng`, `thấp hơn`, `gấp` |
| `reach`, `to`, `about`, `filler` | what stands before a figure: `đạt`, `xuống còn`, `khoảng`, `tức là` |
| `set`, `issuer` | who sets a plan: `huyện` `giao` |
| `task`, `target` | what makes a ratio a result over its target: `kết nạp`, `tiêu chí` |
| `share`, `case`, `presence` | what makes it a part of a whole: `hộ`, `vụ`, `có mặt` |
| `head` | how the name of an indicator begins: `tỷ lệ`, `sản lượng` |
| `opening`, `closing`, `beside`, `generic`, `act` | words around a name that are not part of it, and those too bare to be one |
"""

from __future__ import annotations

import re
from importlib.resources import files


def _table() -> dict[str, list[str]]:
    text = (files("vnreport") / "lexicon" / "indicator_cues.tsv").read_text(encoding="utf-8")
    table: dict[str, list[str]] = {}
    for line in text.splitlines()[1:]:
        kind, words = line.split("\t")
        table.setdefault(kind, []).append(words)
    return table


TABLE = _table()


def cue(kind: str) -> str:
    """A pattern, one group without capture, for any cue of a class; the longest first."""
    cues = sorted(TABLE[kind], key=lambda words: (-len(words), words))
    return "(?:" + "|".join(map(re.escape, cues)) + ")"


PLAN, BASE, CHANGE, COMPARED, TIMES = map(cue, ("plan", "base", "change", "compared", "times"))
REACH, TO, ISSUER, SET, ABOUT, FILLER = map(cue, ("reach", "to", "issuer", "set", "about", "filler"))
TASK, SHARE, CASE, TARGET, PRESENCE, HEAD = map(cue, ("task", "share", "case", "target", "presence", "head"))
