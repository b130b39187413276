"""Pictures of boxes, lines and words, as SVG by ourselves and as PNG by Pillow.

Knows nothing of what they show. One list of shapes gives both forms, so that they look the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from companion.errors import CannotCreate, UsageError, install

if TYPE_CHECKING:
    from pathlib import Path

FINE = 2
"""Dots of a PNG for each point of the picture, in both directions."""
SMOOTH = 2
"""It is drawn so many times larger, and then made smaller: edges become smooth."""
FAMILY = "Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Area:
    """A filled shape between points."""

    points: tuple[tuple[float, float], ...]
    fill: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points; `dash` is the length of its dashes, 0 for none."""

    points: tuple[tuple[float, float], ...]
    stroke: str
    width: float = 1.0
    dash: float = 0.0


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text. `anchor` says what of it stands at x: "start", "middle" or "end"."""

    x: float
    y: float
    text: str
    size: float = 13.0
    fill: str = "#1f2933"
    anchor: str = "start"
    bold: bool = False


Shape = Box | Area | Line | Words


@dataclass(slots=True)
class Picture:
    """Shapes on white, the later over the earlier."""

    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write it as the ending of `path` says.

        Raises:
            UsageError: It ends in neither .svg nor .png, or Pillow is missing.
            CannotCreate: The file cannot be written.
        """
        kinds = {".svg": _write_svg, ".png": _write_png}
        write = kinds.get(path.suffix.lower())
        if write is None:
            raise UsageError(
                f"A picture is .svg or .png, not {path.suffix or path.name!r}.",
                "Name the file with one of these endings.",
            )
        try:
            write(self, path)
        except OSError as error:
            raise CannotCreate(f"{path} cannot be written: {error.strerror}.") from error


# ── SVG ──────────────────────────────────────────────────────────────────────────────────────────


def svg(picture: Picture) -> str:
    """The picture as an SVG document."""
    shapes = "\n".join(_element(shape) for shape in picture.shapes)
    size = f'width="{picture.width:g}" height="{picture.height:g}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}'
        f' viewBox="0 0 {picture.width:g} {picture.height:g}" font-family="{FAMILY}">\n'
        f'<rect {size} fill="#ffffff"/>\n{shapes}\n</svg>\n'
    )


def _write_svg(picture: Picture, path: Path) -> None:
    path.write_text(svg(picture), "utf-8")


def _element(shape: Shape) -> str:
    match shape:
        case Box(x, y, width, height, fill, radius):
            place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
            return f'<rect {place} rx="{min(radius, width / 2):.1f}" fill="{fill}"/>'
        case Area(points, fill):
            return f'<polygon points="{_places(points)}" fill="{fill}"/>'
        case Line(points, stroke, width, dash):
            dashes = f' stroke-dasharray="{dash:g}"' if dash else ""
            how = f'fill="none" stroke="{stroke}" stroke-width="{width:g}"{dashes}'
            return f'<polyline points="{_places(points)}" {how} stroke-linejoin="round"/>'
        case Words(x, y, text, size, fill, anchor, bold):
            weight = ' font-weight="600"' if bold else ""
            how = f'font-size="{size:g}" fill="{fill}" text-anchor="{anchor}"{weight}'
            return f'<text x="{x:.1f}" y="{y:.1f}" {how}>{escape(text)}</text>'


def _places(points: tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


# ── PNG ──────────────────────────────────────────────────────────────────────────────────────────


def _write_png(picture: Picture, path: Path) -> None:
    try:
        from PIL import Image, ImageDraw
    except ImportError as error:
        raise UsageError(
            "A PNG needs the package pillow, which is not installed.",
            f"Run: {install('pillow')}; or write an .svg.",
        ) from error
    scale = FINE * SMOOTH
    size = (round(picture.width * scale), round(picture.height * scale))
    image = Image.new("RGB", size, "#ffffff")
    pen = ImageDraw.Draw(image)
    for shape in picture.shapes:
        if not isinstance(shape, Words):
            _stroke(pen, shape, scale)
    small = image.resize((size[0] // SMOOTH, size[1] // SMOOTH), Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(small)
    for shape in picture.shapes:
        if isinstance(shape, Words):  # its edges are smooth already
            _letter(pen, shape)
    small.save(path, "PNG")


def _stroke(pen: Any, shape: Box | Area | Line, scale: int) -> None:  # noqa: ANN401
    match shape:
        case Box(x, y, width, height, fill, radius):
            corners = [x * scale, y * scale, (x + width) * scale - 1, (y + height) * scale - 1]
            round_ = min(radius, width / 2, height / 2) * scale
            pen.rounded_rectangle(corners, round_, fill)
        case Area(points, fill):
            pen.polygon([(x * scale, y * scale) for x, y in points], fill)
        case Line(points, stroke, width, dash):
            for piece in _dashes(points, dash) if dash else [points]:
                line = [(x * scale, y * scale) for x, y in piece]
                pen.line(line, stroke, round(width * scale), joint="curve")


def _dashes(
    points: tuple[tuple[float, float], ...], dash: float
) -> list[tuple[tuple[float, float], ...]]:
    """The dashes of a straight line."""
    (x, y), (end_x, end_y) = points[0], points[-1]
    length = max(((end_x - x) ** 2 + (end_y - y) ** 2) ** 0.5, 1e-9)
    along = ((end_x - x) / length, (end_y - y) / length)

    def place(done: float) -> tuple[float, float]:
        return x + along[0] * done, y + along[1] * done

    starts = (2 * dash * n for n in range(int(length / dash / 2) + 1))
    return [(place(start), place(min(start + dash, length))) for start in starts]


def _letter(pen: Any, words: Words) -> None:  # noqa: ANN401 - an ImageDraw
    from PIL import ImageFont

    font = ImageFont.load_default(words.size * FINE)
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[words.anchor]
    bold = 0.35 * FINE if words.bold else 0
    place = (words.x * FINE, words.y * FINE)
    pen.text(place, words.text, words.fill, font, anchor, stroke_width=bold)
