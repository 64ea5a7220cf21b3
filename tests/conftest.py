"""Profiles of hypothesis: "fast" by default, "thorough" with --hypothesis-profile=thorough."""

from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}

settings.register_profile("fast", max_examples=15, **COMMON)
settings.register_profile("thorough", max_examples=400, **COMMON)
settings.load_profile("fast")


def pytest_collection_modifyitems(items):
    """The one-page tour runs first."""
    items.sort(key=lambda item: item.path.name != "test_seed.py")
