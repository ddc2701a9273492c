# SPDX-License-Identifier: GPL-2.0
"""The documentation is true of the tree: links lead somewhere, commands and messages exist."""

import re

import pytest
from lab import paths, sources

pytestmark = pytest.mark.quick

PAGES = sorted([*paths.TOP.glob("*.md"), *paths.TOP.glob("docs/*.md"),
                *paths.TOP.glob("upstream/*.md")], key=lambda page: (page.name, page))
ADMIN = paths.TOP / "docs/admin.md"

# A call that puts a message into the kernel log, and its first string. What the self-test says of
# bad input (svm_bar_notice) explains itself.
MESSAGE = re.compile(r'\b(?:pr|dev)_(?:err|warn|notice|info)\((?:[\w&>-]+, )?"((?:\\.|[^"\\])*)"')
SPECIFIER = re.compile(r'0x%\w+|%(?:\.?\d+)?\w+|\\[n"]')


def read(path):
    return path.read_text(encoding="utf-8")


def anchors(page):
    """What can stand behind # in a link to @page."""
    text = re.sub(r"^```.*?^```", "", read(page), flags=re.MULTILINE | re.DOTALL)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def dead_links(page, text):
    """The links in @text that lead nowhere, if it is in the place of @page."""
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if "://" not in link and (not target.exists() or anchor and anchor not in anchors(target)):
            yield link


def unknown_commands(text):
    """The targets of make that are named in @text, as code, and are not in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", read(paths.TOP / "Makefile"), re.MULTILINE))
    code = re.findall(r"^```\n(.*?)^```|`([^`\n]+)`", text, re.MULTILINE | re.DOTALL)
    named = {word for pair in code for part in pair
             for words in re.findall(r"(?:^|&& |=\d )make ((?:[a-z-]+ ?)+)(?=$|[\s#&A-Z])", part,
                                     re.MULTILINE)
             for word in words.split()}
    return {word for word in named if not word.startswith("-")} - targets


def messages():
    """Of each message of the module the first words that are always the same."""
    for file in sources.module():
        for text in MESSAGE.findall(read(file)):
            parts = [part for part in SPECIFIER.split(text) if len(part.split()) >= 3]
            if parts:
                yield parts[0].strip()[:40].strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    assert not list(dead_links(page, read(page)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_in_the_makefile(page):
    assert not unknown_commands(read(page))


def test_each_page_is_linked_from_the_front_page():
    front = read(paths.TOP / "README.md")
    for page in [*paths.TOP.glob("docs/*.md"), *paths.TOP.glob("docs/*.rst")]:
        assert f"(docs/{page.name}" in front, page.name


def test_each_message_is_explained():
    known = read(ADMIN)
    found = list(messages())
    assert len(found) >= 12
    assert not [text for text in found if text not in known]


def test_what_is_wrong_is_noticed():
    """Negative controls."""
    page = paths.TOP / "docs/abi.md"
    text = "[1](abi.md) [2](gone.md) [3](admin.md#test-it) [4](admin.md#gone) [5](#gone)"
    assert list(dead_links(page, text)) == ["gone.md", "admin.md#gone", "#gone"]
    assert unknown_commands("`make gone`, `make check` and make it\n```\nSOAK=1 make away\n```\n"
                            ) == {"gone", "away"}
    known = read(ADMIN).replace("refusing to load: capture window", "")
    assert [text for text in messages() if text not in known] == [
        "refusing to load: capture window at"]
