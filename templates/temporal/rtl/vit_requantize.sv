// Requantize one column of the array: LANES tokens of one output channel a cycle.
//
//   y = sat_bits( ((acc + bias) * mul + half) >> shift  +  zero ),   half = 2^(shift-1)
//
// mul is one for all lanes (the channel's M) or, with per_lane, one a lane (1 / row sum).
// Latency: 8 cycles, one column a cycle. Settings come when their column needs them: per_lane with in_acc,
// shift two cycles later, zero five and bits six.
//
// What is shifted is first cut to OUT_BITS + 1 bits, one more than any y has, to which it saturates: so that the zero
// point and the range of `bits` are narrow.
module vit_requantize #(
  parameter LANES            = 8,   // [lanes] results a cycle
  parameter ACC_BITS         = 24,  // [bits] accumulator, signed; holds acc + bias
  parameter OUT_BITS         = 18,  // [bits] a result, signed; more than zero and y have
  parameter MIN_SHIFT        = 8,   // [bits] least shift of any op, which is wired
  parameter SHIFT_RANGE_BITS = 4    // [bits] of a shift beyond that
) (
  input  wire                      aclk,
  input  wire [LANES*ACC_BITS-1:0] in_acc,
  input  wire [ACC_BITS-1:0]       in_bias,
  input  wire [15:0]               in_mul,
  input  wire [LANES*17-1:0]       lane_mul,
  input  wire                      per_lane,
  input  wire [5:0]                shift,
  input  wire [15:0]               zero,               // signed
  input  wire [4:0]                bits,               // width of y before it is stored
  output wire [LANES*OUT_BITS-1:0] out_y
);
  localparam PRODUCT_BITS = ACC_BITS + 18;
  localparam ROUNDED_BITS = PRODUCT_BITS - MIN_SHIFT;  // of the rounded product above the constant part of the shift
  localparam SHIFTED_BITS = ROUNDED_BITS < OUT_BITS + 1 ? ROUNDED_BITS : OUT_BITS + 1; // what is left of them

  // Decoded once for all lanes, a cycle before they are needed. `above` are the bits that a y of `bits` bits
  // has from its sign on: all equal, or it has to be cut.
  reg  [PRODUCT_BITS-1:0] half;
  /* verilator lint_off UNUSED */ // the constant part of the shift is wired, not selected
  reg  [5:0]              varshift, varshift1;
  /* verilator lint_on UNUSED */
  reg  [OUT_BITS+1:0]     above;
  reg signed [OUT_BITS+1:0] zero1;
  always @(posedge aclk) begin
    half      <= {{(PRODUCT_BITS-1){1'b0}}, 1'b1} << (shift - 6'd1);
    varshift  <= shift - MIN_SHIFT[5:0];
    varshift1 <= varshift;
    above     <= {(OUT_BITS+2){1'b1}} << (bits - 5'd1);
    zero1     <= {{(OUT_BITS-14){zero[15]}}, zero};
  end

  genvar g;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_lane
      wire signed [PRODUCT_BITS-1:0] p3;
      vit_multiply #(.A_BITS(ACC_BITS), .B_BITS(18)) u_product (
        .aclk(aclk), .a(in_acc[g*ACC_BITS +: ACC_BITS] + in_bias),
        .b(per_lane ? {1'b0, lane_mul[g*17 +: 17]} : {2'b00, in_mul}), .p(p3)
      );
      /* verilator lint_off UNUSED */ // the rounded sum's low bits are what the shift drops
      reg signed [PRODUCT_BITS-1:0] r4;
      /* verilator lint_on UNUSED */
      reg signed [ROUNDED_BITS-1:0] u5;
      reg signed [SHIFTED_BITS-1:0] u6;
      reg signed [OUT_BITS+1:0] t7;
      reg signed [OUT_BITS-1:0] y8;
      wire over  = |(t7 & above) && !t7[OUT_BITS+1];
      wire under = |(~t7 & above) && t7[OUT_BITS+1];
      always @(posedge aclk) begin
        r4 <= p3 + half;
        u5 <= $signed(r4[PRODUCT_BITS-1:MIN_SHIFT]) >>> varshift1[SHIFT_RANGE_BITS-1:0];
        u6 <= u5[ROUNDED_BITS-1:SHIFTED_BITS-1] == {(ROUNDED_BITS-SHIFTED_BITS+1){u5[ROUNDED_BITS-1]}}
            ? u5[SHIFTED_BITS-1:0] : {u5[ROUNDED_BITS-1], {(SHIFTED_BITS-1){~u5[ROUNDED_BITS-1]}}};
        // verilator lint_off WIDTH
        t7 <= u6 + zero1;
        // verilator lint_on WIDTH
        y8 <= over ? ~above[OUT_BITS-1:0] : under ? above[OUT_BITS-1:0] : t7[OUT_BITS-1:0];
      end
      assign out_y[g*OUT_BITS +: OUT_BITS] = y8;
    end
  endgenerate
endmodule
