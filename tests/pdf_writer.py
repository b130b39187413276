"""Writes small PDF files with text, an outline and a title, for the tests of what reads them."""

from __future__ import annotations

import io


def pdf(pages: list[list[str]], outline: list[tuple[str, int]] = (), title: str = "") -> bytes:
    """A PDF with these lines on its pages, and these headings for its pages (from 0)."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(_plain(pages))))
    for heading, page in outline:
        writer.add_outline_item(title=heading, page_number=page)
    if title:
        writer.add_metadata({"/Title": title})
    return _bytes(writer)


def encrypted(password: str) -> bytes:
    """A PDF that cannot be read without its password."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(_plain([["Secret words."]]))))
    writer.encrypt(password, algorithm="RC4-128")
    return _bytes(writer)


def _bytes(writer: object) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _plain(pages: list[list[str]]) -> bytes:
    """The objects of a PDF, one after the other, and where each begins."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for n, lines in enumerate(pages):
        words = "".join(f"0 -16 Td ({_escaped(line)}) Tj\n" for line in lines)
        stream = f"BT /F1 12 Tf 50 800 Td\n{words}ET"
        font = "/Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 595 842]"
        objects += [
            f"<< /Type /Page /Parent 2 0 R {font} /Contents {5 + 2 * n} 0 R >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    data += f"xref\n0 {size}\n0000000000 65535 f \n{table}".encode()
    start = data.index(b"xref")
    return data + f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode()


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
