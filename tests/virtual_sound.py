"""A microphone and a loudspeaker without hardware: a private PulseAudio server for one test.

Usable as a context manager; several can run at once, as root too. Programs reach it through
`env`, which points ALSA's default device and PulseAudio's clients at the private socket.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

NEEDED = ("pulseaudio", "pactl", "pacat")
ALSA = """</usr/share/alsa/alsa.conf>
pcm.!default { type pulse hint { show on description "virtual" } }
ctl.!default { type pulse }
"""


def why_not() -> str:
    """Why no virtual sound device can be made here; empty where one can."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return f"needs {', '.join(missing)} (apt: pulseaudio pulseaudio-utils)"
    if not list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        return "needs ALSA's PulseAudio plugin (apt: libasound2-plugins)"
    return ""


class VirtualSound:
    """A loudspeaker `spk` and a microphone `mic`, on a server of their own.

    Args:
        rate: The loudspeaker's sample rate, and the microphone's, unless that has its own.
        channels: The loudspeaker's.
        mic_rate: The microphone's sample rate.
        mic_channels: The microphone's.
    """

    def __init__(
        self, rate: int = 48_000, channels: int = 2, mic_rate: int = 0, mic_channels: int = 1
    ) -> None:
        self.rate = rate
        self.channels = channels
        self.mic_rate = mic_rate or rate
        self.mic_channels = mic_channels
        self.folder = Path(tempfile.mkdtemp(prefix="sound-"))
        self.env = {
            "PULSE_SERVER": f"unix:{self.folder}/native",
            "PULSE_RUNTIME_PATH": str(self.folder),
            "PULSE_STATE_PATH": str(self.folder),
            "PULSE_CONFIG_PATH": str(self.folder),
            "PULSE_COOKIE": str(self.folder / "cookie"),
            "ALSA_CONFIG_PATH": str(self.folder / "alsa.conf"),
        }
        self.server: subprocess.Popen[bytes] | None = None
        self.modules: dict[str, str] = {}
        self.awake: dict[str, subprocess.Popen[bytes]] = {}
        self.children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        (self.folder / "alsa.conf").write_text(ALSA)
        (self.folder / "client.conf").write_text("autospawn = no\n")
        self.start()
        return self

    def start(self) -> None:
        """Start the server and plug both devices in; after a `kill_server`, once more."""
        (self.folder / "native").unlink(missing_ok=True)
        self.server = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1",
             "--realtime=yes", "--high-priority=yes", "--disallow-exit", "--log-target=null",
             "-L", f"module-native-protocol-unix socket={self.folder}/native auth-anonymous=1"],
            env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._wait_for_server()
        self.add_speaker()
        self.add_microphone()
        self._keep_awake("spk")
        self._keep_awake("feed")

    def __exit__(self, *_: object) -> None:
        for child in self.children:
            child.kill()
            child.wait()
        self.kill_server()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a program that is to use this sound device."""
        return {**os.environ, **self.env}

    def _wait_for_server(self) -> None:
        for _ in range(200):
            if self._pactl("info").returncode == 0:
                return
            time.sleep(0.02)
        raise RuntimeError("the private PulseAudio server did not start")

    def _pactl(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pactl", *words], env=self.environ, capture_output=True, text=True, check=False
        )

    def _load(self, name: str, *words: str) -> None:
        done = self._pactl("load-module", *words)
        assert done.returncode == 0, done.stderr
        self.modules[name] = done.stdout.strip()

    def _keep_awake(self, sink: str) -> None:
        """Record into nowhere: an idle null sink looks up only every two seconds.

        No real card does that, and the first frame would come that late.
        """
        command = ["pacat", "--record", f"--device={sink}.monitor", "--latency-msec=5"]
        nowhere = subprocess.DEVNULL
        child = subprocess.Popen(command, env=self.environ, stdout=nowhere, stderr=nowhere)
        self.awake[sink] = child
        self.children.append(child)
        self._pactl("suspend-sink", sink, "1")
        self._pactl("suspend-sink", sink, "0")

    def add_speaker(self) -> None:
        """Plug the loudspeaker in."""
        self._load("spk", "module-null-sink", "sink_name=spk", *_shape(self.rate, self.channels))
        self._pactl("set-default-sink", "spk")

    def add_microphone(self) -> None:
        """Plug the microphone in."""
        shape = _shape(self.mic_rate, self.mic_channels)
        self._load("feed", "module-null-sink", "sink_name=feed", *shape)
        self._load("mic", "module-remap-source", "source_name=mic", "master=feed.monitor")
        self._pactl("set-default-source", "mic")
        self._pactl("set-default-sink", "spk")

    def add_other_microphone(self) -> None:
        """Plug a second microphone in, which hears nothing, and make it the system's choice."""
        self._load("other", "module-null-source", "source_name=other", "rate=48000")
        self._pactl("set-default-source", "other")

    def unplug_microphone(self) -> None:
        """Pull the microphone out, with what feeds it."""
        self.remove("mic")
        self.remove("feed")

    def plug_microphone(self) -> None:
        """Plug it in again."""
        self.add_microphone()
        self._keep_awake("feed")

    def hear_the_loudspeaker(self) -> None:
        """Put the microphone before the loudspeaker."""
        self._load("air", "module-loopback", "source=spk.monitor", "sink=feed", "latency_msec=30")

    def turn_down(self, percent: int) -> None:
        """Set the loudspeaker's volume in the sound server."""
        self._pactl("set-sink-volume", "spk", f"{percent}%")

    def mute_microphone(self) -> None:
        """Mute it in the sound server."""
        self._pactl("set-source-mute", "mic", "1")

    def suspend_microphone(self, *, on: bool = True) -> None:
        """Have it send nothing, though it is there and the server answers; or go on."""
        self._pactl("suspend-source", "mic", str(int(on)))

    def remove(self, name: str) -> None:
        """Pull "spk", "mic" or "feed" out."""
        done = self._pactl("unload-module", self.modules.pop(name))
        assert done.returncode == 0, done.stderr
        if name in self.awake:  # else it would listen to another one, and 64 may listen
            self.awake.pop(name).kill()

    def stop_server(self) -> None:
        """Let the server hang, as a crashed sound system does."""
        assert self.server is not None
        self.server.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a stopped server run again."""
        assert self.server is not None
        self.server.send_signal(signal.SIGCONT)

    def kill_server(self) -> None:
        """End the server at once."""
        assert self.server is not None
        self.server.kill()
        self.server.wait()

    def source_outputs(self) -> list[dict[str, object]]:
        """Who records, as the server sees it."""
        found: list[dict[str, object]] = json.loads(
            self._pactl("-f", "json", "list", "source-outputs").stdout
        )
        return found

    def say(self, samples: npt.NDArray[np.float32], rate: int) -> subprocess.Popen[bytes]:
        """Speak mono samples into the microphone; returns at once."""
        return self._pacat("feed", samples, rate)

    def play(self, samples: npt.NDArray[np.float32], rate: int) -> subprocess.Popen[bytes]:
        """Have another program play mono samples on the loudspeaker; returns at once."""
        return self._pacat("spk", samples, rate)

    def _pacat(
        self, sink: str, samples: npt.NDArray[np.float32], rate: int
    ) -> subprocess.Popen[bytes]:
        path = self.folder / f"said{time.monotonic_ns()}.f32"
        path.write_bytes(np.asarray(samples, np.float32).tobytes())
        command = ["pacat", "--playback", f"--device={sink}", f"--rate={rate}", "--channels=1",
                   "--format=float32le", "--latency-msec=500"]  # fmt: skip
        with path.open("rb") as words:
            child = subprocess.Popen(
                command, env=self.environ, stdin=words, stderr=subprocess.DEVNULL
            )
        self.children.append(child)
        return child

    def listen(self) -> Tape:
        """Record what the loudspeaker plays, from now on; returns once sound flows."""
        tape = Tape(self)
        self.children.append(tape.child)
        return tape


def _shape(rate: int, channels: int) -> tuple[str, str]:
    return f"rate={rate}", f"channels={channels}"


def wait_for(fact: Callable[[], object], seconds: float = 5.0) -> float:
    """Wait until `fact` holds; gives how long that took."""
    began = time.monotonic()
    while not fact():
        if time.monotonic() > began + seconds:
            raise AssertionError(f"still not so after {seconds:.0f} s")
        time.sleep(0.01)
    return time.monotonic() - began


class Tape:
    """What the loudspeaker played, mono, at the loudspeaker's own rate."""

    def __init__(self, sound: VirtualSound) -> None:
        self.rate = sound.rate
        self.path = sound.folder / f"tape{time.monotonic_ns()}.f32"
        with self.path.open("wb") as out:
            self.child = subprocess.Popen(
                ["pacat", "--record", "--device=spk.monitor", f"--rate={sound.rate}",
                 "--channels=1", "--format=float32le", "--latency-msec=10"],
                env=sound.environ, stdout=out, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        for _ in range(500):
            if self.path.stat().st_size:
                return
            time.sleep(0.01)
        raise RuntimeError("nothing could be recorded from the virtual loudspeaker")

    def __len__(self) -> int:
        return self.path.stat().st_size // 4

    def so_far(self) -> npt.NDArray[np.float32]:
        """Everything recorded until now."""
        return np.frombuffer(self.path.read_bytes()[: 4 * len(self)], np.float32)

    def wait_until_quiet(self, seconds: float = 0.3, limit: float = 20.0) -> None:
        """Wait until sound came and was followed by `seconds` of silence."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            samples = self.so_far()
            loud = np.flatnonzero(np.abs(samples) > 1e-4)
            if len(loud) and len(samples) - loud[-1] > seconds * self.rate:
                return
            time.sleep(0.05)
        raise RuntimeError("the virtual loudspeaker did not fall silent")

    def sound(self) -> npt.NDArray[np.float32]:
        """What was recorded, from the first to the last sound."""
        samples = self.so_far()
        loud = np.flatnonzero(np.abs(samples) > 1e-4)
        return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]
