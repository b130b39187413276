"""Records of turns that never happened, with exact times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from companion.figures import Turn

SPOKEN = {
    "heard_s": 2.0,
    "ms": {"first_audio": 500.0, "total": 4000.0},
    "spans": [
        {"stage": "stt", "n": 0, "begin": -900.0, "end": -600.0},
        {"stage": "tail", "n": 0, "begin": 0.0, "end": 100.0},
        {"stage": "stt", "n": 0, "begin": 100.0, "end": 300.0},
        {"stage": "hear", "n": 0, "begin": 300.0, "end": 301.0},
        {"stage": "hear", "n": 0, "begin": 301.0, "end": 310.0},
        {"stage": "prefill", "n": 0, "begin": 310.0, "end": 350.0},
        {"stage": "decode", "n": 1, "begin": 350.0, "end": 400.0},
        {"stage": "decode", "n": 2, "begin": 400.0, "end": 900.0},
        {"stage": "synth", "n": 1, "begin": 400.0, "end": 490.0},
        {"stage": "synth", "n": 2, "begin": 900.0, "end": 1000.0},
        {"stage": "play", "n": 1, "begin": 500.0, "end": 2000.0},
        {"stage": "play", "n": 2, "begin": 2100.0, "end": 4000.0},
    ],
}
SILENT = {"heard_s": 0.0, "ms": {"first_audio": None, "total": 90.0}, "spans": []}

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOKENS = {"prompt": 500, "new": 40, "evaluated": 41, "reused": 459, "generated": 20}


def made(first=500.0, ago=timedelta(0), rig=1, kind="spoken", scale=1.0):
    ms = {"stt": 300.0, "recall": 9.0, "prefill": 40.0, "first_token": 350.0}
    spans = [
        one | {"end": one["end"] * scale} if one["stage"] == "stt" else one
        for one in SPOKEN["spans"]
    ]
    record = {
        "kind": kind,
        "heard_s": 2.0,
        "ms": {**ms, "first_audio": first, "total": 4000.0},
        "tokens": TOKENS,
        "seconds": 3.0,
        "cpu_s": 0.5,
        "early": {},
        "spans": spans,
    }
    return Turn(NOW - ago, rig, True, record)
