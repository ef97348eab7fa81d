"""Driver of the accelerator for PYNQ.

    from pynq import Overlay, allocate
    from vitdse_accel import VitAccel

    overlay = Overlay("design.bit")
    accel = VitAccel(overlay.vit_accel_top_0.mmio, allocate)
    accel.load_stream("stream.bin")
    logits = accel.run([image])[0]   # image: IMAGE_PIXELS bytes, row by row, channels innermost

It needs of PYNQ only an MMIO (read and write of 32-bit words) and allocate (a buffer with
device_address, flush and invalidate), and no numpy of its own.
"""

import struct
import time
import zlib

DESIGN_HASH = "<% .Hash %>"

# Registers: byte offsets.
<%- range .Registers %>
<% .Name %> = 0x<% printf "%02x" .Offset %>  # <% .Access %>, <% .Meaning %>
<%- end %>
<% range .Registers %><% $reg := .Name %><% range .Fields %>
<% $reg %>_<% .Name %> = 0x<% printf "%08x" .Mask %>  # <% .Meaning %>
<%- end %><% end %>

# Memory layout in bytes.
<%- with .Layout %>
ALIGN = <% .Align %>
ADDRESS_BITS = <% $.AddressBits %>
IMAGE_PIXELS = <% .ImagePixels %>
IMAGE_STRIDE = <% .ImageStride %>
STREAM_BYTES = <% .StreamBytes %>
STREAM_CRC32 = 0x<% printf "%08x" .StreamCRC32 %>
CLASSES = <% .Classes %>
RESULT_STRIDE = <% .ResultStride %>
<%- end %>


class AcceleratorError(Exception):
    """The accelerator, or what was given to it, is not as it has to be."""


# Buffers of runs that could not be stopped, of all objects of this process: the accelerator may still read and
# write them, so they are never given back.
_lost = []


class VitAccel:
    """The accelerator behind mmio; allocate gives it memory."""

    def __init__(self, mmio, allocate):
        self._mmio = mmio
        self._allocate = allocate
        self._stream = None
        self.cycles = None  # of the last run
        self.stalls = None
        found = "%08x%08x" % (mmio.read(HASH_HI), mmio.read(HASH_LO))
        if found != DESIGN_HASH[:16]:
            raise AcceleratorError(
                "the hardware is design %s, this driver is for %s: load the bitstream and "
                "the driver of one emitted folder" % (found, DESIGN_HASH[:16])
            )

    def load_stream(self, source):
        """Puts the weight stream, a file name or bytes, where the accelerator reads it."""
        if isinstance(source, (bytes, bytearray, memoryview)):
            data = bytes(source)
        else:
            with open(source, "rb") as f:
                data = f.read()
        if len(data) != STREAM_BYTES or zlib.crc32(data) != STREAM_CRC32:
            raise AcceleratorError(
                "the stream has %d bytes and CRC-32 %08x; design %s has %d bytes and %08x"
                % (len(data), zlib.crc32(data), DESIGN_HASH[:16], STREAM_BYTES, STREAM_CRC32)
            )
        self._stream = self._buffer(STREAM_BYTES)
        memoryview(self._stream)[:STREAM_BYTES] = data
        self._stream.flush()

    def run(self, images, timeout=10.0):
        """Runs the images, each IMAGE_PIXELS bytes, and gives a list of logits for each."""
        if self._stream is None:
            raise AcceleratorError("load_stream comes before run")
        if not images:
            return []
        source = self._buffer(len(images) * IMAGE_STRIDE)
        result = self._buffer(len(images) * RESULT_STRIDE)
        view = memoryview(source)
        for i, image in enumerate(images):
            pixels = bytes(image)
            if len(pixels) != IMAGE_PIXELS:
                raise AcceleratorError(
                    "image %d has %d bytes; expected %d" % (i, len(pixels), IMAGE_PIXELS)
                )
            view[i * IMAGE_STRIDE : (i + 1) * IMAGE_STRIDE] = pixels.ljust(IMAGE_STRIDE, b"\0")
        source.flush()
        self._start(source, result, len(images), timeout)
        result.invalidate()
        raw = bytes(memoryview(result))
        return [
            list(struct.unpack_from("<" + "i" * CLASSES, raw, i * RESULT_STRIDE))
            for i in range(len(images))
        ]

    def reset(self, timeout=1.0):
        """Stops a run that does not end, and waits until the bus is idle."""
        self._mmio.write(CONTROL, CONTROL_RESET)
        end = time.monotonic() + timeout
        while self._mmio.read(STATUS) & STATUS_BUSY:
            if time.monotonic() > end:
                raise AcceleratorError("the memory does not answer what was asked of it")

    def _stop(self, *buffers):
        """Stops a run that went wrong. Its buffers are the accelerator's until it is idle; if that cannot be
        had, as the memory does not answer or Ctrl-C comes again, they are kept for good."""
        kept = list(buffers) + [self._stream]
        _lost.extend(kept)
        self.reset()
        for buffer in kept:  # by identity: buffers may compare as arrays do
            del _lost[next(i for i, b in enumerate(_lost) if b is buffer)]

    def _buffer(self, size):
        buffer = self._allocate(shape=(size,), dtype="u1")
        address = buffer.device_address
        if address % ALIGN or address >> ADDRESS_BITS:
            raise AcceleratorError(
                "allocate gave address 0x%x; the accelerator needs a multiple of %d below 2^%d"
                % (address, ALIGN, ADDRESS_BITS)
            )
        return buffer

    def _start(self, source, result, images, timeout):
        if self._mmio.read(STATUS) & STATUS_BUSY:
            raise AcceleratorError("a run is under way")
        for register, buffer in (
            (IMAGE_ADDR_LO, source),
            (STREAM_ADDR_LO, self._stream),
            (RESULT_ADDR_LO, result),
        ):
            self._mmio.write(register, buffer.device_address & 0xFFFFFFFF)
            self._mmio.write(register + 4, buffer.device_address >> 32)
        self._mmio.write(IMAGES, images)
        try:
            self._mmio.write(CONTROL, CONTROL_START)
            self._wait(timeout)
        except BaseException as why:  # Ctrl-C too
            try:
                self._stop(source, result)
            except AcceleratorError as stuck:
                raise AcceleratorError("%s; %s: its buffers stay allocated" % (why or "interrupted", stuck)) from why
            raise

    def _wait(self, timeout):
        end = time.monotonic() + timeout
        while True:
            status = self._mmio.read(STATUS)
            if status & (STATUS_READ_ERROR | STATUS_WRITE_ERROR):
                raise AcceleratorError(
                    "the memory answered with an error (status 0x%x): check the addresses" % status
                )
            if status & STATUS_DONE:
                break
            if time.monotonic() > end:
                raise AcceleratorError(
                    "the run did not end in %g s (status 0x%x, %d images done)"
                    % (timeout, status, self._mmio.read(IMAGES_DONE))
                )
        self.cycles = self._mmio.read(CYCLES_LO) | self._mmio.read(CYCLES_HI) << 32
        self.stalls = self._mmio.read(STALLS)
