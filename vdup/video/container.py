"""Opens media files with FFmpeg: regular files, by their own content, and nothing that they refer to.

FFmpeg takes more for an input than files. A name may be a protocol (``http:``, ``concat:``) or a pattern of numbered
images, and a file may be a list of others, whatever it is called. So names are given as absolute ones behind the
protocol of files, no other protocol is allowed, and the kinds of files come from a list.
"""

from pathlib import Path

import av
from av.container import InputContainer

from vdup.errors import VideoOpenError
from vdup.regular_file import open_regular
from vdup.video.damage import describe_damage, unreadable_reason

VIDEO_DEMUXERS = (
    "apv", "asf", "asf_o", "av1", "avi", "avs2", "avs3", "bink", "cavsvideo", "dhav", "dirac", "dnxhd", "dv", "evc",
    "flic", "flv", "gxf", "h261", "h263", "h264", "hevc", "ivf", "ivr", "kux", "live_flv", "lxf", "m4v", "matroska",
    "mjpeg", "mjpeg_2000", "mov", "mpeg", "mpegts", "mpegvideo", "mxf", "nsv", "nut", "nuv", "obu", "ogg", "pva", "rm",
    "smjpeg", "smk", "swf", "ty", "vc1", "vc1test", "vivo", "vvc", "wtv", "yuv4mpegpipe",
)  # fmt: skip
"""FFmpeg's names of the kinds of videos that are read. None of them opens another file."""
PICTURE_DEMUXERS = (
    "apng", "bmp_pipe", "gif", "gif_pipe", "jpeg_pipe", "jpegxl_anim", "jpegxl_pipe", "pgm_pipe", "png_pipe",
    "ppm_pipe", "tiff_pipe", "webp_pipe",
)  # fmt: skip
"""Likewise of single pictures, which are videos of one frame."""
SOUND_DEMUXERS = (
    "aac", "ac3", "aiff", "amr", "ape", "au", "caf", "dts", "eac3", "flac", "mp3", "tta", "w64", "wav", "wv",
)  # fmt: skip
"""Likewise of sound, so that a file of it can be told from one that is no media file."""

_OPTIONS = {
    "format_whitelist": ",".join((*VIDEO_DEMUXERS, *PICTURE_DEMUXERS, *SOUND_DEMUXERS)),
    "protocol_whitelist": "file",
}
_NOT_ON_THE_LIST = "the file is of a kind that is not read; give a video such as MP4, Matroska, AVI or MPEG"
_JPEG_SUFFIXES = frozenset((".jpeg", ".jpg"))
_JPEG_HEAD = b"\xff\xd8\xff"


def media_url(path: Path) -> str:
    """The name of a file as FFmpeg takes it for that file and nothing else, whatever stands in it."""
    return f"file:{path.absolute()}"


def open_container(path: Path) -> InputContainer:
    """Opens a media file and nothing that it refers to.

    Raises:
        VideoOpenError: the file is missing, unreadable, not a media file, or of a kind that is not read, such as a
            list of other files; the text says which.
    """
    reason = unreadable_reason(path)
    if reason is not None:
        raise VideoOpenError(path, reason)
    try:
        return av.open(media_url(path), format=_forced_demuxer(path), metadata_errors="replace", options=_OPTIONS)
    except av.error.ArgumentError as error:  # what FFmpeg answers where the kind is not on the list
        raise VideoOpenError(path, describe_damage(path, _NOT_ON_THE_LIST)) from error
    except av.FFmpegError as error:
        raise VideoOpenError(path, describe_damage(path)) from error


def _forced_demuxer(path: Path) -> str | None:
    """The demuxer of JPEG pictures for one of them; by its name FFmpeg would take it for a pattern of others."""
    if path.suffix.lower() not in _JPEG_SUFFIXES:
        return None
    with open_regular(path) as file:
        return "jpeg_pipe" if file.read(len(_JPEG_HEAD)) == _JPEG_HEAD else None
