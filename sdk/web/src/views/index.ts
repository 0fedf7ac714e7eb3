/** What the person sees in a frame, by name. Each is loaded when its frame is shown. */

import type { ViewName } from "../channel/index.ts";
import type { View } from "../frame/core.ts";

export const views: Readonly<Record<ViewName, () => Promise<View>>> = {
  consent: async () => (await import("./plain.ts")).consent,
  indicator: async () => (await import("./plain.ts")).indicator,
  me: async () => (await import("./plain.ts")).me,
  mood: async () => (await import("./plain.ts")).mood,
  why: async () => (await import("./plain.ts")).why,
};
