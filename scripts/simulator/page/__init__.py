"""The device's face in a browser: one page, served on this machine alone."""
