"""What holds for every test: no example of hypothesis is judged by how long it takes on a busy machine."""

from hypothesis import settings

settings.register_profile("patient", settings.default, deadline=None)
settings.load_profile("patient")
