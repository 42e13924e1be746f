"""The web that articles come from: one door to it, and what reads each kind of source."""
