"""Home Assistant's speech servers: wyoming-faster-whisper and wyoming-piper around a model server.

    .peers/wyoming/bin/python wyoming_side.py        (started by side_by_side.py, which see)

The two servers run as they are installed, each in its own process; between them stands what Home
Assistant's pipeline does: the transcript goes to a model server, and its words go on to the voice
as they come (`SynthesizeChunk`). "explicit" sends `AudioStop` at the release; "default" lets the
server find the end (`--vad-endpointing`) with the silence that Home Assistant waits for.
"""

from __future__ import annotations

import asyncio
import http.client
import importlib.metadata
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import pace
from lines import Lines
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = "beam 1, int8, English; the reply handed on to a streaming voice as it is written"
RATE = 16_000
HERE = Path(__file__).resolve().parent
SILENCE = 0.7
"""Seconds of silence that Home Assistant takes for the end, as it comes."""
QUIET_AFTER = 2.0
START_SECONDS = 60


def servers(wish: dict[str, Any], home: str) -> list[list[str]]:
    """The command lines of the two servers, at the settings their pages name for speed."""
    ears, mouth = wish["ports"]
    voice = Path(wish["voice"])
    hear = ["wyoming_faster_whisper", "--model", wish["whisper"], "--language", "en"]
    hear += ["--beam-size", str(wish["beam"]), "--compute-type", "int8", "--data-dir", home]
    hear += ["--cpu-threads", str(wish["threads"]), "--uri", f"tcp://127.0.0.1:{ears}"]
    hear += ["--stt-library", "faster-whisper", "--local-files-only"]
    if wish["endpoint"] != "explicit":
        hear += ["--vad-endpointing", str(SILENCE)]
    speak = ["wyoming_piper", "--voice", voice.stem, "--data-dir", str(voice.parent)]
    speak += ["--download-dir", home, "--local-files-only", "--uri", f"tcp://127.0.0.1:{mouth}"]
    return [hear, speak]


class Side:
    """The client between the servers, and the conversation it keeps."""

    def __init__(self, wish: dict[str, Any]) -> None:
        self.wish = wish
        self.explicit = wish["endpoint"] == "explicit"
        self.talk = [{"role": "system", "content": wish["card"]}]

    async def turn(self, audio: str, meter: pace.Meter) -> dict[str, Any]:
        """Speak a recording to the ears, ask the model, and listen to the voice."""
        replay = pace.Replay(*pace.read(audio))
        sink = pace.Loudspeaker(meter)
        async with self._client(0) as ears, self._client(1) as mouth:
            began = time.monotonic()
            heard = await self._hear(ears, replay, began, meter)
            transcribed = time.monotonic()
            self.talk.append({"role": "user", "content": heard})
            listening = asyncio.create_task(listen(mouth, sink))
            reply = await self._answer(mouth)
            await asyncio.wait_for(listening, 60)
        self.talk.append({"role": "assistant", "content": reply})
        released = began + replay.seconds
        stages = {"stt_s": transcribed - released}
        return {**sink.report(released), "heard": heard, "reply": reply, **stages}

    def _client(self, which: int) -> AsyncTcpClient:
        return AsyncTcpClient("127.0.0.1", self.wish["ports"][which])

    async def _hear(
        self, ears: AsyncTcpClient, replay: pace.Replay, began: float, meter: pace.Meter
    ) -> str:
        await ears.write_event(Transcribe(language="en").event())
        await ears.write_event(AudioStart(RATE, 2, 1).event())
        waiting = asyncio.create_task(transcript(ears))
        await speak(ears, replay.blocks(), began)
        meter.start()
        if self.explicit:
            await ears.write_event(AudioStop().event())
        else:
            quiet = asyncio.create_task(speak(ears, replay.silence(QUIET_AFTER), began))
            await asyncio.wait([waiting, quiet], return_when=asyncio.FIRST_COMPLETED)
            quiet.cancel()
        return await asyncio.wait_for(waiting, 60)

    async def _answer(self, mouth: AsyncTcpClient) -> str:
        """Hand each piece of the reply to the voice as it is written."""
        loop, pieces = asyncio.get_running_loop(), asyncio.Queue[str | None]()

        def fetch() -> None:
            for piece in stream(self.wish, self.talk):
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            loop.call_soon_threadsafe(pieces.put_nowait, None)

        writing = asyncio.create_task(asyncio.to_thread(fetch))
        await mouth.write_event(SynthesizeStart().event())
        reply = ""
        while (piece := await pieces.get()) is not None:
            reply += piece
            await mouth.write_event(SynthesizeChunk(piece).event())
        await mouth.write_event(SynthesizeStop().event())
        await writing
        return reply


async def speak(ears: AsyncTcpClient, blocks: Iterator[Any], began: float) -> None:
    """Send blocks at their pace."""
    for due, block in blocks:
        await asyncio.sleep(max(0.0, began + due - time.monotonic()))
        await ears.write_event(AudioChunk(RATE, 2, 1, block.tobytes()).event())


async def transcript(ears: AsyncTcpClient) -> str:
    """Wait for the words."""
    while (event := await ears.read_event()) is not None:
        if Transcript.is_type(event.type):
            return Transcript.from_event(event).text
    raise SystemExit("wyoming-faster-whisper closed the connection.")


async def listen(mouth: AsyncTcpClient, sink: pace.Loudspeaker) -> None:
    """Play what the voice says, to its end."""
    while (event := await mouth.read_event()) is not None:
        if AudioChunk.is_type(event.type):
            chunk = AudioChunk.from_event(event)
            sink.play_pcm(chunk.audio, chunk.rate)
        elif SynthesizeStopped.is_type(event.type):
            return


def stream(wish: dict[str, Any], talk: list[dict[str, str]]) -> Iterator[str]:
    """The pieces of a reply, from a server with OpenAI's interface."""
    address = urlsplit(wish["llm_url"])
    body = {"model": "local", "messages": talk, "stream": True, "temperature": 0.0}
    body |= {"max_tokens": wish["reply_tokens"]}
    line = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    headers = {"Content-Type": "application/json"}
    line.request("POST", f"{address.path}/chat/completions", json.dumps(body), headers)
    for raw in line.getresponse():
        if raw.startswith(b"data: {"):
            choice = json.loads(raw[6:])["choices"][0]
            if piece := choice["delta"].get("content"):
                yield piece
    line.close()


async def warm(side: Side, wish: dict[str, Any]) -> None:
    """Wait until both servers answer, and have each work once."""
    for port in wish["ports"]:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                async with AsyncTcpClient("127.0.0.1", port):
                    break
            except OSError:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.2)
    async with side._client(0) as ears:  # noqa: SLF001 - of this module
        await ears.write_event(Transcribe(language="en").event())
        await ears.write_event(AudioStart(RATE, 2, 1).event())
        noise = np.zeros(RATE, np.int16)
        await ears.write_event(AudioChunk(RATE, 2, 1, noise.tobytes()).event())
        await ears.write_event(AudioStop().event())
        await transcript(ears)


async def converse(lines: Lines, wish: dict[str, Any]) -> None:
    """Answer turn after turn."""
    side = Side(wish)
    await warm(side, wish)
    names = ("wyoming-faster-whisper", "wyoming-piper")
    version = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    lines.say({"ready": True, "version": version, "settings": SETTINGS})
    while (turn := await asyncio.to_thread(lines.next)) is not None:
        lines.say(await side.turn(turn["audio"], pace.Meter(turn["pids"])))


def main() -> None:
    """Start the servers, converse, and end them."""
    lines = Lines()
    wish = {"beam": 1, **lines.settings()}
    with tempfile.TemporaryDirectory() as home:
        start = [sys.executable, str(HERE / "said.py")]
        running = [subprocess.Popen([*start, *server]) for server in servers(wish, home)]
        try:
            asyncio.run(converse(lines, wish))
        finally:
            for server in running:
                server.terminate()
            for server in running:
                server.wait(10)


if __name__ == "__main__":
    main()
