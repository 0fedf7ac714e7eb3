/**
 * Capture: pictures of the camera, one at a time.
 *
 * The page's side opens and shuts the camera (`openCamera`) and hands its pictures over; the worker's side takes them (`Pictures`, `handed`) and says whether one can
 * be read at all (`fault`). Invariant: the client asks the gate before each of these, and a picture becomes pixels in the worker only. Deliberately absent:
 * recording, sound.
 */

export { type Camera, openCamera } from "./camera.ts";
export { type Feed, handOver, Projector, trackProcessor } from "./feed.ts";
export { checked, fault } from "./light.ts";
export { handed, Pictures } from "./pictures.ts";
