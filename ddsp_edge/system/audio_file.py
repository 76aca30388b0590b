"""Audio files: libsndfile (or ffmpeg, where it knows more) reads, soxr resamples."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import check_target, replacing, temporary_folder
from ddsp_edge.system.audio_cut import is_cut
from ddsp_edge.system.audio_kinds import FFMPEG_SUFFIXES, begins_like_audio, is_wave
from ddsp_edge.system.ffmpeg import declared_s, decode
from ddsp_edge.system.input_file import check_input
from ddsp_edge.system.mp3_length import Length, length_of
from ddsp_edge.system.stderr import quiet_stderr
from ddsp_edge.units import db_to_gain

#: Longer input would not fit into memory (an hour at 48 kHz takes 2 GB to render).
MAX_SECONDS = 3600
LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
WRITERS = {".wav": ("WAV", "PCM_24"), ".flac": ("FLAC", "PCM_24")}
#: Where the mean of the channels is so far below the loudest one, in dB, that one is taken: they
#: cancel each other, or the others are silent.
CANCELLED_DB = 5.0
#: Channels of which none is silent cancel each other where the power of their mean is so small a
#: part of what it would be were they not alike, and so for this part of the file's power.
CANCELLED_PART, CANCELLED_OF_FILE = 0.1, 0.1
_PIECE = 4096  #: samples of each channel that are looked at together
CUT = "the file ends too soon, before the length that its header says"
ESTIMATE_S = 0.25  #: so much less of an MP3 file may be read than its frames hold: delay, padding
_BLOCK = 1 << 18  #: samples read at once, of all channels together


@dataclass(frozen=True)
class Sound:
    """The sound that an audio file holds, at its own rate."""

    samples: np.ndarray  #: (samples,) float32, one channel
    rate: int  #: Hz
    remarks: tuple[str, ...] = ()  #: what the user should know


def read_audio(
    path: Path | str, rate: int, say: Callable[[str], None] = lambda _: None
) -> np.ndarray:
    """Any file libsndfile or ffmpeg knows, (samples,) float32 mono at ``rate`` Hz.

    Channels are averaged, see :func:`read_sound`; ``say`` is told its remarks, a line each.
    Raises UserError.
    """
    sound = read_sound(path)
    for remark in sound.remarks:
        say(f"{path}: {remark}")
    return resample(sound.samples, sound.rate, rate)


def resample(mono: np.ndarray, source_rate: int, rate: int) -> np.ndarray:
    """(samples,) float32 at ``rate``, exactly as long. Raises UserError where soxr is needed and is
    not there: 32-bit Debian has no package of it."""
    if source_rate != rate:
        try:
            import soxr
        except ImportError:
            raise UserError(
                f"resampling from {source_rate} to {rate} Hz needs soxr: pip install soxr, "
                f"or give a file at {rate} Hz"
            ) from None
        samples = max(1, round(len(mono) * rate / source_rate))
        mono = soxr.resample(mono, source_rate, rate, "HQ")[:samples]
        mono = np.pad(mono, (0, samples - len(mono)))
    return np.ascontiguousarray(mono, np.float32)


def read_sound(path: Path | str) -> Sound:
    """Read a file at its own rate; what libsndfile cannot read, ffmpeg tries where it is there.

    The channels are averaged, but where the mean is far below the loudest one (they cancel, or
    the others are silent) that one is taken, and ``remarks`` say so. Raises UserError.
    """
    path = check_input(path)
    try:
        if path.stat().st_size == 0:
            raise UserError(
                f"{path}: cannot be read as audio (it is empty); record or copy it again"
            )
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({_reason(error)})") from None
    if path.suffix.lower() in FFMPEG_SUFFIXES:
        return _read_ffmpeg(path)
    try:
        return _read_sndfile(path, path)
    except _Unreadable as refused:
        if not begins_like_audio(path):  # ffmpeg would find nothing either, after a tenth second
            raise UserError(str(refused)) from None
        if shutil.which("ffmpeg") is None:
            raise UserError(f"{refused} (with ffmpeg installed more can be read)") from None
        # A recorder that was interrupted leaves the size 0 in RF64 files too: ffmpeg believes it.
        for options in ([], ["-ignore_length", "1"]) if is_wave(path) else ([],):
            try:
                return _read_ffmpeg(path, options)
            except UserError:
                pass
        raise UserError(str(refused)) from None


def _read_ffmpeg(path: Path, options: Sequence[str] = ()) -> Sound:
    with temporary_folder(str(path)) as folder:
        wav, said = decode(path, folder, MAX_SECONDS + 1, options)
        sound = _read_sndfile(wav, path)
    missing_s = declared_s(said) - len(sound.samples) / sound.rate
    remark = ""
    if missing_s > 0.1:  # more than an encoder's delay
        remark = _ends_too_soon(missing_s)
    elif is_cut(path):
        remark = CUT
    elif "[error]" in said:
        remark = "parts of it cannot be decoded: it is damaged, or it ends too soon"
    return replace(sound, remarks=(*sound.remarks, remark)) if remark else sound


class _Unreadable(UserError):
    """libsndfile finds no sound in a file; ffmpeg may."""


def _read_sndfile(file_path: Path, path: Path) -> Sound:
    try:
        # libmpg123 tells of damage on stderr; we say it in one line ourselves.
        with quiet_stderr(), soundfile.SoundFile(file_path) as file:
            source_rate = file.samplerate
            if not LOWEST_RATE <= source_rate <= HIGHEST_RATE:
                raise UserError(
                    f"{path}: its sample rate is {source_rate} Hz; convert it to 44100 or 48000"
                )
            mono, remarks = _read_mono(file, path)
            is_mp3 = file.format == "MP3"
    except (OSError, ValueError, RuntimeError) as error:  # LibsndfileError is the last
        raise _Unreadable(
            f"{path}: cannot be read as audio ({_reason(error)}); give a wav, flac, ogg, mp3 or "
            "aiff file"
        ) from None
    if len(mono) == 0:
        raise _Unreadable(f"{path}: holds no sound (0 samples); record it again")
    if not np.all(np.isfinite(mono)):
        raise UserError(f"{path}: holds samples that are not numbers; export it again")
    mp3 = length_of(file_path) if is_mp3 else Length(0.0, 0.0)
    # libsndfile reads as much of an MP3 file as it estimates: too little of a variable bit rate.
    if mp3.found_s > len(mono) / source_rate + ESTIMATE_S:
        try:
            whole = _read_ffmpeg(path)
            mono, source_rate, remarks = whole.samples, whole.rate, [*whole.remarks]
        except UserError:
            remarks.append(
                f"only {len(mono) / source_rate:.3g} of its {mp3.found_s:.3g} s are read, since it "
                "has no header that says its length; save it as wav or flac, or install ffmpeg"
            )
    if any("too soon" in remark for remark in remarks):
        pass
    elif mp3.missing_s > 0:
        remarks.append(_ends_too_soon(mp3.missing_s))
    elif is_cut(file_path):
        remarks.append(CUT)
    return Sound(mono, source_rate, tuple(remarks))


def knows_header(path: Path) -> bool:
    """Whether libsndfile knows how a file begins; the rest may still be missing."""
    try:
        with quiet_stderr(), soundfile.SoundFile(path):
            return True
    except (OSError, ValueError, RuntimeError):
        return False


def _read_mono(file: soundfile.SoundFile, path: Path) -> tuple[np.ndarray, list[str]]:
    """By blocks: what the header says of the length is not believed."""
    blocks, total = [], 0
    energy, mean_energy, cancelled = np.zeros(file.channels), 0.0, 0.0
    while True:
        block = file.read(max(1, _BLOCK // file.channels), dtype="float32", always_2d=True)
        if len(block) == 0:
            break
        total += len(block)
        if total > MAX_SECONDS * file.samplerate:
            raise UserError(f"{path}: is longer than an hour ({MAX_SECONDS} s); cut it")
        with np.errstate(over="ignore", invalid="ignore"):  # the caller looks for such samples
            blocks.append(block.mean(axis=1))
            pieces = np.arange(0, len(block), _PIECE)
            power = np.add.reduceat(np.square(block, dtype=np.float64), pieces, axis=0)
            mean_power = np.add.reduceat(np.square(blocks[-1], dtype=np.float64), pieces)
            energy += power.sum(axis=0)
            mean_energy += float(mean_power.sum())
            together = power.sum(axis=1)
            alone = CANCELLED_PART * together / file.channels**2
            cancelled += float(together[mean_power < alone].sum())
    remarks = []
    # Of an MP3 file libsndfile only estimates the length (mp3_length.py counts its frames).
    if file.format != "MP3" and file.frames < 1 << 40 and total < 0.999 * file.frames:
        remarks.append(_ends_too_soon((file.frames - total) / file.samplerate))
    loudest = int(np.argmax(energy))
    limit = float(energy[loudest]) * db_to_gain(-CANCELLED_DB) ** 2
    cancels = mean_energy < limit or cancelled > CANCELLED_OF_FILE * float(energy.sum())
    if file.channels > 1 and np.isfinite(limit) and cancels:
        file.seek(0)
        blocks, left = [], total
        while left > 0:
            size = min(left, max(1, _BLOCK // file.channels))
            block = file.read(size, dtype="float32", always_2d=True)
            if len(block) == 0:
                break
            blocks.append(block[:, loudest].copy())
            left -= len(block)
        remarks.append(
            f"its {file.channels} channels cancel each other or are mostly silent: channel "
            f"{loudest + 1}, the loudest, is taken"
        )
    return (np.concatenate(blocks) if blocks else np.zeros(0, np.float32)), remarks


def _ends_too_soon(missing_s: float) -> str:
    return f"the file ends too soon: {missing_s:.2g} s of it are missing"


def _reason(error: Exception) -> str:
    text = getattr(error, "error_string", None) or str(error)
    if "internal error" in text.lower():
        return "its header is damaged"
    if "does not exist" in text:  # what libsndfile says where nothing in the file is known to it
        return "nothing in it is sound"
    return " ".join(text.split()).rstrip(".")


def check_writable(path: Path | str, *inputs: Path | str) -> Path:
    """The path, if :func:`write_audio` will be able to write there. Raises UserError."""
    if Path(path).suffix.lower() not in WRITERS:
        raise UserError(f"{path}: output is written as {' or '.join(WRITERS)}; name it so")
    return check_target(path, *inputs)


def write_audio(path: Path | str, audio: np.ndarray, rate: int) -> None:
    """(samples,) or (samples, channels) as 24-bit wav or flac, all or nothing. Raises UserError.

    Samples beyond +-1 are clipped.
    """
    path = check_writable(path)
    kind, subtype = WRITERS[path.suffix.lower()]
    try:
        with replacing(path) as stream:
            # In memory first: a full disk under libsndfile's own writes is a traceback of cffi's.
            whole = io.BytesIO()
            soundfile.write(whole, np.clip(audio, -1.0, 1.0), rate, format=kind, subtype=subtype)
            stream.write(whole.getbuffer())
    except soundfile.LibsndfileError as error:
        raise UserError(f"{path}: cannot be written ({_reason(error)})") from None
