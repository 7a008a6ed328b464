"""Over TCP: who may connect, and what each may do. Only keys on the allow-list get in, and each key has one role."""
