"""Runs the Python driver on a model of the accelerator. The folder's driver is on the path."""

import gc
import struct
import unittest
import weakref

import vitdse_accel as va

BASE = 0x8700000000  # above 32 bits: both address words count
STREAM = open("../mem/stream.bin", "rb").read()


class Buffer(bytearray):
    __slots__ = ("device_address", "clean", "__weakref__")

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
        self.buffers = weakref.WeakValueDictionary()  # freed when nobody has them, as PYNQ's are

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
        self.hangs = False  # a run does not end
        self.stuck = False  # the memory does not answer, so a reset does not end either
        self.interrupt = False  # Ctrl-C while a run is waited for
        self.resets = 0

    def read(self, offset):
        if offset == va.STATUS and self.busy:
            self.alive()
            if self.interrupt:
                self.interrupt = False
                raise KeyboardInterrupt
            self.busy -= 0 if self.hangs else 1
            return self.status_busy
        return self.reg[offset]

    def alive(self):
        """While the engine is busy, all that it reads and writes is allocated."""
        gc.collect()
        for low in (va.IMAGE_ADDR_LO, va.STREAM_ADDR_LO, va.RESULT_ADDR_LO):
            self.block(low)

    def write(self, offset, value):
        assert offset in self.reg and 0 <= value < 1 << 32
        if offset != va.CONTROL:
            self.reg[offset] = value
        elif value & va.CONTROL_RESET:
            self.resets += 1
            self.reg[va.STATUS] = 0
            if self.busy and not self.stuck:
                self.busy, self.hangs, self.status_busy = 2, False, va.STATUS_BUSY
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
        self.accel.reg[va.HASH_LO] ^= 1
        self.fails("the hardware is design", self.driver)

    def stopped(self, driver, resets):
        """The engine was reset and is idle, and the next run works."""
        self.assertEqual((self.accel.resets, self.accel.busy), (resets, 0))
        image = bytes(range(1)) * va.IMAGE_PIXELS
        self.assertEqual(driver.run([image]), [logits(image)])

    def test_stops(self):
        """After a timeout, an error and Ctrl-C the engine is stopped before a buffer is freed."""
        image = bytes(va.IMAGE_PIXELS)
        driver = self.driver()
        self.accel.hangs = True
        self.fails("did not end", lambda: driver.run([image], timeout=0.01))
        self.stopped(driver, 1)
        self.accel.hangs, self.accel.status_busy = True, va.STATUS_BUSY | va.STATUS_READ_ERROR
        self.fails("check the addresses", lambda: driver.run([image]))
        self.stopped(driver, 2)
        self.accel.hangs = self.accel.interrupt = True
        with self.assertRaises(KeyboardInterrupt):
            driver.run([image])
        self.stopped(driver, 3)
        gc.collect()
        self.assertEqual(len(self.memory.buffers), 1)  # the stream

    def test_memory_that_does_not_answer(self):
        """What the engine may still write to stays allocated, whatever becomes of the driver."""
        driver = self.driver()
        self.accel.hangs = self.accel.stuck = True
        reset = driver.reset
        driver.reset = lambda: reset(timeout=0.01)
        self.fails("buffers stay allocated", lambda: driver.run([bytes(va.IMAGE_PIXELS)], timeout=0.01))
        self.fails("under way", lambda: driver.run([bytes(va.IMAGE_PIXELS)]))
        del driver, reset
        self.accel.alive()

    def test_before(self):
        self.fails("load_stream comes before", lambda: va.VitAccel(self.accel, None).run([b""]))
        self.memory.next = BASE + 1
        self.fails("needs a multiple of %d" % va.ALIGN, self.driver)


unittest.main()
