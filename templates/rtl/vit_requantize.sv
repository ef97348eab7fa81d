// Requantize one column of the array: LANES tokens of one output channel a cycle.
//
//   y = sat_bits( ((acc + bias) * mul + half) >> shift  +  zero ),   half = 2^(shift-1)
//
// mul is one for all lanes (the channel's M) or, with per_lane, one a lane (1 / row sum).
// Latency: 8 cycles, one column a cycle. Settings come when their column needs them: per_lane with in_acc,
// shift two cycles later, zero five and bits six.
//
// What is shifted is first cut to YW + 1 bits, one more than any y has, to which it saturates: so that the zero
// point and the range of `bits` are narrow.
module vit_requantize #(
  parameter LANES  = 8,
  parameter ACCW   = 24,     // accumulator bits, signed; holds acc + bias
  parameter YW     = 18,     // output bits, signed, more than zero and y have
  parameter MINSH  = 8,      // least shift of any op of the design
  parameter VARSHW = 4       // bits of shift - MINSH
) (
  input  wire                    aclk,
  input  wire [LANES*ACCW-1:0]   in_acc,
  input  wire [ACCW-1:0]         in_bias,
  input  wire [15:0]             in_mul,
  input  wire [LANES*17-1:0]     lane_mul,
  input  wire                    per_lane,
  input  wire [5:0]              shift,
  input  wire [15:0]             zero,      // signed
  input  wire [4:0]              bits,      // width of y before it is stored
  output wire [LANES*YW-1:0]     out_y
);
  localparam PW = ACCW + 18;
  localparam FW = PW - MINSH;               // bits of the rounded product above the constant part of the shift
  localparam CW = FW < YW + 1 ? FW : YW + 1; // what is left of them

  // Decoded once for all lanes, a cycle before they are needed. `above` are the bits that a y of `bits` bits
  // has from its sign on: all equal, or it has to be cut.
  reg  [PW-1:0]     half;
  /* verilator lint_off UNUSED */ // the constant part of the shift is wired, not selected
  reg  [5:0]        varshift, varshift1;
  /* verilator lint_on UNUSED */
  reg  [YW+1:0]     above;
  reg signed [YW+1:0] zero1;
  always @(posedge aclk) begin
    half      <= {{(PW-1){1'b0}}, 1'b1} << (shift - 6'd1);
    varshift  <= shift - MINSH[5:0];
    varshift1 <= varshift;
    above     <= {(YW+2){1'b1}} << (bits - 5'd1);
    zero1     <= {{(YW-14){zero[15]}}, zero};
  end

  genvar g;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_lane
      wire signed [PW-1:0] p3;
      vit_multiply #(.AW(ACCW), .BW(18)) u_product (
        .aclk(aclk), .a(in_acc[g*ACCW +: ACCW] + in_bias),
        .b(per_lane ? {1'b0, lane_mul[g*17 +: 17]} : {2'b00, in_mul}), .p(p3)
      );
      /* verilator lint_off UNUSED */ // the rounded sum's low bits are what the shift drops
      reg signed [PW-1:0] r4;
      /* verilator lint_on UNUSED */
      reg signed [FW-1:0] u5;
      reg signed [CW-1:0] u6;
      reg signed [YW+1:0] t7;
      reg signed [YW-1:0] y8;
      wire over  = |(t7 & above) && !t7[YW+1];
      wire under = |(~t7 & above) && t7[YW+1];
      always @(posedge aclk) begin
        r4 <= p3 + half;
        u5 <= $signed(r4[PW-1:MINSH]) >>> varshift1[VARSHW-1:0];
        u6 <= u5[FW-1:CW-1] == {(FW-CW+1){u5[FW-1]}} ? u5[CW-1:0] : {u5[FW-1], {(CW-1){~u5[FW-1]}}};
        // verilator lint_off WIDTH
        t7 <= u6 + zero1;
        // verilator lint_on WIDTH
        y8 <= over ? ~above[YW-1:0] : under ? above[YW-1:0] : t7[YW-1:0];
      end
      assign out_y[g*YW +: YW] = y8;
    end
  endgenerate
endmodule
