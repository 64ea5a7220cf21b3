"""``theano.version``: of which Theano the names are; imports nothing."""

version = short_version = full_version = "1.0.5"
git_revision = ""

__all__ = ["full_version", "git_revision", "short_version", "version"]
