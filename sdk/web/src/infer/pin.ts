/** Hash of the manifest of the embedded models, which holds their hashes, and their id: those of `mien/infer/pin.py`, by test. */

export const MANIFEST_SHA256 = "2a20e1bb96c4db829dbd975bcc45e7bab9f9e7fa91a38c13db25ecb6fd8cd915";
export const MODEL_ID = 2;
