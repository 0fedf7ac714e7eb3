/** The one style sheet of the views, and the page's theme as a second one made of checked values. Both are constructed: no style of the document's is needed. */

import { css, FONTS, type Look, lookOf, type Palette } from "./theme.ts";
import type { Theme } from "../channel/index.ts";

const STYLE = `
.mien, .mien * { box-sizing: border-box; }
.mien {
  container-type: inline-size; margin: 0; padding: clamp(1rem, 4cqi, 2rem); background: var(--ground); color: var(--ink); font: 1rem/1.55 var(--font);
  overflow-wrap: break-word; hyphens: auto; text-align: start; -webkit-text-size-adjust: 100%;
}
body:has(> .mien) { margin: 0; }
.mien[hidden], .mien [hidden] { display: none; }
.mien .sheet { max-width: 47rem; margin-inline: auto; display: flow-root; }
.mien h1, .mien h2, .mien h3 { font-weight: 650; line-height: 1.25; text-wrap: balance; margin: 0; }
.mien h1 { font-size: clamp(1.375rem, 1.15rem + 1.4cqi, 1.75rem); letter-spacing: -0.012em; margin-block-end: 0.625rem; }
.mien h2 { font-size: 1.1875rem; margin-block: 2rem 0.625rem; }
.mien h3 { font-size: 1rem; margin-block: 0 0.25rem; }
.mien p, .mien ul, .mien ol, .mien dl { margin: 0 0 0.75rem; }
.mien ul, .mien ol { padding-inline-start: 1.2rem; }
.mien li { margin-block-end: 0.375rem; }
.mien li::marker { color: var(--quiet); }
.mien strong { font-weight: 650; }
.mien em:lang(zh) { font-style: normal; font-weight: 650; }
.mien a { color: var(--accent); text-underline-offset: 0.2em; }
.mien :focus { scroll-margin-block: 3rem; }
.mien :focus-visible { outline: 0.1875rem solid var(--accent); outline-offset: 0.1875rem; }
.mien [tabindex="-1"]:focus-visible { outline-offset: 0.375rem; border-radius: 0.125rem; }

/* ---- head and foot ---- */
.mien .head { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; justify-content: space-between; margin-block-end: 1.25rem; }
.mien .who { color: var(--quiet); font-size: 0.875rem; margin: 0; flex: 1 1 12rem; }
.mien .tools { display: flex; gap: 0.5rem; align-items: center; }
.mien .foot { margin-block-start: 2rem; padding-block-start: 0.875rem; border-block-start: 0.0625rem solid var(--hair); color: var(--quiet); font-size: 0.875rem; }
.mien .foot p { display: flex; gap: 0.5rem; align-items: flex-start; margin: 0; }
.mien .foot .drawing { flex: none; margin-block-start: 0.1rem; }
.mien .skip { display: inline-block; padding-block: 0.125rem; }
.mien .skip:not(:focus) { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.mien .quiet { color: var(--quiet); }
.mien .small { font-size: 0.875rem; }
.mien .unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

/* ---- what can be pressed ---- */
.mien button, .mien select, .mien input, .mien textarea { font: inherit; color: inherit; letter-spacing: inherit; }
.mien button, .mien select, .mien input, .mien textarea { border: 0.0625rem solid var(--line); border-radius: var(--corner); background: var(--ground); }
.mien button { min-block-size: 2.75rem; padding: 0.5rem 1.125rem; font-weight: 600; line-height: 1.25; cursor: pointer; }
.mien button.strong { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.mien button.plain { border-color: transparent; background: transparent; color: var(--accent); text-decoration: underline; text-underline-offset: 0.2em; font-weight: 500; padding-inline: 0.5rem; }
.mien button.slim { min-block-size: 2.125rem; padding: 0.25rem 0.75rem; font-size: 0.9375rem; }
.mien button.icon { min-block-size: 2.25rem; min-inline-size: 2.25rem; padding: 0.375rem; display: grid; place-items: center; }
.mien button[aria-disabled="true"] { cursor: progress; }
.mien button:hover { box-shadow: inset 0 0 0 0.0625rem currentcolor; }
.mien select { min-block-size: 2.25rem; padding: 0.25rem 0.5rem; max-inline-size: 100%; }
.mien input:not([type="radio"]), .mien textarea { inline-size: 100%; padding: 0.625rem 0.75rem; }
.mien textarea { min-block-size: 6.5rem; font: 0.875rem/1.4 ui-monospace, 'DejaVu Sans Mono', monospace; resize: vertical; overflow-wrap: anywhere; }
.mien label.field { display: block; font-weight: 600; margin-block: 0.875rem 0.25rem; }
.mien .row { display: flex; flex-wrap: wrap; gap: 0.625rem; align-items: center; margin-block: 0.875rem; }
.mien .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0.625rem; margin-block: 1.25rem 0.625rem; }
.mien .pair button { inline-size: 100%; min-block-size: 3rem; }
.mien .under { display: flex; flex-wrap: wrap; gap: 0.625rem; justify-content: space-between; align-items: center; }

/* ---- the notice ---- */
.mien .lead { margin-block: 0 1.5rem; font-size: 1.0625rem; }
@container (min-width: 44rem) { .mien .articles { columns: 2; column-gap: 2.5rem; } }
.mien .articles section { break-inside: avoid; padding-block-end: 0.75rem; font-size: 0.9375rem; }
.mien .articles h2 { font-size: 1rem; margin-block: 0 0.375rem; }

/* ---- choices ---- */
.mien .choices { border-block-start: 0.0625rem solid var(--hair); margin-block-start: 1.25rem; }
.mien fieldset { border: 0; margin: 0; padding: 0; min-inline-size: 0; }
.mien legend { padding: 0; font-weight: 650; }
.mien .purpose {
  display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.625rem 1.5rem; align-items: center; padding: 0.9375rem 1.125rem; margin-block-end: 0.625rem;
  background: var(--band); border: 0.0625rem solid var(--hair); border-radius: var(--corner);
}
@container (min-width: 34rem) { .mien .purpose { grid-template-columns: minmax(0, 1fr) auto; } }
.mien .purpose p { margin: 0; font-size: 0.9375rem; }
.mien .segments { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; inline-size: 13rem; max-inline-size: 100%; }
.mien .segment { position: relative; display: grid; }
.mien .segment input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; cursor: pointer; }
.mien .segment span {
  display: flex; gap: 0.375rem; align-items: center; justify-content: center; text-align: center; min-block-size: 2.75rem; padding: 0.375rem 0.75rem; font-weight: 600; line-height: 1.2;
  border: 0.0625rem solid var(--line); background: var(--ground); border-radius: var(--corner);
}
.mien .segments .segment:not(:first-child) span { border-start-start-radius: 0; border-end-start-radius: 0; border-inline-start: 0; }
.mien .segments .segment:not(:last-child) span { border-start-end-radius: 0; border-end-end-radius: 0; }
.mien .segment .drawing { display: none; flex: none; }
.mien .segment input:checked + span { background: var(--ink); color: var(--ground); border-color: var(--ink); }
.mien .segment input:checked + span .drawing { display: block; }
.mien .segment input:focus-visible + span { outline: 0.1875rem solid var(--accent); outline-offset: 0.1875rem; position: relative; z-index: 1; }
.mien .segment input:hover + span { box-shadow: inset 0 0 0 0.0625rem currentcolor; }
.mien .ages { margin-block-start: 1.25rem; }
.mien .ages p { margin-block: 0.125rem 0.5rem; }
.mien .options { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(9rem, 100%), 1fr)); gap: 0.5rem; }
.mien .release { margin-block-start: 1.25rem; padding: 0.9375rem 1.125rem; border: 0.0625rem solid var(--line); border-radius: var(--corner); }
.mien .release > h2:first-child, .mien .release > h3:first-child { margin-block-start: 0; }
.mien .release > :last-child { margin-block-end: 0; }
.mien .row > p { flex-basis: 100%; margin: 0; }
.mien .aside { margin-block: 0.75rem 0; }
.mien .release blockquote { margin: 0.375rem 0 0; font-size: 0.9375rem; }

/* ---- what is said back ---- */
.mien .note { display: flex; gap: 0.75rem; align-items: flex-start; padding: 0.875rem 1.125rem; margin-block: 1rem; border-radius: var(--corner); background: var(--band); border: 0.0625rem solid var(--hair); border-inline-start: 0.25rem solid var(--accent); }
.mien .note > .drawing { flex: none; margin-block-start: 0.125rem; }
.mien .note p:last-child, .mien .note ul:last-child { margin: 0; }
.mien .trouble .note { border-inline-start-color: var(--ink); }
.mien .said:empty, .mien .trouble:empty { display: none; }
.mien .drawing { inline-size: 1.25rem; block-size: 1.25rem; fill: none; stroke: currentcolor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.mien .code { display: block; font: 600 1.1875rem/1.6 ui-monospace, 'DejaVu Sans Mono', monospace; letter-spacing: 0.04em; padding: 0.875rem 1rem; margin-block: 0.75rem; border: 0.0625rem dashed var(--line); border-radius: var(--corner); overflow-wrap: anywhere; user-select: all; hyphens: none; }
.mien .plainly { list-style: none; padding: 0; }
.mien .plainly > li { display: flex; flex-wrap: wrap; gap: 0.375rem 1rem; justify-content: space-between; align-items: center; padding-block: 0.5rem; border-block-end: 0.0625rem solid var(--hair); margin: 0; }
.mien .plainly > li > :first-child { flex: 1 1 14rem; min-inline-size: 0; overflow-wrap: anywhere; }
.mien details { margin-block: 0.5rem; }
.mien summary { cursor: pointer; padding-block: 0.375rem; font-weight: 600; color: var(--accent); }
.mien .held > section { border-block-start: 0.0625rem solid var(--hair); padding-block: 1.25rem 0.5rem; }
.mien .held > section > h2 { margin-block-start: 0; }

/* ---- the camera's sign ---- */
.mien.indicator, .mien.help { padding: 0.625rem 0.875rem; }
.mien .sign { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; justify-content: space-between; }
.mien .sign .words { display: flex; gap: 0.75rem; align-items: center; flex: 1 1 15rem; min-inline-size: 0; }
.mien .sign .words p { margin: 0; line-height: 1.35; }
.mien .sign .row { margin: 0; }
.mien .lamp { flex: none; inline-size: 0.875rem; block-size: 0.875rem; border-radius: 50%; border: 0.125rem solid var(--quiet); }
.mien .lamp.on { background: #d32f3f; border-color: #d32f3f; box-shadow: 0 0 0 0.25rem color-mix(in srgb, #d32f3f 22%, transparent); animation: mien-breathe 2.4s ease-in-out infinite; }
@keyframes mien-breathe { 50% { box-shadow: 0 0 0 0.125rem color-mix(in srgb, #d32f3f 12%, transparent); } }
.mien .sign .lines { min-block-size: 2.75rem; }
@container (max-width: 30rem) { .mien .sign .lines { min-block-size: 5.25rem; } }

/* ---- moods ---- */
.mien .moods { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.625rem; margin-block: 1rem; }
@container (min-width: 30rem) { .mien .moods { grid-template-columns: repeat(4, minmax(0, 1fr)); } .mien .moods.less { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
@container (min-width: 42rem) { .mien .moods.less { grid-template-columns: repeat(6, minmax(0, 1fr)); } }
.mien .mood { display: grid; justify-items: center; gap: 0.375rem; padding: 0.875rem 0.5rem 0.75rem; text-align: center; hyphens: manual; }
.mien .mood .drawing { inline-size: 2.75rem; block-size: 2.75rem; stroke-width: 1.4; }
.mien .mood[aria-pressed="true"] { background: var(--ink); color: var(--ground); border-color: var(--ink); }
.mien .moods.less .mood { padding: 0.5rem; }

/* ---- the reader's own settings ---- */
@media (prefers-reduced-motion: reduce) { .mien, .mien * { animation: none !important; transition: none !important; scroll-behavior: auto !important; } }
@media (prefers-contrast: more) {
  .mien { --quiet: var(--ink); --line: var(--ink); --hair: var(--ink); --band: var(--ground); }
  .mien button, .mien .segment span, .mien input, .mien textarea, .mien select { border-width: 0.125rem; }
}
@media (forced-colors: active) {
  .mien .segment input:checked + span, .mien .mood[aria-pressed="true"] { forced-color-adjust: none; background: Highlight; color: HighlightText; border-color: Highlight; }
  .mien .lamp.on { forced-color-adjust: none; }
  .mien button { border-color: ButtonText; }
}
@media print { .mien .foot, .mien .tools, .mien .no-print { display: none; } }
`;

let sheet: CSSStyleSheet | null = null;
const themes = new WeakMap<HTMLElement, CSSStyleSheet>();

/** Dress `root`, with as much of the page's theme as can be had. May be called again, with another. */
export function dress(root: HTMLElement, theme: Theme): void {
  const home = root.getRootNode() as Document | ShadowRoot;
  if (sheet === null) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  if (!home.adoptedStyleSheets.includes(sheet)) home.adoptedStyleSheets.push(sheet);
  let own = themes.get(root);
  if (own === undefined) {
    own = new CSSStyleSheet();
    themes.set(root, own);
    home.adoptedStyleSheets.push(own);
  }
  own.replaceSync(rules(lookOf(theme)));
  root.classList.add("mien");
}

/** A look as rules: nothing but colours that were read as numbers, a whole number of pixels and a family of our list. */
export function rules(look: Look): string {
  const [light, dark] = [colours(look.light), colours(look.dark)];
  const shape = `--corner: ${look.radius}px; --font: ${FONTS[look.font]};`;
  const ground = (palette: Palette): string => `html { background: ${css(palette.ground)}; }`;
  if (look.scheme !== "auto") {
    const palette = look[look.scheme];
    return `.mien { color-scheme: ${look.scheme}; ${shape} ${colours(palette)} } ${ground(palette)}`;
  }
  return `.mien { color-scheme: light dark; ${shape} ${light} } ${ground(look.light)}
@media (prefers-color-scheme: dark) { .mien { ${dark} } ${ground(look.dark)} }`;
}

function colours(palette: Palette): string {
  const { ground, ink, accent, onAccent, quiet, line, hair, band } = palette;
  const named = { ground, ink, accent, "on-accent": onAccent, quiet, line, hair, band };
  return Object.entries(named).map(([name, colour]) => `--${name}: ${css(colour)};`).join(" ");
}
