"""How scripts show what they found: tables for people, plain values for `--json`."""
