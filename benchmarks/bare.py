"""The engines alone in one process, with our settings: what they take of memory (P26).

    python benchmarks/bare.py WHISPER LLM.gguf VOICE.onnx MINILM

Loads each, has it work once, and prints {"anon": bytes, "file": bytes}. Nothing of Companion is
used.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import chromadb
import ctranslate2
import faster_whisper
import llama_cpp
import numpy as np
import onnxruntime
import piper
from faster_whisper.vad import get_speech_timestamps


def memory() -> dict[str, int]:
    """Bytes of this process in memory: its own, and of files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if "Rss" in line}
    return {"anon": found["RssAnon"], "file": found["RssFile"]}


def main(whisper_path: str, llm_path: str, voice_path: str, minilm_path: str) -> None:
    """Load, use, tell."""
    whisper = faster_whisper.WhisperModel(
        whisper_path, device="cpu", compute_type="int8", cpu_threads=2
    )
    states = whisper.encode(np.zeros((80, 656), np.float32))
    whisper.model.generate(states, [[50258, 50259, 50359, 50363]], beam_size=1, max_length=20)
    get_speech_timestamps(np.zeros(16_000, np.float32))
    llm = llama_cpp.Llama(
        llm_path, n_ctx=2048, n_batch=256, n_threads=1, n_threads_batch=2, verbose=False
    )
    llm.eval(list(range(100, 650)))
    for token in range(42):
        llm.eval([token])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(voice_path, options, ["CPUExecutionProvider"])
    config = json.loads(Path(f"{voice_path}.json").read_text())
    voice = piper.PiperVoice(session=session, config=piper.PiperConfig.from_dict(config))
    for sentence in ("Well, what a lovely thought!", "I walked down the street. " * 4):
        list(voice.synthesize(sentence))
    encoder = ctranslate2.Encoder(minilm_path, device="cpu", intra_threads=1)
    encoder.forward_batch([list(range(100, 120))])
    store = chromadb.PersistentClient(tempfile.mkdtemp())
    lines = store.create_collection("lines", embedding_function=None)
    vectors = np.random.default_rng(0).standard_normal((16, 384)).astype(np.float32)
    lines.add(ids=[str(n) for n in range(16)], embeddings=vectors)
    lines.query(vectors[:1], n_results=5)
    print(json.dumps(memory()))


if __name__ == "__main__":
    main(*sys.argv[1:5])
