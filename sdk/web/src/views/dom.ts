/** Elements, made of text nodes and attributes alone: no markup is ever read from a text. */

/** What may stand in an element. Null and false stand for nothing. */
export type Child = Node | string | null | false | readonly Child[];
type Value = string | number | boolean | null | ((event: Event) => unknown);
/** Attributes by name; true is an empty one, null and false none; what is a function listens to the event of that name. */
export type Attributes = Readonly<Record<string, Value>>;

/** Attributes that make an element ask for something, or run something: none is ever set from here but those of a download. */
const FORBIDDEN = /^(?:on|src|action|formaction|style)/i;
const SVG = "http://www.w3.org/2000/svg";

/** An element. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...flat(children));
  return element;
}

/** The same place with other children. */
export function fillWith(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...flat(children));
}

function set(element: Element, name: string, value: Value): void {
  if (typeof value === "function") {
    element.addEventListener(name, value);
  } else if (FORBIDDEN.test(name)) {
    throw new TypeError(`\`${name}\` is not set from a view`);
  } else if (value !== null && value !== false) {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

function flat(children: readonly Child[]): readonly (Node | string)[] {
  return children.flatMap((child): readonly (Node | string)[] => {
    if (child === null || child === false) return [];
    return child instanceof Node || typeof child === "string" ? [child] : flat(child);
  });
}

/** A drawing of lines, which is decoration: it says nothing that its text does not. `paths` are of a field of 24 by 24. */
export function drawing(kind: string, ...paths: readonly string[]): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 24 24", class: `drawing ${kind}`, "aria-hidden": "true", focusable: "false" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  for (const path of paths) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    svg.append(line);
  }
  return svg;
}

/** A name for an element that others refer to, unlike any other of this document. */
export function named(what: string): string {
  count += 1;
  return `mien-${what}-${count}`;
}

let count = 0;
