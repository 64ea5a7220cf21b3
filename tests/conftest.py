"""Profiles of hypothesis: "fast" by default, "thorough" with --hypothesis-profile=thorough."""

from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}

settings.register_profile("fast", max_examples=15, **COMMON)
settings.register_profile("thorough", max_examples=400, **COMMON)
settings.load_profile("fast")
