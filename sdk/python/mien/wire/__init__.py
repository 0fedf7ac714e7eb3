"""What both sides must agree on to the byte: encodings, signatures, sealing, messages, proofs.

Knows only `mien.values` and `mien.errors`; the server imports this package and nothing else of the SDK. Nothing here opens a socket or a file.

- `canonical`   JSON with one possible spelling (RFC 8785), strict reading, base64url
- `keys`        Ed25519 signing keys, hybrid post-quantum sealing keys, their encodings and ids
- `signatures`  statements: JWS, one kind each
- `seal`        HPKE with the context bound, padding, message authentication
- `slots`       labels as 64 slots of 64 bits
- `messages`    every message, validated
- `updates`     updates of the shared head, and what a device is shown of rounds
- `curve`       what noise comes to, as (epsilon, delta)
- `proof`       RFC 6962 proofs and C2SP checkpoints, verified
"""
