# SPDX-License-Identifier: GPL-2.0
"""Draws bar charts as SVG: groups of horizontal bars, with the number at the end of each."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

BAR = 9             # the height of a bar, in pixels, as all that follows
GAP = 7             # between groups
LABEL = 112         # the width of the groups' names
NUMBER = 40         # that of the number behind the longest bar
HEAD = 44           # the height of a panel's title and subtitle
MARGIN = 16
FONT = "font-family='sans-serif'"


@dataclass(frozen=True)
class Panel:
    """One chart: groups is {name: {series: value}}."""

    title: str
    subtitle: str
    groups: dict

    @property
    def height(self):
        """In pixels."""
        return HEAD + sum(BAR * len(bars) + GAP for bars in self.groups.values())


def draw(title, columns, series, note, width=880):
    """An SVG document.

    @columns  lists of Panels: each list is drawn from top to bottom, the lists side by side
    @series   {name: (colour, what the legend says)}
    @note     a line below everything
    """
    column = (width - MARGIN * (len(columns) + 1)) / len(columns)
    top = MARGIN + 52
    height = top + max(sum(panel.height + MARGIN for panel in panels)
                       for panels in columns) + MARGIN
    parts = [f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height:g}' "
             f"viewBox='0 0 {width} {height:g}' role='img'>",
             f"<title>{escape(title)}</title>",
             "<rect width='100%' height='100%' fill='#ffffff'/>",
             _text(MARGIN, MARGIN + 14, title, 17, "bold"),
             *_legend(series, MARGIN, MARGIN + 36)]
    for number, panels in enumerate(columns):
        x, y = MARGIN + number * (column + MARGIN), top
        for panel in panels:
            parts += _panel(panel, series, x, y, column)
            y += panel.height + MARGIN
    parts += [_text(MARGIN, height - 8, note, 11, colour="#666666"), "</svg>"]
    return "\n".join(parts) + "\n"


def _legend(series, x, y):
    for colour, meaning in series.values():
        yield f"<rect x='{x}' y='{y - 9}' width='10' height='10' fill='{colour}'/>"
        yield _text(x + 15, y, meaning, 12)
        x += 32 + 6.3 * len(meaning)


def _panel(panel, series, x, y, width):
    most = max(value for bars in panel.groups.values() for value in bars.values())
    scale = (width - LABEL - NUMBER) / most
    yield _text(x, y + 14, panel.title, 14, "bold")
    yield _text(x, y + 30, panel.subtitle, 11, colour="#666666")
    y += HEAD
    for name, bars in panel.groups.items():
        middle = y + BAR * len(bars) / 2
        yield _text(x + LABEL - 6, middle + 4, name, 12, anchor="end")
        for key, value in bars.items():
            yield (f"<rect x='{x + LABEL:g}' y='{y:g}' width='{max(value * scale, 1):.1f}' "
                   f"height='{BAR - 1}' fill='{series[key][0]}'/>")
            yield _text(x + LABEL + value * scale + 4, y + BAR - 1.5, f"{value:,}", 9)
            y += BAR
        y += GAP


def _text(x, y, text, size, weight="normal", colour="#222222", anchor="start"):
    return (f"<text x='{x:.1f}' y='{y:.1f}' {FONT} font-size='{size}' font-weight='{weight}' "
            f"fill='{colour}' text-anchor='{anchor}'>{escape(text)}</text>")
