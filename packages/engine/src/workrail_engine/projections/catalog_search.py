"""Which workflows of a catalog fit some words?

Every word is looked for at the start of the words of an entry; the more of them fit, and the nearer
they stand to the id, the earlier an entry comes. A single fitting word is enough, so that a goal
written as a sentence finds something.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence

from workrail_engine.projections.catalog import Catalog, WorkflowEntry

_WORD = re.compile(r"[^\W_]+")
_TOO_COMMON = frozenset(
    {"a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "it", "my", "of", "on"}
    | {"or", "our", "so", "that", "the", "this", "to", "us", "we", "with", "you", "your"}
)


def search(
    catalog: Catalog, words: str = "", tags: Collection[str] = ()
) -> tuple[WorkflowEntry, ...]:
    """Entries that carry all of the tags and fit the words, best first.

    Without words: all with the tags, ordinary workflows before routines, by id.
    """
    wanted = {tag.strip().lower() for tag in tags}
    tagged = [entry for entry in catalog.entries if wanted.issubset(entry.tags)]
    asked = [word for word in _words(words) if word not in _TOO_COMMON] or _words(words)
    if not asked:
        return tuple(sorted(tagged, key=lambda entry: (entry.routine, entry.id)))
    ranked = [(_fit(entry, asked, words.strip().lower()), entry) for entry in tagged]
    ranked.sort(key=lambda pair: (-pair[0][0], -pair[0][1], pair[1].routine, pair[1].id))
    return tuple(entry for (matched, _), entry in ranked if matched)


def tag_counts(catalog: Catalog) -> tuple[tuple[str, int], ...]:
    """Every tag in use with its number of entries, most used first."""
    counts = Counter(tag for entry in catalog.entries for tag in entry.tags)
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _fit(entry: WorkflowEntry, asked: Sequence[str], whole: str) -> tuple[int, int]:
    """How many words fit, and how well in all."""
    fields = (
        (8, entry.id),
        (6, entry.name.lower()),
        (4, " ".join(entry.tags)),
        (3, entry.description.lower()),
        (1, (entry.about or "").lower()),
    )
    best = [next((weight for weight, text in fields if _begins(word, text)), 0) for word in asked]
    return sum(1 for weight in best if weight), sum(best) + (100 if entry.id == whole else 0)


def _begins(word: str, text: str) -> bool:
    """Whether some word of a text begins so."""
    at = text.find(word)
    while at > 0 and text[at - 1].isalnum():
        at = text.find(word, at + 1)
    return at >= 0


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
