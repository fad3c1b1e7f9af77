"""Examples on measured data that anyone with the public files can repeat."""
