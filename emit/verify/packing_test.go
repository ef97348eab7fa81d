package verify

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/hwmodel"
	"vitdse/templates"
)

// packedArray drives a PE array of two columns and one or two tokens with every pair of b operands
// at the corners of their range beside every a operand, signed codes and unsigned numerators, and
// with random ones, TK equal or different products at a time, and compares each tile. Products of
// LUTs get every operand b beside every a.
const packedArray = `
#include <cstdio>
#include <cstdlib>
#include <vector>
#include "Vvit_pe_array.h"
#include "verilated.h"
constexpr int kTM = TM_, kTK = TK_, kNA = NA_, kNB = NB_;
static long checked = 0;
struct Want { long sum[2][kTM]; };
using A = int[kTM][kTK];
int main() {
  VerilatedContext context;
  Vvit_pe_array top{&context};
  std::vector<Want> wants;
  size_t seen = 0;
  int head = -1;
  auto tick = [&] {
    top.aclk = 0; top.eval();
    if (head >= 0) {
      // The columns come one after the other, in the cycle after they are at the head.
      for (int r = 0; r < kTM; ++r) {
        const long got = long(int64_t(uint64_t(top.out_col) >> (r * ACC_)) << (64 - ACC_) >> (64 - ACC_));
        if (got != wants[seen].sum[head][r]) {
          std::printf("tile %zu, row %d, column %d: expected %ld, got %ld\n", seen, r, head, wants[seen].sum[head][r], got);
          std::exit(1);
        }
        ++checked;
      }
      if (++head == 2) { head = -1; ++seen; }
    }
    const bool valid = top.out_valid;
    if (valid && head < 0) head = 0;
    top.out_shift = head >= 0;
    top.eval();
    top.aclk = 1; top.eval();
  };
  auto feed = [&](const A& a, const int* b0, const int* b1) {
    unsigned long long pa = 0, pb = 0;
    Want w{};
    for (int k = 0; k < kTK; ++k) {
      for (int r = 0; r < kTM; ++r) {
        pa |= (unsigned long long)(a[r][k] & ((1 << kNA) - 1)) << ((k * kTM + r) * kNA);
        w.sum[0][r] += long(a[r][k]) * b0[k];
        w.sum[1][r] += long(a[r][k]) * b1[k];
      }
      pb |= (unsigned long long)(b0[k] & ((1 << kNB) - 1)) << (2 * k * kNB);
      pb |= (unsigned long long)(b1[k] & ((1 << kNB) - 1)) << ((2 * k + 1) * kNB);
    }
    wants.push_back(w);
    top.in_a = pa; top.in_b = pb;
    top.in_valid = top.in_first = top.in_last = 1;
    tick();
    top.in_valid = 0;
    tick();  // a tile's columns take two cycles to leave
  };
  top.aresetn = 0; top.in_valid = 0; top.out_shift = 0;
  for (int i = 0; i < 8; ++i) tick();
  top.aresetn = 1;
  for (int i = 0; i < 8; ++i) tick();
  const int half = 1 << (kNB - 1);
  const std::vector<int> corners = {-half, -half + 1, -1, 0, 1, half - 1};
  std::vector<std::pair<int, int>> pairs;
  if (BOOTH_)
    for (int c = -half; c < half; ++c) pairs.push_back({c, -1 - c});
  else
    for (int c0 : corners) for (int c1 : corners) pairs.push_back({c0, c1});
  const int least = -(1 << (AB_ - 1)), most = (1 << (AB_ - 1)) - 1 > (1 << PB_) - 1 ? (1 << (AB_ - 1)) - 1 : (1 << PB_) - 1;
  A a;
  int b0[kTK], b1[kTK];
  for (int x = least; x <= most; ++x)
    for (int y : kTM > 1 ? std::vector<int>{least, -1, 0, 1, x, most} : std::vector<int>{0})
      for (const auto& c : pairs) {
        for (int k = 0; k < kTK; ++k) a[0][k] = x, a[kTM-1][k] = kTM > 1 ? y : x, b0[k] = c.first, b1[k] = c.second;
        feed(a, b0, b1);
      }
  srand(1);
  for (int i = 0; i < 200000; ++i) {
    for (int k = 0; k < kTK; ++k) {
      for (int r = 0; r < kTM; ++r) {
        a[r][k] = least + rand() % (most - least + 1);
        if (rand() % 4 == 0) a[r][k] = rand() % 2 ? least : most;
      }
      b0[k] = rand() % (2 * half) - half;
      b1[k] = rand() % (2 * half) - half;
      if (rand() % 4 == 0) b0[k] = corners[rand() % corners.size()];
    }
    feed(a, b0, b1);
  }
  for (int i = 0; i < 16; ++i) tick();
  if (seen != wants.size()) { std::printf("%zu tiles of %zu came out\n", seen, wants.size()); return 1; }
  std::printf("PASS %ld\n", checked);
}
`

// TestPackedProducts holds the packed array against plain products, for both multipliers, at
// the widths where a field is as full as it gets; and the array whose products are built of LUTs.
func TestPackedProducts(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a simulator for each width; run without -short")
	}
	for _, c := range []struct {
		packing configs.Packing
		tm, tk  int
		ab, pb  int // activation codes, numerators
		nb      int
		want    hwmodel.Packed
	}{
		{configs.PackDSP48E2, 1, 4, 8, 8, 8, hwmodel.Packed{Tokens: 1, Shift: 18, Group: 4}},
		{configs.PackDSP48E1, 1, 4, 8, 8, 8, hwmodel.Packed{Tokens: 1, Shift: 16, Group: 1}},
		{configs.PackDSP48E2, 1, 1, 4, 4, 4, hwmodel.Packed{Tokens: 1, Shift: 22, Group: 1}},
		{configs.PackDSP48E2, 2, 1, 4, 4, 4, hwmodel.Packed{Tokens: 2, Shift: 11, Group: 1}},
		{configs.PackDSP48E2, 2, 8, 4, 3, 4, hwmodel.Packed{Tokens: 2, Shift: 11, Group: 4}},
		{configs.PackDSP48E1, 2, 4, 4, 4, 4, hwmodel.Packed{Tokens: 2, Shift: 10, Group: 4}},
		{configs.PackDSP48E2, 2, 2, 5, 4, 5, hwmodel.Packed{Tokens: 2, Shift: 10, Group: 1}},
		{configs.PackNone, 1, 1, 8, 8, 8, hwmodel.Packed{}},
		{configs.PackNone, 1, 1, 8, 6, 9, hwmodel.Packed{}},
		{configs.PackNone, 2, 2, 4, 4, 3, hwmodel.Packed{}},
		{configs.PackNone, 1, 1, 8, 8, 12, hwmodel.Packed{}},
		{configs.PackNone, 1, 4, 3, 2, 2, hwmodel.Packed{}},
	} {
		na := max(c.ab, c.pb+1)
		t.Run(fmt.Sprintf("%s/%dx%dx%d", c.packing, c.tk*c.tm, na, c.nb), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			rtl, err := templates.FS.ReadFile("rtl/vit_pe_array.sv")
			if err != nil {
				t.Fatal(err)
			}
			acc := na + c.nb + 4
			s := hwmodel.Shape{TM: c.tm, TK: c.tk, ABits: na, BBits: c.nb, ActBits: c.ab, NumBits: c.pb}
			s.Design.Engine.Packing = c.packing
			packed := s.Packed()
			if packed != c.want {
				t.Errorf("packed %+v; expected %+v", packed, c.want)
			}
			booth := 0
			if c.packing == configs.PackNone {
				booth = 1
			}
			main := strings.NewReplacer("TM_", fmt.Sprint(c.tm), "TK_", fmt.Sprint(c.tk), "NA_", fmt.Sprint(na), "NB_", fmt.Sprint(c.nb), "ACC_", fmt.Sprint(acc),
				"BOOTH_", fmt.Sprint(booth), "AB_", fmt.Sprint(c.ab), "PB_", fmt.Sprint(c.pb)).Replace(packedArray)
			for name, data := range map[string]string{"vit_pe_array.sv": string(rtl), "main.cpp": main} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("verilator", "--cc", "--exe", "--build", "-O3", "--top-module", "vit_pe_array", "-Wno-fatal", "-Wno-lint", "-Wno-style",
				fmt.Sprintf("-GTM=%d", c.tm), "-GTN=2", fmt.Sprintf("-GTK=%d", c.tk), "-GVC=1", fmt.Sprintf("-GNA=%d", na), fmt.Sprintf("-GNB=%d", c.nb),
				fmt.Sprintf("-GACCW=%d", acc), fmt.Sprintf("-GPACK=%d", packed.Products()), fmt.Sprintf("-GPSHIFT=%d", max(1, packed.Shift)), fmt.Sprintf("-GPGROUP=%d", max(1, packed.Group)), fmt.Sprintf("-GBOOTH=%d", booth), "vit_pe_array.sv", "main.cpp")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			out, err := exec.Command(filepath.Join(dir, "obj_dir/Vvit_pe_array")).CombinedOutput()
			if err != nil || !strings.HasPrefix(string(out), "PASS") {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
