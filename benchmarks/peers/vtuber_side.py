"""Open-LLM-VTuber's side: its own server, and a client in place of its browser page.

    .peers/vtuber/venv/bin/python vtuber_side.py        (started by side_by_side.py, which see)

The server runs from a checkout with faster-whisper, Piper and the model server, at the settings
its file names for speed (`faster_first_response`) and without its tools. "explicit": sound goes to
it while it is spoken (`mic-audio-data`; its page sends it afterwards) and `mic-audio-end` at the
release. "default": raw sound and the server's own Silero detector at its settings.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import shutil
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pace
import websockets
import yaml
from lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = "faster-whisper int8 (its beam of 5), Piper, faster_first_response, pysbd, no tools"
HERE = Path(__file__).resolve().parent
QUIET_AFTER = 4.0
START_SECONDS = 90


def configure(app: Path, wish: dict[str, Any]) -> None:
    """Write the server's settings: its own file with the engines of the comparison."""
    file = app / "config_templates" / "conf.default.yaml"
    conf = yaml.safe_load(file.read_text("utf-8"))
    conf["system_config"] |= {"port": wish["ports"][0], "host": "127.0.0.1", "tool_prompts": {}}
    who = conf["character_config"]
    who["persona_prompt"] = wish["card"]
    agent = who["agent_config"]
    basic = agent["agent_settings"]["basic_memory_agent"]
    basic |= {"llm_provider": "openai_compatible_llm", "use_mcpp": False}
    basic |= {"mcp_enabled_servers": [], "faster_first_response": True}
    model = {"base_url": wish["llm_url"], "model": "local", "temperature": 0.0}
    agent["llm_configs"]["openai_compatible_llm"] |= model
    ears = {"model_path": wish["whisper"], "device": "cpu", "compute_type": "int8"}
    who["asr_config"]["asr_model"] = "faster_whisper"
    who["asr_config"]["faster_whisper"] |= ears
    who["tts_config"]["tts_model"] = "piper_tts"
    who["tts_config"]["piper_tts"] |= {"model_path": wish["voice"]}
    who["vad_config"]["vad_model"] = None if wish["endpoint"] == "explicit" else "silero_vad"
    text = yaml.safe_dump(conf, allow_unicode=True, sort_keys=False)
    (app / "conf.yaml").write_text(text, "utf-8")
    page = app / "frontend" / "index.html"  # else its start would ask git for a submodule
    page.parent.mkdir(exist_ok=True)
    page.touch()


def start(app: Path) -> subprocess.Popen[bytes]:
    """The server, in its checkout."""
    command = [sys.executable, str(HERE / "said.py"), "run_server"]
    environ = os.environ | {"PYTHONPATH": f"{app}{os.pathsep}{HERE}", "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(command, cwd=app, env=environ)


class Side:
    """The client that the server takes for a page."""

    def __init__(self, socket: Any, *, explicit: bool) -> None:  # noqa: ANN401 - the library's
        self.socket = socket
        self.explicit = explicit
        self.seen: dict[str, Any] = {}

    async def turn(self, audio: str, meter: pace.Meter) -> dict[str, Any]:
        """Speak a recording to the server, and listen."""
        replay = pace.Replay(*pace.read(audio))
        sink = pace.Loudspeaker(meter)
        self.seen = {"heard": "", "reply": ""}
        began = time.monotonic()
        listening = asyncio.create_task(self._listen(sink))
        await self._speak(replay.blocks(), began)
        meter.start()
        if self.explicit:
            await self._send(type="mic-audio-end")
            await asyncio.wait_for(listening, 60)
        else:
            quiet = asyncio.create_task(self._speak(replay.silence(QUIET_AFTER), began))
            await asyncio.wait_for(listening, 60)
            await quiet
        return {**sink.report(began + replay.seconds), **self.seen}

    async def _send(self, **message: object) -> None:
        await self.socket.send(json.dumps(message))

    async def _speak(self, blocks: Iterator[Any], began: float) -> None:
        kind = "mic-audio-data" if self.explicit else "raw-audio-data"
        size = 512  # samples of the server's detector; it drops what is left over of a message
        waiting = np.zeros(0, np.float32)
        for due, block in blocks:
            waiting = np.concatenate([waiting, block.astype(np.float32) / 32_768])
            await asyncio.sleep(max(0.0, began + due - time.monotonic()))
            whole = len(waiting) if self.explicit else len(waiting) // size * size
            if whole:
                await self._send(type=kind, audio=waiting[:whole].round(5).tolist())
            waiting = waiting[whole:]

    async def _listen(self, sink: pace.Loudspeaker) -> None:
        """Play what comes, and do what the page would, until the turn is over."""
        async for raw in self.socket:
            message = json.loads(raw)
            kind, text = message.get("type"), message.get("text")
            if kind == "audio" and message.get("audio"):
                play_wav(sink, base64.b64decode(message["audio"]))
                self.seen["reply"] += (message.get("display_text") or {}).get("text", "")
            elif kind == "user-input-transcription":
                self.seen["heard"] = text
            elif kind == "control" and text == "mic-audio-end":
                await self._send(type="mic-audio-end")
            elif kind == "backend-synth-complete":
                await self._send(type="frontend-playback-complete")
            elif kind == "error":
                self.seen.setdefault("notices", []).append(message.get("message"))
            elif kind == "control" and text == "conversation-chain-end":
                return


def play_wav(sink: pace.Loudspeaker, data: bytes) -> None:
    """Play a sound that comes as a whole file."""
    with wave.open(io.BytesIO(data)) as file:
        sink.play_pcm(file.readframes(file.getnframes()), file.getframerate())


async def connect(port: int) -> Any:  # noqa: ANN401 - the library's
    """A connection, once the server takes one."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            address = f"ws://127.0.0.1:{port}/client-ws"
            return await websockets.connect(address, max_size=None, ping_interval=None)
        except OSError:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.5)


async def converse(lines: Lines, wish: dict[str, Any]) -> None:
    """Answer turn after turn."""
    socket = await connect(wish["ports"][0])
    side = Side(socket, explicit=wish["endpoint"] == "explicit")
    while json.loads(await socket.recv()).get("text") != "start-mic":
        pass
    lines.say({"ready": True, "version": wish["version"], "settings": SETTINGS})
    while (turn := await asyncio.to_thread(lines.next)) is not None:
        lines.say(await side.turn(turn["audio"], pace.Meter(turn["pids"])))
    await socket.close()


def main() -> None:
    """Start the server, converse, and end it."""
    lines = Lines()
    wish = lines.settings()
    app = Path(wish["checkout"])
    if not (app / "run_server.py").is_file():
        raise SystemExit(f"{app} is no checkout of Open-LLM-VTuber.")
    configure(app, wish)
    server = start(app)
    try:
        asyncio.run(converse(lines, wish))
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(app / "cache", ignore_errors=True)


if __name__ == "__main__":
    main()
