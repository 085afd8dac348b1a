"""What the demo shop sells. Every product is invented."""

from dataclasses import dataclass
from typing import Final

from pennywren.model.product import ProductID


@dataclass(frozen=True, slots=True)
class Good:
    """One product of the shop: `price` is where its price begins (minor units), `hue` colours its picture."""

    id: ProductID
    title: str
    price: int
    sold_by: str
    hue: int
    made_of: tuple[str, ...]
    """The lines under "About this item"."""
    runs_out: bool = False
    """Whether it is out of stock now and then."""

    @property
    def currency(self) -> str:
        """What its price is in."""
        return self.id.market.currency


def _good(
    code: str, asin: str, title: str, price: int, sold_by: str, *made_of: str, runs_out: bool = False
) -> Good:  # fmt: skip
    return Good(ProductID(code, asin), title, price, sold_by, sum(asin.encode()) * 47 % 360, made_of, runs_out)


HERO: Final = _good(
    "us", "B0DEMOWREN", "Wrenfield Pour-Over Kettle, 1 l, Gooseneck, Brushed Steel", 1599, "Wrenfield Kitchen",
    "Gooseneck spout for a slow, even pour", "Lid with thermometer, 0 to 100 °C", "For gas, electric and induction",
)  # fmt: skip
"""The product whose price falls while the demo is watched."""

GOODS: Final = (
    HERO,
    _good("us", "B0DEMOLAMP", "Tern & Tide Clip-On Reading Lamp, Warm White, USB-C", 2199, "Tern & Tide",
          "Three brightness steps", "Clip opens to 4 cm", "Cable of 1.8 m"),
    _good("us", "B0DEMOSOCK", "Northpebble Merino Hiking Socks, 3 Pairs, Slate", 3450, "Northpebble",
          "66 % merino wool", "Flat toe seam", "Machine washable at 40 °C"),
    _good("us", "B0DEMOBAG1", "Copperlane Roll-Top Backpack 22 l, Waxed Canvas, Moss", 7995, "Copperlane Goods",
          "Padded sleeve for 15 inch laptops", "Water repellent", "Chest strap", runs_out=True),
    _good("us", "B0DEMOTEA5", "Harrow Hill Loose Leaf Tea Sampler, 8 Tins", 2875, "Harrow Hill",
          "Eight teas of 30 g", "Tins to fill again", "Packed in the year of harvest"),
    _good("us", "B0DEMODRIL", "Brackwell 12 V Cordless Drill with 2 Batteries and 28 Bits", 6499, "Brackwell Tools",
          "Two speeds", "Charges in 45 minutes", "Weighs 0.98 kg"),
    _good("us", "B0DEMOCHES", "Quillon Travel Chess Set, Magnetic, Walnut and Maple", 4200, "Quillon Games",
          "Folds to 20 by 10 cm", "Weighted pieces", "Two spare queens"),
    _good("us", "B0DEMOROPE", "Skylark Double Dutch Jump Rope, 4.8 m, Cotton", 1149, "Skylark Play",
          "Wooden handles", "Length can be changed", "For two turners"),
    _good("us", "B0DEMOSPKR", "Pondhouse Bathroom Speaker, IP67, 18 Hours", 5999, "Pondhouse Audio",
          "Floats", "Pairs with a second one", "Loop to hang it up"),
    _good("us", "B0DEMOKNIF", "Ironwick Paring Knife 9 cm, Olive Wood", 3899, "Ironwick",
          "Hardened to 58 HRC", "Sharpened by hand", "Made to be resharpened"),
    _good("us", "B0DEMOHOSE", "Greenledge Expandable Garden Hose, 15 m, with Spray Gun", 3299, "Greenledge",
          "Brass fittings", "Seven sprays", "Drains by itself", runs_out=True),
    _good("us", "B0DEMOPENS", "Marlow Fineliner Pens 0.4 mm, 24 Colors", 1325, "Marlow Paper",
          "Water based", "Caps that click", "Refills sold apart"),
    _good("us", "B0DEMOTENT", "Fellside Two-Person Tent, 1.9 kg, Three Seasons", 18900, "Fellside Outdoor",
          "Up in four minutes", "Two porches", "Seams taped"),
    _good("uk", "B0DEMOUK01", "Wrenfield Pour-Over Kettle, 1 l, UK Edition", 1449, "Wrenfield Kitchen",
          "Gooseneck spout", "For gas, electric and induction"),
    _good("uk", "B0DEMOUK02", "Larkmoor Waxed Dog Coat, Size M, Navy", 3950, "Larkmoor",
          "Fleece lined", "Hole for a harness"),
    _good("de", "B0DEMODE01", "Hainbuche Brotkasten aus Zirbenholz, 40 cm", 5490, "Hainbuche Manufaktur",
          "Aus einem Stück gezinkt", "Deckel dient als Schneidebrett"),
    _good("de", "B0DEMODE02", "Nordlicht Fahrradlampe, 70 Lux, StVZO", 3999, "Nordlicht Rad",
          "Leuchtet 12 Stunden", "Lädt über USB-C"),
    _good("jp", "B0DEMOJP01", "小雀堂 南部鉄器風 急須 0.6L", 4280, "小雀堂",
          "茶こし付き", "内側ホーロー仕上げ"),
    _good("jp", "B0DEMOJP02", "渚文具 万年筆 細字 藍色インク付き", 2750, "渚文具",
          "ペン先はステンレス製", "コンバーター付属"),
)  # fmt: skip

MARKETPLACES_SOLD: Final = tuple(dict.fromkeys(good.id.marketplace for good in GOODS))
"""The marketplaces that the shop stands in for."""
