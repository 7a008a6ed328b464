"""The processes of a pipeline, seen from outside: who is whose child, what each uses, and signals to them."""
