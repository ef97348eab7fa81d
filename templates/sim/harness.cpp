// Runs the accelerator on images out of a memory model and compares every column of every
// op with the expected vectors. Prints one JSON object a line; exits 0 only if everything
// was compared and equal. docs/VERIFICATION.md says what is held to what.
//
//   harness DIR [--first I] [--images N] [--full N] [--latency CYCLES] [--stall PERMILLE] [--seed S]
//          [--results FILE] [--resets CYCLE,CYCLE,...] [--hard CYCLE] [--starts N] [--limit CYCLES]
//
//   --first    index of the first image, where several processes share the images
//   --images   images to run; the logits of all are compared
//   --full     the first N of them are compared op by op
//   --latency  cycles from a read request to its first beat, at least 1
//   --stall    chance of a pause on any channel in any cycle, in thousandths
//   --results  the result blocks are written there as well
//   --resets   rehearsals before the run: each reads other contents, and is stopped by a soft reset in
//              that cycle, with error responses on the bus
//   --hard     one more, stopped by the reset wire
//   --starts   runs before all that, each of a simulation that begins in a random state of its own, on a
//              memory that answers in any way that AXI allows, at any addresses, each part of it across the
//              end of a page: the first of one image, and at once of one more; the others of two images
//   --limit    cycles after which an op is taken to hang
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>

#include "Vsim_top.h"
#include "axi_checker.h"
#include "lite_master.h"
#include "memory_model.h"
#include "vectors.h"
#include "verilated.h"

namespace {

const char* const kCauseNames[] = {<% range $i, $c := .Causes %><% if $i %>, <% end %>"<% $c %>"<% end %>};
constexpr int kCauses = <% len .Causes %>;
constexpr int kNamed = 3;  // mismatches of an op that are named; all are counted
constexpr uint64_t kDigest = 0xcbf29ce484222325ull;  // of nothing

struct Options {
  int first = 0, images = -1, full = -1, latency = 1, stall = 0, starts = 0;
  uint64_t seed = 1, hard = 0, limit = <% .MaxCycles %>ull;
  std::string results;
  std::vector<uint64_t> resets;
  bool start = false;  // one of --starts
  int runs = 1;        // of the images, one after the other
};

class Bench {
 public:
  Bench(const Vectors& v, Options opt)
      : v_(v), opt_(opt), chance_(opt.seed + 77), top_((seed(context_, opt.seed), &context_)), memory_(v, opt.first, opt.images, opt.seed),
        lite_(top_, [this] { tick(); }, opt.seed) {
    places_ = v.begins;
    compared_.assign(kOps, 0);
    mismatches_.assign(kOps + 1, 0);
    digests_.assign(kOps, kDigest);
    digest_sums_.assign(kOps, 0);
    op_cycles_.assign(kOps + 1, 0);
    ended_.assign(kOps + 1, false);
    spent_.assign((kOps + 1) * kCauses, 0);
    memory_.latency = opt.latency;
    memory_.stall = opt.stall;
    while (std::strcmp(kCauseNames[weights_], "weights")) ++weights_;
  }

  bool run();

 private:
  static void seed(VerilatedContext& c, uint64_t s) {
    c.randReset(2);  // registers and memories start with what this seed gives
    c.randSeed(int(s % 0x7fffffff) + 1);
  }
  void tick();
  void reset();
  void program();
  void rehearse(uint64_t cycles, bool hard);
  void watch();
  void wait_for_images();
  void compare(int op, int count, const void* columns);
  void compare_sums();
  void mismatch(int op, int head, int row, int col, int64_t want, int64_t got, const char* what);
  void end_image();
  void after_run();
  void run_again();
  void reset_done();
  bool compare_logits();
  bool conclude(double seconds, uint64_t cycles);
  std::string where() const;

  const Vectors& v_;
  Options opt_;
  Random chance_;
  VerilatedContext context_;
  Vsim_top top_;
  MemoryModel<Vsim_top> memory_;
  LiteMaster<Vsim_top> lite_;
  AxiChecker<Vsim_top> checker_;
  bool rehearsal_ = false;

  // Progress of the run.
  uint64_t cycle_ = 0, run_start_ = 0, last_end_ = 0, waited_ = 0;
  bool running_ = false;
  int image_ = 0, weights_ = 0;
  std::vector<Vectors::Place> places_;             // of each op: the next to come
  std::vector<uint64_t> compared_, mismatches_, op_cycles_;
  std::vector<bool> ended_;                        // ops, of this image
  std::vector<uint64_t> digests_, digest_sums_;    // of each op: in this image, of all images
  std::vector<uint64_t> spent_;                    // cycles of each op and cause, first image
  struct Sums { int64_t x = 0, xx = 0; bool seen = false<% if .Windowed %>, there = false<% end %>; };
  std::map<int, std::vector<Sums>> sums_;          // of this image, by the op whose rows they are of: expected
<%- if .Windowed %>
  std::map<int, std::vector<Sums>> moved_;         // the same by the op that reads them
<%- end %>
  uint64_t total_mismatches_ = 0, sums_compared_ = 0;
};

void Bench::tick() {
  memory_.drive(top_, cycle_);
  top_.aclk = 0;
  top_.eval();
  lite_.sample();
  if (!checker_.check(top_)) fail("AXI: " + checker_.broken() + ", cycle " + std::to_string(cycle_));
  if (top_.aresetn) memory_.sample(top_, cycle_);
  watch();
  top_.aclk = 1;
  top_.eval();
  ++cycle_;
}

void Bench::watch() {
  if (rehearsal_ || !top_.aresetn) return;
  if (top_.trace_start) {
    if (running_) fail("a run begins within a run, cycle " + std::to_string(cycle_ - run_start_));
    running_ = true;
    run_start_ = last_end_ = cycle_;
  }
  if (!running_) return;
  const int image = image_;
  if (image_ == 0 && cycle_ > run_start_) {
    // Before the first descriptor is there, its op has no number yet: it is the first one.
    const int op = cycle_ - run_start_ < 8 ? 0 : top_.trace_cause_op;
    if (op > kOps || top_.trace_cause >= kCauses) fail("a cycle of op " + std::to_string(op) + " and cause " + std::to_string(int(top_.trace_cause)));
    ++spent_[op * kCauses + top_.trace_cause];
  }
  waited_ += top_.trace_cause == weights_;
  if (top_.trace_sums && image < opt_.full) compare_sums();
  const void* columns[4] = {&top_.trace_drain, &top_.trace_norm, &top_.trace_softmax, &top_.trace_patches};
  for (int port = 0; port < 4; ++port)
    if (top_.trace_valid >> port & 1 && image < opt_.full)
      compare(top_.trace_op >> 12 * port & 0xfff, top_.trace_count >> 8 * port & 0xff, columns[port]);
  if (top_.trace_end)
    for (int port = 0; port < 5; ++port) {
      if (!(top_.trace_end >> port & 1)) continue;
      const int op = top_.trace_end_op >> 12 * port & 0xfff;
      if (op > kOps) fail("the program names op " + std::to_string(op) + "; the network has " + std::to_string(kOps));
      op_cycles_[op] += cycle_ - last_end_;
      ended_[op] = true;
      last_end_ = cycle_;
      if (op == kOps) end_image();
    }
  if (cycle_ - last_end_ > opt_.limit) fail("no op has ended for " + std::to_string(opt_.limit) + " cycles: " + where());
}

// Where a run hangs: the first op that has not ended, and the bus.
std::string Bench::where() const {
  int op = 0;
  while (op < kOps && ended_[op]) ++op;
  std::string text = "image " + std::to_string(opt_.first + image_) + " waits for op " + std::to_string(op);
  if (op < kOps && image_ < opt_.full)
    text += " with " + std::to_string(places_[op].column - v_.begins[op].column) + " columns of " + std::to_string(v_.begins[op + 1].column - v_.begins[op].column);
  const int cause = std::min<int>(top_.trace_cause, kCauses - 1);
  return text + "; the array's cycles go to " + kCauseNames[cause] + " of op " + std::to_string(int(top_.trace_cause_op)) + "; " + memory_.state();
}

void Bench::mismatch(int op, int head, int row, int col, int64_t want, int64_t got, const char* what) {
  ++total_mismatches_;
  if (mismatches_[op]++ >= kNamed) return;
  std::printf("{\"event\":\"mismatch\",\"op\":%d,\"what\":\"%s\",\"image\":%d,\"head\":%d,\"row\":%d,\"col\":%d,\"expected\":%" PRId64 ",\"got\":%" PRId64
              ",\"cycle\":%" PRIu64 "}\n", op, what, opt_.first + image_, head, row, col, want, got, cycle_ - run_start_);
}

// Columns that an op produces in a cycle, kLanes lanes each, against the next expected of the op.
void Bench::compare(int op, int count, const void* columns) {
  if (op >= kOps) fail("the program names op " + std::to_string(op) + "; the network has " + std::to_string(kOps));
  for (int k = 0; k < count; ++k) {
    Vectors::Place& at = places_[op];
    if (at.column == v_.begins[op + 1].column) fail("image " + std::to_string(image_) + ": more columns than expected, from op " + std::to_string(op));
    const Column& c = v_.trace[at.column++];
    uint32_t lanes[kLanes];
    std::memcpy(lanes, static_cast<const char*>(columns) + k * sizeof lanes, sizeof lanes);
    const uint8_t* want_bytes = &v_.expected[(size_t(opt_.first + image_) * kElements + at.value) * 4];
    at.value += c.lanes;
    compared_[op] += c.lanes;
    for (uint32_t i = 0; i < c.lanes; ++i) {
      int32_t want;
      std::memcpy(&want, want_bytes + 4 * i, 4);
      digests_[op] = (digests_[op] ^ lanes[i]) * 0x100000001b3ull;  // FNV-1a over whole elements
      if (static_cast<int32_t>(lanes[i]) != want) mismatch(op, c.head, c.row + i, c.col, want, static_cast<int32_t>(lanes[i]), "");
    }
  }
}

// The sums over a token's channels that LayerNorm takes in this cycle, against those of the op before it,
// whose elements are the residual stream.
void Bench::compare_sums() {
  const int op = top_.trace_norm_op;
  if (op < 1 || op >= kOps) fail("sums of op " + std::to_string(op));
  auto& rows = sums_[op - 1];
  if (rows.empty()) {
    size_t value = v_.begins[op - 1].value;
    for (size_t i = v_.begins[op - 1].column; i < v_.begins[op].column; ++i)
      for (uint32_t l = 0; l < v_.trace[i].lanes; ++l) {
        const int64_t x = v_.value(opt_.first + image_, value++);
        const size_t row = v_.trace[i].row + l;
        if (rows.size() <= row) rows.resize(row + 1);
        rows[row].x += x;
        rows[row].xx += x * x;
      }
  }
  uint32_t last = 0;  // LayerNorm's own last row: the last one may do fewer
  for (size_t i = v_.begins[op].column; i < v_.begins[op + 1].column; ++i) last = std::max(last, v_.trace[i].row + v_.trace[i].lanes);
  const size_t row = top_.trace_sums_row;
<%- if .Windowed %>
  // Rows may have been moved on their way, and some put side by side.
  auto& moved = moved_[op];
  const auto from = v_.moves.find(op);
  if (moved.empty()) {
    if (from == v_.moves.end()) moved = rows;
    else
      for (const auto& side : from->second) {
        Sums sum;
        for (uint32_t r : side) {
          if (r == kNoRow) continue;
          sum.x += rows[r].x;
          sum.xx += rows[r].xx;
        }
        moved.push_back(sum);
      }
    for (size_t i = v_.begins[op].column; i < v_.begins[op + 1].column; ++i)  // not what is behind a window's last row
      for (uint32_t l = 0; l < v_.trace[i].lanes; ++l) moved[v_.trace[i].row + l].there = true;
  }
  if (row >= last || row >= moved.size() || !moved[row].there) return;
  if (!moved[row].seen) sums_compared_ += 2;  // the last row tile's are taken again
  moved[row].seen = true;
  if (int64_t(top_.trace_s1) != moved[row].x) mismatch(op, 0, int(row), 0, moved[row].x, int64_t(top_.trace_s1), "sum of the row");
  if (int64_t(top_.trace_s2) != moved[row].xx) mismatch(op, 0, int(row), 0, moved[row].xx, int64_t(top_.trace_s2), "sum of the row's squares");
<%- else %>
  if (row >= last || row >= rows.size()) return;
  if (!rows[row].seen) sums_compared_ += 2;  // the last row tile's are taken again
  rows[row].seen = true;
  if (int64_t(top_.trace_s1) != rows[row].x) mismatch(op, 0, int(row), 0, rows[row].x, int64_t(top_.trace_s1), "sum of the row");
  if (int64_t(top_.trace_s2) != rows[row].xx) mismatch(op, 0, int(row), 0, rows[row].xx, int64_t(top_.trace_s2), "sum of the row's squares");
<%- end %>
}

void Bench::end_image() {
  for (int i = 0; i < kOps && image_ < opt_.full; ++i)
    if (places_[i].column != v_.begins[i + 1].column)
      fail("image " + std::to_string(image_) + ": " + std::to_string(places_[i].column - v_.begins[i].column) + " columns of " +
           std::to_string(v_.begins[i + 1].column - v_.begins[i].column) + " were produced by op " + std::to_string(i));
  for (int i = 0; i < kOps && image_ < opt_.full; ++i) {
    digest_sums_[i] += digests_[i];
    digests_[i] = kDigest;
  }
  if (!opt_.start) {
    std::printf("{\"event\":\"image\",\"image\":%d,\"cycle\":%" PRIu64 ",\"cycles\":[", opt_.first + image_, cycle_ - run_start_);
    for (int i = 0; i <= kOps; ++i) std::printf(i ? ",%" PRIu64 : "%" PRIu64, op_cycles_[i]);
    std::printf("]}\n");
    std::fflush(stdout);
  }
  for (int i = 0; i <= kOps && image_ == 0 && !opt_.start; ++i) {
    std::printf("{\"event\":\"spent\",\"op\":%d,\"cycles\":[", i);
    for (int c = 0; c < kCauses; ++c) std::printf(c ? ",%" PRIu64 : "%" PRIu64, spent_[i * kCauses + c]);
    std::printf("]}\n");
  }
  std::fill(op_cycles_.begin(), op_cycles_.end(), 0);
  std::fill(ended_.begin(), ended_.end(), false);
  sums_.clear();
<%- if .Windowed %>
  moved_.clear();
<%- end %>
  places_ = v_.begins;
  ++image_;
}

void Bench::reset() {
  top_.aresetn = 0;
  top_.s_axi_awvalid = top_.s_axi_wvalid = top_.s_axi_bready = top_.s_axi_arvalid = top_.s_axi_rready = 0;
  memory_.reset();
  for (int i = 0; i < 8; ++i) tick();
  top_.aresetn = 1;
  for (int i = 0; i < 4; ++i) tick();
}

// Writes the registers of a run and reads them back.
void Bench::program() {
  const uint64_t bases[] = {memory_.at.image, memory_.at.stream, memory_.at.result};
  lite_.write(0x08, opt_.images);
  for (int i = 0; i < 3; ++i) {
    lite_.write(0x10 + 8 * i, uint32_t(bases[i]));
    lite_.write(0x14 + 8 * i, uint32_t(bases[i] >> 32));
  }
  lite_.expect(0x08, opt_.images, "when read back");
  for (int i = 0; i < 3; ++i) {
    lite_.expect(0x10 + 8 * i, uint32_t(bases[i]), "when read back");
    lite_.expect(0x14 + 8 * i, uint32_t(bases[i] >> 32), "when read back");
  }
}

// Starts a run, stops it by a reset, and holds the accelerator to what docs/REGISTERS.md
// says: BUSY until the bus is idle, no DONE, the errors that were given.
void Bench::rehearse(uint64_t cycles, bool hard) {
  rehearsal_ = memory_.refuse = memory_.foreign = true;
  memory_.read_refused = memory_.write_refused = false;
  const std::string when = std::string("after a ") + (hard ? "hard" : "soft") + " reset in cycle " + std::to_string(cycles);
  const uint64_t begin = cycle_;
  lite_.write(0x00, 1);
  while (cycle_ < begin + cycles) tick();
  if (hard) {
    reset();
    lite_.expect(0x04, 0, when);
    lite_.expect(0x08, 1, when);
    program();
  } else {
    lite_.write(0x00, 2);
    uint32_t status = 1;
    for (int i = 0; status & 1; ++i) {
      if (i > 20000) fail("BUSY stays high " + when + "; " + memory_.state());
      status = lite_.read(0x04);
    }
    if (!checker_.idle() || !memory_.idle()) fail("BUSY is low with transfers under way " + when);
    const uint32_t want = (memory_.read_refused ? 4 : 0) | (memory_.write_refused ? 8 : 0);
    if (status != want) fail("status register is " + std::to_string(status) + " " + when + "; expected " + std::to_string(want));
  }
  std::printf("{\"event\":\"reset\",\"cycle\":%" PRIu64 "}\n", cycles);
  rehearsal_ = memory_.refuse = memory_.foreign = false;
}

// Runs to the end of the last image. On the way a START has to be ignored, and the registers tell the truth.
void Bench::wait_for_images() {
  const uint64_t written = cycle_;
  lite_.write(0x00, 1);
  while (!running_) {
    if (cycle_ > written + 64) fail("START was written and no run has begun within 64 cycles");
    tick();
  }
  const uint64_t again = run_start_ + 40;
  while (image_ < opt_.images && cycle_ < again) tick();
  if (image_ < opt_.images) {
    lite_.write(0x00, 1);
    if (image_ < opt_.images) {
      const int before = image_;
      const uint32_t status = lite_.read(0x04), done = lite_.read(0x30);
      if (image_ == before && status != 1) fail("status register is " + std::to_string(status) + " in mid-run; expected 1, busy");
      if (image_ == before && done != uint32_t(before)) fail("IMAGES_DONE is " + std::to_string(done) + " in image " + std::to_string(before));
    }
  }
  while (image_ < opt_.images) {
    const int before = image_;
    while (image_ == before) {
      tick();
      if (lite_.rough && chance_.chance(20)) lite_.read(0x04);
    }
    if (image_ == opt_.images || (!lite_.rough && image_ > 2)) continue;
    for (int i = 0; i < 4; ++i) tick();
    const int now = image_;
    const uint32_t done = lite_.read(0x30);
    if (image_ == now && done != uint32_t(now)) fail("IMAGES_DONE is " + std::to_string(done) + " after " + std::to_string(now) + " images");
  }
}

// What holds when the run has ended.
void Bench::after_run() {
  for (int i = 0; i < 4; ++i) tick();
  const uint32_t status = lite_.read(0x04);
  if (status != 2) fail("status register is " + std::to_string(status) + " after the run; expected 2, done without error");
  if (!memory_.idle() || !checker_.idle()) fail("transfers are under way after the run: " + memory_.state());
  const uint64_t taken = last_end_ - run_start_;
  const std::string when = "after a run of " + std::to_string(taken) + " cycles";
  lite_.expect(0x28, uint32_t(taken), when);
  lite_.expect(0x2c, uint32_t(taken >> 32), when);
  lite_.expect(0x30, opt_.images, when);
  lite_.expect(0x34, uint32_t(waited_), when);
  const uint64_t reads = opt_.images * ((kImageBytes + kStreamBytes) / kBusBytes), writes = opt_.images * (kResultBytes / kBusBytes);
  if (memory_.beats_read != reads || memory_.beats_written != writes)
    fail(std::to_string(memory_.beats_read) + " beats were read and " + std::to_string(memory_.beats_written) + " written; expected " +
         std::to_string(reads) + " and " + std::to_string(writes));
  running_ = false;
  for (int i = 0; i < 64; ++i) {
    tick();
    if (top_.m_axi_arvalid || top_.m_axi_awvalid || top_.m_axi_wvalid || top_.trace_end) fail("the accelerator does not rest after the run");
  }
}

// A run behind one that is done, with the registers as they are.
void Bench::run_again() {
  image_ = 0;
  waited_ = 0;
  memory_.clear_results();
  memory_.beats_read = memory_.beats_written = 0;
  wait_for_images();
  after_run();
}

// A soft reset takes DONE away.
void Bench::reset_done() {
  lite_.write(0x00, 2);
  const uint64_t begin = cycle_;
  while (lite_.read(0x04) & 1)
    if (cycle_ > begin + 64) fail("BUSY stays high after a soft reset without a run");
  lite_.expect(0x04, 0, "after a soft reset of what is done");
}

bool Bench::compare_logits() {
  const uint64_t before = total_mismatches_;
  mismatches_[kOps] = 0;
  for (int i = 0; i < opt_.images; ++i) {
    image_ = i;
    const uint8_t* block = &memory_.results[size_t(i) * kResultBytes];
    for (int c = 0; c < kClasses; ++c) {
      int32_t want, got;
      std::memcpy(&want, &v_.logits[(size_t(opt_.first + i) * kClasses + c) * 4], 4);
      std::memcpy(&got, block + size_t(c) * 4, 4);
      if (got != want) mismatch(kOps, 0, 0, c, want, got, "");
    }
    for (size_t b = size_t(kClasses) * 4; b < kResultBytes; ++b)
      if (block[b] != 0) mismatch(kOps, 0, 0, int(b / 4), 0, block[b], "padding of the result");
  }
  if (!opt_.start)
    std::printf("{\"event\":\"logits\",\"images\":%d,\"compared\":%d,\"mismatches\":%" PRIu64 "}\n", opt_.images, opt_.images * kClasses, total_mismatches_ - before);
  return total_mismatches_ == before;
}

bool Bench::conclude(double seconds, uint64_t cycles) {
  bool complete = true;
  for (int i = 0; i < kOps; ++i) {
    if (!opt_.start)
      std::printf("{\"event\":\"op\",\"op\":%d,\"compared\":%" PRIu64 ",\"mismatches\":%" PRIu64 ",\"digest\":\"%016" PRIx64 "\"}\n", i,
                  compared_[i], mismatches_[i], digest_sums_[i]);
    complete = complete && (opt_.full == 0 || compared_[i] > 0);
  }
  const bool ok = complete && total_mismatches_ == 0;
  if (opt_.start) std::printf("{\"event\":\"start\",\"ok\":%s,\"compared\":%" PRIu64 "}\n", ok ? "true" : "false", sums_compared_);
  else
    std::printf("{\"event\":\"end\",\"ok\":%s,\"images\":%d,\"full\":%d,\"cycles\":%" PRIu64 ",\"seconds\":%.6f,\"beats_read\":%" PRIu64
                ",\"beats_written\":%" PRIu64 ",\"compared\":%" PRIu64 "}\n",
                ok ? "true" : "false", opt_.images, opt_.full, cycles, seconds, memory_.beats_read, memory_.beats_written, sums_compared_);
  return ok;
}

bool Bench::run() {
  if (opt_.start) {
    lite_.rough = true;
    memory_.latency = 1 + int(chance_.next() % 40);
    memory_.stall = int(chance_.next() % 300);
    const uint64_t high = (chance_.next() & 0xff) << 32;
    // Where a part begins, so that a page ends within it.
    auto place = [&](size_t bytes) { return 0x1000 - chance_.next() % std::min<size_t>(4096, bytes) / kBusBytes * kBusBytes; };
    memory_.at = {high + 0x10000000 + place(opt_.images * kImageBytes), (high ^ 0xff00000000) + 0x40000000 + place(kStreamBytes),
                  high + 0x80000000 + place(opt_.images * kResultBytes)};
  }
  reset();
  lite_.check_registers();
  program();
  for (uint64_t cycles : opt_.resets) rehearse(cycles, false);
  if (opt_.hard != 0) rehearse(opt_.hard, true);
  memory_.clear_results();
  memory_.beats_read = memory_.beats_written = 0;
  const auto begin = std::chrono::steady_clock::now();
  const uint64_t first = cycle_;
  wait_for_images();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const uint64_t cycles = cycle_ - first;
  after_run();
  if (!opt_.results.empty()) {
    FILE* f = std::fopen(opt_.results.c_str(), "wb");
    if (!f || std::fwrite(memory_.results.data(), 1, memory_.results.size(), f) != memory_.results.size() || std::fclose(f) != 0)
      fail("cannot write " + opt_.results);
  }
  compare_logits();
  for (int i = 1; i < opt_.runs; ++i) {
    run_again();
    compare_logits();
  }
  reset_done();
  return conclude(seconds, cycles);
}

bool run_all(const Vectors& v, Options opt) {
  if (opt.images < 0) opt.images = v.count - opt.first;
  if (opt.full < 0) opt.full = std::max(0, v.full - opt.first);
  opt.full = std::min(opt.full, opt.images);
  if (opt.first < 0 || opt.images < 1 || opt.first + opt.images > v.count)
    fail("vectors hold " + std::to_string(v.count) + " images; asked for " + std::to_string(opt.images) + " from " + std::to_string(opt.first));
  if (opt.full > 0 && opt.first + opt.full > v.full)
    fail("vectors hold " + std::to_string(v.full) + " images op by op; asked for " + std::to_string(opt.first + opt.full));
  bool ok = true;
  for (int i = 0; i < opt.starts && ok; ++i) {
    Options one = opt;
    one.images = i == 0 ? 1 : std::min(2, opt.images);
    one.runs = i == 0 ? 2 : 1;
    one.full = std::min(one.images, opt.full);
    one.seed = opt.seed + 1000003u * (i + 1);
    one.resets.clear();
    one.hard = 0;
    one.limit = 4 * opt.limit;
    one.results.clear();
    one.start = true;
    ok = Bench(v, one).run();
  }
  return Bench(v, opt).run() && ok;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s DIR [--OPTION VALUE]...; the options are in harness.cpp\n", argv[0]);
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
    else if (name == "--starts") opt.starts = static_cast<int>(value);
    else if (name == "--hard") opt.hard = static_cast<uint64_t>(value);
    else if (name == "--limit") opt.limit = static_cast<uint64_t>(value);
    else if (name == "--results") opt.results = argv[i + 1];
    else if (name == "--resets")
      for (char* at = argv[i + 1]; *at; at += *at == ',') opt.resets.push_back(std::strtoull(at, &at, 10));
    else {
      std::fprintf(stderr, "unknown option %s\n", name.c_str());
      return 2;
    }
  }
  try {
    return run_all(Vectors(argv[1]), opt) ? 0 : 1;
  } catch (const Fault& f) {
    std::string text;
    for (char c : f.what) text += c == '"' || c == '\\' ? '\'' : c;
    std::printf("{\"event\":\"fault\",\"what\":\"%s\"}\n", text.c_str());
    return 1;
  }
}
