/**
 * A notice as elements: the part of Markdown that notices are written in (headings, paragraphs, lists of points, strong, emphasis, escapes), and nothing else.
 * Every character becomes text; a mark that is not known stays as it was written. See `docs/reference/notices.md`.
 */

import type { Child } from "./dom.ts";
import { h } from "./dom.ts";

type Block =
  | { readonly kind: "heading"; readonly level: number; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "list"; readonly points: readonly string[] };

/** One heading and what stands under it; the first has none. */
export interface Section {
  readonly title: string | null;
  readonly blocks: readonly Block[];
}

/** What may be escaped with a backslash (CommonMark 0.31, 2.4). */
const ESCAPED = /\\([!-/:-@[-`{-~])/gu;
const POINT = /^[-*+] +/;
const HEADING = /^(#{1,6}) +(.*?)(?: +#+)?$/;

/** The sections of a notice's text. The heading of the first level is its title, and left out: the view has it as its own. */
export function sections(text: string): readonly Section[] {
  const found: { title: string | null; blocks: Block[] }[] = [{ title: null, blocks: [] }];
  for (const block of blocks(text)) {
    if (block.kind === "heading" && block.level === 1) continue;
    if (block.kind === "heading") found.push({ title: block.text, blocks: [] });
    else found.at(-1)?.blocks.push(block);
  }
  return found;
}

/** The blocks, in order. */
function blocks(text: string): readonly Block[] {
  return text.replaceAll("\r\n", "\n").split(/\n[ \t]*\n+/).flatMap((piece) => block(piece.split("\n").filter((line) => line.trim() !== "")));
}

function block(lines: readonly string[]): readonly Block[] {
  const [first = "", ...rest] = lines;
  if (first === "") return [];
  const heading = HEADING.exec(first);
  if (heading !== null) {
    return [{ kind: "heading", level: heading[1]?.length ?? 1, text: heading[2] ?? "" }, ...block(rest)];
  }
  if (!POINT.test(first)) {
    const end = lines.findIndex((line, at) => at > 0 && (POINT.test(line) || HEADING.test(line)));
    const own = end === -1 ? lines : lines.slice(0, end);
    return [{ kind: "paragraph", text: own.map((line) => line.trim()).join(" ") }, ...(end === -1 ? [] : block(lines.slice(end)))];
  }
  return [{ kind: "list", points: points(lines) }];
}

function points(lines: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const line of lines) {
    if (POINT.test(line)) found.push(line.replace(POINT, ""));
    else found.push(`${found.pop() ?? ""} ${line.trim()}`);
  }
  return found;
}

/** A section as elements; `level` is that of its heading. */
export function shown(section: Section, level: "h2" | "h3"): readonly Child[] {
  return [
    section.title === null ? null : h(level, {}, inline(section.title)),
    section.blocks.map((each) => {
      if (each.kind === "list") return h("ul", {}, each.points.map((point) => h("li", {}, inline(point))));
      return h("p", {}, inline(each.text));
    }),
  ];
}

/** Text with its `**strong**` and `*emphasis*` as elements. */
export function inline(text: string): readonly Child[] {
  // Escaped marks are put out of the way first, as characters that no notice may hold.
  const kept: string[] = [];
  const safe = text.replaceAll(/[\uE000-\uE0FF]/gu, "").replaceAll(ESCAPED, (_whole, mark: string) => {
    kept.push(mark);
    return kept.length <= 0x100 ? String.fromCodePoint(0xe000 + kept.length - 1) : mark;
  });
  const plain = (part: string): string => part.replaceAll(/[\uE000-\uE0FF]/gu, (mark) => kept[(mark.codePointAt(0) ?? 0) - 0xe000] ?? "");
  return safe.split(/(\*\*[^*]+\*\*|\*[^*]+\*)/).filter((part) => part !== "").map((part) => {
    if (/^\*\*[^*]+\*\*$/.test(part)) return h("strong", {}, plain(part.slice(2, -2)));
    return /^\*[^*]+\*$/.test(part) ? h("em", {}, plain(part.slice(1, -1))) : plain(part);
  });
}
