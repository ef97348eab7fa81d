// PE array of two kinds of multipliers: the first TN - LUT_COLUMNS columns' are DSP blocks, the last LUT_COLUMNS
// columns' are LUTs. To its surroundings it is one vit_pe_array of TN columns.
//
// Both arrays take every beat and finish their tiles at once. The columns of the first leave, then
// those of the second.
module vit_mixed_array #(
  parameter TM             = 8,   // [tokens] rows of a tile
  parameter TN             = 8,   // [channels] columns of a tile
  parameter LUT_COLUMNS    = 1,   // [channels] of a tile whose multipliers are LUTs, the last
  parameter TK             = 1,   // [products] that a PE sums in a cycle
  parameter VECTOR_COLUMNS = 1,   // [columns] of a group: those that leave the array in a cycle
  parameter A_BITS         = 8,   // [bits] operand a, signed
  parameter B_BITS         = 8,   // [bits] operand b, signed
  parameter ACC_BITS       = 24,  // [bits] accumulator, signed; holds acc + bias
  parameter PACK_PRODUCTS  = 1,   // [products] of a DSP block: 1, 2 or 4
  parameter PACK_SHIFT     = 18,  // [bits] between two packed products
  parameter PACK_GROUP     = 1,   // [products] packed ones that are summed before they are taken apart: 1, 2 or 4
  parameter CASCADE        = 0,   // [0 or 1] packed products are summed in the cascade of DSP48E2s
  parameter EXTRA_CYCLES   = 0,   // [cycles] for registers between DSPs: PACK_GROUP + 1 with CASCADE, TK/SUM_STEP - 1
  parameter SUM_STEP       = 0    // [products] that DSPs sum from register to register of a cascade; 0: LUTs add up
) (
  input  wire                                  aclk,
  input  wire                                  aresetn,
  input  wire                                  in_valid,
  input  wire                                  in_first,
  input  wire                                  in_last,
  input  wire [TK*TM*A_BITS-1:0]               in_a,           // element (k, r) at k*TM + r
  input  wire [TK*TN*B_BITS-1:0]               in_b,           // element (k, c) at k*TN + c
  output wire                                  out_valid,
  input  wire                                  out_shift,
  output wire [VECTOR_COLUMNS*TM*ACC_BITS-1:0] out_col         // column v, token r at v*TM + r
);
  localparam DSP_COLUMNS      = TN - LUT_COLUMNS;              // columns of DSP blocks
  localparam GROUPS           = DSP_COLUMNS / VECTOR_COLUMNS;  // that leave first
  localparam GROUP_INDEX_BITS = $clog2(GROUPS + 1);

  wire [TK*DSP_COLUMNS*B_BITS-1:0] dsp_b;
  wire [TK*LUT_COLUMNS*B_BITS-1:0] lut_b;
  genvar k;
  generate
    for (k = 0; k < TK; k = k + 1) begin : gen_b
      assign {lut_b[k*LUT_COLUMNS*B_BITS +: LUT_COLUMNS*B_BITS], dsp_b[k*DSP_COLUMNS*B_BITS +: DSP_COLUMNS*B_BITS]}
             = in_b[k*TN*B_BITS +: TN*B_BITS];
    end
  endgenerate

  // Groups of the first array that have left, from when a tile is finished.
  reg  [GROUP_INDEX_BITS-1:0] left_q;
  wire [GROUP_INDEX_BITS-1:0] left = out_valid ? {GROUP_INDEX_BITS{1'b0}} : left_q;
  wire                        emptied = left == GROUPS[GROUP_INDEX_BITS-1:0];
  reg                         from_lut;   // out_col, as the arrays' own, is the head one cycle before
  always @(posedge aclk) begin
    left_q   <= out_shift && !emptied ? left + 1'b1 : left;
    from_lut <= emptied;
  end

  wire [VECTOR_COLUMNS*TM*ACC_BITS-1:0] dsp_col, lut_col;
  assign out_col = from_lut ? lut_col : dsp_col;
  vit_pe_array #(.TM(TM), .TN(DSP_COLUMNS), .TK(TK), .VECTOR_COLUMNS(VECTOR_COLUMNS), .A_BITS(A_BITS), .B_BITS(B_BITS),
                 .ACC_BITS(ACC_BITS), .PACK_PRODUCTS(PACK_PRODUCTS), .PACK_SHIFT(PACK_SHIFT), .PACK_GROUP(PACK_GROUP),
                 .CASCADE(CASCADE), .EXTRA_CYCLES(EXTRA_CYCLES), .SUM_STEP(SUM_STEP), .USE_DSP("yes")) u_dsp (
    .aclk(aclk), .aresetn(aresetn), .in_valid(in_valid), .in_first(in_first), .in_last(in_last),
    .in_a(in_a), .in_b(dsp_b), .out_valid(out_valid), .out_shift(out_shift && !emptied), .out_col(dsp_col)
  );
  /* verilator lint_off PINCONNECTEMPTY */ // it is finished when the first is
  vit_pe_array #(.TM(TM), .TN(LUT_COLUMNS), .TK(TK), .VECTOR_COLUMNS(VECTOR_COLUMNS), .A_BITS(A_BITS), .B_BITS(B_BITS),
                 .ACC_BITS(ACC_BITS), .EXTRA_CYCLES(EXTRA_CYCLES), .BOOTH(1), .USE_DSP("no")) u_lut (
    .aclk(aclk), .aresetn(aresetn), .in_valid(in_valid), .in_first(in_first), .in_last(in_last),
    .in_a(in_a), .in_b(lut_b), .out_valid(), .out_shift(out_shift && emptied), .out_col(lut_col)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (LUT_COLUMNS < 1 || LUT_COLUMNS >= TN) begin : gen_refused_LUT_COLUMNS_is_not_within_TN
      vit_mixed_array_LUT_COLUMNS_is_not_within_TN u_refused ();
    end
    if (LUT_COLUMNS % VECTOR_COLUMNS != 0) begin : gen_refused_LUT_COLUMNS_is_no_multiple_of_VECTOR_COLUMNS
      vit_mixed_array_LUT_COLUMNS_is_no_multiple_of_VECTOR_COLUMNS u_refused ();
    end
  endgenerate
endmodule
