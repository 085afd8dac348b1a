/** The shops whose product pages get a panel; `tests/repo/test_extension.py` holds this against the server's table. */

export const MARKETPLACES: Readonly<Record<string, string>> = {
  us: "www.amazon.com",
  uk: "www.amazon.co.uk",
  de: "www.amazon.de",
  fr: "www.amazon.fr",
  it: "www.amazon.it",
  es: "www.amazon.es",
  nl: "www.amazon.nl",
  se: "www.amazon.se",
  pl: "www.amazon.pl",
  be: "www.amazon.com.be",
  ie: "www.amazon.ie",
  tr: "www.amazon.com.tr",
  in: "www.amazon.in",
  jp: "www.amazon.co.jp",
  cn: "www.amazon.cn",
  ca: "www.amazon.ca",
  mx: "www.amazon.com.mx",
  br: "www.amazon.com.br",
  au: "www.amazon.com.au",
  sg: "www.amazon.sg",
  ae: "www.amazon.ae",
  sa: "www.amazon.sa",
  eg: "www.amazon.eg",
  za: "www.amazon.co.za",
};

const ASIN = /\/(?:dp|gp\/product|gp\/aw\/d)\/([A-Z0-9]{10})(?:[/?#]|$)/i;

/** The product that an address shows, like `us:B08N5WRWNW`; null for every other page. */
export function productOf(address: string): string | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  const shop = Object.entries(MARKETPLACES).find(([, host]) => host === url.hostname);
  const asin = ASIN.exec(url.pathname)?.[1];
  return shop && asin && (url.protocol === "https:" || url.protocol === "http:") ? `${shop[0]}:${asin.toUpperCase()}` : null;
}
