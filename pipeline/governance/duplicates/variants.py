"""Words that tell variants of a product apart, and words that tell nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.governance.duplicates.words import read_words

_CLASSES: Mapping[str, str] = {
    "colour": (
        "amber anthracite aqua azure beige black blue bordeaux bronze brown burgundy champagne "
        "charcoal chrome clear copper coral cream crimson cyan ecru espresso fuchsia gold golden "
        "graphite gray green grey indigo ivory khaki lavender lilac lime magenta mahogany maroon "
        "mauve mint multicolor multicolour mustard navy nickel olive orange peach pewter pink plum "
        "purple red rose ruby rust salmon sand sapphire scarlet silver slate tan taupe teal "
        "terracotta transparent turquoise violet walnut white yellow "
        "schwarz weiß rot blau grün gelb grau braun silber rosa lila noir blanc bleu rouge vert "
        "jaune gris negro blanco azul rojo verde amarillo "
        "黑色 白色 红色 蓝色 绿色 黄色 灰色 粉色 紫色 棕色 银色 金色 橙色"),
    "side": (
        "left right front rear upper lower top bottom inner outer inside outside indoor outdoor "
        "upward downward horizontal vertical male female 左 右"),
    "size": (
        "xs small medium large xl xxl xxxl xlarge xxlarge mini midi maxi micro compact jumbo giant "
        "king queen twin full single double triple quad short long tall narrow wide slim junior "
        "half quarter 小号 中号 大号"),
    "person": "man men woman women mens womens boy girl kid child children baby toddler adult "
              "unisex infant youth 男 女",
    "time": "spring summer autumn fall winter day night morning evening",
    "condition": "refurbished renewed used recertified remanufactured reconditioned preowned "
                 "compatible original replacement",
    "edition": "pro plus max ultra lite basic standard deluxe premium advanced professional "
               "enterprise home student starter",
    "content": "without no not only except bundle kit set refill bare empty pair",
    "tongue": "english german french spanish italian uk us eu qwerty qwertz azerty nordic swiss",
}

VARIANTS: Mapping[str, str] = {
    word: name for name, text in _CLASSES.items() for word in read_words(text).tokens}
"""Class of each word, in the form of `words.read_words`."""


_PRAISE = (
    "new sale offer deal special best top great price quality free shipping delivery fast "
    "bestseller seller hot genuine authentic official in stock available now limited promotion "
    "promo discount cheap angebot neu aktion günstig kostenlos versand nouveau offre livraison "
    "gratuite nuevo oferta envio gratis 新品 正品 特价 包邮 热卖 现货 促销 官方")

PRAISE = frozenset(read_words(_PRAISE).tokens)
"""Words that advertise: a title may have them or not."""


def classes_of(words: Iterable[str]) -> dict[str, set[str]]:
    """The variant words among words, by their class."""
    found: dict[str, set[str]] = {}
    for word in words:
        if word in VARIANTS:
            found.setdefault(VARIANTS[word], set()).add(word)
    return found
