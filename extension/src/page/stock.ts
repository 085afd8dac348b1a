/** Whether a page says, in two places, that nobody sells its product now. */

import { tidy } from "./money.ts";

/** In the languages of the marketplaces; that it is not sent to somebody's address is another matter. */
const UNAVAILABLE = new RegExp(
  [
    "(?:currently|temporarily) (?:unavailable|out of stock)", "(?:derzeit|momentan|zurzeit) nicht verfügbar",
    "(?:actuellement|temporairement) (?:indisponible|en rupture)", "(?:attualmente|temporaneamente|momentaneamente) non disponibile",
    "no disponible", "(?:momenteel|tijdelijk) niet (?:beschikbaar|verkrijgbaar|op voorraad)", "för närvarande inte tillgänglig",
    "otillgänglig", "niedostępn", "mevcut değil", "n[ãa]o (?:está )?dispon[ií]vel", "indispon[ií]vel", "在庫切れ",
    "現在お取り扱いできません", "无货", "غير متوفر|غير متاح",
  ].join("|"),
  "i",
);

export function saysUnavailable(page: Document): boolean {
  const told = ["#outOfStock", "#availability"].map((selector) => tidy(page.querySelector(selector)?.textContent ?? ""));
  const othersSell = tidy(page.querySelector("#unqualifiedBuyBox, #buybox-see-all-buying-choices")?.textContent ?? "");
  return !othersSell && told.every((text) => UNAVAILABLE.test(text));
}
