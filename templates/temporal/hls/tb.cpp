// Runs the accelerator as C++ on the same memory image and vectors as the RTL and compares every
// column of every op. Prints one JSON object a line; exits 0 only if everything was compared and
// equal.
//
//   csim DIR [--images N] [--full N] [--results FILE]
//
//   --images   images to run; the logits of all are compared
//   --full     the first N of them are compared op by op
//   --results  the result blocks are written there as well
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <sys/time.h>
#include <unistd.h>

#include "vit_trace.h"
#include "vit_units.h"

namespace {

constexpr int kOps = <% .OpCount %>;  // ops of the network; op kOps is the store of the result
constexpr size_t kBeatBytes = BUS_BITS / 8;
constexpr size_t kImageBytes = IMAGE_BEATS * kBeatBytes;
constexpr size_t kStreamBytes = STREAM_BEATS * kBeatBytes;
constexpr size_t kResultBytes = RESULT_BEATS * kBeatBytes;
constexpr size_t kColumns = <% .ColumnCount %>, kElements = <% .ElementCount %>;  // of an image
constexpr int kBatch = 8;  // images of one call where only the logits are compared
constexpr int kPatience = 20;  // seconds of the processor's time without a column: it hangs
constexpr uint64_t kDigest = 0xcbf29ce484222325ull;  // of nothing
const char kHash[] = "<% .Hash %>";

struct Fault { std::string what; };

[[noreturn]] void fail(const std::string& what) { throw Fault{what}; }

// A vector file: 8 bytes of magic, the design's hash in hex, the data.
std::vector<uint8_t> read_file(const std::string& path, bool with_header) {
  FILE* f = std::fopen(path.c_str(), "rb");
  if (!f) fail("cannot open " + path);
  std::vector<uint8_t> data;
  uint8_t buffer[65536];
  while (size_t n = std::fread(buffer, 1, sizeof buffer, f))
    data.insert(data.end(), buffer, buffer + n);
  std::fclose(f);
  if (!with_header) return data;
  if (data.size() < 72 || std::memcmp(data.data(), "VITDSE01", 8) != 0)
    fail(path + " is not a vector file of this tool");
  if (std::memcmp(data.data() + 8, kHash, 64) != 0)
    fail(path + " belongs to design " + std::string(data.begin() + 8, data.begin() + 72) +
         ", this program to " + kHash);
  data.erase(data.begin(), data.begin() + 72);
  return data;
}

// Bytes as bus beats, the first byte in the lowest bits.
std::vector<bus_t> to_beats(const std::vector<uint8_t>& bytes) {
  std::vector<bus_t> beats(bytes.size() / kBeatBytes);
  for (size_t i = 0; i < beats.size(); ++i)
    for (size_t b = 0; b < kBeatBytes; ++b)
      beats[i].range(int(8 * b + 7), int(8 * b)) = ap_uint<8>(bytes[i * kBeatBytes + b]);
  return beats;
}

void print_mismatch(int op, int image, int head, int row, int col, int want, int got) {
  std::printf("{\"event\":\"mismatch\",\"op\":%d,\"image\":%d,\"head\":%d,\"row\":%d,\"col\":%d,"
              "\"expected\":%d,\"got\":%d,\"cycle\":0}\n",
              op, image, head, row, col, want, got);
}

struct Column { uint32_t op, head, row, col, lanes; };

struct Options { int images = -1, full = -1; std::string results; };

class Bench {
 public:
  Bench(const std::string& dir, Options opt) : opt_(opt) {
    const auto stream = read_file(dir + "/mem/stream.bin", false);
    const auto images = read_file(dir + "/vectors/images.bin", true);
    const auto trace = read_file(dir + "/vectors/trace.bin", true);
    expected_ = read_file(dir + "/vectors/expected.bin", true);
    logits_ = read_file(dir + "/vectors/logits.bin", true);
    if (stream.size() != kStreamBytes)
      fail(dir + "/mem/stream.bin has " + std::to_string(stream.size()) +
           " bytes; the design reads " + std::to_string(kStreamBytes));
    const size_t n = images.size() / kImageBytes, op_by_op = expected_.size() / (4 * kElements);
    if (trace.size() != kColumns * sizeof(Column) || images.size() != n * kImageBytes ||
        expected_.size() != op_by_op * 4 * kElements || logits_.size() != n * CLASSES * 4)
      fail(dir + "/vectors: images.bin has " + std::to_string(images.size()) +
           " bytes of data, trace.bin " + std::to_string(trace.size()) + ", expected.bin " +
           std::to_string(expected_.size()) + ", logits.bin " + std::to_string(logits_.size()) +
           "; expected " + std::to_string(n * kImageBytes) + ", " +
           std::to_string(kColumns * sizeof(Column)) + ", " +
           std::to_string(op_by_op * 4 * kElements) + ", " + std::to_string(n * CLASSES * 4));
    stream_ = to_beats(stream);
    images_ = to_beats(images);
    trace_.resize(trace.size() / sizeof(Column));
    std::memcpy(trace_.data(), trace.data(), trace_.size() * sizeof(Column));
    if (trace_.empty()) fail("the list of columns is empty");
    begins_.assign(kOps + 1, {});
    for (const Column& c : trace_) {
      if (c.op >= uint32_t(kOps))
        fail("a column of op " + std::to_string(c.op) + "; the network has " +
             std::to_string(kOps));
      ++begins_[c.op + 1].column;
      begins_[c.op + 1].value += c.lanes;
      values_per_image_ += c.lanes;
    }
    for (int i = 0; i < kOps; ++i) {  // an op's columns follow one another
      begins_[i + 1].column += begins_[i].column;
      begins_[i + 1].value += begins_[i].value;
    }
    places_ = begins_;
    const int have = int(images.size() / kImageBytes);
    const int have_full = int(expected_.size() / 4 / values_per_image_);
    if (opt_.images < 0) opt_.images = have;
    if (opt_.full < 0) opt_.full = have_full;
    opt_.full = std::min(opt_.full, opt_.images);
    if (opt_.images < 1 || opt_.images > have || logits_.size() < size_t(opt_.images) * CLASSES * 4)
      fail("vectors hold " + std::to_string(have) + " images; asked for " +
           std::to_string(opt_.images));
    if (opt_.full > have_full)
      fail("vectors hold " + std::to_string(have_full) + " images op by op; asked for " +
           std::to_string(opt_.full));
    results_.resize(size_t(opt_.images) * RESULT_BEATS);
    compared_.assign(kOps, 0);
    mismatches_.assign(kOps, 0);
    digests_.assign(kOps, kDigest);
    digest_sums_.assign(kOps, 0);
  }

  bool run();
  void compare_column(int op, const int* got);

 private:
  void end_image(int image);
  bool compare_logits();
  int32_t logit(int image, int c) const {
    const int per_beat = BUS_BITS / 32, at = c % per_beat * 32;
    return results_[size_t(image) * RESULT_BEATS + c / per_beat].range(at + 31, at).to_int();
  }

  Options opt_;
  std::vector<bus_t> stream_, images_, results_;
  std::vector<uint8_t> expected_, logits_;
  std::vector<Column> trace_;
  size_t values_per_image_ = 0;

  int image_ = 0;
  size_t columns_ = 0, most_ = 0;  // of this call: produced, and to come
  struct Place { size_t column = 0, value = 0; };  // in the expectation
  std::vector<Place> begins_, places_;             // of each op: its first, the next to come
  std::vector<uint64_t> compared_, mismatches_;
  std::vector<uint64_t> digests_, digest_sums_;    // of each op: in this image, of all images
  uint64_t total_mismatches_ = 0;
};

// What the watch over time sees: where the program is, and whether it gets on.
volatile std::sig_atomic_t last_op = 0, last_image = 0, moved = 1;

// Comes once a second of the processor's time.
void on_second(int) {
  static int idle = 0;
  idle = moved ? 0 : idle + 1;
  moved = 0;
  if (idle < kPatience) return;
  char text[200];
  const int n = std::snprintf(text, sizeof text,
                              "{\"event\":\"fault\",\"what\":\"no column for %d seconds of the "
                              "processor's time: image %d hangs, the last column came from op "
                              "%d\"}\n",
                              kPatience, int(last_image), int(last_op));
  if (write(1, text, size_t(n)) != n) _exit(4);
  _exit(1);
}

void watch_time() {
  std::signal(SIGPROF, on_second);
  const itimerval every = {{1, 0}, {1, 0}};
  setitimer(ITIMER_PROF, &every, nullptr);
}

void Bench::compare_column(int op, const int* got) {
  moved = 1;
  last_op = op;
  last_image = image_;
  if (op < 0 || op >= kOps) fail("a column of op " + std::to_string(op));
  if (++columns_ > most_)
    fail("image " + std::to_string(image_) + ": more columns than expected, the last from op " +
         std::to_string(op));
  if (image_ >= opt_.full) return;
  Place& at = places_[op];
  if (at.column == begins_[op + 1].column)
    fail("image " + std::to_string(image_) + ": more columns than expected, from op " +
         std::to_string(op));
  const Column& c = trace_[at.column++];
  const uint8_t* want_bytes = &expected_[(size_t(image_) * values_per_image_ + at.value) * 4];
  at.value += c.lanes;
  compared_[op] += c.lanes;
  for (uint32_t i = 0; i < c.lanes; ++i) {
    digests_[op] = (digests_[op] ^ uint32_t(got[i])) * 0x100000001b3ull;
    int32_t want;
    std::memcpy(&want, want_bytes + 4 * i, 4);
    if (got[i] == want) continue;
    // The first few of an op are named; all are counted.
    if (mismatches_[op]++ < 3)
      print_mismatch(op, image_, c.head, c.row + i, c.col, want, got[i]);
    ++total_mismatches_;
  }
}

void Bench::end_image(int image) {
  for (int i = 0; i < kOps && image < opt_.full; ++i)
    if (places_[i].column != begins_[i + 1].column)
      fail("image " + std::to_string(image) + ": " +
           std::to_string(places_[i].column - begins_[i].column) + " columns of " +
           std::to_string(begins_[i + 1].column - begins_[i].column) + " were produced by op " +
           std::to_string(i));
  for (int i = 0; i < kOps && image < opt_.full; ++i) {
    digest_sums_[i] += digests_[i];
    digests_[i] = kDigest;
  }
  std::printf("{\"event\":\"image\",\"image\":%d,\"cycle\":0,\"cycles\":[", image);
  for (int i = 0; i <= kOps; ++i) std::printf(i ? ",0" : "0");
  std::printf("]}\n");
  std::fflush(stdout);
  places_ = begins_;
}

bool Bench::compare_logits() {
  uint64_t wrong = 0;
  for (int i = 0; i < opt_.images; ++i)
    for (int c = 0; c < CLASSES; ++c) {
      int32_t want;
      std::memcpy(&want, &logits_[(size_t(i) * CLASSES + c) * 4], 4);
      const int32_t got = logit(i, c);
      if (got == want) continue;
      if (wrong++ < 3)
        print_mismatch(kOps, i, 0, 0, c, want, got);
    }
  std::printf("{\"event\":\"logits\",\"images\":%d,\"compared\":%d,\"mismatches\":%" PRIu64 "}\n",
              opt_.images, opt_.images * CLASSES, wrong);
  return wrong == 0;
}

bool Bench::run() {
  const auto begin = std::chrono::steady_clock::now();
  while (image_ < opt_.images) {
    const int count = image_ < opt_.full ? 1 : std::min(kBatch, opt_.images - image_);
    columns_ = 0;
    most_ = size_t(count) * trace_.size();
    vit_accel(&images_[size_t(image_) * IMAGE_BEATS], stream_.data(),
              &results_[size_t(image_) * RESULT_BEATS], count);
    for (int i = 0; i < count; ++i) end_image(image_ + i);
    image_ += count;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  if (!opt_.results.empty()) {
    FILE* f = std::fopen(opt_.results.c_str(), "wb");
    if (!f) fail("cannot write " + opt_.results);
    for (const bus_t& beat : results_)
      for (size_t b = 0; b < kBeatBytes; ++b)
        std::fputc(beat.range(int(8 * b + 7), int(8 * b)).to_int(), f);
    if (std::fclose(f) != 0) fail("cannot write " + opt_.results);
  }
  const bool logits_ok = compare_logits();
  bool complete = true;
  for (int i = 0; i < kOps; ++i) {
    std::printf("{\"event\":\"op\",\"op\":%d,\"compared\":%" PRIu64 ",\"mismatches\":%" PRIu64
                ",\"digest\":\"%016" PRIx64 "\"}\n",
                i, compared_[i], mismatches_[i], digest_sums_[i]);
    complete = complete && (opt_.full == 0 || compared_[i] > 0);
  }
  const bool ok = logits_ok && complete && total_mismatches_ == 0;
  std::printf("{\"event\":\"end\",\"ok\":%s,\"images\":%d,\"full\":%d,\"seconds\":%.6f}\n",
              ok ? "true" : "false", opt_.images, opt_.full, seconds.count());
  return ok;
}

Bench* bench;

}  // namespace

void vitdse_trace(int op, const int column[TM]) { bench->compare_column(op, column); }

int main(int argc, char** argv) {
  // With no arguments: the folder above, all images.
  Options opt;
  const std::string dir = argc < 2 ? ".." : argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--images") opt.images = std::atoi(argv[i + 1]);
    else if (name == "--full") opt.full = std::atoi(argv[i + 1]);
    else if (name == "--results") opt.results = argv[i + 1];
    else {
      std::fprintf(stderr, "unknown option %s\n", name.c_str());
      return 2;
    }
  }
  try {
    Bench b(dir, opt);
    bench = &b;
    watch_time();
    return b.run() ? 0 : 1;
  } catch (const Fault& f) {
    std::string text;
    for (char c : f.what) text += c == '"' || c == '\\' ? '\'' : c;
    std::printf("{\"event\":\"fault\",\"what\":\"%s\"}\n", text.c_str());
    return 1;
  }
}
