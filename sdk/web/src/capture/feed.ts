/**
 * How pictures come from the page's camera to the worker.
 *
 * Best is that the page never has one: Safari gives the track itself to the worker, which takes its pictures there (as mediacapture-transform has it);
 * Chromium takes them from a track in a page only, but the stream of them can be handed over unread, so that no script of the page side can look. Where a
 * browser has neither (Firefox), the page side copies the video element's picture into an `ImageBitmap` and hands that over in the same turn: it keeps
 * nothing, and cannot look at it without drawing it, which nothing here does.
 */

/** Handed to the worker once. */
export interface Feed {
  readonly track?: MediaStreamTrack;
  readonly stream?: ReadableStream<VideoFrame>;
}
/** Gives the pictures of a track, as mediacapture-transform says (in a worker) or as Chromium has it (in a page). */
export type TrackProcessor = new (init: { readonly track: MediaStreamTrack; readonly maxBufferSize?: number }) => { readonly readable: ReadableStream<VideoFrame> };

/** This place's `MediaStreamTrackProcessor`, where it has one. */
export function trackProcessor(): TrackProcessor | undefined {
  return (globalThis as { readonly MediaStreamTrackProcessor?: TrackProcessor }).MediaStreamTrackProcessor;
}

/**
 * Hand over `track` by `hand`, the better way first; false where the browser knows no way, and pictures must be handed over one by one. `takesTracks` says
 * that the worker can read a track. The track that is handed over is a copy: the page's own one still shuts the camera.
 */
export function handOver(track: MediaStreamTrack, takesTracks: boolean, hand: (feed: Feed, transfer: Transferable[]) => void): boolean {
  if (takesTracks) {
    const copy = track.clone();
    try {
      hand({ track: copy }, [copy as unknown as Transferable]);
      return true;
    } catch (error) {
      copy.stop();
      if (!(error instanceof DOMException)) throw error; // a track that cannot be transferred
    }
  }
  const Processor = trackProcessor();
  if (Processor === undefined) return false;
  const { readable } = new Processor({ track, maxBufferSize: 1 }); // the newest picture only: a slow device skips some instead of lagging behind
  hand({ stream: readable }, [readable]);
  return true;
}

/** The pictures of a track, taken on the page's side one by one. */
export class Projector {
  readonly #video: HTMLVideoElement;

  private constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  static async of(track: MediaStreamTrack): Promise<Projector> {
    const video = document.createElement("video");
    [video.muted, video.playsInline, video.srcObject] = [true, true, new MediaStream([track])];
    await video.play();
    return new Projector(video);
  }

  /** Settles when the next picture is there. */
  next(): Promise<void> {
    return new Promise((resolve) => { this.#video.requestVideoFrameCallback(() => { resolve(); }); });
  }

  /** The picture that is there, to be handed over. */
  taken(): Promise<ImageBitmap> {
    return createImageBitmap(this.#video);
  }

  stop(): void {
    this.#video.srcObject = null;
  }
}
