"""Pure decisions: no I/O, no clock. What the loop writes is decided here."""
