// Unpacks the Chromium that comes as an npm package, once, into the folder that TMPDIR names, and says where it and its libraries lie. Needs no root and
// nothing of the machine but the C library.
import { inflate } from "@sparticuz/chromium";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const packed = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "..", "bin");
const folder = process.env.TMPDIR ?? "";
const program = join(folder, "chromium");
// The program last: what is there when it is there is all there.
for (const name of ["al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br", "chromium.br"]) {
  if (!existsSync(program)) await inflate(join(packed, name));
}
process.stdout.write(JSON.stringify({ program, env: { LD_LIBRARY_PATH: join(folder, "al2023", "lib"), FONTCONFIG_PATH: join(folder, "fonts") } }));
