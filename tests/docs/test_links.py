"""Every link between the documents leads somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import PAGES, anchors, links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page: Path) -> None:
    assert [target for target in links(page.read_text()) if not _resolves(page, target)] == []


def _resolves(page: Path, target: str) -> bool:
    if target.startswith("https://"):
        return True
    name, _, anchor = target.partition("#")
    there = (page.parent / name).resolve() if name else page
    return there.exists() and (not anchor or anchor in anchors(there.read_text()))


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached, pending = set(), [page for page in PAGES if page.name == "README.md" and "examples" not in page.parts]
    while pending:
        page = pending.pop()
        reached.add(page)
        there = ((page.parent / target.partition("#")[0]).resolve() for target in links(page.read_text()))
        pending += [other for other in there if other in PAGES and other not in reached]
    assert set(PAGES) - reached == set()
