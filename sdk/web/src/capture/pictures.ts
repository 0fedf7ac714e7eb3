/** Pictures in the worker: taken from a stream when asked for, turned into pixels when they may be looked at, forgotten right after. */

import { FrameRejected } from "../errors.ts";
import type { Picture } from "../values.ts";
import { type Feed, trackProcessor } from "./feed.ts";
import { checked } from "./light.ts";

/** The newest picture of a feed, one at a time. */
export class Pictures {
  readonly #reader: ReadableStreamDefaultReader<VideoFrame>;
  #there: VideoFrame | null = null;

  /** Throws `FrameRejected` for a feed that this browser cannot read. */
  constructor(feed: Feed) {
    const Processor = trackProcessor();
    const stream = feed.stream ?? (feed.track !== undefined && Processor !== undefined ? new Processor({ track: feed.track }).readable : undefined);
    if (stream === undefined) throw new FrameRejected("this browser cannot read a camera here; hand pictures over one by one");
    this.#reader = stream.getReader();
  }

  /** Wait for the next picture; false when there will be none. It stays unread until it is taken; one that was not is dropped. */
  async next(): Promise<boolean> {
    this.#there?.close();
    this.#there = null;
    const { done, value } = await this.#reader.read();
    if (done) return false;
    this.#there = value;
    return true;
  }

  /** The pixels of the picture that is there. Throws `FrameRejected`. */
  async take(): Promise<Picture> {
    const frame = this.#there;
    if (frame === null) throw new FrameRejected("there is no picture to look at; ask for the next one");
    this.#there = null;
    try {
      return checked(await pixelsOf(frame));
    } finally {
      frame.close();
    }
  }
}

/** The pixels of a picture that was handed over. Throws `FrameRejected`. */
export function handed(bitmap: ImageBitmap): Picture {
  try {
    return checked(drawn(bitmap, bitmap.width, bitmap.height));
  } finally {
    bitmap.close();
  }
}

async function pixelsOf(frame: VideoFrame): Promise<Picture> {
  const { rotation = 0, flip = false } = frame as VideoFrame & { readonly rotation?: number; readonly flip?: boolean };
  const [width, height] = [frame.displayWidth, frame.displayHeight];
  const plain = rotation === 0 && !flip && frame.visibleRect?.width === width && frame.visibleRect.height === height;
  if (!plain) return drawn(frame, width, height); // a canvas turns and stretches as the picture says
  const pixels = new Uint8Array(width * height * 4);
  try {
    await frame.copyTo(pixels, { format: "RGBA", colorSpace: "srgb", layout: [{ offset: 0, stride: width * 4 }] });
    return { width, height, pixels };
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    return drawn(frame, width, height); // a browser that does not convert while it copies
  }
}

let canvas: OffscreenCanvas | null = null;

/** By a canvas, which lives in the worker like everything here. */
function drawn(image: CanvasImageSource, width: number, height: number): Picture {
  canvas ??= new OffscreenCanvas(width, height);
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  if (context === null) throw new FrameRejected("this browser gives no canvas to a worker; use another one");
  context.drawImage(image, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  context.clearRect(0, 0, width, height);
  return { width, height, pixels: data };
}
