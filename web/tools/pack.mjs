// After `vite build`: compresses every file of dist/, lists them for cmake/desk_files.cmake, and
// holds the first load against its limits.
import { fileURLToPath } from "node:url";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const firstLoadLimits = { ".js": 150_000, ".css": 30_000 }; // bytes, compressed by gzip
const types = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};

function filesBelow(folder) {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesBelow(path) : [path]))
    .filter((path) => !path.endsWith(".gz") && !path.endsWith(".br") && !path.endsWith("packed.txt"))
    .sort();
}

function pack(path) {
  const content = readFileSync(path);
  const gzip = gzipSync(content, { level: 9 });
  writeFileSync(`${path}.gz`, gzip);
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  const type = types[extname(path)];
  if (!type) throw new Error(`${path}: no content type is known for it`);
  const name = relative(dist, path);
  const tag = createHash("sha256").update(content).digest("hex").slice(0, 24);
  return { name, type, tag, hashed: name.startsWith("assets/"), gzipBytes: gzip.length };
}

// What index.html names is loaded before the first page shows.
function firstLoad(packed) {
  const page = readFileSync(join(dist, "index.html"), "utf8");
  const named = [...page.matchAll(/(?:src|href)="\/admin\/([^"]+)"/g)].map((match) => match[1]);
  return packed.filter(({ name }) => named.includes(name));
}

const packed = filesBelow(dist).map(pack);
const tooLarge = Object.entries(firstLoadLimits).filter(([ending, limit]) => {
  const bytes = firstLoad(packed)
    .filter(({ name }) => name.endsWith(ending))
    .reduce((sum, file) => sum + file.gzipBytes, 0);
  console.log(`first load, ${ending}: ${bytes} of ${limit} bytes`);
  return bytes > limit || bytes === 0;
});
if (tooLarge.length > 0) {
  console.error(`the first load is over its limit, or empty: ${tooLarge.map(([ending]) => ending).join(", ")}`);
  process.exit(1);
}
const lines = packed.map(({ name, type, tag, hashed }) => [name, type, tag, hashed].join("\t"));
writeFileSync(join(dist, "packed.txt"), `${lines.join("\n")}\n`);
