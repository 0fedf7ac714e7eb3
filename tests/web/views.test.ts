/** What of the views needs no browser: six languages of one shape, a theme that can always be read, notices as sections. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { LANGUAGES } from "../../sdk/web/src/channel/index.ts";
import { sections } from "../../sdk/web/src/views/notice.ts";
import { type Colour, colourOf, contrast, css, FONTS, type Look, lookOf, type Palette, PART, TEXT, THEME_NAMES } from "../../sdk/web/src/views/theme.ts";
import { fill, wordsOf } from "../../sdk/web/src/views/words/index.ts";

type Tree = Readonly<Record<string, unknown>>;

/** Every word by its path. */
function leaves(value: unknown, path = ""): readonly (readonly [string, string])[] {
  if (typeof value === "string") return [[path, value]];
  return Object.entries(value as Tree).flatMap(([name, each]) => leaves(each, `${path}/${name}`));
}

const holes = (text: string): readonly string[] => [...text.matchAll(/\{([a-z]+)\}/g)].map(([, name = ""]) => name).sort();

test("six languages say the same things, and none leaves one in English", async () => {
  const english = leaves(await wordsOf("en"));
  assert.ok(english.length > 200);
  for (const lang of LANGUAGES) {
    const words = leaves(await wordsOf(lang));
    assert.deepEqual(words.map(([path]) => path).sort(), english.map(([path]) => path).sort(), lang);
    const there = new Map(words);
    for (const [path, text] of english) {
      const own = there.get(path) ?? "";
      assert.notEqual(own.trim(), "", `${lang} ${path}`);
      assert.deepEqual(holes(own), holes(text), `${lang} ${path}`);
      if (lang !== "en" && text.split(" ").length > 3) assert.notEqual(own, text, `${lang} ${path}`);
    }
  }
});

test("each language is written in its own letters", async () => {
  for (const [lang, letters] of [["ru", /\p{Script=Cyrillic}/u], ["zh", /\p{Script=Han}/u]] as const) {
    for (const [path, text] of leaves(await wordsOf(lang))) assert.match(text, letters, `${lang} ${path}`);
  }
});

test("placeholders are filled with text and nothing is read in it", () => {
  assert.equal(fill("{a} and {b} and {c}", { a: "{b}", b: 1 }), "{b} and 1 and {c}");
});

test("no word of the views promises what the notice does not, nor names a price that feeling changes", async () => {
  for (const [path, text] of leaves(await wordsOf("en"))) assert.doesNotMatch(text, /\b(?:free|better price|discount|anonymous|guarantee|must agree)\b/i, path);
});

// ---- themes ----
const palettes = (look: Look): readonly Palette[] => [look.light, look.dark];
const seeded = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
};

function holds(palette: Palette, what: string): void {
  const on = [palette.ground, palette.band];
  for (const ground of on) {
    for (const name of ["ink", "quiet", "accent"] as const) assert.ok(contrast(palette[name], ground) >= TEXT, `${what}: ${name}`);
    assert.ok(contrast(palette.line, ground) >= PART, `${what}: line`);
  }
  assert.ok(contrast(palette.onAccent, palette.accent) >= TEXT, `${what}: on accent`);
}

test("whatever colours a page asks for, every text of the views can be read", () => {
  const next = seeded(7);
  const colour = (): string => css([next() >>> 24, next() >>> 24, next() >>> 24] as unknown as Colour);
  palettes(lookOf({})).forEach((palette) => holds(palette, "ours"));
  let kept = 0;
  for (let turn = 0; turn < 400; turn += 1) {
    const theme = { ground: colour(), ink: colour(), accent: colour(), "dark-ground": colour(), "dark-ink": colour(), "dark-accent": colour() };
    const look = lookOf(theme);
    palettes(look).forEach((palette) => holds(palette, JSON.stringify(theme)));
    if (css(look.light.ground) === theme.ground) {
      kept += 1;
      assert.equal(css(look.light.ink), theme.ink);
    } else assert.ok(contrast(colourOf(theme.ground) ?? [0, 0, 0], colourOf(theme.ink) ?? [0, 0, 0]) < TEXT);
  }
  assert.ok(kept > 20 && kept < 350, String(kept));
});

test("contrast is that of WCAG", () => {
  assert.equal(contrast([255, 255, 255], [0, 0, 0]), 21);
  assert.equal(contrast([0x77, 0x77, 0x77], [255, 255, 255]).toFixed(2), "4.48");
  assert.equal(contrast([255, 0, 0], [255, 255, 255]).toFixed(2), "4.00");
});

test("a theme's other values come from closed lists", () => {
  assert.deepEqual(lookOf({ scheme: "dark", radius: "8px", font: "serif" }), { ...lookOf({}), scheme: "dark", radius: 8, font: "serif" });
  for (const odd of ["url(x)", "red", "#12", "#12345g", "rgb(300, 0, 0)", "rgb(0,0)", "var(--x)", "", "#fff;}"]) assert.equal(colourOf(odd), null, odd);
  assert.deepEqual(colourOf(" #FA0 "), [255, 170, 0]);
  assert.deepEqual(colourOf("rgb(1, 2, 3)"), [1, 2, 3]);
  for (const odd of ["-1", "1e3", "100px", "calc(1px)", "8em"]) assert.equal(lookOf({ radius: odd }).radius, 12, odd);
  assert.equal(lookOf({ radius: "99" }).radius, 24);
  assert.equal(lookOf({ font: "toString" }).font, "system");
  assert.deepEqual(Object.keys(FONTS).length, 6);
  assert.equal(new Set(THEME_NAMES).size, 9);
});

// ---- notices ----
test("a notice's text becomes sections, with nothing left out", () => {
  const found = sections("# Title\n\nLead *one*.\n\n## A\n- x\n  y\n- z\n\n## B\nText\nmore.\n\n- p\n");
  assert.deepEqual(found, [
    { title: null, blocks: [{ kind: "paragraph", text: "Lead *one*." }] },
    { title: "A", blocks: [{ kind: "list", points: ["x y", "z"] }] },
    { title: "B", blocks: [{ kind: "paragraph", text: "Text more." }, { kind: "list", points: ["p"] }] },
  ]);
});

test("every word of every notice is in its sections", () => {
  const letters = (text: string): string => text.replaceAll(/[^\p{L}\p{N}]/gu, "");
  for (const lang of LANGUAGES) {
    const file = readFileSync(new URL(`../../policies/mien_policies/notices/${lang}.md`, import.meta.url), "utf8");
    const text = file.split("---\n")[2]?.split("<!-- purposes -->")[0] ?? "";
    const title = /^# (.*)$/m.exec(text)?.[1] ?? "";
    const said = sections(text).flatMap(({ title: each, blocks }) => [
      each ?? "", ...blocks.flatMap((block) => (block.kind === "list" ? block.points : [block.text])),
    ]);
    assert.equal(letters(title + said.join("")), letters(text), lang);
    assert.ok(said.length > 20, lang);
  }
});
