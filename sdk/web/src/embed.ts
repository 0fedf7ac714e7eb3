/** The script of the frame's document: what begins at once, and what is loaded when it is needed. */

import { start } from "./frame/index.ts";
import { views } from "./views/index.ts";

// Not awaited: what is loaded later imports from the file that this ends up in, and would wait for it.
void start({ views, client: () => import("./client/index.ts"), vision: async () => (await import("./vision/index.ts")).Vision.create });
