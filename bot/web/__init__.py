"""The daemon's web server: what arrives from outside. It holds no state of its own; what it takes is in the ledger."""
