// Bundles the client of the website: `node build.mjs OUTPUT_DIR`. The same sources give the same bytes and names.
// manifest.json says which file an entry became: its name carries a hash of its content, so it may be kept for good.

import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const output = resolve(process.argv[2] ?? join(here, "..", "static", "build"));

const entries = { client: join(here, "main.ts"), chart: join(here, "chart_entry.ts") };

await rm(output, { recursive: true, force: true });
await mkdir(output, { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: entries,
  outdir: output,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  charset: "utf8",
  legalComments: "none",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [file, made] of Object.entries(result.metafile.outputs)) {
  const name = basename(file);
  const entry = Object.entries(entries).find(([, source]) => made.entryPoint === relative(here, source));
  manifest[entry ? entry[0] : name] = name;
  if (entry && made.cssBundle) manifest[`${entry[0]}.css`] = basename(made.cssBundle);
}
const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
await writeFile(join(output, "manifest.json"), `${JSON.stringify(sorted, null, 2)}\n`);
