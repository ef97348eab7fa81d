// Runs images on the accelerator and prints their logits.
//
// The functions down to vitdse_reset are the whole driver: C99, no operating system. They
// reach the registers through VITDSE_READ32 and VITDSE_WRITE32, which a system may define
// itself (Xil_In32 and Xil_Out32, say), as VITDSE_BARRIER, which orders accesses of memory and of
// registers. main is for Linux with the registers as a UIO device
// and a u-dma-buf; -DVITDSE_NO_MAIN leaves it out.
//
//   gcc -O2 -Wall example.c -o example
//   ./example /dev/uio0 udmabuf0 ../mem/stream.bin ../vectors/images.bin 0
#ifndef VITDSE_NO_MAIN
#define _POSIX_C_SOURCE 200809L
#endif
#include <stddef.h>
#include <stdint.h>

#include "vitdse_regs.h"

#ifndef VITDSE_READ32
#define VITDSE_READ32(base, offset) (*(volatile uint32_t *)((uintptr_t)(base) + (offset)))
#define VITDSE_WRITE32(base, offset, value) (*(volatile uint32_t *)((uintptr_t)(base) + (offset)) = (value))
#endif

// What was written before it is in memory before anything after it, and nothing after it is read before.
#ifndef VITDSE_BARRIER
#if defined(__aarch64__)
#define VITDSE_BARRIER() __asm__ volatile("dsb sy" ::: "memory")
#elif defined(__arm__) && __ARM_ARCH >= 7
#define VITDSE_BARRIER() __asm__ volatile("dsb" ::: "memory")
#else
#define VITDSE_BARRIER() __sync_synchronize()
#endif
#endif

enum vitdse_result {
  VITDSE_OK = 0,
  VITDSE_WRONG_DESIGN,  // the hash in the registers is another design's
  VITDSE_WRONG_STREAM,  // stream.bin is another design's, or damaged
  VITDSE_BAD_ARGUMENT,  // no images, or an address that is not aligned or too long
  VITDSE_IS_BUSY,
  VITDSE_TIMEOUT,       // the accelerator may still read and write its blocks: vitdse_reset, before they are freed
  VITDSE_BUS_ERROR      // the memory answered a read or a write with an error
};

const char *vitdse_text(enum vitdse_result result) {
  switch (result) {
    case VITDSE_OK: return "done";
    case VITDSE_WRONG_DESIGN: return "the hardware is not design " VITDSE_DESIGN_HASH;
    case VITDSE_WRONG_STREAM: return "stream.bin is not the one of design " VITDSE_DESIGN_HASH;
    case VITDSE_BAD_ARGUMENT: return "no images, or an address that is not aligned or too long";
    case VITDSE_IS_BUSY: return "a run is under way";
    case VITDSE_TIMEOUT: return "the run did not end; reset the accelerator";
    case VITDSE_BUS_ERROR: return "the memory answered with an error; check the addresses";
  }
  return "unknown result";
}

static void vitdse_write64(uintptr_t base, uint32_t low, uint64_t value) {
  VITDSE_WRITE32(base, low, (uint32_t)value);
  VITDSE_WRITE32(base, low + 4u, (uint32_t)(value >> 32));
}

static int vitdse_good_address(uint64_t address) {
  return address % VITDSE_ALIGN == 0 && address >> VITDSE_ADDRESS_BITS == 0;
}

// vitdse_probe says whether the hardware is the design this driver was made for.
enum vitdse_result vitdse_probe(uintptr_t base) {
  if (VITDSE_READ32(base, VITDSE_HASH_HI) != VITDSE_DESIGN_HASH_HI) return VITDSE_WRONG_DESIGN;
  if (VITDSE_READ32(base, VITDSE_HASH_LO) != VITDSE_DESIGN_HASH_LO) return VITDSE_WRONG_DESIGN;
  return VITDSE_OK;
}

// vitdse_check_stream compares length and CRC-32 of stream.bin.
enum vitdse_result vitdse_check_stream(const uint8_t *stream, size_t bytes) {
  uint32_t crc = 0xffffffffu;
  if (bytes != VITDSE_STREAM_BYTES) return VITDSE_WRONG_STREAM;
  for (size_t i = 0; i < bytes; i++) {
    crc ^= stream[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1u ? 0xedb88320u : 0u);
  }
  return (crc ^ 0xffffffffu) == VITDSE_STREAM_CRC32 ? VITDSE_OK : VITDSE_WRONG_STREAM;
}

// vitdse_start begins a run. The addresses are the ones that the accelerator's AXI master
// sees; caches must have been written back.
enum vitdse_result vitdse_start(uintptr_t base, uint64_t image, uint64_t stream, uint64_t result, uint32_t images) {
  if (images == 0 || !vitdse_good_address(image) || !vitdse_good_address(stream) || !vitdse_good_address(result))
    return VITDSE_BAD_ARGUMENT;
  if (VITDSE_READ32(base, VITDSE_STATUS) & VITDSE_STATUS_BUSY) return VITDSE_IS_BUSY;
  vitdse_write64(base, VITDSE_IMAGE_ADDR_LO, image);
  vitdse_write64(base, VITDSE_STREAM_ADDR_LO, stream);
  vitdse_write64(base, VITDSE_RESULT_ADDR_LO, result);
  VITDSE_WRITE32(base, VITDSE_IMAGES, images);
  VITDSE_BARRIER();  // image and stream are in memory
  VITDSE_WRITE32(base, VITDSE_CONTROL, VITDSE_CONTROL_START);
  return VITDSE_OK;
}

// vitdse_clock is the time in microseconds, from any start, never going back.
typedef uint64_t vitdse_clock(void);

// vitdse_wait polls until the run has ended, or for so many microseconds. After VITDSE_TIMEOUT and
// VITDSE_BUS_ERROR the accelerator may still be at work: its blocks are its own until vitdse_reset has returned
// VITDSE_OK.
enum vitdse_result vitdse_wait(uintptr_t base, vitdse_clock *now, uint64_t timeout_us) {
  const uint64_t begin = now();
  for (;;) {
    const int late = now() - begin > timeout_us;  // and one look after it, however long this process slept
    const uint32_t status = VITDSE_READ32(base, VITDSE_STATUS);
    if (status & (VITDSE_STATUS_READ_ERROR | VITDSE_STATUS_WRITE_ERROR)) return VITDSE_BUS_ERROR;
    if (status & VITDSE_STATUS_DONE) break;
    if (late) return VITDSE_TIMEOUT;
  }
  VITDSE_BARRIER();  // results are read after this
  return VITDSE_OK;
}

// vitdse_reset stops a run and waits until the bus is idle; then nothing of its blocks is read or written any
// more. VITDSE_TIMEOUT: the memory does not answer, and the blocks have to stay.
enum vitdse_result vitdse_reset(uintptr_t base, vitdse_clock *now, uint64_t timeout_us) {
  const uint64_t begin = now();
  VITDSE_WRITE32(base, VITDSE_CONTROL, VITDSE_CONTROL_RESET);
  for (;;) {
    const int late = now() - begin > timeout_us;
    if ((VITDSE_READ32(base, VITDSE_STATUS) & VITDSE_STATUS_BUSY) == 0) break;
    if (late) return VITDSE_TIMEOUT;
  }
  VITDSE_BARRIER();
  return VITDSE_OK;
}

#ifndef VITDSE_NO_MAIN
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { VECTOR_HEADER = 72 };  // of vectors/*.bin: 8 bytes of magic, 64 of the design's hash

static void fail(const char *what, const char *name) {
  fprintf(stderr, "%s: %s\n", name, what);
  exit(1);
}

static void *map(const char *path, size_t bytes) {
  const int fd = open(path, O_RDWR | O_SYNC);
  if (fd < 0) fail("cannot be opened", path);
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) fail("cannot be mapped", path);
  close(fd);
  return at;
}

// number reads an attribute of the u-dma-buf.
static uint64_t number(const char *name, const char *attribute) {
  char path[256], text[32] = "";
  snprintf(path, sizeof path, "/sys/class/u-dma-buf/%s/%s", name, attribute);
  FILE *f = fopen(path, "r");
  if (!f || !fgets(text, sizeof text, f)) fail("cannot be read", path);
  fclose(f);
  return strtoull(text, NULL, 0);
}

static void load(const char *path, long offset, uint8_t *to, size_t bytes) {
  FILE *f = fopen(path, "rb");
  if (!f || fseek(f, offset, SEEK_SET) != 0 || fread(to, 1, bytes, f) != bytes) fail("is missing or too short", path);
  fclose(f);
}

static uint64_t microseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static size_t page(size_t bytes) { return (bytes + 4095) / 4096 * 4096; }

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: %s UIO UDMABUF STREAM.bin IMAGES.bin INDEX\n", argv[0]);
    return 2;
  }
  const char *name = argv[2];
  const size_t image = 0, stream = page(VITDSE_IMAGE_STRIDE), result = stream + page(VITDSE_STREAM_BYTES);
  const size_t bytes = result + page(VITDSE_RESULT_STRIDE);
  char device[256], hash[65] = "";

  load(argv[4], 8, (uint8_t *)hash, 64);
  if (strcmp(hash, VITDSE_DESIGN_HASH) != 0) fail("belongs to another design", argv[4]);
  if (number(name, "size") < bytes) fail("the u-dma-buf is too small", name);
  snprintf(device, sizeof device, "/dev/%s", name);
  uint8_t *memory = map(device, bytes);
  const uint64_t physical = number(name, "phys_addr");
  const uintptr_t base = (uintptr_t)map(argv[1], 4096);

  load(argv[4], VECTOR_HEADER + strtol(argv[5], NULL, 0) * (long)VITDSE_IMAGE_STRIDE, memory + image, VITDSE_IMAGE_STRIDE);
  load(argv[3], 0, memory + stream, VITDSE_STREAM_BYTES);
  enum vitdse_result r = vitdse_probe(base);
  if (r == VITDSE_OK) r = vitdse_check_stream(memory + stream, VITDSE_STREAM_BYTES);
  if (r == VITDSE_OK) r = vitdse_start(base, physical + image, physical + stream, physical + result, 1);
  if (r == VITDSE_OK) r = vitdse_wait(base, microseconds, 60000000u);
  if ((r == VITDSE_TIMEOUT || r == VITDSE_BUS_ERROR) && vitdse_reset(base, microseconds, 1000000u) != VITDSE_OK)
    fprintf(stderr, "%s: it cannot be stopped: do not use %s before a reset of the board\n", argv[1], device);
  if (r != VITDSE_OK) fail(vitdse_text(r), argv[1]);

  const uint64_t cycles = VITDSE_READ32(base, VITDSE_CYCLES_LO) | (uint64_t)VITDSE_READ32(base, VITDSE_CYCLES_HI) << 32;
  int32_t logits[VITDSE_CLASSES];
  memcpy(logits, memory + result, sizeof logits);
  unsigned best = 0;
  for (unsigned c = 0; c < VITDSE_CLASSES; c++) {
    printf("%u %ld\n", c, (long)logits[c]);
    if (logits[c] > logits[best]) best = c;
  }
  printf("class %u, %llu cycles\n", best, (unsigned long long)cycles);
  return 0;
}
#endif
