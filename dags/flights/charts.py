"""Bar charts as SVG, without a library: they need no script and follow any content security policy."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _MARGIN = 760, 260, 44
_BAR, _OTHER_BAR, _INK, _LINE = "#3b6fd4", "#d4573b", "#444444", "#cccccc"

Bars = Sequence[tuple[str, float, float]]


def bar_chart(title: str, bars: Bars, first: str, second: str) -> str:
    """Draw two bars a label, side by side; both series share one scale.

    Values below zero are drawn as none.
    """
    top = max((max(one, other) for _, one, other in bars), default=1) or 1
    step = (_WIDTH - 2 * _MARGIN) / max(len(bars), 1)
    drawn = [_pair(index, step, top, bar) for index, bar in enumerate(bars)]
    axis = _HEIGHT - _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
            f'font-family="sans-serif" font-size="11" fill="{_INK}">',
            f"<title>{escape(title)}</title>",
            f'<text x="{_MARGIN}" y="16" font-size="13" font-weight="bold">{escape(title)}</text>',
            f'<rect x="{_WIDTH - 300}" y="7" width="10" height="10" fill="{_BAR}"/>',
            f'<text x="{_WIDTH - 286}" y="16">{escape(first)}</text>',
            f'<rect x="{_WIDTH - 150}" y="7" width="10" height="10" fill="{_OTHER_BAR}"/>',
            f'<text x="{_WIDTH - 136}" y="16">{escape(second)}</text>',
            *_scale(top),
            *drawn,
            f'<line x1="{_MARGIN}" y1="{axis}" x2="{_WIDTH - _MARGIN}" y2="{axis}" stroke="{_INK}"/>',
            "</svg>",
        ]
    )


def _scale(top: float) -> list[str]:
    lines = []
    for quarter in range(1, 5):
        y = _y(top * quarter / 4, top)
        lines += [
            f'<line x1="{_MARGIN}" y1="{y:.1f}" x2="{_WIDTH - _MARGIN}" y2="{y:.1f}" stroke="{_LINE}"/>',
            f'<text x="{_MARGIN - 4}" y="{y + 4:.1f}" text-anchor="end">{top * quarter / 4:.0f}</text>',
        ]
    return lines


def _pair(index: int, step: float, top: float, bar: tuple[str, float, float]) -> str:
    label, one, other = bar
    left, width = _MARGIN + index * step + step * 0.12, step * 0.36
    return (
        _rect(left, width, one, top, _BAR)
        + _rect(left + width, width, other, top, _OTHER_BAR)
        + f'<text x="{left + width:.1f}" y="{_HEIGHT - _MARGIN + 15}" '
        f'text-anchor="middle">{escape(label)}</text>'
    )


def _rect(left: float, width: float, value: float, top: float, colour: str) -> str:
    y = _y(max(value, 0), top)
    height = _HEIGHT - _MARGIN - y
    return (
        f'<rect x="{left:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}">'
        f"<title>{value:.1f}</title></rect>"
    )


def _y(value: float, top: float) -> float:
    return _HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * value / top
