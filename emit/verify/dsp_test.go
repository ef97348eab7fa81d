package verify

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

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
  wire one_each = AREG == 1 && BREG == 1 && MREG == 1 && OPMODEREG == 0 && ALUMODEREG == 0 && INMODEREG == 0 && CARRYINREG == 0 && CARRYINSELREG == 0;
  wire enabled = CEA2 && CEB2 && CEM && CEP;
  wire plain = AMULTSEL == "A" && BMULTSEL == "B" && USE_MULT == "MULTIPLY" && USE_SIMD == "ONE48" && ALUMODE == 0 && INMODE == 0 && !CARRYIN && CARRYINSEL == 0;
  reg signed [26:0] a;
  reg signed [17:0] b;
  reg signed [44:0] m;
  reg [47:0] p;
  wire [47:0] sum = {{3{m[44]}}, m} + (OPMODE[4] ? PCIN : 48'd0);
  assign P = PREG == 1 ? p : sum, PCOUT = P;
  always @(posedge CLK) begin
    if (resets || !one_each || !enabled || !plain || (OPMODE != 9'b000000101 && OPMODE != 9'b000010101)) begin
      $display("DSP48E2: a use that the model does not know");
      $finish;
    end
    a <= A[26:0];
    b <= B;
    m <= a * b;
    p <= sum;
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
