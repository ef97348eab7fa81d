// Checks the accelerator's side of AXI4 and AXI4-Lite, cycle by cycle, by the rules of AMBA
// AXI (IHI 0022): independent of the memory model and of the RTL.
//
//   - what is valid stays valid, and as it is, until it is taken (A3.2.1)
//   - nothing is valid while reset is held (A3.1.2)
//   - bursts are INCR, of the bus's width, aligned, and within 4 KiB (A3.4.1)
//   - a burst's address and its data come in any order, all of them, with WLAST in the last beat alone,
//     and those of the next when it has been answered
//   - no response or beat of data comes that nobody asked for
#pragma once
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

template <class Top>
class AxiChecker {
 public:
  // check sees the wires of one cycle, before its clock edge. It returns whether they keep the rules; if they do not,
  // broken says which one. In most cycles there is no more than a beat of data, which needs to be counted.
  bool check(const Top& t) {
    const bool valid = t.m_axi_arvalid | t.m_axi_awvalid | t.m_axi_wvalid | t.m_axi_bvalid | t.s_axi_bvalid | t.s_axi_rvalid;
    reads_ -= t.m_axi_rvalid & t.m_axi_rready;
    if (__builtin_expect(!(valid | waits_ | was_reset_ | !t.aresetn | (reads_ < 0)), 1)) return true;
    return channels(t);
  }

  const std::string& broken() const { return broken_; }

  // idle tells whether everything asked for has been answered.
  bool idle() const { return reads_ == 0 && announced_ == 0 && written_ == 0 && responses_ == 0 && !ar_.waits && !aw_.waits && !w_.waits; }

 private:
  struct Held { bool waits = false; uint64_t hash = 0; };

  [[gnu::noinline]] bool channels(const Top& t) {
    broken_.clear();
    const bool reset = !t.aresetn;
    if (reset && was_reset_ && (t.m_axi_arvalid || t.m_axi_awvalid || t.m_axi_wvalid || t.s_axi_bvalid || t.s_axi_rvalid))
      broken_ = "a VALID is high in reset";
    was_reset_ = reset;
    if (reset) {
      ar_ = aw_ = w_ = b_ = r_ = {};
      reads_ = written_ = responses_ = 0;
      announced_ = 0, whole_ = waits_ = false;
      return broken_.empty();
    }
    if (reads_ < 0) broken_ = "a beat was read that was not asked for";
    steady("AR", ar_, t.m_axi_arvalid, t.m_axi_arready, t.m_axi_araddr, t.m_axi_arlen, t.m_axi_arsize, t.m_axi_arburst, t.m_axi_arcache, t.m_axi_arprot);
    steady("AW", aw_, t.m_axi_awvalid, t.m_axi_awready, t.m_axi_awaddr, t.m_axi_awlen, t.m_axi_awsize, t.m_axi_awburst, t.m_axi_awcache, t.m_axi_awprot);
    steady("W", w_, t.m_axi_wvalid, t.m_axi_wready, t.m_axi_wdata, t.m_axi_wstrb, t.m_axi_wlast);
    steady("lite B", b_, t.s_axi_bvalid, t.s_axi_bready, t.s_axi_bresp);
    steady("lite R", r_, t.s_axi_rvalid, t.s_axi_rready, t.s_axi_rdata, t.s_axi_rresp);
    waits_ = ar_.waits | aw_.waits | w_.waits | b_.waits | r_.waits;

    if (t.m_axi_arvalid && t.m_axi_arready) {
      burst("read", t.m_axi_araddr, t.m_axi_arlen, t.m_axi_arsize, t.m_axi_arburst, sizeof t.m_axi_rdata);
      reads_ += t.m_axi_arlen + 1;
    }
    if (t.m_axi_bvalid && t.m_axi_bready && responses_-- == 0) broken_ = "a response was taken that was not due";
    if (t.m_axi_wvalid && t.m_axi_wready) {
      if (whole_ || responses_ > 0) broken_ = "a beat was written that belongs to no burst";
      ++written_;
      whole_ = t.m_axi_wlast;
    }
    if (t.m_axi_awvalid && t.m_axi_awready) {
      burst("write", t.m_axi_awaddr, t.m_axi_awlen, t.m_axi_awsize, t.m_axi_awburst, sizeof t.m_axi_wdata);
      if (announced_ != 0 || responses_ > 0) broken_ = "a write address came before the last burst was answered";
      announced_ = t.m_axi_awlen + 1;
    }
    if (announced_ != 0 && (whole_ ? written_ != announced_ : written_ >= announced_)) broken_ = "WLAST is in the wrong beat";
    if (announced_ != 0 && whole_) {
      ++responses_;
      announced_ = written_ = 0, whole_ = false;
    }
    return broken_.empty();
  }

  template <class... Payload>
  void steady(const char* channel, Held& held, bool valid, bool ready, const Payload&... payload) {
    if (!held.waits && (!valid || ready)) return;  // most cycles: nothing to keep, nothing to compare
    uint64_t hash = 0xcbf29ce484222325ull;
    (mix(hash, &payload, sizeof payload), ...);
    if (held.waits && !valid) broken_ = std::string(channel) + ": VALID fell before READY";
    else if (held.waits && hash != held.hash) broken_ = std::string(channel) + ": the payload changed before READY";
    held = {valid && !ready, hash};
  }

  static void mix(uint64_t& hash, const void* data, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001b3ull;
  }

  void burst(const char* what, uint64_t addr, int len, int size, int kind, size_t bytes) {
    char text[128];
    if (kind == 1 && size_t(1) << size == bytes && addr % bytes == 0 && (addr & 4095) + uint64_t(len + 1) * bytes <= 4096) return;
    std::snprintf(text, sizeof text, "%s burst of %d beats of 2^%d bytes, kind %d, at 0x%" PRIx64 " is not INCR, is misaligned or crosses 4 KiB",
                  what, len + 1, size, kind, addr);
    broken_ = text;
  }

  Held ar_, aw_, w_, b_, r_;
  int64_t reads_ = 0;  // beats that were asked for and have not come
  int announced_ = 0, written_ = 0, responses_ = 0;  // beats of the burst by its address, and those that came
  bool whole_ = false;                               // its last beat came
  bool was_reset_ = false, waits_ = false;           // a VALID of any channel is not taken yet
  std::string broken_;
};
