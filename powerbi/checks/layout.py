"""Where visuals stand, and whether everybody can read them: page, phone, keyboard, screen reader, contrast."""

from collections.abc import Iterator
from itertools import combinations

from powerbi.checks.finding import Finding
from powerbi.pbir import Page, Place, Report, Visual

PHONE_WIDTH = 324
LEAST_SIZE = 40
TEXT_CONTRAST, GRAPHIC_CONTRAST = 4.5, 3.0
"""WCAG 2.1: 1.4.3 for text, 1.4.11 for graphics."""


def check_layout(report: Report) -> Iterator[Finding]:
    """Nothing off the canvas, nothing on top of something, on the page and on the phone; ids are unique."""
    ids = [visual.id for visual in report.visuals()]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield Finding("LAYOUT_ID", name, "two visuals have it")
    for page in report.pages:
        yield from _on_page(page)
        yield from _on_phone(page)


def check_accessibility(report: Report) -> Iterator[Finding]:
    """Alt text, titles, an order for the Tab key that follows the eye, and contrast."""
    for visual in report.visuals():
        if not visual.alt:
            yield Finding("A11Y_ALT_TEXT", str(visual), "has no alt text")
        elif visual.alt == visual.title or len(visual.alt) > 250:
            yield Finding("A11Y_ALT_TEXT", str(visual), "must say more than the title, in at most 250 characters")
        if not visual.title:
            yield Finding("A11Y_TITLE", visual.id, "has no title")
    for page in report.pages:
        orders = [visual.tab_order for visual in page.visuals]
        if len(set(orders)) < len(orders) or min(orders, default=0) < 0:
            yield Finding("A11Y_TAB_ORDER", page.name, "two visuals share a place, or one has none")
        for before, after in zip(page.visuals, page.visuals[1:], strict=False):
            if after.place.y + after.place.height <= before.place.y:
                yield Finding("A11Y_TAB_ORDER", str(after), f"is reached after {before.title}, which stands below it")
    yield from _contrasts(report)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, `#RRGGBB` (WCAG 2.1)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _on_page(page: Page) -> Iterator[Finding]:
    for visual in page.visuals:
        x, y, width, height = visual.place
        if x < 0 or y < 0 or x + width > page.width or y + height > page.height:
            yield Finding("LAYOUT_CANVAS", str(visual), "reaches beyond the page")
        if width < LEAST_SIZE or height < LEAST_SIZE:
            yield Finding("LAYOUT_SIZE", str(visual), f"is smaller than {LEAST_SIZE} pixels")
    for one, other in combinations(page.visuals, 2):
        if _overlap(one.place, other.place):
            yield Finding("LAYOUT_OVERLAP", str(one), f"overlaps {other.title or other.id}")


def _on_phone(page: Page) -> Iterator[Finding]:
    placed = [(visual, visual.phone) for visual in page.visuals if visual.phone]
    missing: list[Visual] = [visual for visual in page.visuals if visual.phone is None]
    for visual in missing if placed else ():
        yield Finding("LAYOUT_PHONE", str(visual), "has no place on the phone")
    for visual, place in placed:
        if place.x < 0 or place.x + place.width > PHONE_WIDTH:
            yield Finding("LAYOUT_PHONE", str(visual), "is wider than a phone")
    for (one, place), (other, other_place) in combinations(placed, 2):
        if _overlap(place, other_place):
            yield Finding("LAYOUT_PHONE", str(one), f"overlaps {other.title or other.id}")


def _overlap(one: Place, other: Place) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def _contrasts(report: Report) -> Iterator[Finding]:
    theme = report.theme
    paper = str(theme.get("background", "#FFFFFF"))
    for name in ("foreground", "foregroundNeutralSecondary"):
        if contrast(str(theme.get(name, paper)), paper) < TEXT_CONTRAST:
            yield Finding("A11Y_CONTRAST", f"theme {name}", f"less than {TEXT_CONTRAST} on {paper}")
    for colour in theme.get("dataColors", []):
        if contrast(colour, paper) < GRAPHIC_CONTRAST:
            yield Finding("A11Y_CONTRAST", f"theme {colour}", f"less than {GRAPHIC_CONTRAST} on {paper}")


def _luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
