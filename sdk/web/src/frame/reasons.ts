/** Why the camera stopped where neither the person nor an error stopped it: told between frames, and put into words by the view. */

export const HIDDEN = "the camera stopped because its sign could not be seen on the page";
export const TAKEN = "another tab of this shop has the camera now";
