"""The child that holds a model and can be killed: its life, its seat, and what crosses to it and back."""
