/** The circumstances under which a page shows its price: personal and conditional ones are true for somebody, not for all. */

import { tidy } from "./money.ts";

export interface Context {
  signedIn: boolean;
  memberPrice: boolean;
  coupon: boolean;
  subscription: boolean;
  deliveryCountry: string | null;
  variation: string | null;
  language: string | null;
}

const MEMBER = '#primeExclusivePricingMessage, #pep_feature_div .a-text-bold, [id^="dealsAccordionRow"], .primeExclusive, [id^="primeExclusive"], [id^="primeAccordionRow"]';
const COUPON = '[id^="couponText"], [id^="couponBadge"], #vpcButton, .couponLabelText, [id^="promoPriceBlockMessage"] [id^="coupon"]';
const VARIATIONS = '#twister, #twister_feature_div form, [id^="inline-twister-row"], [id^="variation_"], #twisterContainer';

/** What the page says of its visitor and of its price. `asin` is the one that its form would buy. */
export function contextOf(page: Document, asin: string): Context {
  return {
    signedIn: isSignedIn(page),
    memberPrice: says(page, MEMBER),
    coupon: takesCoupon(page),
    subscription: choosesSubscription(page),
    deliveryCountry: deliveryCountry(page),
    variation: page.querySelector(VARIATIONS) ? asin : null,
    language: language(page),
  };
}

function isSignedIn(page: Document): boolean {
  if (page.querySelector("#nav-item-signout, #nav_prefetch_yourorders_signout")) return true;
  const account = page.querySelector("#nav-link-accountList")?.getAttribute("href");
  return account !== null && account !== undefined && account !== "" && !account.includes("/ap/signin") && !account.startsWith("#");
}

/** A coupon that is offered and was not taken leaves the price as it is for everybody; in doubt it was taken. */
function takesCoupon(page: Document): boolean {
  const offered = [...page.querySelectorAll(COUPON)].filter((element) => tidy(element.textContent ?? ""));
  return offered.some((element) => {
    const holder = element.closest('[id*="coupon" i], [id^="promoPriceBlockMessage"], form') ?? element;
    const box = holder.querySelector<HTMLInputElement>("input[type=checkbox]") ?? element.parentElement?.querySelector<HTMLInputElement>("input[type=checkbox]");
    return box ? box.checked || box.hasAttribute("checked") : true;
  });
}

function choosesSubscription(page: Document): boolean {
  const open = page.querySelectorAll('[id^="sns"].a-accordion-active, [id^="snsAccordionRow"].a-accordion-active, .a-accordion-active [id^="snsAccordionRow"]');
  return open.length > 0 || page.querySelector('#rcxsubsync_feature_div input[type=radio]:checked[value="SNS"], input#snsOption:checked') !== null;
}

/** The country that the page delivers to, where it names one: foreign deliveries do, those at home name a town. */
function deliveryCountry(page: Document): string | null {
  const shown = tidy(page.querySelector("#glow-ingress-line2")?.textContent ?? "").toLowerCase();
  if (!shown || /[0-9]/.test(shown)) return null;
  for (const tongue of new Set([language(page) ?? "en", "en"])) {
    const names = countryNames(tongue);
    const code = names.get(shown);
    if (code) return code;
  }
  return null;
}

const known = new Map<string, Map<string, string>>();

function countryNames(tongue: string): Map<string, string> {
  const before = known.get(tongue);
  if (before) return before;
  const names = new Map<string, string>();
  const display = new Intl.DisplayNames([tongue], { type: "region", fallback: "none" });
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    const name = display.of(code)?.toLowerCase();
    // Codes of old (like UK) come before or after the present ones; the first that says a name is kept, GB by hand.
    if (name && !names.has(name)) names.set(name, code === "UK" ? "GB" : code);
  }
  known.set(tongue, names);
  return names;
}

function language(page: Document): string | null {
  const tag = page.documentElement.lang.trim();
  try {
    return tag && tag.length <= 35 ? (Intl.getCanonicalLocales(tag.replace("_", "-"))[0] ?? null) : null;
  } catch {
    return null;
  }
}

function says(page: Document, selector: string): boolean {
  return [...page.querySelectorAll(selector)].some((element) => tidy(element.textContent ?? ""));
}
