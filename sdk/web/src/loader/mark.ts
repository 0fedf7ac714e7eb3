/** The one thing a page's own storage holds: that there is a consent here, so that the next page asks the frame. Gone when the consent is. */

function name(site: string): string {
  return `mien:${site}`;
}

export function marked(site: string): boolean {
  try {
    return localStorage.getItem(name(site)) === "on";
  } catch {
    return false; // a browser that keeps nothing for this page
  }
}

export function mark(site: string): void {
  try {
    localStorage.setItem(name(site), "on");
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
