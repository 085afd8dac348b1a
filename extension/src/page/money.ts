/**
 * Money as a marketplace's pages write it, to minor units; strict: in doubt null.
 *
 * Only the marketplace's own currency is read: a page in another one shows a price that is converted for one visitor.
 */

import type { Marketplace } from "../marketplaces.ts";

export const MAX_MINOR = 10_000_000_000;
const COMMA_DECIMAL = new Set(["de", "fr", "it", "es", "nl", "sv", "pl", "tr", "pt"]);

const SYMBOLS: Readonly<Record<string, readonly string[]>> = {
  USD: ["$", "US$", "USD"], GBP: ["£", "GBP"], EUR: ["€", "EUR"], SEK: ["kr", "SEK"], PLN: ["zł", "PLN"],
  TRY: ["TL", "₺", "TRY"], INR: ["₹", "Rs", "INR"], JPY: ["¥", "￥", "円", "JPY"], CNY: ["¥", "￥", "元", "CNY"],
  CAD: ["$", "CA$", "CDN$", "C$", "CAD"], MXN: ["$", "MX$", "MXN"], BRL: ["R$", "BRL"], AUD: ["$", "AU$", "A$", "AUD"],
  SGD: ["S$", "$", "SGD"], AED: ["AED", "د.إ", "درهم"], SAR: ["SAR", "ر.س", "ريال"], EGP: ["EGP", "ج.م", "جنيه"],
  ZAR: ["R", "ZAR"],
};

/** How many digits of a currency are behind the decimal mark. */
export function minorDigits(currency: string): number {
  return currency === "JPY" ? 0 : 2;
}

const INVISIBLE = /[\u200e\u200f\u202a-\u202e\u2066-\u2069\u200b\ufeff]/g;
const SPACES = /[\u00a0\u202f\u2009\u2007\u3000\s]+/g;

/** Plain digits and single plain spaces, without invisible direction marks. */
export function tidy(text: string): string {
  return text
    .replace(INVISIBLE, "")
    .replace(SPACES, " ")
    .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x0660))
    .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x06f0))
    .replace(/[\uff10-\uff19]/g, (digit) => String(digit.charCodeAt(0) - 0xff10))
    .replaceAll("٬", ",").replaceAll("٫", ".").replaceAll("，", ",").replaceAll("．", ".").replaceAll("’", "'")
    .trim();
}

/** Whether a text is a sign of the marketplace's currency. */
export function isSymbol(text: string, market: Marketplace): boolean {
  const sign = tidy(text);
  return (SYMBOLS[market.currency] ?? []).some((known) => known === sign || `${known}.` === sign);
}

/** `"1.299,00"` on a German page is 129900; null where the digits can be read in two ways or in none. */
export function readNumber(text: string, market: Marketplace): number | null {
  const number = tidy(text);
  const digits = minorDigits(market.currency);
  if (number.length > 24 || !/^[0-9]+(?:[.,' ][0-9]+)*$/.test(number)) return null;
  const marks = number.match(/[.,' ]/g) ?? [];
  const last = marks.at(-1);
  let whole = number;
  let fraction = "";
  if (last !== undefined) {
    const at = number.lastIndexOf(last);
    const tail = number.slice(at + 1);
    const once = marks.filter((mark) => mark === last).length === 1;
    if ((last === "." || last === ",") && once && digits > 0 && tail.length === digits) {
      whole = number.slice(0, at);
      fraction = tail;
    } else if (marks.length === 1 && !groupsWith(last, market)) return null;
  }
  const plain = readGroups(whole, market.currency);
  if (plain === null) return null;
  const minor = plain * 10 ** digits + Number(fraction || "0");
  return minor <= MAX_MINOR ? minor : null;
}

/** A whole number with or without groups, each checked: `1,08,999` is right in rupees only. */
export function readGroups(text: string, currency: string): number | null {
  const number = tidy(text);
  if (/^(?:0|[1-9][0-9]{0,11})$/.test(number)) return Number(number);
  const mark = /[^0-9]/.exec(number)?.[0];
  if (mark === undefined || !".,' ".includes(mark)) return null;
  const groups = number.split(mark);
  if (!groups.every((group) => /^[0-9]+$/.test(group)) || groups[0]?.startsWith("0")) return null;
  const [first = "", ...rest] = groups;
  const western = first.length <= 3 && rest.length <= 3 && rest.every((group) => group.length === 3);
  const lakhs = currency === "INR" && mark === "," && first.length <= 2 && rest.at(-1)?.length === 3
    && rest.length <= 4 && rest.slice(0, -1).every((group) => group.length === 2);
  return western || lakhs ? Number(groups.join("")) : null;
}

/** `"159.0"` is 15900: a decimal as machines write it, with a dot and no groups. */
export function readPlain(text: string, currency: string): number | null {
  const found = /^([0-9]{1,11})(?:\.([0-9]{1,6}))?$/.exec(text.trim());
  if (!found) return null;
  const digits = minorDigits(currency);
  const fraction = (found[2] ?? "").replace(/0+$/, "");
  if (fraction.length > digits) return null;
  const minor = Number(found[1]) * 10 ** digits + Number(fraction.padEnd(digits, "0") || "0");
  return minor <= MAX_MINOR ? minor : null;
}

/** The one amount that a text consists of, with a sign of the marketplace's currency or none; nothing else around it. */
export function readAmount(text: string, market: Marketplace): number | null {
  const clean = tidy(text);
  if (clean.length > 40) return null;
  const parts = /^([^0-9]*)([0-9].*?[0-9]|[0-9])([^0-9]*)$/.exec(clean);
  if (!parts) return null;
  const [, before = "", number = "", after = ""] = parts;
  if (before.trim() && after.trim()) return null;
  const sign = before.trim() || after.trim();
  if (sign && !isSymbol(sign, market)) return null;
  return readNumber(number, market);
}

function groupsWith(mark: string, market: Marketplace): boolean {
  if (mark === "'" || mark === " " || minorDigits(market.currency) === 0) return true;
  return mark === (COMMA_DECIMAL.has(market.language.slice(0, 2)) ? "." : ",");
}
