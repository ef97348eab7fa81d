// The host's side of AXI4-Lite. It checks what it is answered, and no wait is without an end.
#pragma once
#include <functional>

#include "vectors.h"

struct Register { int offset; const char* name; const char* access; const char* reset; };
const Register kRegisters[] = {
<%- range .Registers %>
    {<% .Offset %>, "<% .Name %>", "<% .Access %>", "<% .Reset %>"},
<%- end %>
};

template <class Top>
class LiteMaster {
 public:
  LiteMaster(Top& top, std::function<void()> tick, uint64_t seed) : t_(top), tick_(tick), random_(seed ^ 0x5151) {}

  bool rough = false;  // address and data come apart, and answers are taken late, by chance

  void write(int offset, uint32_t value) {
    const std::string where = "write of " + name(offset);
    const int address_at = rough ? int(random_.next() % 3) : 0, data_at = rough ? int(random_.next() % 3) : 0;
    bool address = false, data = false;
    for (int i = 0; !address || !data; ++i) {
      if (i == kMost) fail(where + ": " + (address ? "WREADY" : "AWREADY") + " did not come within " + std::to_string(kMost) + " cycles");
      t_.s_axi_awvalid = !address && i >= address_at;
      t_.s_axi_wvalid = !data && i >= data_at;
      t_.s_axi_awaddr = t_.s_axi_awvalid ? offset : int(random_.next() % 64);
      t_.s_axi_wdata = t_.s_axi_wvalid ? value : uint32_t(random_.next());
      t_.s_axi_wstrb = 15;
      t_.s_axi_bready = 0;
      tick_();  // which evaluates: the READYs of this cycle are those before the edge
      address |= t_.s_axi_awvalid && awready_;
      data |= t_.s_axi_wvalid && wready_;
      if (bvalid_ && !(address && data)) fail(where + ": BVALID before address and data were taken");
    }
    t_.s_axi_awvalid = t_.s_axi_wvalid = 0;
    const int late = rough ? int(random_.next() % 4) : 0;
    int waited = 0;
    for (int i = 0;; ++i) {
      if (i == kMost) fail(where + ": BVALID did not come within " + std::to_string(kMost) + " cycles");
      t_.s_axi_bready = waited >= late;
      tick_();
      if (!bvalid_) continue;
      if (t_.s_axi_bready) break;
      ++waited;
    }
    if (bresp_ != 0) fail(where + ": BRESP is " + std::to_string(bresp_) + "; expected 0");
    t_.s_axi_bready = 0;
    tick_();
    if (bvalid_) fail(where + ": BVALID stays after the answer was taken");
  }

  uint32_t read(int offset) {
    const std::string where = "read of " + name(offset);
    t_.s_axi_araddr = offset;
    t_.s_axi_arvalid = 1;
    t_.s_axi_rready = 0;
    for (int i = 0;; ++i) {
      if (i == kMost) fail(where + ": ARREADY did not come within " + std::to_string(kMost) + " cycles");
      tick_();
      if (arready_) break;
    }
    t_.s_axi_arvalid = 0;
    t_.s_axi_araddr = int(random_.next() % 64);
    const int late = rough ? int(random_.next() % 4) : 0;
    int waited = 0;
    for (int i = 0;; ++i) {
      if (i == kMost) fail(where + ": RVALID did not come within " + std::to_string(kMost) + " cycles");
      t_.s_axi_rready = waited >= late;
      tick_();
      if (!rvalid_) continue;
      if (t_.s_axi_rready) break;
      ++waited;
    }
    const uint32_t value = rdata_;
    if (rresp_ != 0) fail(where + ": RRESP is " + std::to_string(rresp_) + "; expected 0");
    t_.s_axi_rready = 0;
    tick_();
    if (rvalid_) fail(where + ": RVALID stays after the answer was taken");
    return value;
  }

  void expect(int offset, uint32_t want, const std::string& when) {
    const uint32_t got = read(offset);
    if (got != want) fail("register " + name(offset) + " is " + std::to_string(got) + " " + when + "; expected " + std::to_string(want));
  }

  // The slave's wires of this cycle, before the clock edge.
  void sample() {
    awready_ = t_.s_axi_awready, wready_ = t_.s_axi_wready, bvalid_ = t_.s_axi_bvalid, bresp_ = t_.s_axi_bresp;
    arready_ = t_.s_axi_arready, rvalid_ = t_.s_axi_rvalid, rdata_ = t_.s_axi_rdata, rresp_ = t_.s_axi_rresp;
  }

  // What docs/REGISTERS.md says of every offset: the value after reset, what reads as written, what takes no
  // writes. CONTROL is left alone.
  void check_registers() {
    uint32_t written[16] = {};
    for (int pass = 0; pass < 3; ++pass)
      for (int offset = 0; offset < 64; offset += 4) {
        const Register* r = find(offset);
        const bool rw = r && !std::strcmp(r->access, "rw");
        const bool fixed = !r || r->access[0] == 'w' || std::strcmp(r->reset, "-");
        const uint32_t reset = !r || r->access[0] == 'w' ? 0 : design(offset, r);
        if (pass == 0 && fixed) expect(offset, reset, "after reset");
        if (pass == 1 && offset != 0) write(offset, written[offset / 4] = uint32_t(random_.next() << 8 ^ random_.next()));
        if (pass == 2 && rw) expect(offset, written[offset / 4], "when read back");
        if (pass == 2 && !rw && fixed) expect(offset, reset, "after a write that it does not take");
      }
  }

 private:
  static constexpr int kMost = 64;

  static const Register* find(int offset) {
    for (const Register& r : kRegisters)
      if (r.offset == offset) return &r;
    return nullptr;
  }

  static std::string name(int offset) {
    char text[64];
    const Register* r = find(offset);
    std::snprintf(text, sizeof text, "%s (0x%02x)", r ? r->name : "no register", offset);
    return text;
  }

  // The value after reset.
  static uint32_t design(int offset, const Register* r) {
    if (std::strcmp(r->reset, "design")) return uint32_t(std::strtoul(r->reset, nullptr, 0));
    return uint32_t(std::strtoull(std::string(kHash + (std::strcmp(r->name, "HASH_HI") ? 8 : 0), 8).c_str(), nullptr, 16));
  }

  Top& t_;
  std::function<void()> tick_;
  Random random_;
  bool awready_ = false, wready_ = false, bvalid_ = false, arready_ = false, rvalid_ = false;
  uint32_t bresp_ = 0, rdata_ = 0, rresp_ = 0;
};
