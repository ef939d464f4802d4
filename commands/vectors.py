"""Embeds all sample content once for this machine; called by ./run when the content has changed."""

from __future__ import annotations

from lotse import content, settings
from lotse.embedder import VectorCache


def main() -> None:
    """Fill the cache."""
    given = settings.from_environment()
    cache = VectorCache(given.cache / "vectors.sqlite")
    print(f"{content.warm_vectors(given.content, cache)} texts have their vectors", flush=True)
    cache.close()


if __name__ == "__main__":
    main()
