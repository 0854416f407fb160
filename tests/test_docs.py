"""The pages for people: what they point to exists, and the README stays short."""

import re

import pytest

from taskapp.config import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
NAMED = re.compile(r"`((?:tests|docs|deploy|bench|migrations|taskapp)/[\w/.-]*)`")


def without_code(page):
    return re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)


def anchors(page):
    headings = re.findall(r"^#+ (.*)$", without_code(page), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_whatever_a_page_points_to_exists(page):
    for path, anchor in LINK.findall(without_code(page)):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), anchor
    for path in NAMED.findall(page.read_text()):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_prose_is_wrapped(page):
    for line in without_code(page).splitlines():
        assert len(line) <= 120 or line.startswith("|") or "](" in line, line


def test_every_decision_is_in_the_list_above_them():
    page = ROOT / "docs/decisions.md"
    listed = re.findall(r"^ *- \[.*\]\(#(.*)\)$", page.read_text(), re.MULTILINE)

    assert listed == anchors(page)[1:]


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().split()) <= 600


# How many requirements of the levels 1 and 2 each section of ASVS 5.0.0 has; they come first.
ASVS = {
    1: [2, 9, 11, 3, 2],
    2: [3, 3, 4, 1],
    3: [0, 2, 4, 6, 5, 0, 2],
    4: [3, 1, 2, 4],
    6: [3, 12, 4, 4, 5, 3, 0, 4],
    7: [3, 4, 2, 5, 2, 2],
    8: [2, 3, 1, 1],
    9: [3, 4],
    10: [0, 0, 4],
    11: [2, 3, 3, 4, 1, 1],
    12: [3, 2, 4],
    13: [1, 5, 2, 5],
    14: [2, 4, 3],
    15: [3, 3, 7],
    16: [1, 5, 4, 3, 3],
}


def test_every_requirement_of_the_standard_is_answered_once():
    text = (ROOT / "docs/asvs.md").read_text()
    lines = re.findall(r"^\| ([\d., ]+) \|(.+)\|(.+)\|$", text, re.MULTILINE)

    answered = [number for numbers, *_ in lines for number in numbers.split(", ")]
    required = [
        f"{chapter}.{section}.{number}"
        for chapter, counts in ASVS.items()
        for section, count in enumerate(counts, 1)
        for number in range(1, count + 1)
    ]
    assert sorted(answered) == sorted(required)
