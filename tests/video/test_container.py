import http.server
import io
import threading
import wave
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image
from vdup.train.material.video_windows import WindowReader
from video_factory import numbered_picture, read_number, regular_times, write_numbered, write_pictures, write_sound_only

from vdup.errors import NoVideoStreamError, VideoOpenError
from vdup.video.container import PICTURE_DEMUXERS, SOUND_DEMUXERS, VIDEO_DEMUXERS
from vdup.video.pyav import PyAVReader
from vdup.video.reader import open_video

FAST = {"preset": "ultrafast", "g": "5"}
OWN, OTHER = 500, 0
"""First number of the pictures of the file that is asked for, and of the one that it must not be taken for."""
COUNT = 10
NO_FILE = 1
"""AVFMT_NOFILE, the flag of demuxers that open what they read themselves."""


def write(path: Path, first: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = [numbered_picture(first + number) for number in range(COUNT)]
    container = None if path.suffix else "mp4"
    write_pictures(path.absolute(), pictures, regular_times(COUNT, 25), options=FAST, container=container)


def first_numbers(path: Path) -> list[int]:
    """Number of the first picture by every reader that takes the file."""
    numbers = []
    for reader in (open_video(path), PyAVReader(path)):
        with reader:
            numbers.append(read_number(next(iter(reader.frames_at(1)))[1]))
    with closing(WindowReader(path, 320)) as windows:
        window = windows.around(0.0, 0.01)
        assert window is not None
        numbers.append(read_number(window.pictures[0]))
    return numbers


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with ``other.mp4`` and ``other.ts`` in it."""
    monkeypatch.chdir(tmp_path)
    write(Path("other.mp4"), OTHER)
    write(Path("other.ts"), OTHER)
    return tmp_path


class TestNamesThatAreProtocols:
    @pytest.mark.parametrize(
        "name",
        [
            "concat:other.mp4",
            "file:other.mp4",
            "cache:other.mp4",
            "subfile,,start,0,end,0,,:other.mp4",
            "crypto:other.mp4",
            "-",
        ],
    )
    def test_the_file_of_that_name_is_read(self, here: Path, name: str) -> None:
        write(Path(name), OWN)
        assert first_numbers(Path(name)) == [OWN] * 3

    def test_nothing_is_asked_for_over_the_network(self, here: Path) -> None:
        asked: list[str] = []

        class Server(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                path = Path(f"http:/127.0.0.1:{server.server_port}/x.mp4")
                write(path, OWN)
                numbers = first_numbers(path)
                Path("list.m3u8").write_text(playlist(f"http://127.0.0.1:{server.server_port}/other.ts"))
                with pytest.raises(VideoOpenError):
                    open_video(Path("list.m3u8"))
            finally:
                server.shutdown()
                thread.join()
        assert numbers == [OWN] * 3
        assert asked == []


def playlist(entry: str) -> str:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.4,\n{entry}\n#EXT-X-ENDLIST\n"


CAPTION = '{"duration": 9, "content": "a", "startOfParagraph": true, "startTime": 0}'
LISTS = {
    "playlist.m3u8": playlist("other.ts"),
    "whole.m3u8": playlist("other.mp4"),
    "playlist.mp4": playlist("other.ts"),
    "script.mp4": "ffconcat version 1.0\nfile other.mp4\n",
    "script.ffconcat": "ffconcat version 1.0\nfile other.mp4\n",
    "marked.mp4": "\ufeffffconcat version 1.0\nfile other.mp4\n",
    "winamp.mp4": "[playlist]\nFile1=other.mp4\n",
    "manifest.mp4": '<?xml version="1.0"?>\n<MPD profiles="urn:mpeg:dash:profile:isoff-live:2011"></MPD>\n',
}
TEXTS = {
    "captions.mp4": f'{{"captions": [{CAPTION}, {CAPTION}]}}',
    "session.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "subtitles.idx": "# VobSub index file, v7\nid: en, index: 0\n",
    "picture.mp4": '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"></svg>',
}


class TestFilesThatNameOthers:
    @pytest.mark.parametrize("name", LISTS)
    def test_lists(self, here: Path, name: str) -> None:
        Path(name).write_text(LISTS[name], encoding="utf-8")
        with pytest.raises(VideoOpenError, match=r"is a playlist, .* give the videos themselves"):
            open_video(Path(name))

    @pytest.mark.parametrize("name", TEXTS)
    def test_other_texts(self, here: Path, name: str) -> None:
        Path(name).write_text(TEXTS[name], encoding="utf-8")
        with pytest.raises(VideoOpenError, match="holds text, not a video"):
            open_video(Path(name))

    def test_name_that_is_a_pattern_of_pictures(self, here: Path) -> None:
        for number in range(3):
            Image.fromarray(numbered_picture(number)).save(f"{number}.png")
        Image.fromarray(numbered_picture(OWN)).save("%d.png")
        with pytest.raises(VideoOpenError, match="of a kind that is not read"):
            open_video(Path("%d.png"))

    @pytest.mark.parametrize("name", ["%d.jpg", "alone.JPEG"])
    def test_a_photograph_is_read_by_itself(self, here: Path, name: str) -> None:
        Image.fromarray(numbered_picture(OTHER)).save("0.jpg", quality=95)
        Image.fromarray(numbered_picture(OWN)).save(name, quality=95)
        with open_video(Path(name)) as reader:
            [(time, picture)] = reader.frames_at(1)
        assert (time, read_number(picture)) == (0.0, OWN)

    def test_signs_of_patterns_in_the_name_of_a_video(self, here: Path) -> None:
        path = Path("100% [%d] {a,b} *?.mp4")
        write(path, OWN)
        assert first_numbers(path) == [OWN] * 3

    def test_none_of_these_is_on_the_list(self) -> None:
        allowed = {*VIDEO_DEMUXERS, *PICTURE_DEMUXERS, *SOUND_DEMUXERS}
        following = {
            "avisynth", "concat", "dash", "data", "ffmetadata", "hls", "image2", "image2pipe", "imf", "lavfi", "mlv",
            "rawvideo", "rtp", "rtsp", "sap", "sdp", "svg_pipe", "tedcaptions", "tty", "vapoursynth", "vobsub",
            "webm_dash_manifest",
        }  # fmt: skip
        assert not allowed & following
        assert not {name for name in allowed if "," in name}
        devices = {name for name in av.formats_available if name in allowed and _is_device(name)}
        assert devices == set()


def _is_device(name: str) -> bool:
    try:
        return bool(av.format.ContainerFormat(name, "r").flags & NO_FILE)
    except ValueError:  # of this name something can be written only
        return False


USUAL = {
    "x.mp4": ("libx264", None),
    "x.mov": ("libx264", None),
    "x.3gp": ("libx264", None),
    "x.f4v": ("libx264", None),
    "x.mkv": ("libx264", None),
    "x.webm": ("libvpx", None),
    "x.ivf": ("libvpx", None),
    "x.avi": ("mpeg4", None),
    "x.divx": ("mpeg4", "avi"),
    "x.flv": ("flv", None),
    "x.wmv": ("wmv2", "asf"),
    "x.ts": ("libx264", None),
    "x.m2ts": ("libx264", "mpegts"),
    "x.mpg": ("mpeg1video", "mpeg"),
    "x.vob": ("mpeg2video", "vob"),
    "x.m2v": ("mpeg2video", "mpeg2video"),
    "x.m4v": ("mpeg4", "m4v"),
    "x.h264": ("libx264", "h264"),
    "x.hevc": ("libx265", "hevc"),
    "x.mxf": ("mpeg2video", None),
    "x.nut": ("mpeg4", "nut"),
    "x.ogm": ("libvpx", "ogg"),
    "x.rm": ("rv10", "rm"),
    "x.wtv": ("mpeg2video", "wtv"),
    "x.y4m": ("rawvideo", "yuv4mpegpipe"),
}


@pytest.mark.parametrize("name", USUAL)
def test_usual_kinds_are_read(tmp_path: Path, name: str) -> None:
    codec, container = USUAL[name]
    path = tmp_path / name
    write_numbered(path, regular_times(COUNT, 25), codec=codec, container=container, time_base=Fraction(1, 25))
    with open_video(path) as reader:
        assert read_number(next(iter(reader.frames_at(1)))[1]) == 0


def test_pictures_in_a_row_are_read(tmp_path: Path) -> None:
    pictures = [Image.fromarray(numbered_picture(number)) for number in range(COUNT)]
    pictures[0].save(tmp_path / "x.gif", save_all=True, append_images=pictures[1:], duration=40)
    stream = io.BytesIO()
    for picture in pictures:
        picture.save(stream, "JPEG")
    (tmp_path / "x.mjpeg").write_bytes(stream.getvalue())
    for name in ("x.gif", "x.mjpeg"):
        with open_video(tmp_path / name) as reader:
            assert [read_number(picture) for _, picture in reader.frames_at(25)] == list(range(COUNT))


def test_sound_is_told_from_what_is_no_media_file(tmp_path: Path) -> None:
    for name in ("x.mp4", "x.mkv", "x.aac"):
        write_sound_only(tmp_path / name)
    with wave.open(str(tmp_path / "x.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(range(256)) * 40)
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(NoVideoStreamError, match="sound only"):
            open_video(path)
