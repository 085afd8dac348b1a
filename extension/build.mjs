// Builds the extension: `node extension/build.mjs OUTPUT_DIR` makes chrome/, firefox/ and a zip of each.
// With `--development` Chrome gives it the same id on every machine; the stores give their own.
// The same sources give the same bytes: files in order, and one date for all.

import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, deflateRawSync } from "node:zlib";

import { build } from "esbuild";

import { ENGLISH, GERMAN } from "../src/pennywren/web/client/chart/words.ts";
import { PRODUCT_PAGES } from "./src/marketplaces.ts";

const here = dirname(fileURLToPath(import.meta.url));
const output = resolve(process.argv[2] ?? join(here, "dist"));
const { version } = JSON.parse(await readFile(join(here, "version.json"), "utf8"));

const manifest = {
  manifest_version: 3,
  name: "__MSG_name__",
  description: "__MSG_description__",
  version,
  default_locale: "en",
  icons: { 16: "icons/16.png", 48: "icons/48.png", 128: "icons/128.png" },
  action: { default_popup: "popup.html", default_title: "__MSG_name__" },
  options_ui: { page: "options.html", open_in_tab: true },
  content_scripts: [{ matches: PRODUCT_PAGES, js: ["content.js"], run_at: "document_start" }],
  permissions: ["activeTab", "alarms", "contextMenus", "storage"],
  host_permissions: ["http://localhost/*", "http://127.0.0.1/*"],
  optional_host_permissions: ["https://*/*"],
  content_security_policy: { extension_pages: "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src https: http://localhost:* http://127.0.0.1:*" },
};
const DEVELOPMENT_KEY =
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqmTNRW9J6J9AUZ0eZBKE/zA4OLuXSbdK24NQAXXvDZh2XM0xTaFCYk/H4GLuVDxjdVlQysMVQm69dN+ieNFZjPe4iy20ohnndLrYgyyZWxcj59PQXAdjvoihKtCMclKjQxDgWGnD3c75TSv3zT0v+g6PwD6fx4G7KmaJvZmKql+pUrlE1CM+JnSFOyTDMsc2sIemXC06vXGNKmy4Q2s2TYQ76kbWUYPm8fA3P/UsdBzVsiU7lzhFA6uW+EC3vkKpWmAK3kj3FR3HyNSsfODDXFGVm9jBgoW3dkz8MetMaF5PRNZq3z+LEZQLH1HsQKpVKsZ5dBAV5l5PdE2vCUP2WQIDAQAB";
const gecko = {
  browser_specific_settings: {
    gecko: {
      id: "pennywren@pennywren.invalid",
      strict_min_version: "140.0",
      data_collection_permissions: { required: ["browsingActivity"], optional: ["websiteContent", "personallyIdentifyingInfo"] },
    },
    gecko_android: { strict_min_version: "142.0" },
  },
};
// Chrome passes over what is Firefox's; it stands in both, so that the linter has no error to name in either.
const own = {
  chrome: { minimum_chrome_version: "121", background: { service_worker: "background.js", scripts: ["background.js"], type: "module" }, ...gecko, ...(process.argv.includes("--development") ? { key: DEVELOPMENT_KEY } : {}) },
  firefox: { background: { scripts: ["background.js"], type: "module" }, ...gecko },
};

await rm(output, { recursive: true, force: true });
for (const [browser, differences] of Object.entries(own)) {
  const folder = join(output, browser);
  await mkdir(folder, { recursive: true });
  await cp(join(here, "static"), folder, { recursive: true });
  await writeWords(join(folder, "_locales"));
  const common = {
    absWorkingDir: here, outdir: folder, bundle: true, target: ["es2022"], charset: "utf8", legalComments: "none",
    loader: { ".css": "text" }, logLevel: "warning",
  };
  await build({ ...common, entryPoints: ["src/content.ts"], format: "iife" });
  await build({ ...common, entryPoints: ["src/background.ts", "src/popup.ts", "src/options.ts", "src/connect.ts"], format: "esm" });
  await writeFile(join(folder, "manifest.json"), `${JSON.stringify({ ...manifest, ...differences }, null, 2)}\n`);
  await writeFile(join(output, `pennywren-${browser}.zip`), await zip(folder));
}

/**
 * `words/*.json` say `{name}` where something is filled in; the browser wants placeholders, in one order for all languages.
 * What the chart says comes along as `chart_…`: in English and German from the website, else from `words/chart/`.
 */
async function writeWords(folder) {
  const read = async (name) => JSON.parse(await readFile(join(here, "words", name), "utf8"));
  const ofChart = async (name) => {
    const words = { "en.json": ENGLISH, "de.json": GERMAN }[name] ?? (await read(`chart/${name}`));
    return Object.fromEntries(Object.entries(words).map(([key, text]) => [`chart_${key.replaceAll(".", "_")}`, text]));
  };
  const english = { ...(await read("en.json")), ...(await ofChart("en.json")) };
  const orders = Object.fromEntries(Object.entries(english).map(([key, text]) => [key, places(text)]));
  for (const name of (await readdir(join(here, "words"))).filter((each) => each.endsWith(".json")).sort()) {
    const messages = {};
    for (const [key, text] of Object.entries({ ...(await read(name)), ...(await ofChart(name)) })) {
      const order = orders[key] ?? [];
      const placeholders = Object.fromEntries(order.map((each, i) => [each, { content: `$${i + 1}` }]));
      const message = text.replaceAll("$", "$$$$").replace(/\{(\w+)\}/g, (_, each) => `$${each}$`);
      messages[key] = order.length ? { message, placeholders } : { message };
    }
    const locale = join(folder, name.replace(".json", ""));
    await mkdir(locale, { recursive: true });
    await writeFile(join(locale, "messages.json"), `${JSON.stringify(messages, null, 1)}\n`);
  }
}

function places(text) {
  return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
}

async function zip(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.filter((e) => e.isFile()).map((e) => relative(folder, join(e.parentPath, e.name))).sort();
  const local = [];
  const central = [];
  let offset = 0;
  for (const name of names) {
    const data = await readFile(join(folder, name));
    const packed = deflateRawSync(data, { level: 9 });
    const path = Buffer.from(name.replaceAll("\\", "/"));
    const fields = Buffer.alloc(26);
    [[20, 0], [0x0800, 2], [8, 4], [0, 6], [0x5821, 8]].forEach(([value, at]) => fields.writeUInt16LE(value, at));
    fields.writeUInt32LE(crc32(data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(path.length, 22);
    local.push(Buffer.from("PK\x03\x04", "latin1"), fields, path, packed);
    const more = Buffer.alloc(14);
    more.writeUInt32LE(offset, 10);
    central.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), fields, more, path);
    offset += 30 + path.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(names.length, 8);
  end.writeUInt16LE(names.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}
