// What the accelerator reads and what is expected of it, out of the emitted folder. Each file must have exactly
// the size that the design gives it.
#pragma once
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
<%- if .Windowed %>
#include <map>
<%- end %>
#include <string>
#include <vector>

struct Fault { std::string what; };

[[noreturn]] inline void fail(const std::string& what) { throw Fault{what}; }

constexpr int kLanes = <% .TM %>;
constexpr int kBusBytes = <% .BusBits %> / 8;
constexpr int kClasses = <% .Classes %>;
constexpr int kOps = <% .OpCount %>;  // ops of the network; op kOps is the store of the result
constexpr size_t kImageBytes = <% .ImageBytes %>, kResultBytes = <% .ResultBytes %>, kStreamBytes = <% .StreamBytes %>;
constexpr size_t kColumns = <% .ColumnCount %>, kElements = <% .ElementCount %>;  // of an image
constexpr size_t kHeader = 72;  // of a vector file: 8 bytes of magic, the design's hash in hex
const char kHash[] = "<% .Hash %>";

struct Column { uint32_t op, head, row, col, lanes; };
<%- if .Windowed %>
constexpr uint32_t kNoRow = 0xffffffff;
<%- end %>

struct Vectors {
  std::vector<uint8_t> stream, images, expected, logits;
  std::vector<Column> trace;
  int count = 0, full = 0;  // images, and those of them that are expected op by op
  struct Place { size_t column = 0, value = 0; };  // in trace, and among the expected values of an image
  std::vector<Place> begins;                       // of each op; an op's columns follow one another
<%- if .Windowed %>
  // In front of an op, where the rows that it reads were, side by side; by op.
  std::map<int, std::vector<std::vector<uint32_t>>> moves;
<%- end %>

  explicit Vectors(const std::string& dir) {
    stream = read(dir + "/mem/stream.bin", 0);
    images = read(dir + "/vectors/images.bin", kHeader);
    expected = read(dir + "/vectors/expected.bin", kHeader);
    logits = read(dir + "/vectors/logits.bin", kHeader);
    const auto columns = read(dir + "/vectors/trace.bin", kHeader);
<%- if .Windowed %>
    const auto table = read(dir + "/vectors/moves.bin", kHeader);
    auto number = [&](size_t i) {
      uint32_t n;
      if (4 * i + 4 > table.size()) fail(dir + "/vectors/moves.bin is too short");
      std::memcpy(&n, &table[4 * i], 4);
      return n;
    };
    for (size_t at = 0; 4 * at < table.size();) {
      auto& rows = moves[int(number(at))];
      const uint32_t join = number(at + 1), n = number(at + 2);
      at += 3;
      for (uint32_t i = 0; i < n; ++i) {
        rows.emplace_back();
        for (uint32_t j = 0; j < join; ++j) rows.back().push_back(number(at++));
      }
    }
<%- end %>
    count = int(images.size() / kImageBytes);
    full = int(expected.size() / (4 * kElements));
    size(dir + "/mem/stream.bin", stream.size(), kStreamBytes);
    size(dir + "/vectors/trace.bin", columns.size(), kColumns * sizeof(Column));
    size(dir + "/vectors/images.bin", images.size(), count * kImageBytes);
    size(dir + "/vectors/expected.bin", expected.size(), full * kElements * 4);
    size(dir + "/vectors/logits.bin", logits.size(), size_t(count) * kClasses * 4);
    if (full > count) fail(dir + "/vectors/expected.bin is of " + std::to_string(full) + " images, images.bin of " + std::to_string(count));
    trace.resize(kColumns);
    std::memcpy(trace.data(), columns.data(), columns.size());
    begins.assign(kOps + 1, {});
    for (const Column& c : trace) {
      if (c.op >= uint32_t(kOps) || c.lanes > uint32_t(kLanes)) fail("trace.bin has " + std::to_string(c.lanes) + " lanes of op " + std::to_string(c.op));
      ++begins[c.op + 1].column;
      begins[c.op + 1].value += c.lanes;
    }
    for (int i = 0; i < kOps; ++i) {
      begins[i + 1].column += begins[i].column;
      begins[i + 1].value += begins[i].value;
    }
    if (begins[kOps].value != kElements) fail("trace.bin covers " + std::to_string(begins[kOps].value) + " of " + std::to_string(kElements) + " elements");
  }

  int32_t value(int image, size_t at) const {
    int32_t v;
    std::memcpy(&v, &expected[(size_t(image) * kElements + at) * 4], 4);
    return v;
  }

 private:
  static void size(const std::string& path, size_t found, size_t want) {
    if (found != want) fail(path + " has " + std::to_string(found) + " bytes of data; expected " + std::to_string(want));
  }

  static std::vector<uint8_t> read(const std::string& path, size_t header) {
    FILE* f = std::fopen(path.c_str(), "rb");
    if (!f) fail("cannot open " + path);
    std::vector<uint8_t> data;
    uint8_t buffer[65536];
    while (size_t n = std::fread(buffer, 1, sizeof buffer, f)) data.insert(data.end(), buffer, buffer + n);
    std::fclose(f);
    if (header == 0) return data;
    if (data.size() < header || std::memcmp(data.data(), "VITDSE01", 8) != 0) fail(path + " is not a vector file of this tool");
    if (std::memcmp(data.data() + 8, kHash, 64) != 0)
      fail(path + " belongs to design " + std::string(data.begin() + 8, data.begin() + 72) + ", this program to " + kHash);
    data.erase(data.begin(), data.begin() + long(header));
    return data;
  }
};

// xorshift64*: what is left to chance, by a seed.
struct Random {
  uint64_t s;
  explicit Random(uint64_t seed) : s(seed * 2654435761u + 88172645463325252ull) {}
  uint64_t next() {
    s ^= s >> 12; s ^= s << 25; s ^= s >> 27;
    return s * 2685821657736338717ull >> 33;
  }
  bool chance(int permille) { return permille != 0 && next() % 1000 < uint64_t(permille); }
};
