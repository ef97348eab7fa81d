// Runs the accelerator on images out of a memory model and compares every column of every
// op with the expected vectors. Prints one JSON object a line; exits 0 only if everything
// was compared and equal.
//
//   harness DIR [--first I] [--images N] [--full N] [--latency CYCLES] [--stall PERMILLE] [--seed S]
//          [--results FILE] [--resets CYCLE,CYCLE,...]
//
//   --first    index of the first image, where several processes share the images
//   --images   images to run; the logits of all are compared
//   --full     the first N of them are compared op by op
//   --latency  cycles from a read request to its first beat, at least 1
//   --stall    chance of a pause on any channel in any cycle, in thousandths
//   --results  the result blocks are written there as well
//   --resets   rehearsals before the run: each is stopped by a soft reset in that cycle, with
//              error responses on the bus
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "Vsim_top.h"
#include "axi_checker.h"
#include "verilated.h"

namespace {

constexpr int kLanes = <% .TM %>;
constexpr int kCauses = <% len .Causes %>;
constexpr int kBusBytes = <% .BusBits %> / 8;
constexpr int kClasses = <% .Classes %>;
constexpr int kOps = <% .OpCount %>;  // ops of the network; op kOps is the store of the result
constexpr int kImageBytes = <% .ImageBytes %>;
constexpr int kResultBytes = <% .ResultBytes %>;
constexpr uint64_t kMaxCyclesPerImage = <% .MaxCycles %>ull;
const char kHash[] = "<% .Hash %>";

constexpr uint64_t kDigest = 0xcbf29ce484222325ull;  // of nothing
constexpr uint64_t kImageBase = 0x10000000, kStreamBase = 0x40000000, kResultBase = 0x80000000;

struct Fault { std::string what; };

[[noreturn]] void fail(const std::string& what) { throw Fault{what}; }

// A vector file: 8 bytes of magic, the design's hash in hex, the data.
std::vector<uint8_t> read_file(const std::string& path, bool with_header) {
  FILE* f = std::fopen(path.c_str(), "rb");
  if (!f) fail("cannot open " + path);
  std::vector<uint8_t> data;
  uint8_t buffer[65536];
  while (size_t n = std::fread(buffer, 1, sizeof buffer, f)) data.insert(data.end(), buffer, buffer + n);
  std::fclose(f);
  if (!with_header) return data;
  if (data.size() < 72 || std::memcmp(data.data(), "VITDSE01", 8) != 0) fail(path + " is not a vector file of this tool");
  if (std::memcmp(data.data() + 8, kHash, 64) != 0)
    fail(path + " belongs to design " + std::string(data.begin() + 8, data.begin() + 72) + ", this harness to " + kHash);
  data.erase(data.begin(), data.begin() + 72);
  return data;
}

struct Column { uint32_t op, head, row, col, lanes; };

struct Options { int first = 0, images = -1, full = -1, latency = 1, stall = 0; uint64_t seed = 1; std::string results; std::vector<uint64_t> resets; };

// xorshift64*: the pauses of the memory model.
struct Random {
  uint64_t s;
  bool chance(int permille) {
    return permille != 0 && below(1000) < permille;
  }
  int below(int n) {
    s ^= s >> 12; s ^= s << 25; s ^= s >> 27;
    return (s * 2685821657736338717ull >> 33) % n;
  }
};

class Bench {
 public:
  Bench(const std::string& dir, Options opt) : opt_(opt), random_{opt.seed * 2654435761u + 88172645463325252ull} {
    stream_ = read_file(dir + "/mem/stream.bin", false);
    images_ = read_file(dir + "/vectors/images.bin", true);
    auto trace = read_file(dir + "/vectors/trace.bin", true);
    expected_ = read_file(dir + "/vectors/expected.bin", true);
    logits_ = read_file(dir + "/vectors/logits.bin", true);
    trace_.resize(trace.size() / sizeof(Column));
    std::memcpy(trace_.data(), trace.data(), trace_.size() * sizeof(Column));
    begins_.assign(kOps + 1, {});
    for (const Column& c : trace_) {
      if (c.op >= kOps) fail("a column of op " + std::to_string(c.op) + "; the network has " + std::to_string(kOps));
      ++begins_[c.op + 1].column;
      begins_[c.op + 1].value += c.lanes;
      values_per_image_ += c.lanes;
    }
    for (int i = 0; i < kOps; ++i) {  // an op's columns follow one another
      begins_[i + 1].column += begins_[i].column;
      begins_[i + 1].value += begins_[i].value;
    }
    places_ = begins_;
    const int have = static_cast<int>(images_.size() / kImageBytes);
    const int have_full = static_cast<int>(expected_.size() / 4 / values_per_image_);
    if (opt_.images < 0) opt_.images = have - opt_.first;
    if (opt_.full < 0) opt_.full = std::max(0, have_full - opt_.first);
    opt_.full = std::min(opt_.full, opt_.images);
    const int end = opt_.first + opt_.images;
    if (opt_.first < 0 || opt_.images < 1 || end > have || logits_.size() < size_t(end) * kClasses * 4)
      fail("vectors hold " + std::to_string(have) + " images; asked for " + std::to_string(opt_.images) + " from " + std::to_string(opt_.first));
    if (opt_.full > 0 && opt_.first + opt_.full > have_full)
      fail("vectors hold " + std::to_string(have_full) + " images op by op; asked for " + std::to_string(opt_.first + opt_.full));
    images_.erase(images_.begin(), images_.begin() + size_t(opt_.first) * kImageBytes);  // the first is always at kImageBase
    results_.resize(size_t(opt_.images) * kResultBytes);
    if (opt_.stall > 0) order_ = static_cast<Order>(random_.below(4));
    compared_.assign(kOps, 0);
    mismatches_.assign(kOps, 0);
    digests_.assign(kOps, kDigest);
    digest_sums_.assign(kOps, 0);
    op_cycles_.assign(kOps + 1, 0);
    spent_.assign((kOps + 1) * kCauses, 0);
  }

  bool run();

 private:
  void tick();
  void drive_memory();
  void sample_memory();
  void write_register(int addr, uint32_t value);
  uint32_t read_register(int addr);
  void rehearse(uint64_t cycles);
  void watch();
  void compare(int op, int count, const void* columns);
  void end_image();
  bool compare_logits();
  const uint8_t* readable(uint64_t addr);

  Options opt_;
  Random random_;
  VerilatedContext context_;
  Vsim_top top_{&context_};
  std::vector<uint8_t> stream_, images_, expected_, logits_, results_;
  std::vector<Column> trace_;
  size_t values_per_image_ = 0;

  // Memory model.
  struct Read { uint64_t addr, at; int beats; };
  std::deque<Read> reads_;
  uint64_t write_addr_ = 0, response_at_ = 0;
  int write_beats_ = 0;  // of the burst, behind its address and in front of it
  std::deque<std::vector<uint8_t>> early_;  // data that came in front of their address
  bool data_whole_ = false, response_pending_ = false;
  enum Order { kAny, kAddressFirst, kDataFirst, kTogether } order_ = kAny;  // in which the burst is taken
  uint64_t beats_read_ = 0, beats_written_ = 0;
  AxiChecker<Vsim_top> checker_;
  bool rehearsal_ = false, read_refused_ = false, write_refused_ = false;  // error responses given

  // Progress of the run.
  uint64_t cycle_ = 0, run_start_ = 0, last_end_ = 0;
  bool running_ = false;
  int image_ = 0;
  struct Place { size_t column = 0, value = 0; };  // in the expectation
  std::vector<Place> begins_, places_;             // of each op: its first, the next to come
  std::vector<uint64_t> compared_, mismatches_, op_cycles_;
  std::vector<uint64_t> digests_, digest_sums_;    // of each op: in this image, of all images
  std::vector<uint64_t> spent_;                    // cycles of each op and cause, first image
  uint64_t total_mismatches_ = 0;
};

const uint8_t* Bench::readable(uint64_t addr) {
  if (addr >= kStreamBase && addr + kBusBytes <= kStreamBase + stream_.size()) return &stream_[addr - kStreamBase];
  if (addr >= kImageBase && addr + kBusBytes <= kImageBase + images_.size()) return &images_[addr - kImageBase];
  char text[64];
  std::snprintf(text, sizeof text, "read outside memory at 0x%" PRIx64 ", cycle %" PRIu64, addr, cycle_);
  fail(text);
}

// Values on the bus for this cycle, decided before the clock edge.
void Bench::drive_memory() {
  top_.m_axi_arready = !random_.chance(opt_.stall);
  const bool beat = !reads_.empty() && reads_.front().at <= cycle_ && !random_.chance(opt_.stall);
  top_.m_axi_rvalid = beat;
  if (beat) {
    std::memcpy(&top_.m_axi_rdata, readable(reads_.front().addr), kBusBytes);
    top_.m_axi_rlast = reads_.front().beats == 1;
    top_.m_axi_rresp = rehearsal_ && reads_.front().beats == 1 ? 2 : 0;  // SLVERR
  }
  // Address and data of a burst in any order that AXI allows a memory (A3.3.1); one with pauses has all of
  // them at random. VALIDs come out of registers, so this cycle's are known.
  const bool address = write_beats_ > 0, data = data_whole_;
  bool aw = !address && !response_pending_ && !random_.chance(opt_.stall);
  bool w = !data && !response_pending_ && !random_.chance(opt_.stall);
  if (order_ == kAddressFirst) w &= address;
  if (order_ == kDataFirst) aw &= data;
  if (order_ == kTogether && !address) aw = w = aw && w && top_.m_axi_awvalid && top_.m_axi_wvalid;
  top_.m_axi_awready = aw;
  top_.m_axi_wready = w;
  top_.m_axi_bvalid = response_pending_ && response_at_ <= cycle_;
  top_.m_axi_bresp = rehearsal_ ? 2 : 0;
}

// Handshakes of this cycle, after the inputs have settled and before the clock edge.
void Bench::sample_memory() {
  const std::string broken = checker_.check(top_);
  if (!broken.empty()) fail("AXI: " + broken + ", cycle " + std::to_string(cycle_));

  if (top_.m_axi_rvalid && top_.m_axi_rready) {
    read_refused_ |= top_.m_axi_rresp != 0;
    ++beats_read_;
    Read& r = reads_.front();
    r.addr += kBusBytes;
    if (--r.beats == 0) reads_.pop_front();
  }
  if (top_.m_axi_arvalid && top_.m_axi_arready)
    reads_.push_back({top_.m_axi_araddr, cycle_ + opt_.latency, top_.m_axi_arlen + 1});
  if (top_.m_axi_bvalid && top_.m_axi_bready) {
    response_pending_ = false;
    write_refused_ |= top_.m_axi_bresp != 0;
  }
  if (top_.m_axi_wvalid && top_.m_axi_wready) {
    const uint8_t* beat = reinterpret_cast<const uint8_t*>(&top_.m_axi_wdata);
    early_.emplace_back(beat, beat + kBusBytes);
    data_whole_ = top_.m_axi_wlast;
  }
  if (top_.m_axi_awvalid && top_.m_axi_awready) {
    write_addr_ = top_.m_axi_awaddr;
    write_beats_ = top_.m_axi_awlen + 1;
  }
  for (; write_beats_ > 0 && !early_.empty(); early_.pop_front()) {
    if (write_addr_ < kResultBase || write_addr_ + kBusBytes > kResultBase + results_.size()) fail("write outside the result block");
    std::memcpy(&results_[write_addr_ - kResultBase], early_.front().data(), kBusBytes);
    ++beats_written_;
    write_addr_ += kBusBytes;
    if (--write_beats_ > 0) continue;
    response_pending_ = true;
    response_at_ = cycle_ + opt_.latency;
    data_whole_ = false;
    if (opt_.stall > 0) order_ = static_cast<Order>(random_.below(4));
  }
}

void Bench::tick() {
  drive_memory();
  top_.aclk = 0;
  top_.eval();
  sample_memory();
  watch();
  top_.aclk = 1;
  top_.eval();
  ++cycle_;
}

void Bench::watch() {
  if (rehearsal_) return;
  if (top_.trace_start) {
    running_ = true;
    run_start_ = last_end_ = cycle_;
  }
  if (!running_) return;
  const int image = image_;
  if (image_ == 0 && cycle_ > run_start_) {
    if (top_.trace_cause_op > kOps || top_.trace_cause >= kCauses) fail("a cycle of op " + std::to_string(int(top_.trace_cause_op)) + " and cause " + std::to_string(int(top_.trace_cause)));
    ++spent_[top_.trace_cause_op * kCauses + top_.trace_cause];
  }
  const void* columns[4] = {&top_.trace_drain, &top_.trace_norm, &top_.trace_softmax, &top_.trace_patches};
  for (int port = 0; port < 4; ++port)
    if (top_.trace_valid >> port & 1 && image < opt_.full)
      compare(top_.trace_op >> 12 * port & 0xfff, top_.trace_count >> 8 * port & 0xff, columns[port]);
  for (int port = 0; port < 5; ++port) {
    if (!(top_.trace_end >> port & 1)) continue;
    const int op = top_.trace_end_op >> 12 * port & 0xfff;
    if (op > kOps) fail("the program names op " + std::to_string(op) + "; the network has " + std::to_string(kOps));
    op_cycles_[op] += cycle_ - last_end_;
    last_end_ = cycle_;
    if (op == kOps) end_image();
  }
  if (cycle_ - last_end_ > kMaxCyclesPerImage)
    fail("no op has ended for " + std::to_string(kMaxCyclesPerImage) + " cycles; the last to end was in image " + std::to_string(image_));
}

// Columns that an op produces in a cycle, kLanes lanes each, against the next expected of the op.
void Bench::compare(int op, int count, const void* columns) {
  if (op >= kOps) fail("the program names op " + std::to_string(op) + "; the network has " + std::to_string(kOps));
  for (int k = 0; k < count; ++k) {
    Place& at = places_[op];
    if (at.column == begins_[op + 1].column) fail("image " + std::to_string(image_) + ": more columns than expected, from op " + std::to_string(op));
    const Column& c = trace_[at.column++];
    uint32_t lanes[kLanes];
    std::memcpy(lanes, static_cast<const char*>(columns) + k * sizeof lanes, sizeof lanes);
    const uint8_t* want_bytes = &expected_[(size_t(opt_.first + image_) * values_per_image_ + at.value) * 4];
    at.value += c.lanes;
    compared_[op] += c.lanes;
    for (uint32_t i = 0; i < c.lanes; ++i) {
      int32_t want;
      std::memcpy(&want, want_bytes + 4 * i, 4);
      const int32_t got = static_cast<int32_t>(lanes[i]);
      digests_[op] = (digests_[op] ^ lanes[i]) * 0x100000001b3ull;  // FNV-1a over whole elements
      if (got == want) continue;
      // The first few of an op are named; all are counted.
      if (mismatches_[op]++ < 3)
        std::printf("{\"event\":\"mismatch\",\"op\":%u,\"image\":%d,\"head\":%u,\"row\":%u,\"col\":%u,\"expected\":%d,\"got\":%d,\"cycle\":%" PRIu64 "}\n",
                    c.op, opt_.first + image_, c.head, c.row + i, c.col, want, got, cycle_ - run_start_);
      ++total_mismatches_;
    }
  }
}

void Bench::end_image() {
  for (int i = 0; i < kOps && image_ < opt_.full; ++i)
    if (places_[i].column != begins_[i + 1].column)
      fail("image " + std::to_string(image_) + ": " + std::to_string(places_[i].column - begins_[i].column) + " columns of " +
           std::to_string(begins_[i + 1].column - begins_[i].column) + " were produced by op " + std::to_string(i));
  for (int i = 0; i < kOps && image_ < opt_.full; ++i) {
    digest_sums_[i] += digests_[i];
    digests_[i] = kDigest;
  }
  std::printf("{\"event\":\"image\",\"image\":%d,\"cycle\":%" PRIu64 ",\"cycles\":[", opt_.first + image_, cycle_ - run_start_);
  for (int i = 0; i <= kOps; ++i) std::printf(i ? ",%" PRIu64 : "%" PRIu64, op_cycles_[i]);
  std::printf("]}\n");
  std::fflush(stdout);
  if (image_ == 0)
    for (int i = 0; i <= kOps; ++i) {
      std::printf("{\"event\":\"spent\",\"op\":%d,\"cycles\":[", i);
      for (int c = 0; c < kCauses; ++c) std::printf(c ? ",%" PRIu64 : "%" PRIu64, spent_[i * kCauses + c]);
      std::printf("]}\n");
    }
  std::fill(op_cycles_.begin(), op_cycles_.end(), 0);
  places_ = begins_;
  ++image_;
}

void Bench::write_register(int addr, uint32_t value) {
  top_.s_axi_awaddr = addr;
  top_.s_axi_wdata = value;
  top_.s_axi_wstrb = 15;
  top_.s_axi_awvalid = top_.s_axi_wvalid = top_.s_axi_bready = 1;
  tick();  // taken in its first cycle: the slave is idle
  top_.s_axi_awvalid = top_.s_axi_wvalid = 0;
  for (int i = 0; !top_.s_axi_bvalid; ++i) {
    if (i == 100) fail("a write of register " + std::to_string(addr) + " gets no response");
    tick();
  }
  tick();
}

uint32_t Bench::read_register(int addr) {
  top_.s_axi_araddr = addr;
  top_.s_axi_arvalid = 1;
  top_.s_axi_rready = 0;
  tick();
  top_.s_axi_arvalid = 0;
  top_.s_axi_rready = 1;
  const uint32_t value = top_.s_axi_rdata;
  tick();
  return value;
}

// Starts a run, stops it by a soft reset, and holds the accelerator to what docs/REGISTERS.md
// says: BUSY until the bus is idle, no DONE, the errors that were given.
void Bench::rehearse(uint64_t cycles) {
  rehearsal_ = true;
  read_refused_ = write_refused_ = false;
  const std::string when = " after a soft reset in cycle " + std::to_string(cycles);
  write_register(0x00, 1);
  for (uint64_t i = 2; i < cycles; ++i) tick();
  write_register(0x00, 2);
  uint32_t status = 1;
  for (int i = 0; status & 1; ++i) {
    if (i > 100000) fail("BUSY stays high" + when);
    status = read_register(0x04);
  }
  if (!checker_.idle() || !reads_.empty() || response_pending_) fail("BUSY is low with transfers under way" + when);
  const uint32_t want = (read_refused_ ? 4 : 0) | (write_refused_ ? 8 : 0);
  if (status != want) fail("status register is " + std::to_string(status) + when + "; expected " + std::to_string(want));
  std::printf("{\"event\":\"reset\",\"cycle\":%" PRIu64 ",\"status\":%u}\n", cycles, status);
  rehearsal_ = false;
}

bool Bench::compare_logits() {
  uint64_t wrong = 0;
  for (int i = 0; i < opt_.images; ++i)
    for (int c = 0; c < kClasses; ++c) {
      int32_t want, got;
      std::memcpy(&want, &logits_[(size_t(opt_.first + i) * kClasses + c) * 4], 4);
      std::memcpy(&got, &results_[size_t(i) * kResultBytes + size_t(c) * 4], 4);
      if (got == want) continue;
      if (wrong++ < 3)
        std::printf("{\"event\":\"mismatch\",\"op\":%d,\"image\":%d,\"head\":0,\"row\":0,\"col\":%d,\"expected\":%d,\"got\":%d,\"cycle\":%" PRIu64 "}\n",
                    kOps, opt_.first + i, c, want, got, cycle_ - run_start_);
    }
  std::printf("{\"event\":\"logits\",\"images\":%d,\"compared\":%d,\"mismatches\":%" PRIu64 "}\n", opt_.images, opt_.images * kClasses, wrong);
  return wrong == 0;
}

bool Bench::run() {
  top_.aresetn = 0;
  for (int i = 0; i < 8; ++i) tick();
  top_.aresetn = 1;
  for (int i = 0; i < 4; ++i) tick();
  char hash[17];
  std::snprintf(hash, sizeof hash, "%08x%08x", read_register(0x38), read_register(0x3c));
  if (std::strncmp(hash, kHash, 16) != 0) fail(std::string("the RTL says it is design ") + hash + ", the harness was made for " + kHash);

  write_register(0x08, opt_.images);
  write_register(0x10, kImageBase), write_register(0x14, 0);
  write_register(0x18, kStreamBase), write_register(0x1c, 0);
  write_register(0x20, kResultBase), write_register(0x24, 0);
  for (uint64_t cycles : opt_.resets) rehearse(cycles);
  std::fill(results_.begin(), results_.end(), 0);
  beats_read_ = beats_written_ = 0;
  const auto begin = std::chrono::steady_clock::now();
  const uint64_t first = cycle_;
  write_register(0x00, 1);
  while (image_ < opt_.images) tick();
  for (int i = 0; i < 4; ++i) tick();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const uint32_t status = read_register(0x04), stalls = read_register(0x34);
  if (status != 2) fail("status register is " + std::to_string(status) + " after the run; expected 2, done without error");
  if (!opt_.results.empty()) {
    FILE* f = std::fopen(opt_.results.c_str(), "wb");
    if (!f || std::fwrite(results_.data(), 1, results_.size(), f) != results_.size() || std::fclose(f) != 0)
      fail("cannot write " + opt_.results);
  }
  const bool logits_ok = compare_logits();
  bool complete = true;
  for (int i = 0; i < kOps; ++i) {
    std::printf("{\"event\":\"op\",\"op\":%d,\"compared\":%" PRIu64 ",\"mismatches\":%" PRIu64 ",\"digest\":\"%016" PRIx64 "\"}\n", i,
                compared_[i], mismatches_[i], digest_sums_[i]);
    complete = complete && (opt_.full == 0 || compared_[i] > 0);
  }
  const bool ok = logits_ok && complete && total_mismatches_ == 0;
  std::printf("{\"event\":\"end\",\"ok\":%s,\"images\":%d,\"full\":%d,\"cycles\":%" PRIu64 ",\"seconds\":%.6f,\"beats_read\":%" PRIu64
              ",\"beats_written\":%" PRIu64 ",\"stall_cycles\":%u}\n",
              ok ? "true" : "false", opt_.images, opt_.full, cycle_ - first, seconds, beats_read_, beats_written_, stalls);
  return ok;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s DIR [--first I] [--images N] [--full N] [--latency CYCLES] [--stall PERMILLE] [--seed S] [--results FILE] [--resets CYCLE,...]\n", argv[0]);
    return 2;
  }
  Options opt;
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const long value = std::atol(argv[i + 1]);
    if (name == "--first") opt.first = static_cast<int>(value);
    else if (name == "--images") opt.images = static_cast<int>(value);
    else if (name == "--full") opt.full = static_cast<int>(value);
    else if (name == "--latency") opt.latency = static_cast<int>(std::max(1l, value));
    else if (name == "--stall") opt.stall = static_cast<int>(value);
    else if (name == "--seed") opt.seed = static_cast<uint64_t>(value);
    else if (name == "--results") opt.results = argv[i + 1];
    else if (name == "--resets")
      for (char* at = argv[i + 1]; *at; at += *at == ',') opt.resets.push_back(std::strtoull(at, &at, 10));
    else {
      std::fprintf(stderr, "unknown option %s\n", name.c_str());
      return 2;
    }
  }
  try {
    return Bench(argv[1], opt).run() ? 0 : 1;
  } catch (const Fault& f) {
    std::string text;
    for (char c : f.what) text += c == '"' || c == '\\' ? '\'' : c;
    std::printf("{\"event\":\"fault\",\"what\":\"%s\"}\n", text.c_str());
    return 1;
  }
}
