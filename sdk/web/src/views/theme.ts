/**
 * What a page may make of the look: a closed set of values, each checked. What cannot be read (contrast under 4.5 to 1, WCAG 2.2, 1.4.3) or is not known
 * falls back to ours; so a page can make the frame fit its shop, and cannot make a word or a button of it disappear.
 */

import type { Theme } from "../channel/index.ts";

/** Red, green and blue, 0..255. */
export type Colour = readonly [number, number, number];

/** The colours of one scheme, all of them made from three. */
export interface Palette {
  readonly ground: Colour;
  readonly ink: Colour;
  /** Links, focus, what is chosen. */
  readonly accent: Colour;
  /** Text on `accent`. */
  readonly onAccent: Colour;
  /** Text that may be quieter. */
  readonly quiet: Colour;
  /** Borders of what can be pressed. */
  readonly line: Colour;
  /** Borders that say nothing. */
  readonly hair: Colour;
  /** The ground of a card. */
  readonly band: Colour;
}

/** A look, checked. `scheme` is `auto` where the reader's own setting decides. */
export interface Look {
  readonly scheme: "auto" | "light" | "dark";
  readonly light: Palette;
  readonly dark: Palette;
  /** In CSS pixels. */
  readonly radius: number;
  readonly font: keyof typeof FONTS;
}

/** Names that a theme may hold. */
export const THEME_NAMES = ["scheme", "ground", "ink", "accent", "dark-ground", "dark-ink", "dark-accent", "radius", "font"] as const;
/** Families that most machines have: nothing is loaded. */
export const FONTS = {
  system: "system-ui, sans-serif",
  humanist: "Seravek, 'Gill Sans Nova', Ubuntu, Calibri, 'DejaVu Sans', sans-serif",
  geometric: "Avenir, Montserrat, Corbel, 'URW Gothic', sans-serif",
  rounded: "ui-rounded, 'Hiragino Maru Gothic ProN', Quicksand, Comfortaa, Manjari, sans-serif",
  serif: "'Iowan Old Style', 'Palatino Linotype', 'URW Palladio L', P052, serif",
  mono: "ui-monospace, 'Cascadia Code', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
} as const;
const LIGHT = { ground: [255, 255, 255], ink: [29, 30, 36], accent: [46, 71, 190] } as const;
const DARK = { ground: [22, 23, 28], ink: [236, 237, 242], accent: [164, 182, 255] } as const;
const RADIUS = 12;
const MAX_RADIUS = 24;
/** WCAG 2.2: text (1.4.3), and what shows what can be pressed (1.4.11). */
export const TEXT = 4.5;
export const PART = 3;
const WHITE: Colour = [255, 255, 255];
const BLACK: Colour = [0, 0, 0];

/** The look that a page asks for, as far as it can be had. */
export function lookOf(theme: Theme): Look {
  const scheme = theme["scheme"];
  const font = theme["font"] ?? "";
  return {
    scheme: scheme === "light" || scheme === "dark" ? scheme : "auto",
    light: palette(theme["ground"], theme["ink"], theme["accent"], LIGHT),
    dark: palette(theme["dark-ground"], theme["dark-ink"], theme["dark-accent"], DARK),
    radius: radius(theme["radius"]),
    font: Object.hasOwn(FONTS, font) ? (font as keyof typeof FONTS) : "system",
  };
}

/** Ratio of the contrast of two colours, 1 to 21 (WCAG 2.2). */
export function contrast(one: Colour, other: Colour): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** A colour as CSS has it. */
export function css(colour: Colour): string {
  return `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** A colour of `#rgb`, `#rrggbb` or `rgb(r, g, b)`; null for anything else. */
export function colourOf(text: string | undefined): Colour | null {
  const plain = (text ?? "").trim().toLowerCase();
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/.exec(plain)?.[1];
  if (hex !== undefined) {
    const long = hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex;
    return [0, 2, 4].map((at) => Number.parseInt(long.slice(at, at + 2), 16)) as unknown as Colour;
  }
  const parts = /^rgb\((\d{1,3})[, ]\s*(\d{1,3})[, ]\s*(\d{1,3})\)$/.exec(plain)?.slice(1).map(Number);
  return parts?.every((part) => part <= 255) === true ? (parts as unknown as Colour) : null;
}

interface Three { readonly ground: Colour; readonly ink: Colour; readonly accent: Colour }

function palette(ground: string | undefined, ink: string | undefined, accent: string | undefined, ours: Three): Palette {
  const base = readable({ ground: colourOf(ground) ?? ours.ground, ink: colourOf(ink) ?? ours.ink }) ?? ours;
  const band = bandOf(base.ground, base.ink);
  const both = [base.ground, band];
  const seen = (colour: Colour): boolean => both.every((each) => contrast(colour, each) >= TEXT);
  const wanted = [colourOf(accent), ours.accent, base.ink].find((each) => each !== null && seen(each)) ?? base.ink;
  return {
    ...base, band, accent: wanted,
    onAccent: contrast(WHITE, wanted) >= contrast(BLACK, wanted) ? WHITE : BLACK,
    quiet: faded(base.ink, base.ground, both, TEXT, 0.36),
    line: faded(base.ink, base.ground, both, PART, 0.6),
    hair: mix(base.ground, base.ink, 0.14),
  };
}

/** Null where the two cannot be told apart well enough to read. */
function readable<T extends { readonly ground: Colour; readonly ink: Colour }>(base: T): T | null {
  return contrast(base.ground, base.ink) >= TEXT ? base : null;
}

function bandOf(ground: Colour, ink: Colour): Colour {
  const band = mix(ground, ink, 0.045);
  return contrast(band, ink) >= TEXT ? band : ground;
}

/** `ink` as far towards `ground` as leaves this contrast on all of them, at most by `most`. */
function faded(ink: Colour, ground: Colour, on: readonly Colour[], least: number, most: number): Colour {
  for (let share = most; share > 0; share -= 0.04) {
    const found = mix(ink, ground, share);
    if (on.every((each) => contrast(found, each) >= least)) return found;
  }
  return ink;
}

function mix(one: Colour, other: Colour, share: number): Colour {
  return one.map((part, at) => Math.round(part + ((other[at] ?? 0) - part) * share)) as unknown as Colour;
}

function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function radius(text: string | undefined): number {
  const found = /^(\d{1,2})(?:px)?$/.exec((text ?? "").trim())?.[1];
  return found === undefined ? RADIUS : Math.min(Number(found), MAX_RADIUS);
}
