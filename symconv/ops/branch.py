"""The lazy choice between two expressions; imports the graph."""

__all__: list[str] = []
