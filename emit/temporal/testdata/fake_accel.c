// Runs the C driver on a model of the accelerator: its registers as the RTL has them, its
// memory an array. The model answers an image with logits that depend on every pixel.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t fake_read(uint32_t offset);
static void fake_write(uint32_t offset, uint32_t value);
#define VITDSE_READ32(base, offset) ((void)(base), fake_read(offset))
#define VITDSE_WRITE32(base, offset, value) ((void)(base), fake_write(offset, value))
static void fake_barrier(void);
#define VITDSE_BARRIER() fake_barrier()
#define VITDSE_NO_MAIN
#include "example.c"

enum { IMAGES = 3, MEMORY = 1 << 20 };
static const uint64_t kBase = 0x8700000000ull;  // above 32 bits: both address words count
static uint8_t memory[MEMORY];
static uint32_t reg[16], hash_low = VITDSE_DESIGN_HASH_LO;
static int busy_reads, hangs, stuck, bus_error, faults;
static int barriers, accesses_since;  // barriers so far, register accesses since the last
static uint64_t time_us;
static uint64_t fake_time(void) { return time_us += 10; }
static void fake_barrier(void) { barriers++, accesses_since = 0; }

#define CHECK(what) do { if (!(what)) { printf("line %d: %s\n", __LINE__, #what); faults++; } } while (0)

static uint64_t address(uint32_t low) { return reg[low / 4] | (uint64_t)reg[low / 4 + 1] << 32; }

static int32_t logit(const uint8_t *image, unsigned c) {
  int32_t sum = -1000;
  for (unsigned i = 0; i < VITDSE_IMAGE_PIXELS; i++) sum += (int32_t)(image[i] * (i + c));
  return sum;
}

static void fake_run(void) {
  const uint8_t *image = memory + (address(VITDSE_IMAGE_ADDR_LO) - kBase);
  uint8_t *result = memory + (address(VITDSE_RESULT_ADDR_LO) - kBase);
  CHECK(vitdse_check_stream(memory + (address(VITDSE_STREAM_ADDR_LO) - kBase), VITDSE_STREAM_BYTES) == VITDSE_OK);
  for (uint32_t i = 0; i < reg[VITDSE_IMAGES / 4]; i++)
    for (unsigned c = 0; c < VITDSE_CLASSES; c++) {
      const int32_t l = logit(image + i * VITDSE_IMAGE_STRIDE, c);
      memcpy(result + i * VITDSE_RESULT_STRIDE + 4 * c, &l, 4);
    }
}

static uint32_t fake_read(uint32_t offset) {
  CHECK(offset % 4 == 0 && offset < VITDSE_SPAN);
  accesses_since++;
  if (offset == VITDSE_HASH_HI) return VITDSE_DESIGN_HASH_HI;
  if (offset == VITDSE_HASH_LO) return hash_low;
  if (offset == VITDSE_STATUS && busy_reads > 0) {
    if (!hangs) busy_reads--;
    return bus_error ? VITDSE_STATUS_BUSY | VITDSE_STATUS_READ_ERROR : VITDSE_STATUS_BUSY;
  }
  return reg[offset / 4];
}

static void fake_write(uint32_t offset, uint32_t value) {
  CHECK(offset % 4 == 0 && offset < VITDSE_SPAN && offset != VITDSE_STATUS);
  if (offset == VITDSE_CONTROL && value == VITDSE_CONTROL_RESET) {
    reg[VITDSE_STATUS / 4] = 0;
    if (!stuck && busy_reads > 0) hangs = bus_error = 0, busy_reads = 3;
    return;
  }
  if (offset == VITDSE_CONTROL) {
    CHECK(value == VITDSE_CONTROL_START && busy_reads == 0);
    CHECK(barriers > 0 && accesses_since == 0);  // images and addresses are in front of it
    if (!bus_error) fake_run();
    busy_reads = 5;
    reg[VITDSE_STATUS / 4] = VITDSE_STATUS_DONE;
    return;
  }
  reg[offset / 4] = value;
}

int main(int argc, char **argv) {
  uint8_t *image = memory, *result = memory + 8192, *stream = memory + 16384;
  FILE *f = fopen(argc > 1 ? argv[1] : "", "rb");
  if (!f || fread(stream, 1, VITDSE_STREAM_BYTES, f) != VITDSE_STREAM_BYTES) return 2;
  fclose(f);
  for (unsigned i = 0; i < IMAGES * VITDSE_IMAGE_STRIDE; i++) image[i] = (uint8_t)(i * 7 + i / 64);

  CHECK(vitdse_probe(0) == VITDSE_OK);
  CHECK(vitdse_start(0, kBase, kBase + 16384, kBase + 8192, IMAGES) == VITDSE_OK);
  CHECK(vitdse_start(0, kBase, kBase + 16384, kBase + 8192, IMAGES) == VITDSE_IS_BUSY);
  barriers = 0;
  CHECK(vitdse_wait(0, fake_time, 1000) == VITDSE_OK);
  CHECK(barriers == 1 && accesses_since == 0);  // between DONE and the results
  for (unsigned i = 0; i < IMAGES; i++)
    for (unsigned c = 0; c < VITDSE_CLASSES; c++) {
      int32_t got;
      memcpy(&got, result + i * VITDSE_RESULT_STRIDE + 4 * c, 4);
      CHECK(got == logit(image + i * VITDSE_IMAGE_STRIDE, c));
    }

  // Everything that can be wrong is named.
  CHECK(vitdse_start(0, kBase, kBase, kBase, 0) == VITDSE_BAD_ARGUMENT);
  CHECK(vitdse_start(0, kBase + 1, kBase, kBase, 1) == VITDSE_BAD_ARGUMENT);
  CHECK(vitdse_start(0, kBase, (uint64_t)1 << VITDSE_ADDRESS_BITS, kBase, 1) == VITDSE_BAD_ARGUMENT);
  stream[VITDSE_STREAM_BYTES / 2] ^= 1;
  CHECK(vitdse_check_stream(stream, VITDSE_STREAM_BYTES) == VITDSE_WRONG_STREAM);
  stream[VITDSE_STREAM_BYTES / 2] ^= 1;
  CHECK(vitdse_check_stream(stream, VITDSE_STREAM_BYTES - 1) == VITDSE_WRONG_STREAM);
  hash_low ^= 1;
  CHECK(vitdse_probe(0) == VITDSE_WRONG_DESIGN);
  // A timeout is of time, not of polls; a run that was stopped leaves room for the next.
  hash_low ^= 1;
  for (int error = 0; error < 2; error++) {
    hangs = 1, bus_error = error;
    CHECK(vitdse_start(0, kBase, kBase + 16384, kBase + 8192, 1) == VITDSE_OK);
    const uint64_t begin = time_us;
    CHECK(vitdse_wait(0, fake_time, 5000) == (error ? VITDSE_BUS_ERROR : VITDSE_TIMEOUT));
    CHECK(error || (time_us - begin >= 5000 && time_us - begin <= 5100));
    CHECK(vitdse_reset(0, fake_time, 1000) == VITDSE_OK && busy_reads == 0);
  }
  CHECK(vitdse_start(0, kBase, kBase + 16384, kBase + 8192, 1) == VITDSE_OK);
  CHECK(vitdse_wait(0, fake_time, 1000) == VITDSE_OK);
  hangs = stuck = 1;
  CHECK(vitdse_start(0, kBase, kBase + 16384, kBase + 8192, 1) == VITDSE_OK);
  CHECK(vitdse_reset(0, fake_time, 1000) == VITDSE_TIMEOUT);
  for (int r = VITDSE_OK; r <= VITDSE_BUS_ERROR; r++) CHECK(strcmp(vitdse_text((enum vitdse_result)r), "unknown result") != 0);
  if (faults == 0) puts("PASS");
  return faults != 0;
}
