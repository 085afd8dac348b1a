/**
 * Letting this browser watch for somebody: an address, confirmed by a link, or an account, by a code.
 *
 * A page of ours and not the panel, because a shop's page could hear what is typed in it.
 */

import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import { ask, say, sentence } from "./ask.ts";
import type { Answer, Pairing, Wish } from "./messages.ts";
import { readWish } from "./messages.ts";
import { button, field, mayCollect, ownPage, part } from "./own_page.ts";

const LOOK_EVERY = 3000;
const main = ownPage(say("pair_title"), "wide");
const told = make("p", { role: "status" });
const place = make("div");
main.append(make("h1", {}, say("pair_title")), told, place);
const wish = wished();
await look();

function wished(): Wish | null {
  const [product, threshold] = decodeURIComponent(location.hash.slice(1)).split("/");
  return readWish({ product, threshold: Number(threshold) });
}

async function look(): Promise<void> {
  const answer = await ask({ kind: "pairing" });
  if (answer.kind === "pairing") await show(answer.pairing);
  else {
    told.textContent = sentence(answer);
    place.replaceChildren(button(say("retry"), () => void look()));
  }
}

async function show(pairing: Pairing): Promise<void> {
  told.textContent = "";
  if (pairing.status === "paired") place.replaceChildren(make("p", { role: "status" }, say("pair_done", pairing.email)));
  else if (pairing.status === "none") place.replaceChildren(byMail(), byCode());
  else {
    const { code, email, confirmURL } = pairing;
    const how = email === null
      ? make("p", {}, make("a", { href: confirmURL, target: "_blank", rel: "noopener" }, say("pair_open")))
      : make("p", {}, say("pair_mailed", email));
    const again = button(say("pair_again"), () => void ask({ kind: "unpair" }).then(look), "plain");
    place.replaceChildren(how, make("p", {}, say("pair_code")), make("p", { class: "code" }, code), again);
    setTimeout(() => void waitOn(), LOOK_EVERY);
  }
}

async function waitOn(): Promise<void> {
  const answer = await ask({ kind: "pairing" });
  if (answer.kind === "pairing" && answer.pairing.status !== "waiting") await show(answer.pairing);
  else setTimeout(() => void waitOn(), LOOK_EVERY);
}

function byMail(): HTMLElement {
  const [label, address] = field("email", say("email"), { type: "email", required: "", autocomplete: "email", maxlength: "320" });
  const form = make("form", {}, label, address, make("button", {}, say("pair_send")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = address.value;
    // Must be asked for within the click itself.
    void mayCollect("personallyIdentifyingInfo").then((may) => (may ? settle(ask({ kind: "pair", email: typed, wish })) : undefined));
  });
  return part("mail", say("pair_by_mail"), make("p", {}, say("pair_mail_hint")), form);
}

function byCode(): HTMLElement {
  const begin = button(say("pair_get_code"), () => void settle(ask({ kind: "pair", email: null, wish })), "act quiet");
  return part("code", say("pair_by_code"), make("p", {}, say("pair_code_hint")), begin);
}

async function settle(asked: Promise<Answer>): Promise<void> {
  const answer = await asked;
  if (answer.kind === "pairing") await show(answer.pairing);
  else told.textContent = sentence(answer);
}
