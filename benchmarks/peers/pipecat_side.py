"""Pipecat's side: its own Whisper and Piper services and a model server, in one pipeline.

    .peers/pipecat/bin/python pipecat_side.py        (started by side_by_side.py, which see)

"explicit": the key's edges come as the frames that pipecat's own detectors send, and the turn
ends with the transcript (`user_speech_timeout` 0): nothing waits for silence. "default": Silero
and the turn analyzer of `UserTurnStrategies()`, as in pipecat's own local example. There is no
output transport behind the voice, which spares pipecat its 40 ms chunks.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import time
from pathlib import Path
from typing import Any

import pace
import said
from lines import Lines
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
    TTSTextFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.piper.tts import PiperTTSService
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.transcriptions.language import Language
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

SETTINGS = {
    "explicit": "Whisper int8, English; the turn ends with the transcript; voice by sentence",
    "default": "Whisper int8, English; Silero and Smart Turn v3; voice by sentence",
}
RATE = 16_000
QUIET_AFTER = 4.0
"""Seconds of silence that follow a recording where the peer itself finds its end."""


class Sink(FrameProcessor):
    """The end of the pipeline: plays the voice, and notes what was heard and said."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.begin()

    def begin(self, meter: pace.Meter | None = None) -> None:
        """A new turn."""
        self.speaker = pace.Loudspeaker(meter or pace.Meter())
        self.heard: list[str] = []
        self.said: list[str] = []
        self.over = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Look at a frame and pass it on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            self.speaker.play_pcm(frame.audio, frame.sample_rate)
        elif isinstance(frame, TranscriptionFrame):
            self.heard.append(frame.text)
        elif isinstance(frame, TTSTextFrame):
            self.said.append(frame.text)
        elif isinstance(frame, TTSStoppedFrame) and self.speaker.seconds:
            self.over.set()
        await self.push_frame(frame, direction)


class Side:
    """One pipeline, kept for all turns."""

    def __init__(self, wish: dict[str, Any]) -> None:
        self.explicit = wish["endpoint"] == "explicit"
        self.ears, self.voice = Sink("after ears"), Sink("after voice")
        voice = Path(wish["voice"])
        stt = WhisperSTTService(
            device="cpu",
            compute_type="int8",
            settings=WhisperSTTService.Settings(model=wish["whisper"], language=Language.EN),
        )
        llm = OpenAILLMService(
            api_key="none",
            base_url=wish["llm_url"],
            settings=OpenAILLMService.Settings(
                model="local",
                system_instruction=wish["card"],
                temperature=0.0,
                max_tokens=wish["reply_tokens"],
            ),
        )
        tts = PiperTTSService(
            download_dir=voice.parent, settings=PiperTTSService.Settings(voice=voice.stem)
        )
        user, character = LLMContextAggregatorPair(LLMContext(), user_params=self._turns())
        stages = [stt, self.ears, user, llm, tts, self.voice, character]
        out = wish["voice_rate"]
        params = PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=out)
        self.worker = PipelineWorker(Pipeline(stages), params=params, idle_timeout_secs=None)

    def _turns(self) -> LLMUserAggregatorParams:
        if not self.explicit:
            return LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
        stop = SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.0)
        strategies = UserTurnStrategies(start=[VADUserTurnStartStrategy()], stop=[stop])
        return LLMUserAggregatorParams(user_turn_strategies=strategies, audio_idle_timeout=0)

    async def turn(self, audio: str, meter: pace.Meter) -> dict[str, Any]:
        """Speak a recording into the pipeline, and listen."""
        replay = pace.Replay(*pace.read(audio))
        self.ears.begin()
        self.voice.begin(meter)
        began = time.monotonic()
        if self.explicit:
            await self.worker.queue_frame(VADUserStartedSpeakingFrame())
        await self._speak(replay.blocks(), began)
        released = began + replay.seconds
        meter.start()
        if self.explicit:
            await self.worker.queue_frame(VADUserStoppedSpeakingFrame())
        after = 0.0 if self.explicit else QUIET_AFTER  # the key is up: nothing more is heard
        quiet = asyncio.create_task(self._speak(replay.silence(after), began))
        try:
            await asyncio.wait_for(self.voice.over.wait(), 60)
        except TimeoutError:
            logger.error("No speech came.")
        await quiet
        return {
            **self.voice.speaker.report(released),
            "heard": " ".join(self.ears.heard),
            "reply": " ".join(self.voice.said),
        }

    async def _speak(self, blocks: Any, began: float) -> None:  # noqa: ANN401 - an iterator
        for due, block in blocks:
            await asyncio.sleep(max(0.0, began + due - time.monotonic()))
            await self.worker.queue_frame(InputAudioRawFrame(block.tobytes(), RATE, 1))


async def talk(lines: Lines, wish: dict[str, Any]) -> None:
    """Answer turn after turn."""
    side = Side(wish)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(side.worker)
    running = asyncio.create_task(runner.run())
    await asyncio.sleep(1.0)
    version = importlib.metadata.version("pipecat-ai")
    lines.say({"ready": True, "version": version, "settings": SETTINGS[wish["endpoint"]]})
    while (turn := await asyncio.to_thread(lines.next)) is not None:
        lines.say(await side.turn(turn["audio"], pace.Meter(turn["pids"])))
    await side.worker.cancel()
    await running


if __name__ == "__main__":
    logger.remove()
    logger.add("pipecat.log", level="DEBUG")
    pipes = Lines()
    said.apply()
    asyncio.run(talk(pipes, pipes.settings()))
