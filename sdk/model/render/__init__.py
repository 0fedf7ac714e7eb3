"""Rendered people: who they are, what their faces do, and what a camera sees of them. Needs the CC0 head data and a C compiler.

`shards` makes the training set; `sheet` a contact sheet to look at. Everything is drawn from a seed: the same plan, the same people.
"""
