"""The documents' pictures are small, and each is one that docs/pictures/make takes of the running program."""

from __future__ import annotations

import os
import re

from tests.docs.pages import PAGES, ROOT, links

PICTURES = ROOT / "docs" / "pictures"
MAKE = PICTURES / "make"


def referenced() -> set[str]:
    """Every picture that a document shows, by its path."""
    return {
        str((page.parent / target).resolve().relative_to(ROOT))
        for page in PAGES
        for target in links(page.read_text())
        if target.endswith(".png")
    }


def made() -> set[str]:
    """Every picture that the script writes beside itself."""
    return {f"docs/pictures/{name}" for name in re.findall(r'picture\("([^"]+)"', MAKE.read_text())}


def test_what_is_shown_is_what_is_made() -> None:
    assert referenced() == made() == {str(each.relative_to(ROOT)) for each in PICTURES.glob("*.png")}
    assert os.access(MAKE, os.X_OK)


def test_they_are_small() -> None:
    assert {each.name: each.stat().st_size for each in PICTURES.glob("*.png") if each.stat().st_size >= 60_000} == {}


def test_one_is_in_the_first_third_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert ".png)" in readme[: len(readme) // 3]
