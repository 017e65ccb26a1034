"""What holds for every test."""

from hypothesis import HealthCheck, settings

# Slowness of the machine is no failure, and chance is none either: the same examples every time.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("steady")
