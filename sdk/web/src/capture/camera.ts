/** The camera, on the side of the page that may ask for it: opened, watched, shut. The picture itself is taken in the worker where the browser allows it. */

import { CameraUnavailable } from "../errors.ts";

/** What is asked of a camera: no sound, and pictures as the networks were tried with. Syllables cannot be told below 15 pictures a second. */
const WANTED: MediaStreamConstraints = {
  audio: false,
  video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 20, max: 30 }, facingMode: "user" },
};
const SAYS: Readonly<Record<string, string>> = {
  NotAllowedError: "the camera was not allowed; allow it for this page in the browser's settings and start again",
  SecurityError: "the camera is not allowed here; the page must give its frame `allow=\"camera\"`",
  NotFoundError: "there is no camera; connect one and start again",
  NotReadableError: "the camera cannot be opened; close other programs that use it and start again",
};
const OTHERWISE = "no camera here can be used; connect another one and start again";

/** An open camera: `stop` shuts it, at once and for good. */
export interface Camera {
  readonly track: MediaStreamTrack;
  stop(): void;
}

/** Open the camera; the browser asks the person first. `gone` is called once when it goes away by itself. Throws `CameraUnavailable`. */
export async function openCamera(gone: () => void, devices: MediaDevices | undefined = globalThis.navigator?.mediaDevices): Promise<Camera> {
  if (devices === undefined) throw new CameraUnavailable("this page may not ask for a camera; serve it over https");
  const track = await asked(devices);
  const watch = (): void => void lost(track, devices).then((is) => { if (is) over(); });
  const shut = (): void => {
    track.removeEventListener("ended", over);
    devices.removeEventListener("devicechange", watch);
    track.stop();
  };
  const over = (): void => {
    shut();
    gone();
  };
  track.addEventListener("ended", over);
  devices.addEventListener("devicechange", watch); // some browsers leave the track of a camera that was pulled out as it is
  return { track, stop: shut };
}

async function asked(devices: MediaDevices): Promise<MediaStreamTrack> {
  let stream: MediaStream;
  try {
    stream = await devices.getUserMedia(WANTED);
  } catch (cause) {
    throw new CameraUnavailable((cause instanceof DOMException ? SAYS[cause.name] : undefined) ?? OTHERWISE, { cause });
  }
  const [track, ...rest] = stream.getTracks();
  for (const other of rest) other.stop();
  if (track?.kind === "video") return track;
  track?.stop();
  throw new CameraUnavailable(OTHERWISE);
}

/** Whether the track's camera is no longer among the devices. */
async function lost(track: MediaStreamTrack, devices: MediaDevices): Promise<boolean> {
  const { deviceId } = track.getSettings();
  if (deviceId === undefined || deviceId === "") return track.readyState === "ended";
  const there = await devices.enumerateDevices();
  return !there.some((device) => device.kind === "videoinput" && device.deviceId === deviceId);
}
