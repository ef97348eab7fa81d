package emit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/templates"
)

// mult18x18d is the MULT18X18D after Lattice's sysDSP guide (FPGA-TN-02205), as far as vit_mult18 uses it: signed
// operands, input and output registers, and those of the pipeline if asked for. Any other use stops the simulation.
const mult18x18d = `
module MULT18X18D #(
  parameter REG_INPUTA_CLK = "NONE", REG_INPUTB_CLK = "NONE", REG_PIPELINE_CLK = "NONE", REG_OUTPUT_CLK = "NONE", GSR = "ENABLED"
) (
  PORTS
  input CLK0, CLK1, CLK2, CLK3, CE0, CE1, CE2, CE3, RST0, RST1, RST2, RST3, SIGNEDA, SIGNEDB, SOURCEA, SOURCEB
);
  wire signed [17:0] a_in = {A_BITS}, b_in = {B_BITS};
  reg  signed [17:0] a, b;
  reg  signed [35:0] m, p;
  assign {P_BITS} = p;
  always @(posedge CLK0) begin
    if (REG_INPUTA_CLK != "CLK0" || REG_INPUTB_CLK != "CLK0" || REG_OUTPUT_CLK != "CLK0" || GSR != "DISABLED" || !CE0 || RST0 || !SIGNEDA || !SIGNEDB || SOURCEA || SOURCEB) begin
      $display("MULT18X18D: a use that the model does not know");
      $finish;
    end
    a <= a_in;
    b <= b_in;
    m <= a * b;
    p <= REG_PIPELINE_CLK == "CLK0" ? m : a * b;
  end
endmodule
`

// products compares what synthesis is given of a product and a square with what a simulator is given, every cycle.
const products = `
module products;
  reg aclk = 0;
  reg signed [AW_-1:0] a;
  reg signed [BW_-1:0] b;
  wire [AW_+BW_-1:0] p, want_p;
  wire [2*AW_-1:0] s, want_s;
  vit_multiply  #(.AW(AW_), .BW(BW_)) u_p  (.aclk(aclk), .a(a), .b(b), .p(p));
  twin_multiply #(.AW(AW_), .BW(BW_)) u_tp (.aclk(aclk), .a(a), .b(b), .p(want_p));
  vit_square    #(.AW(AW_)) u_s  (.aclk(aclk), .a(a), .p(s));
  twin_square   #(.AW(AW_)) u_ts (.aclk(aclk), .a(a), .p(want_s));
  integer i, seen;
  reg [63:0] r;
  initial begin
    seen = 0;
    for (i = 0; i < 20000; i = i + 1) begin
      r = {$random, $random};
      a = r[AW_-1:0];
      b = r[63 -: BW_];
      if (r[1:0] == 0) a = {1'b1, {(AW_-1){1'b0}}};  // the corners
      if (r[3:2] == 0) b = {1'b1, {(BW_-1){1'b0}}};
      if (r[5:2] == 1) a = {1'b0, {(AW_-1){1'b1}}};
      #1 aclk = 1; #1 aclk = 0;
      if (i >= 4) begin
        if (p !== want_p || s !== want_s) begin
          $display("cycle %0d: product %h, expected %h; square %h, expected %h", i, p, want_p, s, want_s);
          $finish;
        end
        seen = seen + (want_p != 0);
      end
    end
    if (seen > 19000) $display("PASS");
    $finish;
  end
endmodule
`

// tiles compares the array that synthesis is given with the one that a simulator is given, every cycle: tiles of random
// operands and lengths, with the corners among them.
const tiles = `
module tiles;
  localparam TM = 2, TN = 2, TK = TK_, NA = NA_, NB = NB_, ACCW = 28;
  reg aclk = 0, aresetn = 0, valid = 0, first = 1, last = 0, shift = 0;
  reg [TK*TM*NA-1:0] a;
  reg [TK*TN*NB-1:0] b;
  wire out_valid, want_valid;
  wire [TM*ACCW-1:0] col, want;
  vit_pe_array  #(.TM(TM), .TN(TN), .TK(TK), .NA(NA), .NB(NB), .ACCW(ACCW), .TREE(1)) u_array (
    .aclk(aclk), .aresetn(aresetn), .in_valid(valid), .in_first(first), .in_last(last), .in_a(a), .in_b(b),
    .out_valid(out_valid), .out_shift(shift), .out_col(col));
  twin_pe_array #(.TM(TM), .TN(TN), .TK(TK), .NA(NA), .NB(NB), .ACCW(ACCW), .TREE(1)) u_twin (
    .aclk(aclk), .aresetn(aresetn), .in_valid(valid), .in_first(first), .in_last(last), .in_a(a), .in_b(b),
    .out_valid(want_valid), .out_shift(shift), .out_col(want));
  integer i, n, seen;
  initial begin
    seen = 0;
    for (i = 0; i < 400; i = i + 1) begin
      aresetn = i > 3;
      for (n = 0; n < TK*TM; n = n + 1) a[n*NA +: NA] = $random % 4 ? $random : {1'b1, {(NA-1){1'b0}}};
      for (n = 0; n < TK*TN; n = n + 1) b[n*NB +: NB] = $random % 4 ? $random : {1'b1, {(NB-1){1'b0}}};
      first = last;
      last  = i % 7 == 6 || i % 5 == 4;
      valid = i > 7;
      shift = want_valid;
      #1 aclk = 1; #1 aclk = 0;
      if (i > 30 && (out_valid !== want_valid || col !== want)) begin
        $display("cycle %0d: column %h, expected %h", i, col, want);
        $finish;
      end
      if (i > 30 && want_valid && want != 0) seen = seen + 1;
    end
    if (seen > 60) $display("PASS"); else $display("only %0d columns were seen", seen);
    $finish;
  end
endmodule
`

// rendered is a module's text for a family; as a twin, what a simulator is given, under another name.
func rendered(t *testing.T, module string, family configs.Fabric, twin bool) string {
	t.Helper()
	text, err := templates.FS.ReadFile("rtl/vit_" + module + ".sv")
	if err != nil {
		t.Fatal(err)
	}
	body, err := render(module, string(text), view{YosysFamily: yosysFamily(family), WidePort: widePort(family)})
	if err != nil {
		t.Fatal(err)
	}
	if twin {
		return "`undef SYNTHESIS\n" + strings.ReplaceAll(string(body), "vit_", "twin_")
	}
	return "`define SYNTHESIS\n" + string(body)
}

// block18 is the model of the MULT18X18D with all its pins.
func block18() string {
	bits := func(format string, n int) string {
		var list []string
		for i := n - 1; i >= 0; i-- {
			list = append(list, fmt.Sprintf(format, i))
		}
		return strings.Join(list, ", ")
	}
	return strings.NewReplacer("PORTS", "input "+bits("A%d", 18)+", "+bits("B%d", 18)+", "+bits("C%d", 18)+", output "+bits("P%d", 36)+",",
		"A_BITS", bits("A%d", 18), "B_BITS", bits("B%d", 18), "P_BITS", bits("P%d", 36)).Replace(mult18x18d)
}

// passes runs a bench with the modules that it needs, for synthesis and for a simulator, and wants its word that all is as expected.
func passes(t *testing.T, bench string, family configs.Fabric, modules []string, values ...string) {
	t.Helper()
	dir := t.TempDir()
	text := strings.NewReplacer(values...).Replace(bench)
	for _, m := range modules {
		text += rendered(t, m, family, false) + rendered(t, m, family, true)
	}
	if family == configs.ECP5 {
		text += rendered(t, "mult18", family, false) + block18()
	}
	if err := os.WriteFile(filepath.Join(dir, "bench.v"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"iverilog", "-g2005", "-o", "bench", "bench.v"}, {"vvp", "-n", "bench"}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil || args[0] == "vvp" && !strings.HasPrefix(string(out), "PASS") {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
}

// TestProducts holds the multiplier blocks that synthesis is given, by name or with the registers that it packs into
// them, against the arithmetic that a simulator is given: at the widths that a block takes, and at those that need two
// or three.
func TestProducts(t *testing.T) {
	for _, family := range []configs.Fabric{configs.ECP5, configs.XC7, configs.XCUP} {
		for _, w := range [][2]int{{16, 16}, {18, 16}, {19, 18}, {23, 18}, {26, 17}, {28, 18}, {34, 18}} {
			t.Run(fmt.Sprintf("%s/%dx%d", family, w[0], w[1]), func(t *testing.T) {
				passes(t, products, family, []string{"multiply", "square"}, "AW_", fmt.Sprint(w[0]), "BW_", fmt.Sprint(w[1]))
			})
		}
	}
}

// TestArrayBlocks does the same for the array, whose products are of blocks by name on an ECP5 where they are wide enough.
func TestArrayBlocks(t *testing.T) {
	for _, w := range [][3]int{{1, 8, 8}, {4, 9, 12}, {2, 4, 4}} {
		t.Run(fmt.Sprintf("%dx%dx%d", w[0], w[1], w[2]), func(t *testing.T) {
			passes(t, tiles, configs.ECP5, []string{"pe_array"}, "TK_", fmt.Sprint(w[0]), "NA_", fmt.Sprint(w[1]), "NB_", fmt.Sprint(w[2]))
		})
	}
}
