"""Messages of a decoder are kept from the screen, noticed, and nobody else's are lost."""

import os

import pytest

from vdup.video.decoder_log import DecoderLog

MESSAGE = b"[h264 @ 0x5566512883c0] error while decoding MB 3 4\n"


def test_messages_are_noticed_and_do_not_reach_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    log = DecoderLog()
    assert not log.complained
    os.write(2, MESSAGE)
    assert log.complained
    log.close()
    log.close()
    assert not log.complained
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_what_is_no_message_of_the_decoder_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    log = DecoderLog()
    os.write(2, b"a warning\n")
    assert not log.complained
    os.write(2, MESSAGE + b"another [one]\n")
    log.close()
    assert capfd.readouterr().err == "a warning\nanother [one]\n"


def test_a_reader_knows_nothing_of_what_was_said_before(capfd: pytest.CaptureFixture[str]) -> None:
    first = DecoderLog()
    os.write(2, MESSAGE)
    second = DecoderLog()
    assert first.complained
    assert not second.complained
    first.close()
    os.write(2, MESSAGE)
    assert second.complained
    second.close()
    assert capfd.readouterr().err == ""


def test_a_log_that_nobody_closes_goes_with_its_owner(capfd: pytest.CaptureFixture[str]) -> None:
    log = DecoderLog()
    del log
    os.write(2, MESSAGE)
    assert capfd.readouterr().err == MESSAGE.decode()
