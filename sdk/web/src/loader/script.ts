/** The loader as a plain script: `<script src=".../web/loader.js" data-site="shop" data-key="pk_..." async></script>` gives `window.mien`. */

import { connect, type Settings } from "./index.ts";

const script = document.currentScript as HTMLScriptElement | null;
const { site, key, lang, ageBand, jurisdictions, theme, patience } = script?.dataset ?? {};
if (script !== null && site !== undefined && key !== undefined) {
  const settings = {
    server: new URL("..", script.src).href, site, key,
    ...(lang === undefined ? {} : { lang }), ...(ageBand === undefined ? {} : { ageBand }),
    ...(jurisdictions === undefined ? {} : { jurisdictions: jurisdictions.split(/[\s,]+/).filter(Boolean) }),
    ...(patience === undefined ? {} : { patience: Number(patience) }),
    ...(theme === undefined ? {} : { theme: JSON.parse(theme) as unknown }),
  } as Settings;
  // Elements already in the page are upgraded, and the core is added to the body: both need it to be there.
  if (document.body === null) document.addEventListener("DOMContentLoaded", () => begin(settings), { once: true });
  else begin(settings);
} else {
  if (script !== null && Object.keys(script.dataset).length > 0) console.warn("mien: the tag needs `data-site` and `data-key` (settings-invalid)");
  Object.assign(window, { mien: { connect } });
}

function begin(settings: Settings): void {
  const mien = connect(settings);
  Object.assign(window, { mien });
  document.dispatchEvent(new CustomEvent("mien-ready", { detail: mien }));
}
