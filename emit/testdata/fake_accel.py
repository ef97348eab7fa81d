"""Runs the Python driver on a model of the accelerator. The folder's driver is on the path."""

import struct
import unittest

import vitdse_accel as va

BASE = 0x8700000000  # above 32 bits: both address words count
STREAM = open("../mem/stream.bin", "rb").read()


class Buffer(bytearray):
    def __init__(self, size, address):
        super().__init__(size)
        self.device_address = address
        self.clean = False

    def flush(self):
        self.clean = True

    def invalidate(self):
        self.clean = True


class Memory:
    def __init__(self, base=BASE):
        self.next = base
        self.buffers = {}

    def allocate(self, shape, dtype):
        assert dtype == "u1"
        b = Buffer(shape[0], self.next)
        self.buffers[self.next] = b
        self.next += 1 << 20
        return b


def logits(pixels):
    return [sum(p * (i + c) for i, p in enumerate(pixels)) - 1000 for c in range(va.CLASSES)]


class Accelerator:
    """The registers as the RTL has them."""

    def __init__(self, memory):
        self.memory = memory
        self.reg = {offset: 0 for offset in range(0, 64, 4)}
        self.reg[va.HASH_HI] = int(va.DESIGN_HASH[:8], 16)
        self.reg[va.HASH_LO] = int(va.DESIGN_HASH[8:16], 16)
        self.busy = 0
        self.status_busy = va.STATUS_BUSY
        self.hangs = False

    def read(self, offset):
        if offset == va.STATUS and self.busy:
            self.busy -= 0 if self.hangs else 1
            return self.status_busy
        return self.reg[offset]

    def write(self, offset, value):
        assert offset in self.reg and 0 <= value < 1 << 32
        if offset != va.CONTROL:
            self.reg[offset] = value
        elif value & va.CONTROL_START:
            self.busy = 3
            self.reg[va.STATUS] = va.STATUS_DONE
            self.run()

    def block(self, low):
        return self.memory.buffers[self.reg[low] | self.reg[low + 4] << 32]

    def run(self):
        source, stream, result = (
            self.block(low) for low in (va.IMAGE_ADDR_LO, va.STREAM_ADDR_LO, va.RESULT_ADDR_LO)
        )
        assert bytes(stream[: va.STREAM_BYTES]) == STREAM and stream.clean and source.clean
        for i in range(self.reg[va.IMAGES]):
            pixels = source[i * va.IMAGE_STRIDE :][: va.IMAGE_PIXELS]
            struct.pack_into("<%di" % va.CLASSES, result, i * va.RESULT_STRIDE, *logits(pixels))
        self.reg[va.CYCLES_LO], self.reg[va.CYCLES_HI], self.reg[va.STALLS] = 5, 2, 7


class DriverTest(unittest.TestCase):
    def setUp(self):
        self.memory = Memory()
        self.accel = Accelerator(self.memory)

    def driver(self):
        driver = va.VitAccel(self.accel, self.memory.allocate)
        driver.load_stream("../mem/stream.bin")
        return driver

    def test_run(self):
        driver = self.driver()
        images = [bytes((7 * i + k) % 256 for i in range(va.IMAGE_PIXELS)) for k in range(3)]
        self.assertEqual(driver.run(images), [logits(image) for image in images])
        self.assertEqual(driver.cycles, 2 << 32 | 5)
        self.assertEqual(driver.stalls, 7)
        self.assertEqual(driver.run([]), [])

    def fails(self, text, call):
        with self.assertRaises(va.AcceleratorError) as caught:
            call()
        self.assertIn(text, str(caught.exception))

    def test_faults(self):
        image = bytes(va.IMAGE_PIXELS)
        driver = self.driver()
        self.fails("has %d bytes; expected" % (va.IMAGE_PIXELS + 1), lambda: driver.run([image + b"x"]))
        self.fails("CRC-32", lambda: driver.load_stream(STREAM[:-1] + bytes([STREAM[-1] ^ 1])))
        self.accel.hangs = True
        self.fails("did not end", lambda: driver.run([image], timeout=0.01))
        self.fails("under way", lambda: driver.run([image]))
        self.accel.busy, self.accel.status_busy = 0, va.STATUS_READ_ERROR
        self.fails("check the addresses", lambda: driver.run([image]))
        self.accel.reg[va.HASH_LO] ^= 1
        self.fails("the hardware is design", self.driver)

    def test_before(self):
        self.fails("load_stream comes before", lambda: va.VitAccel(self.accel, None).run([b""]))
        self.memory.next = BASE + 1
        self.fails("needs a multiple of %d" % va.ALIGN, self.driver)


unittest.main()
