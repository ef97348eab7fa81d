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

// dsp48e2Ports begins a stand-in of the DSP48E2.
const dsp48e2Ports = `
module DSP48E2 #(
  parameter integer AREG = 1, ACASCREG = 1, BREG = 1, BCASCREG = 1, MREG = 1, PREG = 1,
  parameter integer ADREG = 1, ALUMODEREG = 1, CARRYINREG = 1, CARRYINSELREG = 1, CREG = 1, DREG = 1, INMODEREG = 1, OPMODEREG = 1,
  parameter AMULTSEL = "A", BMULTSEL = "B", USE_MULT = "MULTIPLY", USE_SIMD = "ONE48"
) (
  input CLK, input signed [29:0] A, input signed [17:0] B, input [47:0] C, input [26:0] D, input [47:0] PCIN,
  output [47:0] P, output [47:0] PCOUT, input [8:0] OPMODE, input [3:0] ALUMODE, input [4:0] INMODE, input CARRYIN, input [2:0] CARRYINSEL,
  input [29:0] ACIN, input [17:0] BCIN, input CARRYCASCIN, MULTSIGNIN,
  input CEA1, CEA2, CEB1, CEB2, CEM, CEP, CEAD, CEALUMODE, CEC, CECARRYIN, CECTRL, CED, CEINMODE,
  input RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE, RSTM, RSTP
);
`

// dsp48e2 is the DSP48E2 as UG579 describes it, as far as cascades use it; any other use stops the
// simulation.
const dsp48e2 = dsp48e2Ports + `
  wire resets = RSTA | RSTALLCARRYIN | RSTALUMODE | RSTB | RSTC | RSTCTRL | RSTD | RSTINMODE | RSTM | RSTP;
  wire one_each = AREG == 1 && BREG == 1 && MREG == 1 && PREG == 1 && OPMODEREG == 0 && ALUMODEREG == 0 && INMODEREG == 0 && CARRYINREG == 0 && CARRYINSELREG == 0;
  wire enabled = CEA2 && CEB2 && CEM && CEP;
  wire plain = AMULTSEL == "A" && BMULTSEL == "B" && USE_MULT == "MULTIPLY" && USE_SIMD == "ONE48" && ALUMODE == 0 && INMODE == 0 && !CARRYIN && CARRYINSEL == 0;
  reg signed [26:0] a;
  reg signed [17:0] b;
  reg signed [44:0] m;
  reg [47:0] p;
  assign P = p, PCOUT = p;
  always @(posedge CLK) begin
    if (resets || !one_each || !enabled || !plain || (OPMODE != 9'b000000101 && OPMODE != 9'b000010101)) begin
      $display("DSP48E2: a use that the model does not know");
      $finish;
    end
    a <= A[26:0];
    b <= B;
    m <= a * b;
    p <= {{3{m[44]}}, m} + (OPMODE[4] ? PCIN : 48'd0);
  end
endmodule
`

// dsp48e1 puts Yosys' own model of the DSP48E1 in the place of the DSP48E2, whose OPMODE has two more
// bits: another reading of what the cascade's settings do, for operands that fit 25 bits.
const dsp48e1 = dsp48e2Ports + `
  DSP48E1 #(
    .AREG(AREG), .ACASCREG(ACASCREG), .BREG(BREG), .BCASCREG(BCASCREG), .MREG(MREG), .PREG(PREG), .ADREG(ADREG), .ALUMODEREG(ALUMODEREG),
    .CARRYINREG(CARRYINREG), .CARRYINSELREG(CARRYINSELREG), .CREG(CREG), .DREG(DREG), .INMODEREG(INMODEREG), .OPMODEREG(OPMODEREG)
  ) u_dsp (
    .CLK(CLK), .A(A), .B(B), .C(C), .D(D[24:0]), .PCIN(PCIN), .P(P), .PCOUT(PCOUT), .OPMODE(OPMODE[6:0]), .ALUMODE(ALUMODE), .INMODE(INMODE),
    .CARRYIN(CARRYIN), .CARRYINSEL(CARRYINSEL), .ACIN(ACIN), .BCIN(BCIN), .CARRYCASCIN(CARRYCASCIN), .MULTSIGNIN(MULTSIGNIN),
    .CEA1(CEA1), .CEA2(CEA2), .CEB1(CEB1), .CEB2(CEB2), .CEM(CEM), .CEP(CEP), .CEAD(CEAD), .CEALUMODE(CEALUMODE), .CEC(CEC),
    .CECARRYIN(CECARRYIN), .CECTRL(CECTRL), .CED(CED), .CEINMODE(CEINMODE), .RSTA(RSTA), .RSTALLCARRYIN(RSTALLCARRYIN), .RSTALUMODE(RSTALUMODE),
    .RSTB(RSTB), .RSTC(RSTC), .RSTCTRL(RSTCTRL), .RSTD(RSTD), .RSTINMODE(RSTINMODE), .RSTM(RSTM), .RSTP(RSTP)
  );
endmodule
`

// yosysDSP48E1 is Yosys' simulation model of the DSP48E1.
func yosysDSP48E1(t *testing.T) string {
	t.Helper()
	yosys, err := exec.LookPath("yosys")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(yosys), "../share/yosys/xilinx/cells_sim.v")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\nmodule DSP48E1 (")
	body, _, found := strings.Cut(rest, "\nendmodule\n")
	if !found {
		t.Fatalf("%s: no module DSP48E1", path)
	}
	return "module DSP48E1 (" + body + "\nendmodule\n"
}

// arraySources are the modules of a PE array, as they are emitted for UltraScale+.
func arraySources(t *testing.T) map[string]string {
	t.Helper()
	m, e := tinyModel(), engine(2, 4, 4)
	e.Packing = configs.PackDSP48E2
	dir, err := writeSeeded(t, m, configs.Design{Name: "array", Model: m.Name, Part: "xczu9eg", ClockMHz: 200, Numerics: configs.Uniform(m, 8, 8), Engine: e}, 1)
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	for _, name := range []string{"vit_pe_array.sv", "vit_packed_cascades.sv", "vit_dsp_cascade.sv"} {
		text, err := os.ReadFile(filepath.Join(dir, "rtl", name))
		if err != nil {
			t.Fatal(err)
		}
		sources[name] = string(text)
	}
	return sources
}

// How the products of a packed group are summed in the array that TestPackedProducts simulates.
const (
	byTree     = iota
	asText     // what a simulator is given of the cascade
	inDSP48E2s // what synthesis is given
	inDSP48E1s // the same, with another's model of the DSP
)

// TestPackedProducts holds the packed array against plain products, for both multipliers, at
// the widths where a field is as full as it gets, sums in the cascade of the DSPs among them; and the
// array whose products are built of LUTs.
func TestPackedProducts(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a simulator for each width; run without -short")
	}
	sources := arraySources(t)
	for _, c := range []struct {
		packing configs.Packing
		tm, tk  int
		ab, pb  int // activation codes, numerators
		nb      int
		want    hwmodel.Packed
		sums    int
		late    int
	}{
		{configs.PackDSP48E2, 1, 4, 8, 8, 8, hwmodel.Packed{Tokens: 1, Shift: 18, Group: 4, Cascade: true}, asText, 5},
		{configs.PackDSP48E2, 1, 4, 8, 8, 8, hwmodel.Packed{Tokens: 1, Shift: 18, Group: 4, Cascade: true}, inDSP48E2s, 5},
		{configs.PackDSP48E2, 2, 2, 8, 8, 8, hwmodel.Packed{Tokens: 1, Shift: 18, Group: 2, Cascade: true}, asText, 3},
		{configs.PackDSP48E2, 2, 2, 8, 8, 8, hwmodel.Packed{Tokens: 1, Shift: 18, Group: 2, Cascade: true}, inDSP48E2s, 5},
		{configs.PackDSP48E1, 1, 4, 8, 8, 8, hwmodel.Packed{Tokens: 1, Shift: 16, Group: 1}, byTree, 0},
		{configs.PackDSP48E2, 1, 1, 4, 4, 4, hwmodel.Packed{Tokens: 1, Shift: 22, Group: 1}, byTree, 5},
		{configs.PackDSP48E2, 2, 1, 4, 4, 4, hwmodel.Packed{Tokens: 2, Shift: 11, Group: 1}, byTree, 0},
		{configs.PackDSP48E2, 2, 8, 4, 3, 4, hwmodel.Packed{Tokens: 2, Shift: 11, Group: 4, Cascade: true}, asText, 5},
		{configs.PackDSP48E2, 2, 8, 4, 3, 4, hwmodel.Packed{Tokens: 2, Shift: 11, Group: 4, Cascade: true}, inDSP48E2s, 5},
		{configs.PackDSP48E1, 2, 4, 4, 4, 4, hwmodel.Packed{Tokens: 2, Shift: 10, Group: 4}, byTree, 0},
		{configs.PackDSP48E1, 2, 4, 4, 4, 4, hwmodel.Packed{Tokens: 2, Shift: 10, Group: 4}, inDSP48E1s, 5},
		{configs.PackDSP48E1, 1, 4, 8, 6, 6, hwmodel.Packed{Tokens: 1, Shift: 18, Group: 4}, inDSP48E1s, 5},
		{configs.PackDSP48E2, 2, 2, 5, 4, 5, hwmodel.Packed{Tokens: 2, Shift: 10, Group: 1}, byTree, 0},
		{configs.PackNone, 1, 1, 8, 8, 8, hwmodel.Packed{}, byTree, 0},
		{configs.PackNone, 1, 1, 8, 6, 9, hwmodel.Packed{}, byTree, 0},
		{configs.PackNone, 2, 2, 4, 4, 3, hwmodel.Packed{}, byTree, 0},
		{configs.PackNone, 1, 1, 8, 8, 12, hwmodel.Packed{}, byTree, 0},
		{configs.PackNone, 1, 4, 3, 2, 2, hwmodel.Packed{}, byTree, 5},
		{configs.PackNone, 1, 8, 8, 7, 4, hwmodel.Packed{}, byTree, 0},
		{configs.PackNone, 1, 16, 4, 3, 2, hwmodel.Packed{}, byTree, 0},
	} {
		na := max(c.ab, c.pb+1)
		t.Run(fmt.Sprintf("%s/%dx%dx%d/%s", c.packing, c.tk*c.tm, na, c.nb, [...]string{"tree", "text", "e2", "e1"}[c.sums]), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			acc := na + c.nb + 4
			s := hwmodel.Shape{TM: c.tm, TK: c.tk, ABits: na, BBits: c.nb, ActBits: c.ab, NumBits: c.pb}
			s.Design.Engine.Packing = c.packing
			packed := s.Packed()
			if packed != c.want {
				t.Errorf("packed %+v; expected %+v", packed, c.want)
			}
			booth, cascade, late := 0, 0, c.late
			if c.packing == configs.PackNone {
				booth = 1
			}
			if c.sums != byTree {
				cascade = 1
			}
			files := map[string]string{"main.cpp": strings.NewReplacer("TM_", fmt.Sprint(c.tm), "TK_", fmt.Sprint(c.tk), "NA_", fmt.Sprint(na), "NB_", fmt.Sprint(c.nb), "ACC_", fmt.Sprint(acc),
				"BOOTH_", fmt.Sprint(booth), "AB_", fmt.Sprint(c.ab), "PB_", fmt.Sprint(c.pb)).Replace(packedArray)}
			args := []string{"--cc", "--exe", "--build", "-O3", "--top-module", "vit_pe_array", "-Wno-fatal", "-Wno-lint", "-Wno-style"}
			for name, text := range sources {
				files[name] = text
				args = append(args, name)
			}
			if booth == 1 { // and a tree of adders, in the text for synthesis, as cascades
				args = append(args, "+define+SYNTHESIS")
			}
			switch c.sums {
			case inDSP48E2s:
				files["dsp.sv"] = dsp48e2
				args = append(args, "dsp.sv", "+define+SYNTHESIS")
			case inDSP48E1s:
				files["dsp.sv"] = dsp48e1 + yosysDSP48E1(t)
				args = append(args, "dsp.sv", "+define+SYNTHESIS", "-Wno-UNOPTFLAT")
			}
			for name, data := range files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for name, v := range map[string]int{"TM": c.tm, "TN": 2, "TK": c.tk, "VC": 1, "NA": na, "NB": c.nb, "ACCW": acc, "PACK": packed.Products(),
				"PSHIFT": max(1, packed.Shift), "PGROUP": max(1, packed.Group), "CASCADE": cascade, "LATE": late, "BOOTH": booth, "TREE": booth} {
				args = append(args, fmt.Sprintf("-G%s=%d", name, v))
			}
			cmd := exec.Command("verilator", append(args, "main.cpp")...)
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
