"""How the embedded models are made: render, train, calibrate, export, evaluate. Never shipped."""
