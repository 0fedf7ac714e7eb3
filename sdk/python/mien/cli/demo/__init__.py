"""`mien demo`: the whole way once, on a real video, against a real server on loopback. Ends by itself; exit status 0 only if every step held.

- `stage`   a fresh server in its own process, with its keys and database under `var/demo`
- `scenes`  the steps in order, each of which checks what it shows
- `screen`  what a person sees
- `wire`    every byte that leaves, counted
"""
