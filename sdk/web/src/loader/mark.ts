/**
 * The one thing a page's own storage holds: that there is a consent here, so that the next page asks the frame; or that its end still waits for the server, so
 * that the next page lets the frame tell it. Gone when neither is.
 */

export type Mark = "on" | "waits";

function name(site: string): string {
  return `mien:${site}`;
}

export function marked(site: string): Mark | null {
  try {
    const found = localStorage.getItem(name(site));
    return found === "on" || found === "waits" ? found : null;
  } catch {
    return null; // a browser that keeps nothing for this page
  }
}

export function mark(site: string, as: Mark): void {
  try {
    localStorage.setItem(name(site), as);
  } catch {
    // the next page asks as nobody until its consent element was opened
  }
}

export function unmark(site: string): void {
  try {
    localStorage.removeItem(name(site));
  } catch {
    // nothing was kept
  }
}
