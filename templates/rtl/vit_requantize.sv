// Requantize one column of the array: LANES tokens of one output channel a cycle.
//
//   y = sat_bits( ((acc + bias) * mul + half) >> shift  +  zero ),   half = 2^(shift-1)
//
// mul is one for all lanes (the channel's M) or, with per_lane, one a lane (1 / row sum).
// With raw the accumulator passes through unchanged (the scores of attention).
// Latency: 4 cycles, one column a cycle. Settings come when their column needs them: per_lane with in_acc,
// shift two cycles later, raw, zero and bits three.
module vit_requantize #(
  parameter LANES  = 8,
  parameter ACCW   = 24,     // accumulator bits, signed; holds acc + bias
  parameter YW     = 18,     // output bits, signed
  parameter MINSH  = 8,      // least shift of any op of the design
  parameter VARSHW = 4       // bits of shift - MINSH
) (
  input  wire                    aclk,
  input  wire [LANES*ACCW-1:0]   in_acc,
  input  wire [ACCW-1:0]         in_bias,
  input  wire [15:0]             in_mul,
  input  wire [LANES*17-1:0]     lane_mul,
  input  wire                    per_lane,
  input  wire                    raw,
  input  wire [5:0]              shift,
  input  wire [15:0]             zero,      // signed
  input  wire [4:0]              bits,      // width of y before it is stored
  output wire [LANES*YW-1:0]     out_y
);
  localparam PW = ACCW + 18;

  wire signed [PW-1:0] half = $signed({{(PW-1){1'b0}}, 1'b1}) <<< (shift - 6'd1);
  /* verilator lint_off UNUSED */ // the constant part of the shift is wired, not selected
  wire [5:0]           varshift = shift - MINSH[5:0];
  /* verilator lint_on UNUSED */
  wire signed [PW:0]   hi = ($signed({{PW{1'b0}}, 1'b1}) <<< (bits - 5'd1)) - $signed({{PW{1'b0}}, 1'b1});
  wire signed [PW:0]   lo = ~hi;
  wire signed [PW:0]   z  = {{(PW-15){zero[15]}}, zero};

  genvar g;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_lane
      // Kept: Yosys would take the bias adder into the DSP as its pre-adder, with the operands
      // zero-extended, and drop the register that raw2 reads.
      (* keep *)
      reg signed [ACCW-1:0] s1;
      reg signed [17:0]     m1;
      (* use_dsp = "yes" *)
      reg signed [PW-1:0]   p2;
      reg signed [YW-1:0]   raw2, raw3;
      reg signed [PW-1:0]   u3;
      reg signed [YW-1:0]   y4;
      /* verilator lint_off UNUSED */ // the rounded sum's low bits are what the shift drops
      wire signed [PW-1:0]  rounded = p2 + half;
      /* verilator lint_on UNUSED */
      wire signed [PW-1:0]  fixed   = rounded >>> MINSH;
      wire signed [PW:0]    shifted = {u3[PW-1], u3} + z;
      /* verilator lint_off UNUSED */ // saturation leaves YW bits
      wire signed [PW:0]    clamped = shifted > hi ? hi : shifted < lo ? lo : shifted;
      /* verilator lint_on UNUSED */
      always @(posedge aclk) begin
        s1   <= in_acc[g*ACCW +: ACCW] + in_bias;
        m1   <= per_lane ? {1'b0, lane_mul[g*17 +: 17]} : {2'b00, in_mul};
        p2   <= s1 * m1;
        // verilator lint_off WIDTH
        raw2 <= s1;  // YW holds every score; other ops do not use it
        // verilator lint_on WIDTH
        u3   <= fixed >>> varshift[VARSHW-1:0];
        raw3 <= raw2;
        y4   <= raw ? raw3 : clamped[YW-1:0];
      end
      assign out_y[g*YW +: YW] = y4;
    end
  endgenerate
endmodule
