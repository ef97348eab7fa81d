// The memory behind the accelerator's AXI4 master: images and stream to read, a block of results to write.
// It does what the wires say, and no more: a byte is written where WSTRB has it written.
#pragma once
#include <deque>

#include "vectors.h"

struct Bases { uint64_t image = 0x10000000, stream = 0x40000000, result = 0x80000000; };

template <class Top>
class MemoryModel {
 public:
  static constexpr uint8_t kUnwritten = 0xe5;

  int latency = 1;     // cycles from a request to its first beat, and from data to their response
  int stall = 0;       // chance of a pause on any channel in any cycle, in thousandths; 0 is never
  bool foreign = false;  // other contents than the files': another image, other weights
  bool refuse = false;   // bursts are answered with SLVERR
  Bases at;
  uint64_t beats_read = 0, beats_written = 0;
  bool read_refused = false, write_refused = false;
  std::vector<uint8_t> results;

  MemoryModel(const Vectors& v, int first, int images, uint64_t seed)
      : results(size_t(images) * kResultBytes, kUnwritten), vectors_(v), first_(first), images_(images), random_(seed) {}

  void clear_results() { std::fill(results.begin(), results.end(), kUnwritten); }

  bool idle() const { return reads_.empty() && left_ == 0 && early_.empty() && !response_; }

  std::string state() const {
    return std::to_string(reads_.size()) + " read bursts and " + std::to_string(left_) + " beats of a write under way" +
           (response_ ? ", a response not taken" : "");
  }

  // The master is in reset: what was under way is forgotten.
  void reset() {
    reads_.clear();
    early_.clear();
    left_ = 0;
    whole_ = response_ = false;
  }

  // Values on the bus for this cycle, decided before the clock edge.
  void drive(Top& t, uint64_t cycle) {
    t.m_axi_arready = !random_.chance(stall);
    const bool beat = !reads_.empty() && reads_.front().at <= cycle && !random_.chance(stall);
    t.m_axi_rvalid = beat;
    if (beat) {
      read_beat(&t.m_axi_rdata, reads_.front().addr, cycle);
      t.m_axi_rlast = reads_.front().beats == 1;
      t.m_axi_rresp = refuse && reads_.front().beats == 1 ? 2 : 0;  // SLVERR
    }
    // Address and data of a burst in any order that AXI allows a memory (A3.3.1); one with pauses has all of
    // them at random. VALIDs come out of registers, so this cycle's are known.
    const bool address = left_ > 0;
    bool aw = !address && !response_ && !random_.chance(stall);
    bool w = !whole_ && !response_ && !random_.chance(stall);
    if (order_ == kAddressFirst) w &= address;
    if (order_ == kDataFirst) aw &= whole_;
    if (order_ == kTogether && !address) aw = w = aw && w && t.m_axi_awvalid && t.m_axi_wvalid;
    t.m_axi_awready = aw;
    t.m_axi_wready = w;
    t.m_axi_bvalid = response_ && response_at_ <= cycle;
    t.m_axi_bresp = refuse ? 2 : 0;
  }

  // Handshakes of this cycle, after the inputs have settled and before the clock edge.
  void sample(const Top& t, uint64_t cycle) {
    if (t.m_axi_rvalid && t.m_axi_rready) {
      read_refused |= t.m_axi_rresp != 0;
      ++beats_read;
      Read& r = reads_.front();
      r.addr += kBusBytes;
      if (--r.beats == 0) reads_.pop_front();
    }
    if (t.m_axi_arvalid && t.m_axi_arready) {
      normal("AR", t.m_axi_arcache, t.m_axi_arprot);
      reads_.push_back({t.m_axi_araddr, cycle + latency, t.m_axi_arlen + 1});
    }
    if (t.m_axi_bvalid) {
      if (!t.m_axi_bready) fail("BREADY is low with a response there, cycle " + std::to_string(cycle));
      response_ = false;
      write_refused |= t.m_axi_bresp != 0;
      if (stall > 0) order_ = Order(random_.next() % 4);
    }
    if (t.m_axi_wvalid && t.m_axi_wready) {
      early_.emplace_back();
      std::memcpy(early_.back().data, &t.m_axi_wdata, kBusBytes);
      early_.back().strobes = t.m_axi_wstrb;
      whole_ = t.m_axi_wlast;
    }
    if (t.m_axi_awvalid && t.m_axi_awready) {
      normal("AW", t.m_axi_awcache, t.m_axi_awprot);
      addr_ = t.m_axi_awaddr;
      left_ = t.m_axi_awlen + 1;
    }
    while (left_ > 0 && !early_.empty()) write_beat(cycle);
  }

 private:
  enum Order { kAny, kAddressFirst, kDataFirst, kTogether };  // in which a burst is taken
  struct Read { uint64_t addr, at; int beats; };
  struct Write { uint8_t data[kBusBytes]; uint64_t strobes; };

  static void normal(const char* channel, int cache, int prot) {
    if (cache != 3 || prot != 0)
      fail(std::string(channel) + "CACHE is " + std::to_string(cache) + " and " + channel + "PROT " + std::to_string(prot) + "; expected 3 and 0");
  }

  void write_beat(uint64_t cycle) {
    const Write& w = early_.front();
    if (addr_ < at.result || addr_ + kBusBytes > at.result + results.size()) fail("write outside the result block, cycle " + std::to_string(cycle));
    for (int i = 0; i < kBusBytes; ++i)
      if (w.strobes >> i & 1) results[addr_ - at.result + i] = w.data[i];
    early_.pop_front();
    ++beats_written;
    addr_ += kBusBytes;
    if (--left_ == 0) {
      response_ = true;
      response_at_ = cycle + latency;
      whole_ = false;
    }
  }

  void read_beat(void* out, uint64_t addr, uint64_t cycle) const {
    const size_t images = size_t(images_) * kImageBytes;
    const uint8_t* from;
    if (addr >= at.stream && addr + kBusBytes <= at.stream + kStreamBytes) from = &vectors_.stream[addr - at.stream];
    else if (addr >= at.image && addr + kBusBytes <= at.image + images) from = &vectors_.images[size_t(first_) * kImageBytes + (addr - at.image)];
    else {
      char text[64];
      std::snprintf(text, sizeof text, "read outside memory at 0x%" PRIx64 ", cycle %" PRIu64, addr, cycle);
      fail(text);
    }
    std::memcpy(out, from, kBusBytes);
    if (!foreign) return;
    for (int i = 0; i < kBusBytes; ++i) static_cast<uint8_t*>(out)[i] ^= uint8_t((addr + i) * 0x9e3779b97f4a7c15ull >> 56);
  }

  const Vectors& vectors_;
  const int first_, images_;
  Random random_;
  std::deque<Read> reads_;
  std::deque<Write> early_;  // data whose address has not come, or that came in this cycle
  uint64_t addr_ = 0, response_at_ = 0;
  int left_ = 0;             // beats of the announced burst
  bool whole_ = false;       // its last beat came
  bool response_ = false;
  Order order_ = kAny;
};
