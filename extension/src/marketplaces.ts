/** The shops whose product pages get a panel; `tests/repo/test_extension.py` holds this against the server's table. */

export interface Marketplace {
  readonly host: string;
  readonly currency: string;
  /** How its pages write numbers (BCP 47). */
  readonly language: string;
}

const shop = (host: string, currency: string, language: string): Marketplace => ({ host, currency, language });

export const MARKETPLACES: Readonly<Record<string, Marketplace>> = {
  us: shop("www.amazon.com", "USD", "en-US"),
  uk: shop("www.amazon.co.uk", "GBP", "en-GB"),
  de: shop("www.amazon.de", "EUR", "de-DE"),
  fr: shop("www.amazon.fr", "EUR", "fr-FR"),
  it: shop("www.amazon.it", "EUR", "it-IT"),
  es: shop("www.amazon.es", "EUR", "es-ES"),
  nl: shop("www.amazon.nl", "EUR", "nl-NL"),
  se: shop("www.amazon.se", "SEK", "sv-SE"),
  pl: shop("www.amazon.pl", "PLN", "pl-PL"),
  be: shop("www.amazon.com.be", "EUR", "fr-BE"),
  ie: shop("www.amazon.ie", "EUR", "en-IE"),
  tr: shop("www.amazon.com.tr", "TRY", "tr-TR"),
  in: shop("www.amazon.in", "INR", "en-IN"),
  jp: shop("www.amazon.co.jp", "JPY", "ja-JP"),
  cn: shop("www.amazon.cn", "CNY", "zh-CN"),
  ca: shop("www.amazon.ca", "CAD", "en-CA"),
  mx: shop("www.amazon.com.mx", "MXN", "es-MX"),
  br: shop("www.amazon.com.br", "BRL", "pt-BR"),
  au: shop("www.amazon.com.au", "AUD", "en-AU"),
  sg: shop("www.amazon.sg", "SGD", "en-SG"),
  ae: shop("www.amazon.ae", "AED", "en-AE"),
  sa: shop("www.amazon.sa", "SAR", "ar-SA"),
  eg: shop("www.amazon.eg", "EGP", "ar-EG"),
  za: shop("www.amazon.co.za", "ZAR", "en-ZA"),
};

/** The paths of product pages, as match patterns write them. */
export const PRODUCT_PATHS: readonly string[] = ["/dp/*", "/*/dp/*", "/gp/product/*", "/gp/aw/d/*"];

/** Match patterns of every product page of every shop. */
export const PRODUCT_PAGES: readonly string[] = Object.values(MARKETPLACES).flatMap(({ host }) =>
  PRODUCT_PATHS.map((path) => `https://${host}${path}`),
);

const ASIN = /\/(?:dp|gp\/product|gp\/aw\/d)\/([A-Z0-9]{10})(?:[/?#]|$)/i;

/** The product that an address shows, like `us:B08N5WRWNW`; null for every other page. */
export function productOf(address: string): string | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  const code = Object.keys(MARKETPLACES).find((each) => MARKETPLACES[each]?.host === url.hostname);
  const asin = ASIN.exec(url.pathname)?.[1];
  return code && asin && (url.protocol === "https:" || url.protocol === "http:") ? `${code}:${asin.toUpperCase()}` : null;
}

/** The marketplace of a product like `us:B08N5WRWNW`. */
export function marketplaceOf(product: string): Marketplace | null {
  return MARKETPLACES[product.slice(0, 2)] ?? null;
}
