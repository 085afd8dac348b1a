"""What pages say about stock, in the languages of the marketplaces. Only phrases: `availability` decides.

Patterns are searched in the text of the page's own availability places, never in a whole page.
"""

import re
from typing import Final


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


UNDELIVERABLE: Final = _any(
    r"can(?:no|')t be (?:shipped|delivered)",
    r"(?:does not|doesn't|do not|don't|not) (?:ship|deliver) to",
    r"kann nicht (?:an|nach).{0,80}(?:geliefert|versandt|versendet|verschickt)",
    r"nicht an (?:die|den|deine|ihre|ihren).{0,60}(?:geliefert|versandt|versendet)",
    r"ne peut (?:pas )?être (?:livré|expédié)",
    r"n'est pas (?:livré|expédié)",
    r"no (?:se puede|puede ser|se) env[ií]",
    r"non (?:può essere|è possibile) sped",
    r"non (?:viene spedito|spediamo)",
    r"kan niet (?:worden )?(?:naar.{0,60})?(?:bezorgd|verzonden|geleverd)",
    r"kan inte (?:skickas|levereras)",
    r"nie (?:może|można).{0,30}(?:wysła|dostarcz)",
    r"gönderilemi",
    r"teslim edilemi",
    r"não (?:pode ser (?:enviado|entregue)|é enviado|entrega)",
    r"(?:発送|配送|お届け)(?:する(?:こと)?)?(?:は|が)?でき(?:ない|ません)",
    r"(?:无法|不能)配送",
    r"لا (?:يمكن (?:شحن|توصيل)|يتم شحن)",
)
"""The item exists and is not sent to where the visitor is."""

SELLERS_ONLY: Final = _any(
    r"available from (?:these|other) sellers",
    r"no featured offers?",
    r"keine (?:hervorgehobenen|empfohlenen) angebote",
    r"(?:verfügbar|erhältlich) (?:von|bei) diesen anbietern",
    r"(?:disponible|en vente) (?:auprès|chez) (?:de )?ces vendeurs",
    r"aucune offre",
    r"disponible a través de estos vendedores",
    r"no hay ofertas destacadas",
    r"disponibile (?:presso|da) questi venditori",
    r"nessuna offerta in evidenza",
    r"出品者からお求め",
    r"おすすめ出品",
    r"disponível (?:com|através) d?estes vendedores",
    r"nenhuma oferta em destaque",
    r"beschikbaar bij deze verkopers",
    r"geen aanbevolen aanbiedingen",
    r"tillgänglig från dessa säljare",
    r"inga utvalda erbjudanden",
    r"dostępn[ey] u tych sprzedawców",
    r"brak polecanych ofert",
    r"bu satıcılardan",
    r"öne çıkan (?:teklif|fırsat) (?:yok|bulunmuyor)",
    r"可从这些卖家|其他卖家处购买",
    r"من هؤلاء البائعين",
)
"""Somebody sells it, but nobody has the buy box."""

UNAVAILABLE: Final = _any(
    r"(?:currently|temporarily|permanently) (?:unavailable|out of stock)",
    r"\Aout of stock",
    r"out of print",
    r"not available for purchase",
    r"no longer available",
    r"(?:derzeit|zurzeit|momentan|aktuell) nicht (?:verfügbar|auf lager|lieferbar|erhältlich)",
    r"\Anicht auf lager",
    r"(?:actuellement|temporairement) (?:indisponible|en rupture)",
    r"rupture de stock",
    r"(?:attualmente|temporaneamente|momentaneamente) non disponibile",
    r"\Anon disponibile",
    r"\bno disponible",
    r"agotado|sin existencias",
    r"(?:momenteel|tijdelijk) niet (?:beschikbaar|verkrijgbaar|op voorraad|leverbaar)",
    r"(?:för närvarande|tillfälligt) (?:inte tillgänglig|otillgänglig|slut)",
    r"niedostępn",
    r"mevcut değil|stokta yok",
    r"n[ãa]o (?:está )?dispon[ií]vel|indispon[ií]vel|fora de estoque|esgotado",
    r"在庫切れ|お取り扱いできません|お取り扱いしておりません",
    r"无货|缺货",
    r"غير متوفر|غير متاح|نفدت الكمية",
)
"""Nobody sells it now."""

IN_STOCK: Final = _any(
    r"\bin stock|\bavailable\b|usually (?:ships|dispatched)|ships (?:in|within)|pre-?order",
    r"auf lager|versandfertig|\bverfügbar|vorbestell",
    r"en stock|expédi|\bdisponible|précommande",
    r"\bdisponibil|spedi",
    r"op voorraad|leverbaar|verzonden",
    r"i lager",
    r"\bdostępn|na stanie",
    r"stokta",
    r"em estoque|\bdispon[ií]vel",
    r"在庫あり|点在庫|予約|通常",
    r"有货",
    r"متوفر|متاح",
)
"""Asked last: many of these are parts of the phrases above."""

CHOOSE: Final = _any(
    r"customi[sz]e .{0,40}to see availability",
    r"to buy, (?:select|choose)",
    r"(?:select|choose) (?:a )?(?:size|colou?r|options?)\b",
    r"zum kauf .{0,40}(?:auswählen|wählen)",
    r"pour acheter, sélectionnez",
    r"para comprar, (?:elige|selecciona|selecione)",
    r"per acquistare, seleziona",
    r"購入するには.{0,30}選択",
)
"""A size or colour has to be chosen first."""

PRICE_IN_CART: Final = _any(
    r"(?:see|view) (?:our )?price in (?:the )?cart",
    r"to see (?:our|the) (?:price|product details), add",
    r"add (?:this )?(?:item )?to (?:your )?(?:cart|basket) to see",
)
"""The seller forbids showing the price on the page."""
