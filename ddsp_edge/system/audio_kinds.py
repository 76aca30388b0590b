"""Which files are audio: by their suffix, or by the bytes that they begin with."""

from __future__ import annotations

from pathlib import Path

#: What libsndfile reads.
SNDFILE_SUFFIXES = {
    ".wav",
    ".flac",
    ".ogg",
    ".oga",
    ".opus",
    ".mp3",
    ".aif",
    ".aiff",
    ".caf",
    ".au",
}
#: What the ffmpeg program reads for us.
FFMPEG_SUFFIXES = {
    ".m4a",
    ".mp4",
    ".aac",
    ".wma",
    ".webm",
    ".mka",
    ".mkv",
    ".mov",
    ".ape",
    ".3gp",
    ".ac3",
    ".amr",
    ".dsf",
    ".tta",
    ".wv",
}
#: What rendering and training both read; they also read other names, see :func:`begins_like_audio`.
AUDIO_SUFFIXES = SNDFILE_SUFFIXES | FFMPEG_SUFFIXES
#: The demuxers that ffmpeg may use. None of them reads a file that names others (a playlist).
FFMPEG_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,aac,asf,matroska,webm,ape,wav,w64,aiff,caf,au,flac,ogg,mp3,"
    "ac3,eac3,amr,dsf,mpc,mpc8,tak,tta,wv"
)
#: How the files of these formats begin: (offset, bytes).
_MAGIC = (
    (8, b"WAVE"),  # after RIFF, RIFX, RF64 or BW64 and a size
    (0, b"FORM"),  # AIFF
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"ID3"),  # a tag before MP3, AAC or FLAC
    (0, b"caff"),
    (0, b".snd"),  # AU
    (0, b"MAC "),  # Monkey's Audio
    (0, b"riff\x2e\x91\xcf\x11"),  # Wave64
    (0, b"\x1a\x45\xdf\xa3"),  # Matroska and WebM
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),  # ASF: WMA
    (4, b"ftyp"),  # MP4, M4A, 3GP
    (4, b"moov"),  # QuickTime without a type
    (4, b"mdat"),
    (4, b"wide"),
    (0, b"\x0b\x77"),  # AC-3
    (0, b"#!AMR"),
    (0, b"DSD "),
    (0, b"MP+"),  # Musepack
    (0, b"MPCK"),
    (0, b"tBaK"),  # TAK
    (0, b"TTA1"),
    (0, b"wvpk"),  # WavPack
)
_RIFF = (b"RIFF", b"RIFX", b"RF64", b"BW64")
#: MP3 files may begin with zeros, where an encoder's delay or a tag was wiped.
_SEARCHED = 1 << 16


def begins_like_audio(path: Path) -> bool:
    """Whether a file begins as one of the formats above does. False where it cannot be read.

    A pipe or a device is not opened, nor what has no size: such files of the kernel may wait.
    """
    try:
        if not path.is_file() or path.stat().st_size == 0:
            return False
        with path.open("rb") as stream:
            head = stream.read(_SEARCHED)
    except (OSError, ValueError):
        return False
    for offset, magic in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return offset != 8 or head.startswith(_RIFF)
    return _is_mpeg_frame(head.lstrip(b"\0")[:3])


def is_wave(path: Path) -> bool:
    """Whether a regular file begins as RIFF, RIFX, RF64 or BW64. False where it cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size == 0:
            return False
        with path.open("rb") as stream:
            return stream.read(4) in _RIFF
    except (OSError, ValueError):
        return False


def _is_mpeg_frame(head: bytes) -> bool:
    """Whether three bytes are the start of a frame of MP3, MP2 or AAC (ADTS)."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2]
    if layer == 0:  # ADTS has a sync word of twelve bits, and 13 sample rates
        return version >= 2 and rate >> 2 & 15 <= 12
    # Layer I (3) is not made by any encoder in use, and would be a text that begins with a BOM.
    return version != 1 and layer != 3 and rate >> 4 != 15 and rate >> 2 & 3 != 3
