/** Whether this browser may watch for somebody: kept with the token, for one server, until somebody ends it. */

import { LoadFailed } from "../../src/pennywren/web/client/chart/load.ts";
import { Api } from "./api.ts";
import type { Pairing, Wish } from "./messages.ts";
import type { Area } from "./reports/reporter.ts";

interface Kept {
  readonly origin: string;
  readonly token: string;
  readonly code: string;
  readonly email: string | null;
  readonly confirmURL: string;
  readonly paired: boolean;
}

const KEY = "pairing";

async function kept(area: Area, origin: string): Promise<Kept | null> {
  const stored = (await area.get([KEY]))[KEY] as Kept | undefined;
  return stored?.origin === origin ? stored : null;
}

/** An API that asks for the person where this browser is paired; `paired` is what was last heard. */
export async function ownApi(area: Area, origin: string, fetcher: typeof fetch = fetch): Promise<{ api: Api; paired: boolean }> {
  const known = await kept(area, origin);
  return { api: new Api(origin, known?.token ?? null, fetcher), paired: known?.paired ?? false };
}

export async function begin(area: Area, origin: string, email: string | null, wish: Wish | null, fetcher: typeof fetch = fetch): Promise<Pairing> {
  const { token, code, confirmURL } = await new Api(origin, null, fetcher).pair(email, wish);
  // A page that somebody else names is no page to send people to.
  const ours = URL.canParse(confirmURL) && new URL(confirmURL).protocol.startsWith("http") ? confirmURL : `${origin}/account/connections`;
  const made: Kept = { origin, token, code, email, confirmURL: ours, paired: false };
  await area.set({ [KEY]: made });
  return { status: "waiting", code, email, confirmURL: ours };
}

/** How it stands, by asking the server; what was ended there is forgotten here. Throws LoadFailed. */
export async function look(area: Area, origin: string, fetcher: typeof fetch = fetch): Promise<Pairing> {
  const known = await kept(area, origin);
  if (!known) return { status: "none" };
  try {
    const { status, email } = await new Api(origin, known.token, fetcher).pairing();
    if (status === "waiting") return { status, code: known.code, email: known.email, confirmURL: known.confirmURL };
    await area.set({ [KEY]: { ...known, paired: true, email } });
    return { status, email: email ?? "" };
  } catch (error) {
    if (!(error instanceof LoadFailed) || error.status !== 401) throw error;
    await forget(area);
    return { status: "none" };
  }
}

export async function forget(area: Area): Promise<void> {
  await area.remove([KEY]);
}

/** End it here and there; there only if the server can be reached. */
export async function end(area: Area, origin: string, fetcher: typeof fetch = fetch): Promise<void> {
  const { api } = await ownApi(area, origin, fetcher);
  await forget(area);
  await api.unpair().catch(() => undefined);
}
