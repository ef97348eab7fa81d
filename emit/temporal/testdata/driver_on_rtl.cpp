// Runs the C driver against the emitted RTL: VITDSE_READ32 and VITDSE_WRITE32 are AXI4-Lite
// transfers of the Verilated accelerator, its AXI4 master reads and writes an array.
//
//   driver_on_rtl FOLDER IMAGES
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "Vvit_accel_top.h"
#include "verilated.h"

static uint32_t rtl_read(uint32_t offset);
static void rtl_write(uint32_t offset, uint32_t value);
#define VITDSE_READ32(base, offset) ((void)(base), rtl_read(offset))
#define VITDSE_WRITE32(base, offset, value) ((void)(base), rtl_write(offset, value))
#define VITDSE_NO_MAIN
#include "example.c"

static const uint64_t kBase = 0x8700000000ull;  // above 32 bits: both address words count
static std::vector<uint8_t> memory;
static Vvit_accel_top* top;
static uint64_t read_addr, write_addr;
static int read_beats, write_beats;
static bool response;

static uint8_t* at(uint64_t addr) {
  if (addr < kBase || addr + VITDSE_ALIGN > kBase + memory.size()) {
    std::printf("access outside memory at 0x%llx\n", (unsigned long long)addr);
    std::exit(1);
  }
  return &memory[addr - kBase];
}

static uint64_t cycles;  // the driver's clock
static uint64_t now() { return cycles; }

static void tick() {
  cycles++;
  top->m_axi_arready = read_beats == 0;
  top->m_axi_rvalid = read_beats > 0;
  if (read_beats > 0) std::memcpy(&top->m_axi_rdata, at(read_addr), VITDSE_ALIGN);
  // As an interconnect may that takes address and first beat of a burst together.
  const bool both = write_beats == 0 && !response && top->m_axi_awvalid && top->m_axi_wvalid;
  top->m_axi_awready = both;
  top->m_axi_wready = both || write_beats > 0;
  top->m_axi_bvalid = response;
  top->aclk = 0;
  top->eval();
  if (top->m_axi_bvalid && top->m_axi_bready) response = false;
  if (top->m_axi_rvalid && top->m_axi_rready) read_addr += VITDSE_ALIGN, --read_beats;
  if (top->m_axi_arvalid && top->m_axi_arready) read_addr = top->m_axi_araddr, read_beats = top->m_axi_arlen + 1;
  if (top->m_axi_awvalid && top->m_axi_awready) write_addr = top->m_axi_awaddr, write_beats = top->m_axi_awlen + 1;
  if (top->m_axi_wvalid && top->m_axi_wready) {
    std::memcpy(at(write_addr), &top->m_axi_wdata, VITDSE_ALIGN);
    write_addr += VITDSE_ALIGN;
    response = --write_beats == 0;
  }
  top->aclk = 1;
  top->eval();
}

static uint32_t rtl_read(uint32_t offset) {
  top->s_axi_araddr = offset;
  top->s_axi_arvalid = 1;
  top->s_axi_rready = 0;
  tick();
  top->s_axi_arvalid = 0;
  top->s_axi_rready = 1;
  const uint32_t value = top->s_axi_rdata;
  tick();
  return value;
}

static void rtl_write(uint32_t offset, uint32_t value) {
  top->s_axi_awaddr = offset;
  top->s_axi_wdata = value;
  top->s_axi_wstrb = 15;
  top->s_axi_awvalid = top->s_axi_wvalid = top->s_axi_bready = 1;
  tick();
  top->s_axi_awvalid = top->s_axi_wvalid = 0;
  while (!top->s_axi_bvalid) tick();
  tick();
}

static std::vector<uint8_t> load(const std::string& path, size_t skip) {
  FILE* f = std::fopen(path.c_str(), "rb");
  if (!f) std::printf("no %s\n", path.c_str()), std::exit(1);
  std::vector<uint8_t> data(1 << 24);
  data.resize(std::fread(data.data(), 1, data.size(), f));
  std::fclose(f);
  data.erase(data.begin(), data.begin() + skip);
  return data;
}

static int faults;
#define CHECK(what) do { if (!(what)) { std::printf("line %d: %s\n", __LINE__, #what); faults++; } } while (0)

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string dir = argv[1];
  const unsigned count = std::stoi(argv[2]);
  const auto stream = load(dir + "/mem/stream.bin", 0), images = load(dir + "/vectors/images.bin", 72),
             logits = load(dir + "/vectors/logits.bin", 72);
  const uint64_t stream_at = 65536, result_at = stream_at + (stream.size() + 4095) / 4096 * 4096;
  memory.resize(result_at + 65536);
  std::memcpy(&memory[stream_at], stream.data(), stream.size());
  std::memcpy(&memory[0], images.data(), count * VITDSE_IMAGE_STRIDE);

  VerilatedContext context;
  top = new Vvit_accel_top{&context};
  top->aresetn = 0;
  for (int i = 0; i < 8; i++) tick();
  top->aresetn = 1;
  for (int i = 0; i < 4; i++) tick();

  CHECK(rtl_read(VITDSE_STATUS) == 0);
  CHECK(rtl_read(VITDSE_IMAGES) == 1);
  CHECK(vitdse_probe(0) == VITDSE_OK);
  CHECK(vitdse_check_stream(stream.data(), stream.size()) == VITDSE_OK);
  for (int run = 0; run < 2; run++) {
    std::memset(&memory[result_at], 0xee, 65536);
    CHECK(vitdse_start(0, kBase, kBase + stream_at, kBase + result_at, count) == VITDSE_OK);
    CHECK(vitdse_start(0, kBase, kBase + stream_at, kBase + result_at, count) == VITDSE_IS_BUSY);
    CHECK(rtl_read(VITDSE_RESULT_ADDR_HI) == kBase >> 32);
    if (run == 0) {  // stopped on the way, at a moment without a transfer, and run again
      CHECK(vitdse_wait(0, now, 600) == VITDSE_TIMEOUT);
      CHECK(vitdse_reset(0, now, 200) == VITDSE_OK);
      CHECK((rtl_read(VITDSE_STATUS) & VITDSE_STATUS_BUSY) == 0);
      continue;
    }
    CHECK(vitdse_wait(0, now, 20000000) == VITDSE_OK);
    CHECK(rtl_read(VITDSE_STATUS) == VITDSE_STATUS_DONE);
    CHECK(rtl_read(VITDSE_IMAGES_DONE) == count);
    CHECK(rtl_read(VITDSE_CYCLES_LO) > 1000 && rtl_read(VITDSE_CYCLES_HI) == 0);
    for (unsigned i = 0; i < count; i++)
      CHECK(std::memcmp(&memory[result_at + i * VITDSE_RESULT_STRIDE], &logits[i * VITDSE_CLASSES * 4], VITDSE_CLASSES * 4) == 0);
    CHECK(memory[result_at + count * VITDSE_RESULT_STRIDE] == 0xee);  // and not a byte beyond
  }
  if (faults == 0) std::printf("PASS %u images\n", count);
  return faults != 0;
}
