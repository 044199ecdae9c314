"""Colours and type of the report; every pair that carries text has a contrast of 4.5 or more."""

from typing import Any

THEME_NAME = "Tripline.json"

INK, MUTED, PAPER, CANVAS, LINE = "#1B2733", "#52606D", "#FFFFFF", "#EEF2F6", "#D5DCE4"
BLUE, ORANGE, TEAL, PURPLE, RED, SLATE, OCHRE, CYAN = (
    "#1F5FA8",
    "#C4560F",
    "#1F7A63",
    "#7A4E9E",
    "#B3304B",
    "#5D6B79",
    "#8F6B00",
    "#1F7A94",
)
PALE_BLUE, MID_BLUE = "#EAF2FB", "#7FB2E5"
"""Ends of the shades of a matrix."""


def theme() -> dict[str, Any]:
    """Return the theme file."""
    solid = _solid
    return {
        "name": THEME_NAME,
        "dataColors": [BLUE, ORANGE, TEAL, PURPLE, RED, SLATE, OCHRE, CYAN],
        "background": PAPER,
        "foreground": INK,
        "foregroundNeutralSecondary": MUTED,
        "tableAccent": BLUE,
        "good": TEAL,
        "neutral": OCHRE,
        "bad": RED,
        "textClasses": {
            "title": {"fontFace": "Segoe UI Semibold", "fontSize": 12, "color": INK},
            "label": {"fontFace": "Segoe UI", "fontSize": 10, "color": INK},
            "callout": {"fontFace": "Segoe UI Semibold", "fontSize": 22, "color": BLUE},
        },
        "visualStyles": {
            "*": {
                "*": {
                    "background": [{"show": True, "color": solid(PAPER), "transparency": 0}],
                    "border": [{"show": True, "color": solid(LINE), "radius": 8}],
                    "title": [{"show": True, "fontSize": 12, "fontColor": solid(INK), "titleWrap": True}],
                }
            },
            "page": {"*": {"background": [{"color": solid(CANVAS), "transparency": 0}]}},
        },
    }


def _solid(value: str) -> dict[str, Any]:
    return {"solid": {"color": value}}
