/** Prices and days as the reader's language writes them. */

export interface Format {
  price(minor: number): string;
  /** Without the currency, for one of the ticks of an axis: without a fraction where none of them has one. */
  amount(minor: number, among: readonly number[]): string;
  day(ms: number): string;
  moment(ms: number): string;
  /** A whole number of days, as in "1 day". */
  days(count: number): string;
  tick(ms: number, unit: "hour" | "day" | "month" | "year"): string;
}

/** `minor` units are those of ISO 4217, as Intl knows them. Days are UTC, as everywhere in Pennywren. */
export function makeFormat(currency: string, locales: readonly string[]): Format {
  const money = new Intl.NumberFormat([...locales], { style: "currency", currency });
  const digits = money.resolvedOptions().maximumFractionDigits ?? 2;
  const plain = new Intl.NumberFormat([...locales], { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const whole = new Intl.NumberFormat([...locales], { maximumFractionDigits: 0 });
  // Plain "en" would be written as in America; the day comes first here, as in the rest of the page.
  const dates = locales.map((locale) => (locale === "en" ? "en-GB" : locale));
  const by = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(dates, { timeZone: "UTC", ...options });
  const day = by({ day: "numeric", month: "short", year: "numeric" });
  const moment = by({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
  const days = new Intl.NumberFormat([...locales], { style: "unit", unit: "day", unitDisplay: "long" });
  const ticks = {
    hour: by({ hour: "2-digit", minute: "2-digit" }),
    day: by({ day: "numeric", month: "short" }),
    month: by({ month: "short", year: "numeric" }),
    year: by({ year: "numeric" }),
  };
  return {
    price: (minor) => keepSign(money.format(minor / 10 ** digits)),
    amount: (minor, among) => (among.every((tick) => tick % 10 ** digits === 0) ? whole : plain).format(minor / 10 ** digits),
    day: (ms) => day.format(ms),
    moment: (ms) => moment.format(ms),
    days: (count) => days.format(count),
    tick: (ms, unit) => ticks[unit].format(ms),
  };
}

const FROM_THE_RIGHT = "\u200f";
const FROM_THE_LEFT = "\u200e";

/** In text from the right the mark of "US$" at the end of a price would move to its front. */
function keepSign(price: string): string {
  return price.startsWith(FROM_THE_RIGHT) && price.endsWith("$") ? `${price}${FROM_THE_LEFT}` : price;
}

/** A text with its own direction in a line that mixes both. */
export function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}
