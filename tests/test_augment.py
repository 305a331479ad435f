"""Variants for training keep the annotation that the article had."""

from __future__ import annotations

from random import Random

import pytest

from tests.conftest import ROOT
from vnreport.augment import Names, collect_names, vary
from vnreport.corpus import read_articles
from vnreport.markup import Article, parse

SOURCE = (
    "kind: x\n---\n"
    "O| Dự có đồng chí [Lò Văn Ún]PER, [Bí thư]TITLE [Huyện ủy]ORG; lãnh đạo [Đảng ủy]ORG, [HĐND]ORG, [UBND xã]ORG.\n"
)


class Always(Random):
    """Chance that always falls the same way."""

    def __init__(self, value: float) -> None:
        super().__init__(0)
        self.value = value

    def random(self) -> float:
        return self.value


def marked(article: Article) -> list[tuple[str, str]]:
    return [(article.text[e.start : e.end], e.label) for e in article.entities]


def test_no_rate_no_change() -> None:
    article = parse(SOURCE)
    same = vary(article, Names(["An Bình"], ["Mường Cha"]), 0.0, Random(1))
    assert (same.text, same.sentences, same.entities) == (article.text, article.sentences, article.entities)


def test_newspaper_order_and_other_people() -> None:
    variant = vary(parse(SOURCE), Names(["Ka Thơm Sa"], []), 1.0, Always(0.6))
    assert variant.text.startswith("Dự có Bí thư Huyện ủy Ka Thơm Sa; lãnh đạo Đảng ủy")
    assert marked(variant)[:3] == [("Bí thư", "TITLE"), ("Huyện ủy", "ORG"), ("Ka Thơm Sa", "PER")]


def test_bodies_of_other_places() -> None:
    source = "kind: x\n---\nO| [UBND xã Nậm Cắn]ORG mời [Tỉnh ủy]ORG, [Ban Dân vận]ORG.\n"
    names = collect_names([parse(source)])
    assert names == Names([], ["Nậm Cắn"])
    variant = vary(parse(source), Names([], ["Mường Cha"]), 1.0, Always(0.45))
    assert [surface for surface, _ in marked(variant)] == ["UBND xã Mường Cha", "Tỉnh ủy Mường Cha", "Ban Dân vận"]


@pytest.mark.parametrize("article", read_articles(ROOT / "corpus/articles/dev"), ids=lambda a: a.id)
def test_every_variant_has_the_same_labels_and_classes(article: Article) -> None:
    names = collect_names([article])
    for seed in range(3):
        variant = vary(article, names, 0.5, Random(seed))
        assert sorted(e.label for e in variant.entities) == sorted(e.label for e in article.entities)
        assert [s.label for s in variant.sentences] == [s.label for s in article.sentences]
        assert all(surface == surface.strip() != "" for surface, _ in marked(variant))
        assert variant.text.count("\n") == article.text.count("\n")
