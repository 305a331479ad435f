"""Texts of fonts from before Unicode are told from Vietnamese and from other languages."""

from __future__ import annotations

from unicodedata import normalize

import pytest

from tests.conftest import ROOT
from vnreport.corpus import read_articles
from vnreport.inputs import OLD_FONT, InputError, decode, is_of_old_font

LETTERS = "aàảãáạăằẳẵắặâầẩẫấậeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵđ"
TCVN3 = "aµ¶·¸¹¨»¼½¾Æ©ÇÈÉÊËeÌÎÏÐÑªÒÓÔÕÖi×ØÜÝÞoßáâãä«åæçèé¬êëìíîuïñòóô\xadõö÷øùyúûüýþ®"
VNI = (
    "a aø aû aõ aù aï aê aè aú aü aé aë aâ aà aå aã aá aä e eø eû eõ eù eï eâ eà eå eã eá eä i ì æ ó í ò "
    "o oø oû oõ où oï oâ oà oå oã oá oä ô ôø ôû ôõ ôù ôï u uø uû uõ uù uï ö öø öû öõ öù öï y yø yû yõ yù î ñ"
).split()
CODES: dict[str, dict[str, str]] = {  # TCVN3 has capitals with a tone in a font of their own only
    "TCVN3": dict(zip(LETTERS + LETTERS.upper(), TCVN3 + TCVN3, strict=True))
    | dict(zip("AEIOUYĂÂÊÔƠƯĐ", "AEIOUY¡¢£¤¥¦§", strict=True)),
    "VNI": dict(zip(LETTERS + LETTERS.upper(), VNI + [code.upper() for code in VNI], strict=True)),
}
ARTICLES = [normalize("NFC", article.text) for article in read_articles(ROOT / "corpus/articles")]


def typed_for(font: str, text: str) -> str:
    return "".join(CODES[font].get(letter, letter) for letter in text)


@pytest.mark.parametrize(
    ("font", "typed"),
    [("TCVN3", "§¶ng ñy x· §ång Má häp t¹i Hµ Néi."), ("VNI", "Ñaûng uûy xaõ Ñoàng Moû hoïp taïi Haø Noäi.")],
)
def test_the_codes_of_old_fonts(font: str, typed: str) -> None:
    assert typed_for(font, "Đảng ủy xã Đồng Mỏ họp tại Hà Nội.") == typed


@pytest.mark.parametrize("font", CODES)
def test_an_article_of_an_old_font_is_told(font: str) -> None:
    told = [is_of_old_font(typed_for(font, text)) for text in ARTICLES]
    assert sum(told) >= 0.99 * len(told)


def test_an_article_of_today_is_of_no_old_font() -> None:
    assert not [text for text in ARTICLES if is_of_old_font(text) or is_of_old_font(normalize("NFD", text))]


@pytest.mark.parametrize("font", CODES)
def test_the_bytes_of_an_old_font_are_named_as_such(font: str) -> None:
    told = 0
    for text in ARTICLES:
        with pytest.raises(InputError) as caught:
            decode(typed_for(font, text).encode("cp1252", "replace"), "x")
        told += caught.value.reason == OLD_FONT
    assert told >= 0.99 * len(ARTICLES)


@pytest.mark.parametrize(
    "text",
    [
        "Xã hội hóa: hoà giải, thuý, giao thoa, 5 km², 30°C.",
        "Dang uy xa Dong Mo hop. Thu ngan sach dat 9,2 ty dong.",
        "The commune met on 3 April «in full»; 5 km², 30°C, £5m, © 2020.",
        "Le comité a été créé à Hanoï l’an passé; l’économie européenne.",
        "À Noël, le comité où siège la région a été créé en Haïti; la réélection du maire, élu dès la première année, "
        "où l’île a été reliée, est prévue au mois de mars: le maïs, le blé et la canne à sucre y ont été semés.",
        "Die Gemeinde Müller©Co prüft Maßnahmen für die größeren Höfe; Veräußerung, Bäuerin, Häuser, Gebäude.",
        "naïve coöperation",
        "Buôn Ê-đê, Êa Kao, Krông Búk: êa, hruê, mnuih.",
        "Plơi Gia Rai: Ia Kênh, Chư Păh, Pơtâo apui.",
        "Ia Kênh, Ia Rơê, Gia Rai, Bà Nà, Hoà Vang",
        "x = a·b + c·d",
        "Toàn xã",
        "Khoá XIII",
        "Hàng hoá",
        "KHOÁN GIÁO HOÀN TOÀN",
        "Báo cáo",
        "",
    ],
)
def test_texts_that_are_of_no_old_font(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert not is_of_old_font(normalize(form, text))
