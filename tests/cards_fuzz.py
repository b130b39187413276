"""Card files that lie: made at random from a seed, read in a process of their own.

    python tests/cards_fuzz.py SEED COUNT FOLDER

Prints one JSON object: how many were read and refused and why, what broke, the most memory, the
slowest input, and every write outside FOLDER.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import random
import sys
import time
import warnings
import zipfile
import zlib
from collections import Counter
from pathlib import Path

from card_world import IDAT, V2, V3, archive, chunk, picture, text

from companion.cards import kinds, load_card, write
from companion.cards.bring import bring_in
from companion.cards.formats import read, yaml_write
from companion.cards.formats.tree import Tree
from companion.cards.model import from_tree
from companion.cards.write import SUFFIX
from companion.errors import CannotCreate, CardError

WEIRD: list[object] = [
    *(None, True, 0, -1, 1.5, 1e300, 10**40, "", " ", "\0", "\ud800", "\u202e", "{{char}}"),
    *([], {}, [[]], [None], {"": ""}, "a" * 300, "@@depth 4\n@@@role user\n", "../../etc/passwd"),
    *("{{random:{{random:a,b}}}}", "<START>", "\x1b[2J", "ccdefault:", "embeded://../x"),
    *({"entries": {"0": {"key": "a"}}}, [{"type": "icon", "uri": 5}], "no", "012", "1:30"),
]
WORDS = [
    *("name", "data", "spec", "spec_version", "description", "character_book", "entries", "keys"),
    *("extensions", "companion", "voice", "assets", "creation_date", "depth_prompt", "position"),
    *("char_name", "context", "entries", "alternate_greetings", "tags", "first_mes", "mes_example"),
]
SYNTAX = [
    *(b"&a ", b"*a", b"<<: ", b"!!python/object:os.system ", b"| ", b">+9\n", b"? ", b"- ", b": "),
    *(
        b"---\n",
        b"...\n",
        b"%YAML 9\n",
        b"\t",
        b"#",
        b"{",
        b"}",
        b"[",
        b"]",
        b"'",
        b'"',
        b"@",
        b"`",
    ),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"\\u", b"\xe2\x80\xa8", b"\r", b",", b"~", b"=\n"),
]
PATHS = [
    "card.json",
    "a/card.json",
    "../card.json",
    "/x",
    "C:\\x",
    "a\\..\\..\\x",
    "x" * 300,
    "é",
    "",
]


class Maker:
    """Inputs, one after the other, all from one seed."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)

    def input(self) -> tuple[str, bytes]:
        made = self.r.choice([self.png, self.zip, self.json, self.yaml])
        if self.r.random() < 0.0005:
            return self.huge()
        name, data = made()
        return name, self.damaged(data) if self.r.random() < 0.6 else data

    def tree(self) -> dict[str, object]:
        """A card with a few values swapped for others."""
        tree = json.loads(json.dumps(self.r.choice([V2, V3, V3["data"], {"char_name": "x"}])))
        for _ in range(self.r.randint(0, 5)):
            spot = tree
            while self.r.random() < 0.7:
                inner = [v for v in (spot.values() if isinstance(spot, dict) else spot) if v]
                inner = [v for v in inner if isinstance(v, (dict, list))]
                if not inner:
                    break
                spot = self.r.choice(inner)
            self.swap(spot)
        return tree

    def swap(self, spot: object) -> None:
        value = copy.deepcopy(self.r.choice(WEIRD))
        if isinstance(spot, dict):
            key = self.r.choice([*spot, *WORDS, "x"])
            if self.r.random() < 0.2:
                spot.pop(key, None)
            else:
                spot[key] = value
        elif isinstance(spot, list):
            spot.insert(self.r.randint(0, len(spot)), value)

    def card(self) -> bytes:
        tree = self.tree()
        plain = json.dumps(tree, ensure_ascii=self.r.random() < 0.5).encode(
            "utf-8", "surrogatepass"
        )
        if self.r.random() < 0.05:
            return plain.decode("utf-8", "replace").encode(self.r.choice(["utf-16", "utf-8-sig"]))
        return plain if self.r.random() < 0.8 else self.damaged(plain)

    def json(self) -> tuple[str, bytes]:
        return "a.json", self.card()

    def yaml(self) -> tuple[str, bytes]:
        tree = json.loads(json.dumps(self.tree()).replace("\\ud800", "?"))
        data = yaml_write.text(tree).encode()
        for _ in range(self.r.randint(0, 4)):
            at = self.r.randint(0, len(data))
            data = data[:at] + self.r.choice(SYNTAX) + data[at:]
        return "a.yaml", data

    def png(self) -> tuple[str, bytes]:
        chunks = [IDAT]
        for _ in range(self.r.randint(1, 3)):
            word = self.r.choice([b"chara", b"ccv3", b"Chara", b"chara-ext-asset_:1", b"x" * 90])
            kind = self.r.choice([b"tEXt", b"zTXt", b"iTXt"])
            if self.r.random() < 0.5:
                made = text(word, self.tree(), kind)
            else:
                body = self.r.choice([self.card(), zlib.compress(self.card())])
                made = chunk(
                    kind, word + self.r.choice([b"\0", b"\0\0", b"\0\1\0\0\0", b""]) + body
                )
            chunks.insert(self.r.randint(0, len(chunks)), made)
        return "a.png", picture(*chunks)

    def zip(self) -> tuple[str, bytes]:
        out = io.BytesIO()
        out.write(self.r.choice([b"", b"\xff\xd8\xff\xe0"]))
        with zipfile.ZipFile(out, "w", self.r.choice([0, 8, 8, 8, 12, 14])) as made:
            for _ in range(self.r.randint(0, 3)):
                info = zipfile.ZipInfo(self.r.choice(PATHS) or "e")
                info.external_attr = self.r.choice([0, 0, 0o120777 << 16])
                made.writestr(info, self.r.choice([b"", b"x", bytes(1000)]))
            if self.r.random() < 0.9:
                made.writestr("card.json", self.card())
        return "a.charx", out.getvalue()

    def damaged(self, data: bytes) -> bytes:
        """Some bytes changed, gone, doubled, or the end cut."""
        bad = bytearray(data)
        for _ in range(self.r.randint(1, 4)):
            if not bad:
                return b""
            at = self.r.randrange(len(bad))
            way = self.r.random()
            if way < 0.5:
                bad[at] = self.r.choice([0, 1, 0x7F, 0x80, 0xFF, self.r.randrange(256)])
            elif way < 0.65:
                del bad[at : at + self.r.choice([1, 4, 30])]
            elif way < 0.8:
                bad[at:at] = bad[at : at + self.r.choice([1, 4, 30])]
            elif way < 0.95:
                bad[at : at + 4] = self.r.choice(
                    [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"]
                )
            else:
                del bad[at:]
        return bytes(bad)

    def huge(self) -> tuple[str, bytes]:
        """What is meant to fill the memory."""
        return self.r.choice(
            [
                ("a.json", b'{"a":' * 500_000),
                ("a.json", b'{"a":[' + b"{}," * 2_600_000 + b"1]}"),
                ("a.json", b'{"name":"' + "é😀".encode() * 1_300_000 + b'","description":"d"}'),
                ("a.yaml", b"a: [" + b"b," * 500_000 + b"]"),
                ("a.yaml", b"a: &a [x,x,x]\n" + b"b: &b [*a,*a,*a]\n" * 50),
                (
                    "a.png",
                    picture(chunk(b"zTXt", b"chara\0\0" + zlib.compress(bytes(150_000_000)))),
                ),
                ("a.png", picture(*[chunk(b"tEXt", b"chara\0" + b"A" * 9_000_000)] * 6)),
                ("a.charx", archive({"card.json": bytes(300_000_000)})),
                ("a.charx", archive({f"{n}": b"" for n in range(20_000)})),
            ]
        )


class Watch:
    """Every file that is opened for writing or moved, outside one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = f"{folder.resolve()}{os.sep}"
        self.outside: list[str] = []
        sys.addaudithook(self.seen)

    def seen(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        else:
            path = arguments[0] if arguments else ""
            writes = event in {"os.rename", "os.mkdir", "os.remove", "os.symlink", "os.link"}
        if writes and not isinstance(path, int):
            full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - a hook makes no objects
            if not full.startswith((self.folder, "/proc/self/")):
                self.outside.append(f"{event} {full}")


def tried(name: str, data: bytes, number: int, folder: Path) -> str:
    """What became of one input: "read", or why it was refused."""
    try:
        card = from_tree(read(data, name), Path(name))
        card.persona("Sam")
        if number % 20 == 0:
            written(name, data, folder)
    except CardError as error:
        return error.reason if len(str(error)) < 1000 else "a message without end"
    return "read"


def written(name: str, data: bytes, folder: Path) -> None:
    """Import it, write it in every form, and see that a second time gives the same bytes."""
    file = folder / name
    file.write_bytes(data)
    card = bring_in(file, folder / "characters", "fuzz", replaces=True)
    for kind in kinds():
        with contextlib.suppress(CannotCreate):
            again = folder / f"again{SUFFIX[kind]}"
            try:
                once = write(card, kind)
            except CardError as error:
                if kind != "yaml" and error.reason != "BAD_ZIP":  # another file in it is damaged
                    raise RuntimeError(f"{kind}: {error}") from error
                continue
            again.write_bytes(once)
            if write(load_card(again), kind) != once:
                raise RuntimeError(f"{kind} is not the same the second time")


def forget_peak() -> None:
    """Let the most memory so far be what is taken now (proc(5), clear_refs)."""
    handle = os.open("/proc/self/clear_refs", os.O_WRONLY)
    os.write(handle, b"5")
    os.close(handle)


def kilobytes(name: str) -> int:
    """A figure of this process's memory."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition(f"{name}:")[2].split()[0])


def main(seed: int, count: int, folder: Path) -> dict[str, object]:
    """Run the inputs; what came of them."""
    maker, watch = Maker(seed), Watch(folder)
    seen, broken, slowest = Counter[str](), [], (0.0, 0)
    from_tree(Tree(V3), Path("warm.json"))  # what importing costs is not the input's doing
    extra = 0
    for number in range(count):
        name, data = maker.input()
        forget_peak()
        before = kilobytes("VmRSS")
        started = time.process_time()
        try:
            seen[tried(name, data, number, folder)] += 1
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            broken.append(f"{number} {name}: {error!r}"[:300])
            (folder / f"broken-{number}-{name}").write_bytes(data)
        slowest = max(slowest, (time.process_time() - started, number))
        extra = max(extra, kilobytes("VmHWM") - before)
    return {
        "count": count,
        "seed": seed,
        "outcomes": dict(seen.most_common()),
        "broken": broken[:20],
        "extra_mb": round(extra / 1024, 1),
        "slowest_s": round(slowest[0], 2),
        "slowest": slowest[1],
        "outside": watch.outside[:20],
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore", UserWarning)  # names that stand twice in an archive: on purpose
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))))
